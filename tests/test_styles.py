"""Tables to look at: the right words and looks, all as text, nothing cut in silence."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import Page

import odb_nb as odb
from odb_nb.errors import InputError
from odb_nb.palette import NO_SESSION, SOON, look_of, look_of_change
from odb_nb.styles import EXPIRES_SOON, StyledTable, styled
from odb_nb.tables import CHANGES, COMPARISON, DRIVES, RESTORES, SESSIONS, STATUS

NEEDED = [
    "display_name",
    "protection_date_time",
    "status",
    "expires_in",
    "matched_by",
    "error_code",
    "error_message",
]


def page(frame, **options):
    return Page(styled(frame, **options)._repr_html_())


def fill(look):
    return f"background-color: {look.fill}; color: {look.ink}"


def status(words=("created",), **columns):
    """A status frame with one point per word."""
    count = len(words)
    given = {
        "restore_point_id": [f"p{number}" for number in range(count)],
        "drive_id": [f"d{number}" for number in range(count)],
        "display_name": [f"Name {number}" for number in range(count)],
        "protection_date_time": ["2026-11-20T03:02:55Z"] * count,
    }
    return STATUS.frame([{"status": word} for word in words], **{**given, **columns})


def matrix(*cells):
    frame = pd.DataFrame({"2026-11-20": pd.array(cells, dtype="string")})
    return frame.set_index(pd.Index([f"Name {at}" for at in range(len(cells))], name="drive")).rename_axis(
        columns="day"
    )


def test_a_status_frame_is_shown_by_the_columns_that_people_need():
    shown = page(status())
    assert shown.texts == [NEEDED, ["Name 0", "2026-11-20 03:02:55", "✓ created", "", "", "", ""]]


def test_a_column_that_the_user_added_is_shown_too():
    assert page(status().assign(ticket="T-1")).texts[0] == [*NEEDED, "ticket"]


def test_a_drive_without_a_name_shows_its_id():
    assert page(status(display_name=[None])).texts[0] == ["drive_id", *NEEDED]


@pytest.mark.parametrize("columns", [["status"], ["status", "display_name"], ["restore_point_id", "expires_in"]])
def test_some_of_its_columns_are_shown_as_given(columns):
    assert page(status()[columns]).texts[0] == columns


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("created", "✓ created"),
        ("creating", "… creating"),
        ("failed", "✗ failed"),
        ("Failed", "✗ Failed"),
        ("unknownFutureValue", "? unknownFutureValue"),
        (None, "– no session"),
    ],
)
def test_a_status_has_a_mark_and_a_colour_beside_its_word(word, shown):
    frame = status([word])[["status"]]
    assert page(frame).rows[1] == [(shown, fill(look_of(word or NO_SESSION)))]
    assert repr(styled(frame)).splitlines()[-1] == shown


def test_only_cells_with_a_look_have_a_colour():
    shown = page(status(expires_in=[timedelta(days=1)]))
    assert [bool(style) for _, style in shown.rows[1]] == [name == "status" for name in NEEDED]
    assert "background" not in re.search("<style.*</style>", styled(status())._repr_html_(), re.DOTALL)[0]


def test_a_sessions_frame_is_shown_whole_and_a_point_that_got_no_session_stays_blank():
    frame = SESSIONS.frame([{"status": "created"}, {}], outcome=["reused", "failed"])
    shown = page(frame)
    assert shown.texts[0] == SESSIONS.names
    assert [row[2:4] for row in shown.rows[1:]] == [
        [("✓ created", fill(look_of("created"))), ("reused", "")],
        [("", ""), ("✗ failed", fill(look_of("failed")))],
    ]


def test_an_outcome_is_marked_only_where_no_status_stands_beside_it():
    frame = SESSIONS.frame([{"status": "failed"}, {}], outcome=["created"] * 2)[["outcome", "status"]]
    made, failed = ("✓ created", fill(look_of("created"))), ("✗ failed", fill(look_of("failed")))
    assert page(frame).rows[1:] == [[("created", ""), failed], [made, ("", "")]]
    assert page(frame[["outcome"]]).rows[1:] == [[made], [made]]
    assert [line.split() for line in repr(styled(frame)).splitlines()[2:]] == [
        ["created", "✗", "failed"],
        ["✓", "created"],
    ]


def test_a_status_that_stands_twice_is_beside_the_outcome_too():
    frame = pd.DataFrame([["created", None, "failed"]], columns=["outcome", "status", "status"])
    assert page(frame).rows[1][0] == ("created", "")


def test_the_status_of_a_drive_is_not_taken_for_that_of_a_session():
    assert ("protected", "") in page(DRIVES.frame([{"id": "d", "status": "protected"}])).rows[1]


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("added", "+ added"),
        ("removed", "− removed"),
        ("renamed", "→ renamed"),
        ("resized", "± resized"),
        ("same", "= same"),
    ],
)
def test_a_change_has_a_mark_and_a_colour_beside_its_word(word, shown):
    frame = COMPARISON.frame([{}], path=["Documents/a.docx"], change=[word], size_after=[2**53 + 1])
    table = page(frame)
    assert table.texts[0] == COMPARISON.names
    assert table.rows[1][3] == (shown, fill(look_of_change(word)))
    assert table.texts[1][5] == "9007199254740993"
    assert table.said["caption"] == ["Changes: 1 row. Times are UTC."]


def test_where_a_change_was_found_is_shown_as_it_is():
    frame = CHANGES.frame([{}], display_name=["Adele"], change=["last good"])
    assert page(frame[["display_name", "change"]]).rows[1] == [("Adele", ""), ("last good", "")]


@pytest.mark.parametrize(
    ("word", "shown"),
    [("succeeded", "✓ succeeded"), ("inProgress", "… inProgress"), ("added", "– added"), (None, "")],
)
@pytest.mark.parametrize("columns", [RESTORES.names, ["name", "status"]], ids=["whole", "some columns"])
def test_the_status_of_a_restore_has_a_look_and_without_one_stays_blank(word, shown, columns):
    table = page(RESTORES.frame([{"status": word}], name=["a.docx"])[columns])
    style = fill(look_of(word)) if word else ""
    assert table.rows[1][columns.index("status")] == (shown, style)


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (EXPIRES_SOON, ("12 h", "")),
        (EXPIRES_SOON - timedelta(seconds=1), ("! 11 h 59 min", fill(SOON))),
        (timedelta(0), ("! over", fill(SOON))),
        (timedelta(days=-1), ("! over", fill(SOON))),
        (timedelta(days=2, hours=3), ("2 d 3 h", "")),
        (None, ("", "")),
    ],
    ids=str,
)
def test_what_is_left_is_marked_when_it_is_little(span, shown):
    assert page(status(expires_in=[span])[["expires_in"]]).rows[1] == [shown]


def test_times_of_any_zone_are_shown_in_utc():
    moment = pd.Timestamp(datetime(2026, 11, 20, 4, tzinfo=timezone(timedelta(hours=5))))
    assert page(pd.DataFrame({"created_date_time": [moment]})).texts[1] == ["2026-11-19 23:00:00"]


@pytest.mark.parametrize(
    ("cell", "look"),
    [
        ("created", look_of("created")),
        ("3 created", look_of("created")),
        ("2 created, 1 no session", look_of(NO_SESSION)),
        ("1 no session, 1 creating", look_of("creating")),
        ("1 creating, 2 aWordOfTomorrow", look_of("unknown")),
        ("1 aWordOfTomorrow, 9 created, 1 failed", look_of("failed")),
    ],
)
def test_a_cell_of_a_matrix_has_the_look_of_its_worst_word(cell, look):
    assert page(matrix(cell)).rows[1] == [("Name 0", ""), (f"{look.mark} {cell}", fill(look))]


def test_a_cell_of_a_matrix_without_a_point_is_blank():
    assert page(matrix("created", None)).rows[2] == [("Name 1", ""), ("", "")]


def test_a_matrix_may_be_turned_and_its_labels_may_stand_twice():
    frame = matrix("created", "failed").T.set_axis(["Same", "Same"], axis="columns").rename_axis(columns="drive")
    assert page(frame).texts == [["day", "Same", "Same"], ["2026-11-20", "✓ created", "✗ failed"]]


def test_the_matrix_of_a_status_frame_is_known(client, points):
    client.create_sessions(points.head(2), wait=True)
    found = client.tabulate_status(points)
    shown = page(odb.status_matrix(found))
    assert len(shown.rows) == 1 + len(points)
    assert shown.texts[1] == [points["display_name"][0], "✓ created"]
    assert page(found).texts[1][2] == "✓ created"


def test_a_matrix_has_a_heading_for_each_row():
    elements = page(matrix("created", "failed")).elements
    scopes = [attributes["scope"] for tag, attributes in elements if tag == "th"]
    assert scopes == ["col", "col", "row", "row"]


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        pytest.param(status()[["status"]], "short", id="word"),
        pytest.param(status()[["protection_date_time"]], "short", id="time"),
        pytest.param(status()[["expires_in"]], "short", id="span"),
        pytest.param(status()[["restore_point_id"]], "short", id="id"),
        pytest.param(status()[["backup_size_in_bytes"]], "number", id="number"),
        pytest.param(status()[["display_name"]], "text", id="text"),
        pytest.param(status().assign(ticket=True)[["status", "ticket"]], "text", id="flag"),
    ],
)
def test_a_column_is_laid_out_by_what_it_holds(frame, kind):
    kinds = [attributes["class"] for tag, attributes in page(frame).elements if tag == "th"]
    assert kinds[-1] == kind


@pytest.mark.parametrize(("rows", "said"), [(1, "1 row"), (2, "2 rows")])
def test_the_caption_says_how_many_rows_and_that_times_are_utc(rows, said):
    assert page(status(["created"] * rows)).said["caption"] == [f"Status: {said}. Times are UTC."]


def test_the_caption_says_when_the_service_was_asked():
    frame = status()
    frame.attrs["as_of"] = "2026-11-20T09:30:05+00:00"
    assert page(frame).said["caption"] == ["Status as of 2026-11-20 09:30:05: 1 row. Times are UTC."]


@pytest.mark.parametrize("told", [None, "", "<b>", 3, datetime(2026, 1, 1, tzinfo=UTC)], ids=str)
def test_a_time_of_asking_that_cannot_be_read_is_left_out(told):
    frame = status()
    frame.attrs["as_of"] = told
    assert page(frame).said["caption"] == ["Status: 1 row. Times are UTC."]


def test_rows_that_are_not_shown_are_announced_above_and_below():
    frame = status(["created"] * 1200)
    table = styled(frame)
    shown = Page(table._repr_html_())
    said = "the first 500 of 1,200 rows; all are in .frame, or export(...)"
    assert len(shown.rows) == 501
    assert said in shown.said["caption"][0]
    assert shown.said["p"] == [said]
    assert table.frame is frame
    lines = repr(table).splitlines()
    assert (len(lines), said in lines[0], lines[-1]) == (503, True, said)


def test_as_many_rows_as_are_shown_need_no_announcement():
    shown = page(status(["created"] * 3), max_rows=3)
    assert (len(shown.rows), shown.said["p"]) == (4, [])


def test_no_rows_are_shown_as_such_below_the_header():
    table = styled(status([]))
    shown = Page(table._repr_html_())
    assert (shown.texts, shown.said["p"]) == ([NEEDED], ["no rows"])
    assert repr(table).splitlines()[-1] == "no rows"
    assert page(odb.status_matrix(status([]))).said["p"] == ["no rows"]


def test_a_table_larger_than_any_that_pandas_would_draw_is_whole():
    frame = pd.DataFrame({"status": ["created"]}).loc[[0] * (pd.get_option("styler.render.max_elements") + 1)]
    drawn = styled(frame, max_rows=len(frame))._repr_html_()
    assert drawn.count("✓ created</td>") == len(frame)
    assert drawn.count("<tbody>") == drawn.count("</tbody>") == drawn.count("<style>") == 1


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</td></table></style></script><b>",
    "\" onmouseover=alert(1) '",
    "<tbody>\n  </tbody>",
    "{{ 7 * 7 }}{% raw %}",
    "{0} {name}",
    "&lt;b&gt; &amp;amp; &#60;",
    "ليلى حداد \u202e txt.exe",
    "👩‍💻 🚀 山田　太郎",
    "two\nlines  and   spaces\t",
    "$a$ \\(b\\)",
]


def _is_harmless(shown):
    assert {tag for tag, _ in shown.elements} <= {"style", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
    assert shown.attributes <= {"class", "scope", "style"}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_text_wherever_it_stands(text):
    frame = status([text], display_name=[text], error_code=[text], error_message=[text]).assign(**{text: text})
    shown = page(frame)
    _is_harmless(shown)
    assert shown.texts[0][-1] == text
    assert [shown.texts[1][at] for at in (0, 2, 5, 6, 7)] == [text, f"? {text}", text, text, text]
    turned = (
        matrix(text).set_axis([text]).rename_axis("drive").set_axis([text], axis="columns").rename_axis(columns="day")
    )
    shown = page(turned)
    _is_harmless(shown)
    assert shown.texts == [["drive", text], [text, f"? {text}"]]


@given(st.text())
def test_any_text_comes_out_as_it_is(text):
    shown = page(pd.DataFrame({"error_message": pd.Series([text], dtype=object)}))
    _is_harmless(shown)
    assert shown.texts[1] == [re.sub(r"[\x00\ud800-\udfff]", "\ufffd", text)]


def test_what_no_page_can_hold_is_replaced():
    table = styled(pd.DataFrame({"error_message": pd.Series(["a\ud800b\0c"], dtype=object)}))
    assert "a\ufffdb\ufffdc" in table._repr_html_().encode().decode()
    assert "a\ufffdb\ufffdc" in repr(table).encode().decode()


def test_a_table_draws_the_same_every_time():
    one, again = styled(status()), styled(status())
    assert one._repr_html_() == again._repr_html_()
    assert repr(one) == repr(again)
    assert " at 0x" not in repr(one)


def test_it_prints_as_a_table_of_text():
    frame = status(["created", None], expires_in=[timedelta(hours=3), None])
    assert repr(styled(frame[["display_name", "status", "expires_in"]])).splitlines() == [
        "Status: 2 rows. Times are UTC.",
        "display_name  status        expires_in",
        "Name 0        ✓ created     ! 3 h",
        "Name 1        – no session",
    ]


def test_a_row_of_blanks_is_printed_too():
    frame = pd.DataFrame({"error_code": ["a", None, "b"]})
    assert repr(styled(frame)).splitlines()[1:] == ["error_code", "a", "", "b"]


def test_an_index_that_carries_data_is_shown_and_leftover_numbers_are_not():
    frame = status(["created", "failed"])[["display_name", "status"]]
    assert page(frame.iloc[1:]).texts == [["display_name", "status"], ["Name 1", "✗ failed"]]
    assert page(frame.set_index("display_name")).texts[1] == ["Name 0", "✓ created"]


def test_values_of_other_kinds_are_shown_as_they_print():
    frame = pd.DataFrame({"backup_size_in_bytes": [1_566_550_344], "tags": [["a", "b"]], "fits": [True]})
    assert page(frame).texts[1] == ["1566550344", "['a', 'b']", "True"]


@pytest.mark.parametrize(
    "given",
    [None, [], "created", {"status": ["created"]}, status()["status"], pd.DataFrame(), pd.DataFrame({"a": [1]})],
    ids=["None", "list", "text", "dict", "series", "no columns", "other columns"],
)
def test_anything_but_a_frame_of_ours_is_refused(given):
    with pytest.raises(InputError, match=r"tabulate_status, create_sessions or status_matrix"):
        styled(given)


@pytest.mark.parametrize("max_rows", [0, -1, 1.5, "5", None, True])
def test_a_number_of_rows_that_is_none_is_refused(max_rows):
    with pytest.raises(InputError, match="max_rows"):
        styled(status(), max_rows=max_rows)


def test_styled_gives_a_styled_table():
    assert isinstance(styled(status()), StyledTable)
