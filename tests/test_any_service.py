"""Whatever the contract allows a service to show: any tree in any pages is walked and compared, any JSON is a frame."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from extent import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox.contract import ENUMS, FLAGS, TYPES, properties_of
from served import serve

import odb_nb as odb
from odb_nb import tables

MODEST = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture(scope="module")
def served():
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def client(served, tmp_path_factory):
    journal = tmp_path_factory.mktemp("any") / "journal.sqlite"
    with odb.connect("sandbox", base_url=f"{served.url}/v1.0", journal=journal) as connected:
        yield connected


# -- trees

whole_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
names = whole_text | st.sampled_from(
    [".", "..", "a/b", "a%2Fb", "a%2fb", "a%252Fb", "%2E", "%2E%2E", "%", "%25", "A", "a"]
)
page_sizes = st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any)
NONE, FILE, FOLDER = None, "file", "folder"


@dataclass(frozen=True)
class Node:
    """One item of a tree; what is above it by its number."""

    number: int
    above: int | None
    name: str
    type: str
    size: int | None


@st.composite
def trees(draw):
    """Any site, libraries, folders and files; no two of one name in one place."""
    nodes = [Node(0, NONE, draw(names), "site", None)]
    taken = set()
    for number in range(1, draw(st.integers(1, 14))):
        above = draw(st.sampled_from([node for node in nodes if node.type != FILE]))
        name = draw(names.filter(lambda name, above=above: (above.number, name) not in taken))
        taken.add((above.number, name))
        kind = "documentLibrary" if above.type == "site" else draw(st.sampled_from([FILE, FILE, FOLDER]))
        size = draw(st.none() | st.integers(0, 2**63 - 1)) if kind == FILE else None
        nodes.append(Node(number, above.number, name, kind, size))
    return nodes


def offer(served, session_id, nodes):
    """Serve the tree as what a session shows."""
    served.objects[f"/oneDriveForBusinessBrowseSessions/{session_id}"] = {"id": session_id, "status": "created"}
    path = f"/browseSessions/{session_id}/browse"
    served.lists[path] = []
    for above in (NONE, *(node.number for node in nodes)):
        inside = [node for node in nodes if node.above == above]
        served.lists[path, None if above is NONE else f"key {above}"] = [
            {
                "itemKey": f"key {node.number}",
                "name": node.name,
                "type": node.type,
                "itemsCount": None if node.type == FILE else sum(one.above == node.number for one in nodes),
                "sizeInBytes": None if node.size is None else str(node.size),
            }
            for node in inside
        ]


def start(served, sizes):
    served.clear()
    served.sizes = sizes
    served.lists["/oneDriveForBusinessBrowseSessions"] = []


@settings(max_examples=examples(40), **MODEST)
@given(nodes=trees(), sizes=page_sizes, at_once=st.integers(1, 8))
def test_any_tree_in_any_pages_is_walked_whole(served, client, nodes, sizes, at_once):
    start(served, sizes)
    offer(served, "any", nodes)
    walk = client.walk("any", max_concurrency=at_once, progress=False)
    assert walk.attrs["complete"]
    assert walk.attrs["counts_differ"] == []
    by_number = {node.number: node for node in nodes}
    rows = {row.item_key: row for row in walk.astype(object).where(walk.notna(), None).itertuples()}
    assert Counter(walk["item_key"]) == {f"key {node.number}": 1 for node in nodes}
    assert walk["depth"].is_monotonic_increasing
    for node in nodes:
        row = rows[f"key {node.number}"]
        assert (row.name, row.type, row.size_in_bytes) == (node.name, node.type, node.size)
        if node.above is not NONE:
            above = rows[f"key {node.above}"]
            assert (row.parent_key, row.depth) == (above.item_key, above.depth + 1)
            assert row.path.rpartition("/")[0] == (above.path if by_number[node.above].type != "site" else "")
    assert walk["path"].is_unique


def changed(draw, nodes):
    """The same tree later: some items renamed, resized, removed with what is in them, some added."""
    later, gone = [nodes[0]], set()
    for node in nodes[1:]:
        what = draw(st.sampled_from(["keep", "keep", "rename", "resize", "remove"]))
        if node.above in gone or what == "remove":
            gone.add(node.number)
        elif what == "rename":
            later.append(replace(node, name=f"{node.name} renamed {node.number}"))
        elif what == "resize" and node.type == FILE:
            later.append(replace(node, size=draw(st.integers(0, 2**63 - 1))))
        else:
            later.append(node)
    for number in range(100, 100 + draw(st.integers(0, 3))):
        above = draw(st.sampled_from([node for node in later if node.type not in (FILE, "site")] or [later[0]]))
        kind = "documentLibrary" if above.type == "site" else FILE
        later.append(Node(number, above.number, f"added {number}", kind, None))
    return later


def names_down_to(node, nodes):
    """The names from the library to an item: what its path is made of."""
    by_number = {one.number: one for one in nodes}
    found = []
    while node.type != "site":
        found.append(node.name)
        node = by_number[node.above]
    return found


def expected_changes(before, after):
    old, new = ({node.number: node for node in nodes} for nodes in (before, after))
    found = dict.fromkeys(old.keys() - new.keys(), "removed")
    for number, node in new.items():
        if number not in old:
            found[number] = "added"
        elif names_down_to(old[number], before) != names_down_to(node, after):
            found[number] = "renamed"
        else:
            found[number] = "same" if old[number].size == node.size else "resized"
    return {f"key {number}": change for number, change in found.items()}


@settings(max_examples=examples(30), **MODEST)
@given(data=st.data(), before=trees(), sizes=page_sizes)
def test_any_two_trees_are_compared_as_what_became_of_each_item(served, client, data, before, sizes):
    after = changed(data.draw, before)
    start(served, sizes)
    offer(served, "before", before)
    offer(served, "after", after)
    compared = odb.compare(client.walk("before", progress=False), client.walk("after", progress=False))
    keys = compared["item_key_after"].fillna(compared["item_key_before"])
    assert dict(zip(keys, compared["change"], strict=True)) == expected_changes(before, after)
    assert compared.attrs["complete"]


# -- lists


@st.composite
def objects_of(draw, name, *, partly=False):
    """Any object that the schema allows, with properties left out, null, or there."""
    made = {}
    for key, kind in properties_of(name).items():
        if kind.endswith("!") and not partly:
            made[key] = draw(values_of(kind.rstrip("!")))
        elif draw(st.booleans()):
            made[key] = draw(st.none() | values_of(kind.rstrip("!")))
    return made


instants = st.datetimes().map(lambda moment: f"{moment.replace(microsecond=0).isoformat()}Z")
PLAIN = {
    "String": whole_text,
    "Boolean": st.booleans(),
    "Int32": st.integers(-(2**31), 2**31 - 1),
    "Duration": st.integers(0, 400).map(lambda days: f"P{days}D"),
    "DateTimeOffset": instants,
}


def values_of(kind):
    if kind.startswith("["):
        return st.lists(st.deferred(lambda: values_of(kind[1:-1])), max_size=2)
    if kind in PLAIN:
        return PLAIN[kind]
    if kind in ENUMS:
        words = st.sampled_from(ENUMS[kind].split())
        return st.lists(words, min_size=1, max_size=2, unique=True).map(",".join) if kind in FLAGS else words
    assert kind in TYPES, kind
    return st.deferred(lambda: objects_of(kind, partly=True))


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


LISTS = {
    "drives": ("/protectionUnits/graph.driveProtectionUnit", "driveProtectionUnit", tables.DRIVES),
    "sessions": ("/oneDriveForBusinessBrowseSessions", "oneDriveForBusinessBrowseSession", tables.SESSIONS),
}
CALLS = {"drives": "list_drives", "sessions": "list_sessions"}


@pytest.mark.parametrize("what", LISTS)
@settings(max_examples=examples(30), **MODEST)
@given(data=st.data(), sizes=page_sizes)
def test_any_list_in_any_pages_is_a_frame_of_the_same_dtypes(served, client, what, data, sizes):
    path, kind, table = LISTS[what]
    rows = data.draw(st.lists(objects_of(kind), max_size=8))
    rows = [{**row, "id": f"id-{place}"} for place, row in enumerate(rows)]
    start(served, sizes)
    served.lists[path] = rows
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)  # sizes and times that cannot be read, counted
        frame = getattr(client, CALLS[what])()
    assert frame["id"].tolist() == [row["id"] for row in rows]
    assert dtypes(frame) == dtypes(table.frame([]))


@settings(max_examples=examples(30), **MODEST)
@given(data=st.data(), sizes=page_sizes)
def test_any_restores_in_any_pages_are_a_frame_of_the_same_dtypes(served, client, data, sizes):
    sessions = data.draw(st.lists(objects_of("oneDriveForBusinessRestoreSession"), max_size=3))
    start(served, sizes)
    served.lists["/oneDriveForBusinessRestoreSessions"] = [
        {**session, "id": f"r{place}"} for place, session in enumerate(sessions)
    ]
    count = 0
    for place in range(len(sessions)):
        found = data.draw(st.lists(objects_of("granularDriveRestoreArtifact"), max_size=4))
        count += max(1, len(found))
        path = f"/oneDriveForBusinessRestoreSessions/r{place}/granularDriveRestoreArtifacts"
        served.lists[path] = [{**one, "id": f"item-{number}"} for number, one in enumerate(found)]
    frame = client.list_restores()
    assert len(frame) == count
    assert dtypes(frame) == dtypes(tables.RESTORES.frame([]))
