"""The books of restore sessions alone, over any names, times and failures."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb.sandbox import ArtifactRecord, Settings
from odb_nb.sandbox.restores import RestoreBook
from odb_nb.sandbox.seeded import Seeded

START = datetime(2026, 11, 20, tzinfo=UTC)
SITE = "https://contoso-my.sharepoint.com/personal/adelev_contoso_com"


def artifact(number, name="a.xlsx", *, is_file=True, is_restorable=True, destination="new"):
    return ArtifactRecord(
        key=f"site,web,list,{number}",
        browse_session_id="session",
        restore_point_id="point",
        drive_id="drive",
        restore_point_time=START,
        directory_object_id="site",
        name=name,
        web_url=f"{SITE}/Documents/Old/{name}",
        is_file=is_file,
        is_restorable=is_restorable,
        destination=destination,
    )


def restored(artifacts, conflict="fail", *, live=(), **switches):
    """A restore session of these artifacts, activated at `START`."""
    book = RestoreBook(Settings(**switches), Seeded(1), lambda _drive, key, _now: key in live)
    return book.activate(book.open(artifacts, conflict, "client", START), START)


@given(
    st.lists(st.booleans(), min_size=1, max_size=8),
    st.lists(st.floats(0, 40), min_size=2, max_size=6),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([0.0, 1.0, 2.5]),
)
def test_nothing_ever_goes_back_and_the_session_is_the_sum(oks, seconds, activating_s, item_s):
    session = restored(
        [artifact(place, is_restorable=ok) for place, ok in enumerate(oks)],
        restore_activating_s=activating_s,
        restore_item_s=item_s,
    )
    ladder = ["added", "scheduling", "scheduled", "inProgress", "succeeded"]
    steps = [["draft", "activating", "active"].index, lambda status: 3]
    before = None
    for second in sorted(seconds):
        now = START + timedelta(seconds=second)
        each = [ladder.index("succeeded" if (s := one.status(now)) == "failed" else s) for one in session.artifacts]
        status = session.status(now)
        ended = session.completed <= now and session.ready <= now
        assert ended == (status in ("completed", "completedWithError", "failed"))
        if ended:
            assert status == {(True,): "completed", (False,): "failed"}.get(tuple(set(oks)), "completedWithError")
        reached = (steps[ended](status), each)
        assert "added" not in {one.status(now) for one in session.artifacts}
        assert before is None or (reached[0] >= before[0] and all(a >= b for a, b in zip(each, before[1], strict=True)))
        before = reached


NAMES = st.sampled_from(["a.xlsx", "A.xlsx", "a 1.xlsx", "a", "a 1", "..", ".x", "a/b.txt", "", None, "x" * 400])


@given(st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=12))
def test_no_two_items_of_a_session_land_on_one_place(names):
    session = restored([artifact(place, name, is_file=file) for place, (name, file) in enumerate(names)])
    folder = "/personal/adelev_contoso_com/Documents/Restored 2026-11-20 00-00-00"
    assert {one.restored_item_path for one in session.artifacts} == {folder}
    assert len({one.restored_item_web_url.casefold() for one in session.artifacts}) == len(names)
    assert len({one.restored_item_key for one in session.artifacts}) == len(names)
    assert all(one.restored_item_web_url.startswith(f"{SITE}/Documents/Restored ") for one in session.artifacts)


@pytest.mark.parametrize(
    ("name", "is_file", "landed"),
    [
        pytest.param("a.xlsx", True, "a 1.xlsx", id="file"),
        pytest.param("a.b.gz", True, "a.b 1.gz", id="two dots"),
        pytest.param("README", True, "README 1", id="no ending"),
        pytest.param(".profile", True, ".profile 1", id="leading dot"),
        pytest.param("v1.2", False, "v1.2 1", id="folder"),
        pytest.param("in/side.txt", True, "in/side 1.txt", id="slash"),
    ],
)
def test_rename_puts_a_number_before_the_ending(name, is_file, landed):
    one = artifact(0, name, is_file=is_file, destination="inPlace")
    [done] = restored([one], "rename", live={one.key}).artifacts
    assert done.restored_item_web_url == f"{SITE}/Documents/Old/{landed}"
    assert done.restored_item_path == "/personal/adelev_contoso_com/Documents/Old"
    [free] = restored([one], "rename").artifacts
    assert free.restored_item_web_url == one.web_url


def test_item_without_a_name_goes_by_its_key():
    one = artifact(7, None, destination="inPlace")
    [done] = restored([one], "replace", live={one.key}).artifacts
    assert (done.restored_item_path, done.restored_item_key) == ("/personal/adelev_contoso_com/Documents/Old", one.key)
    assert done.restored_item_web_url == f"{SITE}/Documents/Old/7"


def test_each_restore_makes_an_item_of_its_own():
    keys = [restored([artifact(0)], conflict).artifacts[0].restored_item_key for conflict in ("fail", "rename")]
    assert len({*keys, artifact(0).key}) == 3
