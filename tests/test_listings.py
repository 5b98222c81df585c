"""Walks on disk: they come back as they were, or say why not."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from walks import ATTRS, walk

import odb_nb as odb
from odb_nb.errors import InputError
from odb_nb.tables import ITEMS

ROWS = [("site", "", None, "site"), ("k1", "Documents/Budget.xlsx", 2**53 + 1), ("k2", "Documents/é\n\u202e.txt", 0)]
KEY = b"odb_nb.listing"


def saved(folder, frame=None):
    return odb.save_listing(walk(*ROWS) if frame is None else frame, folder / "walk.parquet", overwrite=True)


def names_in(folder):
    return [path.name for path in folder.iterdir()]


# there and back


@pytest.mark.parametrize("beta", [False, True], ids=["v1.0", "beta"])
@pytest.mark.parametrize("rows", [ROWS, []], ids=["rows", "empty"])
def test_a_walk_comes_back_as_it_was(tmp_path, rows, beta):
    frame = walk(*rows, beta=beta)
    back = odb.load_listing(saved(tmp_path, frame))
    pd.testing.assert_frame_equal(back, frame)
    assert back.attrs == frame.attrs


TEXT = st.text() | st.sampled_from(['"sha256": "' + "0" * 64 + '"', "odb_nb.listing", "PAR1", "\0", ""])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT | st.none(), TEXT, st.none() | st.integers(0, 2**63 - 1)), max_size=4), name=TEXT)
@example(rows=[], name=json.dumps({"sha256": "0" * 64}))
def test_any_walk_comes_back(tmp_path, rows, name):
    frame = walk(*rows, display_name=name, sha256="0" * 64)
    back = odb.load_listing(saved(tmp_path, frame))
    pd.testing.assert_frame_equal(back, frame)
    assert back.attrs == frame.attrs


def test_columns_that_the_user_added_come_back(tmp_path):
    frame = walk(*ROWS).assign(ticket="T-1", seen=[True, False, True])
    pd.testing.assert_frame_equal(odb.load_listing(saved(tmp_path, frame)), frame)


def test_the_walk_stays_as_it_was(tmp_path):
    frame = walk(*ROWS).iloc[1:]
    before = frame.copy()
    saved(tmp_path, frame)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == before.attrs


def test_loaded_walks_compare_as_live_ones(tmp_path):
    frame = walk(*ROWS)
    pd.testing.assert_frame_equal(odb.compare(frame, odb.load_listing(saved(tmp_path))), odb.compare(frame, frame))


PARTIAL = [
    pytest.param(walk(*ROWS).iloc[1:], 3, id="filtered"),
    pytest.param(walk(*ROWS, complete=False), 3, id="cut short"),
    pytest.param(walk(*ROWS, items=9), 9, id="cancelled"),
]


@pytest.mark.parametrize(("frame", "items"), PARTIAL)
def test_a_partial_walk_says_so_when_it_is_loaded(tmp_path, frame, items):
    back = odb.load_listing(saved(tmp_path, frame))
    assert (back.attrs["complete"], back.attrs["items"]) == (False, items)
    assert back["path"].tolist() == frame["path"].tolist()
    assert back.index.equals(pd.RangeIndex(len(frame)))


# the file


def test_other_programs_read_it(tmp_path):
    path = saved(tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(path), walk(*ROWS))
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
    told = json.loads(pq.read_metadata(path).metadata[KEY])
    assert (told["format"], told["odb_nb"], told["attrs"]) == (1, odb.__version__, walk(*ROWS).attrs)


def test_the_checksum_is_that_of_the_file_with_zeros_in_its_place(tmp_path):
    raw = saved(tmp_path).read_bytes()
    digest = re.search(rb'"sha256": "([0-9a-f]{64})"', raw)[1]
    assert hashlib.sha256(raw.replace(digest, b"0" * 64)).hexdigest().encode() == digest


def test_a_walk_makes_the_same_file_every_time(tmp_path):
    assert saved(tmp_path).read_bytes() == saved(tmp_path).read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps its access lists elsewhere")
@pytest.mark.parametrize("was_there", [False, True])
def test_its_owner_alone_can_read_it(tmp_path, was_there):
    if was_there:
        (tmp_path / "walk.parquet").touch(mode=0o644)
    assert stat.S_IMODE(saved(tmp_path).stat().st_mode) == 0o600


def test_a_file_that_is_there_is_replaced_only_when_told_to(tmp_path):
    path = tmp_path / "walk.parquet"
    path.write_text("precious")
    with pytest.raises(InputError, match="overwrite=True"):
        odb.save_listing(walk(*ROWS), path)
    assert path.read_text() == "precious"
    assert odb.save_listing(walk(*ROWS), str(path), overwrite=True) == path
    assert names_in(tmp_path) == ["walk.parquet"]


@pytest.mark.parametrize("name", ["walk", "walk.csv", ".parquet", "none/walk.parquet"])
def test_a_name_that_does_not_fit_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"must end in \.parquet$|does not exist"):
        odb.save_listing(walk(*ROWS), tmp_path / name)
    assert names_in(tmp_path) == []


def test_a_full_disk_leaves_nothing_and_the_error_names_the_file(tmp_path):
    resource = pytest.importorskip("resource")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, usual[1]))
    try:
        with pytest.raises(OSError, match=re.escape(str(tmp_path / "walk.parquet"))):
            saved(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert names_in(tmp_path) == []


# what is no walk


def _without(name):
    frame = walk(*ROWS)
    del frame.attrs[name]
    return frame


REFUSED = [
    pytest.param(None, "not a NoneType", id="None"),
    pytest.param(walk(*ROWS)["path"], "not a Series", id="series"),
    pytest.param(walk(*ROWS).drop(columns=["path", "depth"]), "missing: path, depth", id="columns"),
    *[pytest.param(_without(name), rf'missing: attrs\["{name}"\]', id=name) for name in ("items", "complete")],
    pytest.param(_without("session_id"), r'attrs\["session_id"\]', id="session"),
    pytest.param(_without("restore_point_date_time"), r'attrs\["restore_point_date_time"\]', id="time"),
    pytest.param(odb.compare(walk(*ROWS), walk(*ROWS)), "missing: session_id", id="comparison"),
    pytest.param(walk(*ROWS).assign(depth="deep"), "holds what no walk does", id="dtype"),
    pytest.param(walk(*ROWS).assign(x=[{1: 2}, "a", 3]), "cannot hold this frame", id="mixed values"),
    pytest.param(walk(*ROWS).assign(path=pd.Series(["\ud800", "", ""], dtype=object)), "no walk does", id="surrogate"),
    pytest.param(walk(*ROWS, note={1, 2}), r"attrs\['note'\]", id="attrs that are no JSON"),
    pytest.param(walk(*ROWS, note=(1, 2)), r"attrs\['note'\]", id="attrs that JSON changes"),
    pytest.param(walk(*ROWS).set_axis(range(10), axis="columns"), "missing", id="names that are numbers"),
    pytest.param(pd.concat([walk(*ROWS)] * 2, axis="columns"), "each of them once", id="names twice"),
]


@pytest.mark.parametrize(("frame", "said"), REFUSED)
def test_what_is_no_walk_is_refused_and_leaves_nothing(tmp_path, frame, said):
    with pytest.raises(InputError, match=said):
        odb.save_listing(frame, tmp_path / "walk.parquet")
    assert names_in(tmp_path) == []


# what is no listing


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path):
    for path, said in [(tmp_path / "none.parquet", "not there"), (tmp_path, "a folder")]:
        with pytest.raises(InputError, match=said):
            odb.load_listing(path)


@pytest.mark.parametrize("path", [None, 3, b"x", "a\0b"], ids=repr)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InputError, match="path of a file"):
        odb.load_listing(path)


@pytest.mark.parametrize("raw", [b"", b"PAR", b"name,size\r\nAdele,1\r\n", b"x" * 1000], ids=len)
def test_a_file_of_another_kind_is_refused(tmp_path, raw):
    (tmp_path / "a.parquet").write_bytes(raw)
    with pytest.raises(InputError, match=r"a\.parquet' is not Parquet"):
        odb.load_listing(tmp_path / "a.parquet")


def test_parquet_that_is_no_listing_is_refused(tmp_path):
    path = odb.export(walk(*ROWS), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no listing that save_listing wrote"):
        odb.load_listing(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_a_file_that_is_cut_short_is_refused(tmp_path, share):
    path = saved(tmp_path)
    raw = path.read_bytes()
    path.write_bytes(raw[: max(8, int(len(raw) * share))])
    with pytest.raises(InputError, match="cut short or damaged"):
        odb.load_listing(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_anywhere_is_noticed(tmp_path, data):
    raw = bytearray(saved(tmp_path).read_bytes())
    path = tmp_path / "changed.parquet"
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    with pytest.raises(InputError, match=re.escape(str(path))):
        odb.load_listing(path)


def test_an_edited_value_is_noticed_by_the_checksum(tmp_path):
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"Adele Vance", b"Megan Bowen"))
    with pytest.raises(InputError, match="its checksum does not fit"):
        odb.load_listing(path)


def labelled(path, **changed):
    """A Parquet file with a label as of a listing, some of it changed, and a checksum that fits."""
    label = {"sha256": "0" * 64, "format": 1, "odb_nb": "9.9", "attrs": {**ATTRS, "items": 3}, **changed}
    table = pa.Table.from_pandas(walk(*ROWS), preserve_index=False)
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({KEY: json.dumps(label)})
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"0" * 64, hashlib.sha256(raw).hexdigest().encode()))
    return path


def test_a_listing_made_by_hand_loads(tmp_path):
    assert odb.load_listing(labelled(tmp_path / "a.parquet"))["path"].tolist() == walk(*ROWS)["path"].tolist()


WRONG = [
    pytest.param({"format": 2}, "newer odb_nb, '9.9'", id="newer"),
    pytest.param({"format": "1"}, "damaged", id="format that is no number"),
    pytest.param({"sha256": 3}, "checksum does not fit", id="checksum that is no text"),
    pytest.param({"attrs": {}}, r'holds no walk; missing: attrs\["session_id"\]', id="no attrs"),
    pytest.param({"attrs": [1]}, "damaged", id="attrs that are none"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_a_label_that_is_none_of_ours_is_refused(tmp_path, changed, said):
    with pytest.raises(InputError, match=said):
        odb.load_listing(labelled(tmp_path / "a.parquet", **changed))


def test_a_listing_of_a_hundred_thousand_items_comes_back(tmp_path):
    frame = walk(*[(f"k{at}", f"Documents/{at % 100}/{at}.docx", at) for at in range(100_000)])
    back = odb.load_listing(saved(tmp_path, frame))
    assert back.equals(frame)
    assert back.columns.tolist() == ITEMS.names
