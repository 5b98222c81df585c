"""Reports: whole, in order, offline, and everything in them text."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import Page

import odb_nb as odb
from odb_nb.errors import InputError
from odb_nb.tables import STATUS

FRAME = pd.DataFrame({"name": ["Adele", "Zoë"], "size": [1, 2]})
HOSTILE = '</p><script src="https://contoso.invalid/x.js">alert(1)</script><img src=x onerror=alert(1)>'
NAMES_A_SOURCE = {"src", "srcset", "data", "action", "poster", "background", "formaction", "ping"}


def status(count=2, **attrs):
    frame = STATUS.frame(
        [{"id": "s", "status": "created"}] * count,
        restore_point_id=[f"p{number}" for number in range(count)],
        drive_id=["d"] * count,
        display_name=["Adele Vance"] * count,
        protection_date_time=[f"2026-11-{number + 1:02d}T03:02:55Z" for number in range(count)],
    )
    frame.attrs = attrs
    return frame


def written(folder, sections, title="A report", **options):
    path = odb.write_report(folder / "report.html", title, sections, **options)
    return path.read_bytes().decode()


def sources(page):
    """What a browser would fetch for this page."""
    named = {value for _, attributes in page.elements for name, value in attributes.items() if name in NAMES_A_SOURCE}
    linked = {attributes["href"] for _, attributes in page.elements if "href" in attributes}
    return named | {link for link in linked if not link.startswith("#")}


def test_sections_stand_in_their_order_below_a_table_of_contents(tmp_path):
    page = Page(written(tmp_path, {"First": "words", "Second": FRAME, "Third": "more"}))
    assert page.said["h1"] == ["A report"]
    assert page.said["h2"] == ["1. First", "2. Second", "3. Third"]
    assert page.said["a"] == ["First", "Second", "Third"]
    assert page.said["li"][1].endswith("(2 rows)")
    targets = [attributes["href"][1:] for tag, attributes in page.elements if tag == "a"]
    assert targets == [attributes["id"] for tag, attributes in page.elements if tag == "section"]


def test_frame_is_whole_and_says_how_many_rows(tmp_path):
    page = Page(written(tmp_path, {"Many": pd.DataFrame({"number": range(1_234)})}))
    assert [row[0].text for row in page.rows[1:]] == [str(number) for number in range(1_234)]
    assert page.said["caption"] == ["1,234 rows. Times are UTC."]


def test_styled_table_is_shown_with_all_its_rows_and_looks(tmp_path):
    page = Page(written(tmp_path, {"Status": odb.styled(status(3), max_rows=1)}))
    assert len(page.rows) == 1 + 3
    at = [cell.text for cell in page.rows[0]].index("status")
    assert [row[at].text for row in page.rows[1:]] == ["✓ created"] * 3
    assert all("background-color" in row[at].style for row in page.rows[1:])


def test_picture_comes_as_data_with_its_words_and_its_whole_table(tmp_path):
    picture = odb.plot_summary(status(2))
    page = Page(text := written(tmp_path, {"Picture": picture}))
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert [image["alt"] for image in images] == [picture.alt]
    assert sources(page) == {image["src"] for image in images}
    assert images[0]["src"].startswith("data:image/png;base64,")
    assert len(page.rows) == 1 + len(picture.table)
    assert "img-src data:" in text


def test_page_without_pictures_allows_none(tmp_path):
    assert "img-src" not in written(tmp_path, {"Words": "words"})


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"Words": HOSTILE}, id="words"),
        pytest.param({HOSTILE: "words"}, id="heading"),
        pytest.param({"Frame": pd.DataFrame({HOSTILE: [HOSTILE]})}, id="frame"),
    ],
)
def test_everything_is_text(tmp_path, sections):
    page = Page(written(tmp_path, sections, title=HOSTILE))
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "img", "link", "iframe", "object", "base"})
    assert sources(page) == set()
    assert page.said["h1"] == [HOSTILE]


@given(st.text(st.characters(codec=None), min_size=1).filter(str.strip))
@settings(max_examples=60)
def test_any_text_can_be_written_and_read(tmp_path_factory, text):
    page = Page(
        written(tmp_path_factory.mktemp("report"), {text: text, "frame": pd.DataFrame({"text": [text]}, dtype=object)})
    )
    expected = re.sub(r"[\x00\ud800-\udfff]", "\ufffd", text)
    assert len(page.said["h2"]) == 2
    assert with_one_line_end(page.said["p"][1]) == with_one_line_end(expected)


def with_one_line_end(text):
    """As browsers read it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_page_forbids_to_fetch_anything(tmp_path):
    page = Page(written(tmp_path, {"Frame": FRAME}))
    rules = [attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes]
    assert rules == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


@pytest.mark.parametrize(
    ("attrs", "expected"),
    [
        pytest.param({"as_of": "2026-11-20T09:30:05+00:00"}, "2026-11-20 09:30:05", id="of-the-frame"),
        pytest.param(
            {"before": {"as_of": "2026-11-20T09:30:05Z"}, "after": {"as_of": "2026-11-20T09:31:00Z"}},
            "2026-11-20 09:31:00",
            id="of-what-it-was-made-from",
        ),
    ],
)
def test_made_at_is_the_latest_that_the_service_said(tmp_path, attrs, expected):
    earlier = status(1, as_of="2026-11-19T00:00:00+00:00")
    text = written(tmp_path, {"Earlier": earlier, "Frame": status(1, **attrs)})
    assert f"Made {expected} UTC by the service&#x27;s clock" in text


@pytest.mark.parametrize("as_of", [None, "", "soon", 3])
def test_made_at_is_this_computers_where_the_service_said_nothing(tmp_path, as_of):
    assert re.search(
        r"Made \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by this computer", written(tmp_path, {"F": status(1, as_of=as_of)})
    )


def test_file_that_is_there_stays_unless_told(tmp_path):
    first = written(tmp_path, {"First": "words"})
    with pytest.raises(InputError, match="overwrite=True"):
        written(tmp_path, {"Second": "words"})
    assert (tmp_path / "report.html").read_bytes().decode() == first
    assert "Second" in written(tmp_path, {"Second": "words"}, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


class Broken:
    """Fails when it is shown."""

    def __str__(self):
        raise RuntimeError("cannot be shown")


def test_nothing_is_left_behind_where_a_section_cannot_be_written(tmp_path):
    with pytest.raises(RuntimeError):
        written(tmp_path, {"First": "words", "Second": pd.DataFrame({"a": [Broken()]})})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "sections", "said"),
    [
        pytest.param("", {"a": "b"}, "title=''", id="no-title"),
        pytest.param(3, {"a": "b"}, "title=3", id="title-no-text"),
        pytest.param("t", {}, "sections must be a mapping", id="no-sections"),
        pytest.param("t", [("a", "b")], "sections must be a mapping", id="a-list"),
        pytest.param("t", {1: "b"}, "the heading 1", id="heading-no-text"),
        pytest.param("t", {"a": {"b": "c"}}, "'a' is a dict", id="section-of-another-kind"),
        pytest.param("t", {"a": None}, "'a' is a NoneType", id="section-none"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(tmp_path, title, sections, said):
    with pytest.raises(InputError, match=re.escape(said)):
        odb.write_report(tmp_path / "report.html", title, sections)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["report.txt", "report", "no/report.html", "."])
def test_path_that_cannot_be_written_to_is_refused(tmp_path, name):
    with pytest.raises(InputError):
        odb.write_report(tmp_path / name, "title", {"a": "b"})
