"""Looking inside sessions: every item once, where it is, whatever its name; and what cannot be seen is said."""

from __future__ import annotations

import json
import threading

import pandas as pd
import pytest
from stories import opened, walked

import odb_nb as odb
from odb_nb import InputError
from odb_nb.background import interrupt
from odb_nb.errors import GraphError
from odb_nb.operations.items import TOP, Items
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.tables import BETA_ITEMS, ITEMS


def books(sandbox, walk):
    return {item.key: item for item in sandbox.files(walk.attrs["drive_id"], walk.attrs["restore_point_id"])}


@pytest.mark.parametrize("story", ["normal", "odd-names", "deep", "ransomware"])
def test_a_walk_finds_every_item_once_with_its_path(client, sandbox, story):
    walk = walked(client, story)
    there = books(sandbox, walk)
    assert list(walk.columns) == ITEMS.names
    assert sorted(walk["item_key"]) == sorted(there)
    for row in walk.to_dict("records"):
        item = there[row["item_key"]]
        assert row["path"] == item.path
        assert row["type"] == item.type
        assert (None if row["name"] is pd.NA else row["name"]) == item.name
    assert walk.attrs["complete"]
    assert walk.attrs["counts_differ"] == walk.attrs["not_listed"] == []
    assert sandbox.complaints == []


def test_rows_are_breadth_first_in_the_services_order(client):
    walk = walked(client)
    assert walk["depth"].is_monotonic_increasing
    assert walk["type"].tolist()[:2] == ["site", "documentLibrary"]
    assert walk["path"].tolist()[:2] == ["", "Documents"]
    for _, siblings in walk.groupby("parent_key", sort=False):
        assert siblings["name"].str.casefold().is_monotonic_increasing


@pytest.mark.parametrize("at_once", [1, 3, 32])
def test_a_walk_is_the_same_whatever_the_concurrency(client, at_once):
    session = opened(client)
    walk = client.walk(session, max_concurrency=at_once)
    pd.testing.assert_frame_equal(walk, client.walk(session))


def test_a_walk_says_of_what_it_is(client, sandbox):
    session = opened(client)
    walk = client.walk(session)
    assert walk.attrs["session_id"] == session["id"].item()
    assert walk.attrs["restore_point_id"] == session["restore_point_id"].item()
    assert walk.attrs["restore_point_date_time"] == session["restore_point_date_time"].item().isoformat()
    assert walk.attrs["display_name"] == "Adele Vance"
    assert walk.attrs["items"] == len(walk)
    json.dumps(walk.attrs)


@pytest.mark.parametrize("max_depth", [0, 1, 2, 3])
def test_a_walk_goes_no_deeper_than_asked(client, max_depth):
    session = opened(client)
    walk = client.walk(session, max_depth=max_depth)
    whole = client.walk(session)
    assert walk["item_key"].tolist() == whole[whole["depth"] <= max_depth]["item_key"].tolist()
    assert not walk.attrs["complete"]


def test_sizes_are_of_64_bits(client):
    walk = walked(client, "odd-names")
    assert 9007199254740993 in walk["size_in_bytes"].dropna().tolist()


def test_progress_grows_to_the_end(client):
    seen = []
    walk = client.walk(opened(client), progress=lambda *told: seen.append(told))
    done = [told[0] for told in seen]
    assert done == sorted(done)
    assert seen[-1][:2] == (len(walk), len(walk))


def test_an_interrupt_keeps_the_rows_so_far(client):
    session = opened(client, "ransomware")

    def stop(done, total, note):
        if done > 40:
            interrupt(threading.current_thread())

    with pytest.raises(KeyboardInterrupt):
        client.walk(session, progress=stop)
    so_far = client.last_result
    whole = client.walk(session)
    assert 40 < len(so_far) < len(whole)
    assert set(so_far["item_key"]) < set(whole["item_key"])
    assert not so_far.attrs["complete"]


def test_beta_tells_who_and_when(sandbox):
    with odb.connect(sandbox=sandbox, api_version="beta") as client:
        walk = walked(client)
        assert list(walk.columns) == BETA_ITEMS.names
        files = walk[walk["type"] == "file"]
        assert files["last_modified_date_time"].notna().all()
        assert files["created_by"].notna().all()


def test_browse_shows_one_place(client):
    session = opened(client)
    site = client.browse(session)
    library = client.browse(session, site)
    top = client.browse(session, library["item_key"].item())
    assert (site["path"].item(), library["path"].item()) == ("", "Documents")
    assert top["path"].str.fullmatch("Documents/[^/]+").all()
    assert (top["depth"] == 2).all()
    assert (top["parent_key"] == library["item_key"].item()).all()
    folder = top[top["type"] == "folder"].iloc[[0]]
    inside = client.browse(session, folder)
    assert len(inside) == folder["items_count"].item()
    assert inside["path"].str.startswith(folder["path"].item() + "/").all()


