"""Frames as files: whole or not at all, and nothing in them that runs."""

from __future__ import annotations

import codecs
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pages import Page

import odb_nb as odb
from odb_nb.errors import InputError
from odb_nb.export import export
from odb_nb.styles import styled
from odb_nb.tables import RESTORE_POINTS, SESSIONS, STATUS

FRAME = pd.DataFrame({"name": ["Adele", "Zoë"], "size": [1, 2]})
SUFFIXES = [".csv", ".parquet", ".html", ".htm"]


def status(count=2, **columns):
    """A status frame with something in every kind of column."""
    given = {
        "restore_point_id": [f"p{number}" for number in range(count)],
        "drive_id": ["d"] * count,
        "display_name": [f"Name {number}" for number in range(count)],
        "protection_date_time": ["2026-11-20T03:02:55Z"] * count,
        "expires_in": [timedelta(days=2, hours=23, minutes=59, seconds=48)] * count,
    }
    sessions = [{"id": "s", "status": "created", "backupSizeInBytes": "9007199254740993"}] * count
    return STATUS.frame(sessions, **{**given, **columns})


def matrix():
    frame = status(2, drive_id=["d1", "d2"])
    return odb.status_matrix(frame)


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def page_of(path):
    return Page(path.read_bytes().decode())


def read_csv(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


# where it goes


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".CSV", ".Parquet", ".HTML"])
def test_the_suffix_says_what_is_written(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    assert export(FRAME, str(path)) == path
    first = path.read_bytes()[:4]
    assert first == {".csv": codecs.BOM_UTF8 + b"n", ".parquet": b"PAR1"}.get(suffix.lower(), b"<!DO")
    assert names_in(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["out", "out.xlsx", "out.csv.gz", ".csv", "csv", "", "out.tsv"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"\.csv, \.parquet, \.html, \.htm"):
        export(FRAME, tmp_path / name)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("path", [None, 3, b"out.csv", ["out.csv"], "out\0.csv"], ids=repr)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InputError, match="path of a file"):
        export(FRAME, path)


def test_the_folder_must_exist(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        export(FRAME, tmp_path / "none" / "out.csv")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_is_never_replaced(tmp_path, overwrite):
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        export(FRAME, tmp_path / "out.csv", overwrite=overwrite)


def test_a_path_may_be_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert export(FRAME, "out.csv") == Path("out.csv")
    assert names_in(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_there_is_replaced_only_when_told_to(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    path.write_text("precious")
    with pytest.raises(InputError, match="overwrite=True"):
        export(FRAME, path)
    assert path.read_text() == "precious"
    export(FRAME, path, overwrite=True)
    assert path.stat().st_size > len("precious")
    assert names_in(tmp_path) == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps its access lists elsewhere and asks for rights to link")
def test_a_replaced_file_stays_as_private_as_it_was_and_a_new_one_is_as_any(tmp_path):
    path, plain = tmp_path / "out.csv", tmp_path / "plain"
    path.touch(mode=0o600)
    plain.touch()
    export(FRAME, path, overwrite=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()
    export(FRAME, path)
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="Windows asks for rights to link")
def test_a_link_to_nowhere_counts_as_there(tmp_path):
    (tmp_path / "out.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="exists"):
        export(FRAME, tmp_path / "out.csv")


# whole or not at all


class Value:
    """A value that does something when it is written."""

    def __init__(self, act):
        self.act = act

    def __str__(self):
        self.act()
        return "written"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("suffix", [".csv", ".html"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_fails_half_way_leaves_all_as_it_was(tmp_path, suffix, error, overwrite):
    def fail():
        raise error("half way")

    path = tmp_path / f"out{suffix}"
    if overwrite:
        path.write_text("precious")
    before = {name: (tmp_path / name).read_text() for name in names_in(tmp_path)}
    frame = pd.DataFrame({"number": range(2_001)}).assign(**dict.fromkeys("abcdefghi", "x"))
    frame["value"] = [*range(2_000), Value(fail)]
    with pytest.raises(error, match="half way"):
        export(frame, path, overwrite=overwrite)
    assert {name: (tmp_path / name).read_text() for name in names_in(tmp_path)} == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_nothing_and_the_error_names_the_file(tmp_path, suffix):
    resource = pytest.importorskip("resource")
    path = tmp_path / f"out{suffix}"
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, usual[1]))
    try:
        with pytest.raises(OSError, match=re.escape(str(path))) as caught:
            export(status(300), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (caught.value.filename, caught.value.filename2) == (str(path), None)
    assert names_in(tmp_path) == []


@pytest.fixture(params=["with hard links", "without hard links"])
def _links(request, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    if request.param == "without hard links":
        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("_links")
def test_a_new_file_needs_no_hard_links(tmp_path):
    export(FRAME, tmp_path / "out.csv")
    assert read_csv(tmp_path / "out.csv")["name"].tolist() == ["Adele", "Zoë"]
    assert names_in(tmp_path) == ["out.csv"]


@pytest.mark.usefixtures("_links")
def test_a_file_that_appears_while_ours_is_written_is_not_replaced(tmp_path):
    path = tmp_path / "out.csv"
    frame = pd.DataFrame({"value": [Value(lambda: path.write_text("of somebody else"))]})
    with pytest.raises(InputError, match="exists"):
        export(frame, path)
    assert path.read_text() == "of somebody else"
    assert names_in(tmp_path) == ["out.csv"]


def test_a_name_that_was_taken_for_nothing_is_given_back(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match=r"out\.csv"):
        export(FRAME, tmp_path / "out.csv")
    assert names_in(tmp_path) == []


# what is taken


@pytest.mark.parametrize(
    "given", [None, [1], {"a": [1]}, FRAME["name"], "text"], ids=["None", "list", "dict", "series", "text"]
)
def test_anything_but_a_frame_is_refused(tmp_path, given):
    with pytest.raises(InputError, match="DataFrame"):
        export(given, tmp_path / "out.csv")


def test_of_a_styled_table_the_whole_frame_is_written(tmp_path):
    path = export(styled(status(30), max_rows=3), tmp_path / "out.csv")
    assert read_csv(path).shape == (30, len(STATUS.names))


def test_a_column_called_frame_is_just_a_column(tmp_path):
    path = export(pd.DataFrame({"frame": ["a"]}), tmp_path / "out.csv")
    assert read_csv(path).to_dict("list") == {"frame": ["a"]}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("frame", "error"),
    [
        pytest.param(pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a'", id="names"),
        pytest.param(pd.DataFrame([[1, 2]], columns=[1, "1"]), "'1'", id="names as text"),
        pytest.param(pd.DataFrame({"a": [1]}, index=pd.Index([2], name="a")), "'a'", id="index and column"),
        pytest.param(pd.DataFrame([[1]], columns=[["a"], ["b"]]), "2 levels", id="levels"),
    ],
)
def test_names_that_no_file_can_keep_apart_are_refused(tmp_path, suffix, frame, error):
    with pytest.raises(InputError, match=error):
        export(frame, tmp_path / f"out{suffix}")
    assert names_in(tmp_path) == []


ROWS = pd.DataFrame({"name": ["a", "b", "c"]})
INDEXES = [
    pytest.param(ROWS, ["name"], id="numbers"),
    pytest.param(ROWS.iloc[1:], ["name"], id="left over by a filter"),
    pytest.param(ROWS.iloc[:0], ["name"], id="empty"),
    pytest.param(ROWS.sort_values("name", ascending=False), ["name"], id="sorted"),
    pytest.param(ROWS.rename_axis("number"), ["number", "name"], id="named numbers"),
    pytest.param(ROWS.set_axis(["x", "y", "z"]), ["index", "name"], id="text"),
    pytest.param(ROWS.assign(a=1, b=2).set_index(["a", "b"]), ["a", "b", "name"], id="two levels"),
]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(("frame", "names"), INDEXES)
def test_an_index_is_kept_where_it_carries_data(tmp_path, suffix, frame, names):
    path = export(frame, tmp_path / f"out{suffix}")
    back = read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    assert back.columns.tolist() == names
    assert back["name"].tolist() == frame["name"].tolist()
    assert isinstance(back.index, pd.RangeIndex)


def test_a_matrix_keeps_its_drives(tmp_path):
    wanted = {"drive": ["Name 0", "Name 1"], "2026-11-20": ["created", "created"]}
    assert read_csv(export(matrix(), tmp_path / "out.csv")).to_dict("list") == wanted
    assert pd.read_parquet(export(matrix(), tmp_path / "out.parquet")).to_dict("list") == wanted
    assert page_of(export(matrix(), tmp_path / "out.html")).texts[1] == ["Name 0", "✓ created"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("table", [STATUS, SESSIONS, RESTORE_POINTS], ids=lambda table: table.name)
def test_an_empty_frame_keeps_its_header(tmp_path, suffix, table):
    path = export(table.frame([]), tmp_path / f"out{suffix}")
    assert table.names[0].encode() in path.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_frame_itself_stays_as_it_was(tmp_path, suffix):
    frame = status().astype({"display_name": object}).iloc[1:]
    frame.attrs["kept"] = {1, 2}
    before = frame.copy()
    export(frame, tmp_path / f"out{suffix}")
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {"kept": {1, 2}}


# CSV


def test_csv_is_as_excel_wants_it(tmp_path):
    raw = export(FRAME.assign(name=['a,"b"', "Zoë"]), tmp_path / "out.csv").read_bytes()
    assert raw == codecs.BOM_UTF8 + 'name,size\r\n"a,""b""",1\r\nZoë,2\r\n'.encode()


def test_csv_holds_times_and_spans_that_excel_and_pandas_read(tmp_path):
    back = read_csv(export(status(), tmp_path / "out.csv"))
    assert back["protection_date_time"].tolist() == ["2026-11-20T03:02:55Z"] * 2
    assert back["expires_in"].tolist() == ["71:59:48"] * 2
    assert back["backup_size_in_bytes"].tolist() == ["9007199254740993"] * 2
    assert back["error_code"].tolist() == ["", ""]


def test_csv_leaves_nulls_empty(tmp_path):
    frame = pd.DataFrame({"value": pd.Series([float("nan"), None, pd.NaT, "x"], dtype=object)})
    assert read_csv(export(frame, tmp_path / "out.csv"))["value"].tolist() == ["", "", "", "x"]


def test_csv_times_come_back_as_the_same_times(tmp_path):
    frame = status(protection_date_time=["2026-11-20T03:02:55.123456Z", None])
    back = pd.read_csv(export(frame, tmp_path / "out.csv"), parse_dates=["protection_date_time"])
    assert back["protection_date_time"].astype("datetime64[us, UTC]").equals(frame["protection_date_time"])


def test_csv_guards_cells_and_names_alike(tmp_path):
    path = export(pd.DataFrame({"=1+1": ["=1+1"], "next": ["a;=1"]}), tmp_path / "out.csv")
    assert read_csv(path).to_dict("list") == {"'=1+1": ["'=1+1"], "next": ["a;'=1"]}


def test_csv_guards_what_a_hostile_tenant_sends(tmp_path, client):
    drives = client.list_drives()
    assert drives["display_name"].str.startswith("=").any()
    back = read_csv(export(drives, tmp_path / "out.csv"))
    assert not back["display_name"].str.startswith(("=", "+", "-", "@")).any()
    assert len(back) == len(drives)


TEXT = st.text() | st.text(alphabet="=+-@＝;,\"'\t\r\n \u200b\ufeffab\0\ud800")


def sound(text):
    return re.sub(r"[\x00\ud800-\udfff]", "\ufffd", text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=1, max_size=5))
@example(texts=["", "\r", "\n", "\r\n", '"', ","])
def test_any_text_survives_csv(tmp_path, texts):
    frame = pd.DataFrame({"first": pd.Series(texts, dtype=object), "last": "x"})
    back = read_csv(export(frame, tmp_path / "out.csv", overwrite=True))
    assert back["last"].tolist() == ["x"] * len(texts)
    for text, cell in zip(texts, back["first"], strict=True):
        # nothing but apostrophes is added, and those only before what may be a formula
        assert cell.replace("'", "") == sound(text).replace("'", "")
        for part in re.split("[;\t\r\n]", cell):
            assert not re.match(r"[\s\u200b\ufeff]*[=+@＝＋－＠-]", part)
        if not re.search("[=+@＝＋－＠\t\r\n-]", text):
            assert cell == sound(text)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=1, max_size=5))
def test_a_csv_of_one_column_keeps_all_rows(tmp_path, texts):
    frame = pd.DataFrame({"only": pd.Series(texts, dtype=object)})
    assert len(read_csv(export(frame, tmp_path / "out.csv", overwrite=True))) == len(texts)


def test_csv_larger_than_one_piece_is_whole(tmp_path):
    frame = pd.DataFrame({"number": range(25_001)})
    assert pd.read_csv(export(frame, tmp_path / "out.csv")).equals(frame)


def test_csv_that_excel_cannot_show_whole_is_announced_and_whole(tmp_path):
    frame = pd.DataFrame({"number": range(1_048_576)})
    with pytest.warns(UserWarning, match="Excel shows 1,048,576 lines") as warned:
        path = export(frame, tmp_path / "out.csv")
    assert warned[0].filename == __file__
    assert path.read_bytes().count(b"\n") == len(frame) + 1


def test_csv_that_excel_shows_whole_is_not_announced(tmp_path):
    export(pd.DataFrame(index=range(1_048_575)), tmp_path / "out.csv")  # a warning would be an error


# Parquet


@pytest.mark.parametrize("table", [STATUS, SESSIONS, RESTORE_POINTS], ids=lambda table: table.name)
@pytest.mark.parametrize("rows", [0, 2])
def test_parquet_keeps_dtypes(tmp_path, table, rows):
    frame = table.frame([{"id": "a", "status": "created"}] * rows)
    pd.testing.assert_frame_equal(pd.read_parquet(export(frame, tmp_path / "out.parquet")), frame)


def test_parquet_keeps_values_of_every_kind(tmp_path):
    frame = status(expires_in=[timedelta(microseconds=-1), None], protection_date_time=["9999-12-31T23:59:59Z", None])
    frame["fits"] = pd.array([True, None], dtype="boolean")
    pd.testing.assert_frame_equal(pd.read_parquet(export(frame, tmp_path / "out.parquet")), frame)


def test_parquet_keeps_of_attrs_what_json_can_hold(tmp_path):
    frame = FRAME.copy()
    frame.attrs = {"as_of": "2026-11-20T09:30:05+00:00", "moment": datetime(2026, 1, 1, tzinfo=UTC), 3: "three"}
    back = pd.read_parquet(export(frame, tmp_path / "out.parquet"))
    assert back.attrs == {"as_of": "2026-11-20T09:30:05+00:00"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT | st.none(), max_size=5))
def test_any_text_survives_parquet(tmp_path, texts):
    frame = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
    back = pd.read_parquet(export(frame, tmp_path / "out.parquet", overwrite=True))
    wanted = [None if text is None else re.sub(r"[\ud800-\udfff]", "\ufffd", text) for text in texts]
    assert [None if pd.isna(text) else text for text in back["text"]] == wanted


@pytest.mark.parametrize("values", [["text", 1], [object()], [{1: 2}, "a"]], ids=["text and number", "object", "dict"])
def test_what_parquet_cannot_hold_is_refused_and_leaves_nothing(tmp_path, values):
    with pytest.raises(InputError, match="Parquet cannot hold"):
        export(pd.DataFrame({"value": pd.Series(values, dtype=object)}), tmp_path / "out.parquet")
    assert names_in(tmp_path) == []


# HTML


def test_a_page_stands_alone_and_nothing_in_it_runs(tmp_path):
    frame = status(display_name=["<script>alert(1)</script>", "<img src=https://contoso.invalid/x>"])
    path = export(frame, tmp_path / "a <b> {c}.html")
    page = page_of(path)
    allowed = "html head meta title style body h1 table caption thead tbody tr th td"
    assert {tag for tag, _ in page.elements} == set(allowed.split())
    assert page.attributes.isdisjoint({"src", "href", "onerror"})
    metas = [attributes for tag, attributes in page.elements if tag == "meta"]
    assert metas[0] == {"charset": "utf-8"}
    assert metas[1]["content"] == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert page.said["title"] == page.said["h1"] == ["a <b> {c}"]
    styles = re.findall("<style.*?</style>", path.read_text(encoding="utf-8"), re.DOTALL)
    assert not re.search(r"url\(|@import|//", "".join(styles))
    assert "prefers-color-scheme: dark" in styles[0]


def test_a_page_holds_all_rows_and_columns_with_their_looks(tmp_path):
    frame = status(501)
    page = page_of(export(frame, tmp_path / "out.html"))
    assert page.texts[0] == STATUS.names
    assert len(page.rows) == 502
    assert page.said["caption"] == ["501 rows, 16 columns. Times are UTC."]
    last = dict(zip(page.texts[0], page.texts[-1], strict=True))
    wanted = {"status": "✓ created", "expires_in": "2 d 23 h", "protection_date_time": "2026-11-20 03:02:55"}
    assert {name: last[name] for name in wanted} == wanted
    assert any("background-color" in attributes.get("style", "") for tag, attributes in page.elements if tag == "td")


def test_a_page_says_when_the_service_was_asked(tmp_path):
    frame = status(1)
    frame.attrs["as_of"] = "2026-11-20T09:30:05+00:00"
    said = "1 row, 16 columns as of 2026-11-20 09:30:05. Times are UTC."
    assert page_of(export(frame, tmp_path / "out.html")).said["caption"] == [said]


def test_a_page_of_a_frame_that_is_not_of_ours_is_plain(tmp_path):
    page = page_of(export(FRAME, tmp_path / "out.html"))
    assert page.texts == [["name", "size"], ["Adele", "1"], ["Zoë", "2"]]
    assert page.said["caption"] == ["2 rows, 2 columns. Times are UTC."]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=1, max_size=5))
def test_any_text_survives_a_page(tmp_path, texts):
    frame = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
    page = page_of(export(frame, tmp_path / "out.html", overwrite=True))
    assert page.texts[1:] == [[sound(text)] for text in texts]


def test_a_page_is_the_same_every_time(tmp_path):
    one, again = (export(status(), tmp_path / folder) for folder in ("out.html", "OUT.htm"))
    assert one.read_text(encoding="utf-8").replace("out", "OUT") == again.read_text(encoding="utf-8").replace(
        "out", "OUT"
    )