def test_a_key_that_was_never_seen_gives_rows_without_paths(client, sandbox):
    session = opened(client)
    library = client.browse(session, client.browse(session))["item_key"].item()
    with odb.connect(sandbox=sandbox) as other:
        rows = other.browse(session["id"].item(), library)
        assert rows["path"].isna().all()
        assert rows["depth"].isna().all()
        assert len(rows) > 5


def test_browse_orders_and_searches(client):
    session = opened(client)
    library = client.browse(session, client.browse(session))
    names = client.browse(session, library)["name"].tolist()
    assert client.browse(session, library, order_by="nameDsc")["name"].tolist() == names[::-1]
    part = names[0][1:4]
    found = client.browse(session, library, contains=part.upper())["name"].tolist()
    assert found == [name for name in names if part.casefold() in name.casefold()]
    assert client.browse(session, library, contains="no such thing").empty


def test_a_quote_in_a_search_is_text(client):
    session = opened(client, "odd-names")
    library = client.browse(session, client.browse(session))
    names = client.browse(session, library)["name"].dropna()
    wanted = [name for name in names if "'" in name]
    assert wanted
    assert client.browse(session, library, contains="'")["name"].tolist() == wanted
    assert client.browse(session, library, contains="') or (name -contains 'a").empty


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"contains": ""}, "contains='' must be text", id="nothing to search for"),
        pytest.param({"contains": 7}, "contains=7 must be text", id="a number"),
        pytest.param({"contains": "a\x00b"}, "control characters", id="a control character"),
        pytest.param({"contains": "x" * 256}, "over 255 characters", id="too long"),
        pytest.param({"order_by": "size"}, "order_by='size' is not known; accepted: 'nameAsc'", id="an order"),
        pytest.param({"item_key": ["a", "b"]}, "expected one item, got 2", id="two keys"),
        pytest.param({"item_key": ""}, "item id at the argument is empty", id="an empty key"),
        pytest.param({"item_key": "a b"}, "white space inside", id="a pasted key"),
        pytest.param({"item_key": ".."}, "names no object", id="a path for a key"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(client, sandbox, arguments, words):
    session = opened(client)
    sent = len(sandbox.requests)
    with pytest.raises(InputError, match=words):
        client.browse(session, **arguments)
    assert len(sandbox.requests) == sent


def test_a_file_has_nothing_inside(client, sandbox):
    walk = walked(client)
    file = walk[walk["type"] == "file"].iloc[[0]]
    sent = len(sandbox.requests)
    with pytest.raises(InputError, match="is a file, which has nothing inside"):
        client.browse(walk.attrs["session_id"], file)
    assert len(sandbox.requests) == sent


@pytest.mark.parametrize("call", ["browse", "walk"])
def test_a_session_that_is_still_being_created_says_so(call):
    with Sandbox(creating_s=1000) as slow, odb.connect(sandbox=slow) as other:
        session = other.create_session(other.list_restore_points(other.list_drives(search="vance"), limit=1))
        with pytest.raises(InputError, match="still being created; wait_for_sessions"):
            getattr(other, call)(session)


@pytest.mark.parametrize("call", ["browse", "walk"])
def test_a_session_that_failed_says_so(client, sandbox, call):
    drive = next(drive for drive in sandbox.drives if drive.special == "sessions-fail")
    session = client.create_session(client.list_restore_points(drive.id, limit=1), wait=True)
    with pytest.raises(InputError, match=r"has failed and cannot be opened .*take another restore point"):
        getattr(client, call)(session)


@pytest.mark.parametrize("call", ["browse", "walk"])
def test_a_session_that_is_gone_says_so(client, sandbox, call):
    session = opened(client)
    sandbox.clock.advance(80 * 3600)
    with pytest.raises(GraphError, match="has expired or never was; open its restore point again") as caught:
        getattr(client, call)(session)
    assert caught.value.status_code == 404


def test_a_session_that_expires_during_a_walk_ends_it_with_the_rows_so_far(client, sandbox):
    session = opened(client, "ransomware")

    def expire(done, total, note):
        if done > 40:
            sandbox.clock.advance(80 * 3600)

    with pytest.raises(GraphError, match="has expired"):
        client.walk(session, progress=expire)
    assert len(client.last_result) > 40


def test_a_key_of_another_drive_says_so(client):
    elsewhere = walked(client, "tidied")
    key = elsewhere[elsewhere["type"] == "folder"]["item_key"].iloc[0]
    with pytest.raises(GraphError, match=r"nothing with the key .* its own drive") as caught:
        client.browse(opened(client), key)
    assert caught.value.status_code == 404


def test_one_folder_that_cannot_be_listed_costs_its_own_rows_only(client, sandbox):
    session = opened(client)
    whole = client.walk(session)
    pages = -(-int((whole["depth"] == 2).sum()) // 10)
    # the first folder; one at a time, so that it is known which
    sandbox.faults.add(Fault("browse", status=404, skip=2 + pages))
    with pytest.warns(UserWarning, match=r"1 places of session .* could not be listed"):
        walk = client.walk(session, max_concurrency=1)
    missing = whole[~whole["item_key"].isin(walk["item_key"])]
    [key] = walk.attrs["not_listed"]
    assert not walk.attrs["complete"]
    assert key in walk["item_key"].tolist()
    assert set(missing["parent_key"]) - set(missing["item_key"]) == {key}


@pytest.mark.parametrize("listed", [0, 1, 2, 8])
def test_a_service_that_lists_nothing_more_ends_the_walk(client, sandbox, listed):
    session = opened(client, "ransomware")
    sandbox.faults.add(Fault("browse", status=404, skip=listed, times=None))
    with pytest.raises(GraphError):
        client.walk(session)


def test_a_folder_emptied_between_pages_is_told_by_its_count(client, sandbox):
    session = opened(client, "ransomware")
    sandbox.faults.add(Fault("browse", "body", skip=4, body=b'{"value": []}'))
    walk = client.walk(session, max_concurrency=1)
    assert len(walk.attrs["counts_differ"]) == 1
    assert walk.attrs["complete"]


@pytest.mark.parametrize("kind", ["drop", "cut", "html", "empty", "no-value"])
def test_a_page_that_comes_badly_is_asked_for_again(client, sandbox, kind):
    session = opened(client)
    whole = client.walk(session)
    for skip in (0, 3, 9):
        sandbox.faults.add(Fault("browse", kind, skip=skip))
    assert client.walk(session).equals(whole)


def test_what_a_rest_of_the_service_asks_is_waited_for(client, sandbox):
    session = opened(client)
    sandbox.faults.add(Fault("browse", status=429, retry_after="7", skip=3, times=2))
    assert client.walk(session).attrs["complete"]
    assert sandbox.complaints == []


def test_a_repeated_row_is_shown_once_and_a_loop_ends(client, sandbox):
    session = opened(client)
    folder = {"itemKey": "s,w,l,i", "name": "round", "type": "folder", "itemsCount": 1}
    body = json.dumps({"value": [folder, folder]}).encode()
    sandbox.faults.add(Fault("browse", "body", body=body, times=None))
    walk = client.walk(session)
    assert walk["item_key"].tolist() == ["s,w,l,i", "s,w,l,i"]
    assert walk["path"].tolist() == ["round", "round/round"]


def test_rows_of_any_shape_are_shown_as_what_they_are(client, sandbox):
    session = opened(client)
    rows = [
        {"itemKey": 5, "name": 7, "type": "folder", "itemsCount": 3},
        {"itemKey": ["x"], "name": {"a": 1}, "type": ["file"], "sizeInBytes": "9"},
        {"name": "no key", "type": "folder"},
        {"itemKey": "", "name": "empty key", "type": "folder"},
        {"itemKey": "f", "name": "F", "type": "folder", "itemsCount": -4},
        {"itemKey": "g", "name": "G", "type": "folder", "itemsCount": "many"},
        {},
    ]
    sandbox.faults.add(Fault("browse", "body", body=json.dumps({"value": rows}).encode()))
    sandbox.faults.add(Fault("browse", "body", body=b'{"value": []}', times=None))
    with pytest.warns(UserWarning, match="items_count"):
        walk = client.walk(session)
    assert walk["item_key"].fillna("null").tolist() == ["null", "null", "null", "", "f", "g", "null"]
    assert walk["path"].tolist() == ["7", "{'a': 1}", "no key", "empty key", "F", "G", "(no name)"]
    assert walk["parent_key"].isna().all()
    assert sandbox.count("browse") == 3
    assert not walk.attrs["complete"]  # folders without a key cannot be opened


def test_what_is_found_can_be_read_at_any_moment():
    items = Items(ITEMS, "s")
    seen = []

    class Watched(dict):
        def get(self, name, default=None):
            seen.append({len(column) for column in items.columns().values()})
            return super().get(name, default)

    take = items.listing(TOP)
    take([{"itemKey": "a"}])
    take([Watched(itemKey="b", name="b", type="file"), Watched(itemKey="c", name="c", type="file")])
    assert all(len(lengths) == 1 for lengths in seen)
    assert len(seen) > len(ITEMS.names)


@pytest.mark.parametrize("given", [[], ["a", "b"]])
def test_one_session_at_a_time(client, given):
    with pytest.raises(InputError, match=f"expected one session, got {len(given)}"):
        client.walk(given)
