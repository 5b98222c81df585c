"""Pictures of a status frame: what is drawn, what is said, and what hostile names cannot do."""

from __future__ import annotations

import base64
import gc
import html
import subprocess
import sys
import threading
import weakref
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from odb_nb.errors import InputError
from odb_nb.plots import plot_summary, plot_timeline
from odb_nb.plots.bars import bars_of
from odb_nb.plots.canvas import as_drawn, name_as_drawn, shortened
from odb_nb.sandbox import Sandbox
from odb_nb.tables import STATUS

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def status(*rows, as_of=NOW):
    """A status frame from (drive, name, point's time, status, session's creation, its expiry)."""
    frame = STATUS.frame(
        [
            {"status": word, "createdDateTime": text(start), "expirationDateTime": text(end)}
            for *_, word, start, end in rows
        ],
        restore_point_id=[f"p{number}" for number in range(len(rows))],
        drive_id=[row[0] for row in rows],
        display_name=[row[1] for row in rows],
        protection_date_time=[text(row[2]) for row in rows],
        expires_in=[end - NOW if end and word != "failed" else None for *_, word, _, end in rows],
    )
    if as_of:
        frame.attrs["as_of"] = as_of.isoformat()
    return frame


def text(moment):
    return moment.isoformat() if moment else None


ROWS = [
    ("d1", "Adele Vance", NOW - 7 * HOUR, "created", NOW - HOUR, NOW + 71 * HOUR),
    ("d1", "Adele Vance", NOW - 31 * HOUR, "created", NOW - HOUR, NOW + 71 * HOUR),
    ("d1", "Adele Vance", NOW - 55 * HOUR, None, None, None),
    ("d2", "Alex Wilber", NOW - 7 * HOUR, "failed", NOW - HOUR, NOW + 71 * HOUR),
    ("d2", "Alex Wilber", NOW - 31 * HOUR, "created", NOW - 68 * HOUR, NOW + 4 * HOUR),
    ("d3", "Diego Siciliano", NOW - 7 * HOUR, "creating", NOW - HOUR / 60, NOW + 72 * HOUR),
    ("d3", "Diego Siciliano", NOW - 31 * HOUR, "created", NOW - 80 * HOUR, NOW - 8 * HOUR),
    ("d3", "Diego Siciliano", NOW - 55 * HOUR, "archived", NOW - 2 * HOUR, NOW + 70 * HOUR),
]


def drives(count, rows_of=lambda number: [("created", NOW + 72 * HOUR)]):
    """So many drives with a point per (status, expiry)."""
    return status(
        *(
            (f"d{number:03}", f"Drive {number:03}", NOW - DAY * (1 + place), word, end and end - 72 * HOUR, end)
            for number in range(count)
            for place, (word, end) in enumerate(rows_of(number))
        )
    )


def axes_of(picture):
    (axes,) = picture.figure.axes
    return axes


def drawn(picture):
    """How many markers or bars of each kind are drawn."""
    found = {}
    for collection in axes_of(picture).collections:
        is_points = collection.get_label().startswith("points")
        found[collection.get_label()] = len(collection.get_offsets() if is_points else collection.get_paths())
    return found


def collection(picture, label):
    return next(one for one in axes_of(picture).collections if one.get_label() == label)


def rendered(picture):
    """What measures texts, once the layout is settled."""
    assert picture.png
    return picture.figure.canvas.get_renderer()


def names(picture):
    return [label.get_text() for label in axes_of(picture).get_yticklabels()]


def texts(picture):
    """All that is written in the picture."""
    return [one.get_text() for one in picture.figure.findobj(Text) if one.get_text()]


def size_of(png):
    """Width and height from a PNG's header."""
    assert png.startswith(b"\x89PNG")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


# --- the timeline


def test_each_point_is_a_marker_of_its_kind_and_each_group_of_live_sessions_a_bar():
    assert drawn(plot_timeline(status(*ROWS))) == {
        "points: created": 3,
        "points: creating": 1,
        "points: failed": 1,
        "points: other": 1,
        "points: expired": 1,
        "points: no session": 1,
        "sessions: created": 1,
        "sessions: created, soon": 1,
        "sessions: creating": 1,
        "sessions: other": 1,
    }


def test_points_and_bars_lie_at_their_times_in_their_drives_row():
    picture = plot_timeline(status(*ROWS))
    x, y = collection(picture, "points: failed").get_offsets().T
    assert x.tolist() == [date2num(NOW - 7 * HOUR)]
    tops = axes_of(picture).get_yticks()
    assert np.abs(tops - y[0]).argmin() == 1  # the second drive
    (bar,) = collection(picture, "sessions: created, soon").get_paths()
    assert bar.vertices[:, 0].min() == date2num(NOW - 68 * HOUR)
    assert bar.vertices[:, 0].max() == date2num(NOW + 4 * HOUR)
    assert y[0] < bar.vertices[:, 1].min()  # below its points, the axis running downwards


def test_bars_never_touch_each_other_nor_a_marker():
    picture = plot_timeline(status(*ROWS))
    renderer = rendered(picture)
    to_pixels = axes_of(picture).transData
    bars, markers = [], []
    for one in axes_of(picture).collections:
        if one.get_label().startswith("sessions"):
            bars += [to_pixels.transform_path(path).get_extents() for path in one.get_paths()]
        else:
            half = renderer.points_to_pixels(np.sqrt(one.get_sizes()[0])) / 2
            markers += [Bbox([at - half, at + half]) for at in to_pixels.transform(one.get_offsets())]
    for number, bar in enumerate(bars):
        assert not any(bar.overlaps(other) for other in [*bars[:number], *markers])
    assert (len(bars), len(markers)) == (4, 8)


def test_drives_go_down_in_the_order_given():
    picture = plot_timeline(status(*ROWS))
    assert names(picture) == ["Adele Vance", "Alex Wilber", "Diego Siciliano"]
    bottom, top = axes_of(picture).get_ylim()
    assert bottom > top == 0


def test_sessions_that_start_and_end_together_are_one_bar_with_their_number():
    assert "×2" in texts(plot_timeline(status(*ROWS)))


def test_kinds_differ_in_shape_and_not_in_colour_alone():
    looks = []
    for one in axes_of(plot_timeline(status(*ROWS))).collections:
        if one.get_label().startswith("points"):
            (path,) = one.get_paths()
            is_empty = one.get_facecolor().min() == 1
            looks.append((path.vertices.round(3).tobytes(), is_empty))
    assert len(looks) == len(set(looks)) == 6


def test_sessions_that_expire_soon_are_hatched_and_others_not():
    picture = plot_timeline(status(*ROWS))
    assert collection(picture, "sessions: created, soon").get_hatch()
    assert not collection(picture, "sessions: created").get_hatch()


@pytest.mark.parametrize(
    ("left", "is_soon"),
    [
        pytest.param(12 * HOUR - timedelta(seconds=1), True, id="just-under-12-hours"),
        pytest.param(12 * HOUR, False, id="12-hours"),
        pytest.param(timedelta(seconds=1), True, id="a-second"),
        pytest.param(timedelta(0), False, id="over"),
    ],
)
def test_soon_is_less_than_twelve_hours_from_now(left, is_soon):
    picture = plot_timeline(status(("d", "A", NOW - DAY, "created", NOW - DAY, NOW + left)))
    assert ("sessions: created, soon" in drawn(picture)) is is_soon
    assert ("points: expired" in drawn(picture)) is (left == timedelta(0))


def test_the_legend_counts_each_kind_and_covers_nothing():
    picture = plot_timeline(status(*ROWS))
    (legend,) = picture.figure.legends
    assert [one.get_text() for one in legend.get_texts()] == [
        *("3 created", "1 creating", "1 failed", "1 other: archived", "1 expired", "1 no session"),
        *("session, until it expires", "expires within 12 hours"),
    ]
    renderer = rendered(picture)
    assert not legend.get_window_extent(renderer).overlaps(axes_of(picture).get_tightbbox(renderer))


def test_now_is_a_line_with_its_time():
    picture = plot_timeline(status(*ROWS))
    (line,) = axes_of(picture).lines
    assert set(line.get_xdata()) == {date2num(NOW)}
    assert "now 2026-11-20 09:30" in texts(picture)


@pytest.mark.parametrize(
    ("given", "as_of", "expected"),
    [
        pytest.param(None, NOW, NOW, id="the-frame's-own"),
        pytest.param(None, None, NOW, id="from-a-countdown"),
        pytest.param(NOW + DAY, NOW, NOW + DAY, id="given"),
        pytest.param("2026-11-21T10:30:00+01:00", NOW, NOW + DAY, id="given-as-text"),
    ],
)
def test_now_comes_from_the_argument_the_frame_or_its_countdowns(given, as_of, expected):
    picture = plot_timeline(status(*ROWS, as_of=as_of), now=given)
    (line,) = axes_of(picture).lines
    assert line.get_xdata()[0] == date2num(expected)
    assert picture.table["expires_in"].iloc[0] == NOW + 71 * HOUR - expected


def test_without_any_now_there_is_no_line():
    picture = plot_timeline(status(("d", "A", NOW, None, None, None), as_of=None))
    assert not axes_of(picture).lines
    assert "now" not in picture.alt


def test_a_now_beyond_all_time_is_not_drawn():
    picture = plot_timeline(status(*ROWS), now="0001-01-01")
    assert not axes_of(picture).lines
    assert size_of(picture.png)[0] == 1800


def test_the_table_has_a_row_per_point_with_fixed_dtypes():
    table = plot_timeline(status(*ROWS)).table
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == {
        "drive": "string",
        "restore_point_id": "string",
        "protection_date_time": "datetime64[us, UTC]",
        "status": "string",
        "session_created_date_time": "datetime64[us, UTC]",
        "session_expiration_date_time": "datetime64[us, UTC]",
        "expires_in": "timedelta64[us]",
    }
    assert table["restore_point_id"].tolist() == [f"p{number}" for number in range(len(ROWS))]
    assert table["status"].tolist()[2:4] == ["no session", "failed"]
    assert table["expires_in"].isna().tolist() == [False, False, True, True, False, False, False, False]
    pd.testing.assert_series_equal(table.dtypes, plot_timeline(status()).table.dtypes)


def test_the_frame_given_is_left_as_it_was():
    frame = status(*ROWS)
    before = frame.copy(deep=True)
    plot_timeline(frame, now=NOW + DAY)
    plot_summary(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == before.attrs


def test_the_words_tell_the_counts_and_the_first_expiry():
    assert plot_timeline(status(*ROWS)).alt == (
        "Timeline of 8 restore points on 3 drives, 2026-11-18 to 2026-11-20 (UTC): 4 created, 1 creating, 1 failed, "
        "1 archived, 1 no session; 1 of the sessions expired. "
        "5 live sessions; the first expires in 4 h, at 2026-11-20 13:30:00; 1 expires within 12 hours."
    )


def test_a_frame_put_together_from_others_keeps_its_drives_apart():
    both = pd.concat([status(ROWS[0]), status(ROWS[3]).assign(restore_point_id="q")])
    assert both.index.tolist() == [0, 0]
    assert names(plot_timeline(both)) == ["Adele Vance", "Alex Wilber"]


# --- many drives


def test_of_more_than_sixty_drives_the_most_urgent_are_drawn_and_that_is_said():
    def rows_of(number):
        if number == 70:
            return [("failed", None)]
        return [("created", NOW + 3 * HOUR)] if number == 72 else [("created", NOW + 72 * HOUR), (None, None)]

    picture = plot_timeline(drives(75, rows_of))
    assert len(names(picture)) == 60
    assert names(picture)[-3:] == ["Drive 057", "Drive 070", "Drive 072"]  # in the order of the frame
    assert "The 60 most urgent of 75 drives are drawn; the table has all." in picture.alt
    title = "118 restore points on the 60 most urgent of 75 drives; the table has all"
    assert title in texts(picture)
    assert picture.table["drive"].nunique() == 75


def test_urgent_is_failed_then_soonest_then_unsettled_then_the_order_given():
    def rows_of(number):
        return {
            1: [(None, None)],
            62: [("creating", None)],
            63: [("created", NOW + 9 * HOUR)],
            64: [("failed", None)],
        }.get(number, [("created", NOW + 8 * HOUR)] if number >= 5 else [(None, None)])

    shown = names(plot_timeline(drives(65, rows_of)))
    assert len(shown) == 60
    assert {"Drive 062", "Drive 063", "Drive 064"} <= set(shown)
    assert "Drive 004" not in shown


@pytest.mark.parametrize("count", [1, 6, 40, 60])
def test_names_never_overlap_and_nothing_leaves_the_card(count):
    picture = plot_timeline(drives(count))
    renderer = rendered(picture)
    card = picture.figure.bbox
    boxes = [label.get_window_extent(renderer) for label in axes_of(picture).get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
    for one in picture.figure.findobj(Text):
        box = one.get_window_extent(renderer)
        assert box.width == 0 or (card.x0 <= box.x0 and box.x1 <= card.x1 and card.y0 <= box.y0 and box.y1 <= card.y1)


def test_the_card_is_no_higher_for_more_than_sixty_drives():
    heights = [plot_timeline(drives(count)).figure.get_figheight() for count in (1, 10, 60, 200)]
    assert heights == sorted(heights)
    assert heights[2] == heights[3] < 20


def test_thousands_of_points_are_all_drawn():
    words = ["created", "failed", None, None]
    frame = drives(40, lambda number: [(word, word and NOW + HOUR * (20 + number)) for word in words * 31])
    picture = plot_timeline(frame)
    assert len(frame) == 4_960
    assert sum(count for label, count in drawn(picture).items() if label.startswith("points")) == 4_960
    assert len(picture.png) < 500_000


# --- bars


def sessions(*rows):
    return pd.DataFrame(rows, columns=["drive", "kind", "is_soon", "start", "end"])


def test_bars_that_overlap_lie_in_lanes_and_others_share_one():
    given = sessions(("d", "created", False, 0, 3), ("d", "created", False, 2, 5), ("d", "created", False, 6, 9))
    bars = bars_of(given, apart=0.1, gap=0.5)
    assert [(bar.start, bar.lane) for bar in bars] == [(0, 0), (2, 1), (6, 0)]


def test_a_run_of_sessions_is_one_bar_up_to_the_first_expiry():
    given = sessions(*(("d", "created", False, start / 10, 3 + start / 10) for start in range(5)))
    (bar,) = bars_of(given, apart=0.11, gap=0)
    assert (bar.start, bar.end, bar.count) == (0, 3, 5)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("e", "created", False, 0, 3), id="of-another-drive"),
        pytest.param(("d", "creating", False, 0, 3), id="of-another-status"),
        pytest.param(("d", "created", True, 0, 3), id="soon"),
        pytest.param(("d", "created", False, 0, 4), id="ends-elsewhere"),
    ],
)
def test_sessions_of_another_look_are_bars_of_their_own(other):
    bars = bars_of(sessions(("d", "created", False, 0, 3), other), apart=0.1, gap=0)
    assert [bar.count for bar in bars] == [1, 1]


# --- what is not known


def test_an_empty_frame_says_so():
    timeline, summary = plot_timeline(status()), plot_summary(status())
    assert texts(timeline) == texts(summary) == ["no restore points"]
    assert timeline.alt == "Timeline of restore points: no restore points."
    assert summary.alt == "No restore points."
    assert len(timeline.table) == len(summary.table) == 0
    assert "no rows" in timeline._repr_mimebundle_()[0]["text/plain"]


def test_points_whose_time_is_not_known_are_counted_and_stand_in_the_table():
    bare = [(None, None, None, None, None, None)] * 3
    picture = plot_timeline(status(*ROWS, *bare))
    assert picture.alt.endswith("3 points whose time is not known are not drawn.")
    assert "3 points whose time is not known are not drawn." in texts(picture)
    assert len(picture.table) == len(ROWS) + 3
    assert names(picture)[-1] == "drive not known"


def test_where_no_time_is_known_only_words_are_left():
    picture = plot_timeline(status((None, None, None, None, None, None)))
    assert texts(picture) == ["1 point whose time is not known is not drawn."]
    assert not picture.figure.axes


def test_a_session_whose_times_are_not_known_is_counted():
    picture = plot_timeline(status(("d", "A", NOW, "created", None, None)))
    assert "1 live session whose times are not known is without a bar." in picture.alt


def test_the_year_one_does_not_stretch_the_axis():
    never = datetime(1, 1, 1, tzinfo=UTC)
    picture = plot_timeline(status(*ROWS, ("d1", "Adele Vance", never, "created", never, never)))
    first, last = axes_of(picture).get_xlim()
    assert last - first < 10
    assert "1 point whose time is not known is not drawn." in picture.alt


def test_a_single_instant_still_has_an_axis():
    first, last = axes_of(plot_timeline(status(("d", "A", NOW, None, None, None)))).get_xlim()
    assert last - first == pytest.approx(0.25)


# --- the summary


def test_the_summary_counts_each_word_and_what_runs_out():
    picture = plot_summary(status(*ROWS))
    assert picture.table.to_dict("list") == {
        "status": ["created", "creating", "failed", "archived", "no session"],
        "count": [4, 1, 1, 1, 1],
        "expiring_soon": [1, 0, 0, 0, 0],
        "expired": [1, 0, 0, 0, 0],
    }
    assert [str(dtype) for dtype in picture.table.dtypes] == ["string", "Int64", "Int64", "Int64"]
    assert names(picture) == ["✓ created", "… creating", "✗ failed", "? archived", "– no session"]
    assert {"4 (of which 1 expires within 12 hours, 1 expired)", "1"} <= set(texts(picture))
    assert picture.alt == (
        "8 restore points on 3 drives: 4 created, 1 creating, 1 failed, 1 archived, 1 no session; "
        "1 of the sessions expired; 1 expires within 12 hours."
    )


def test_the_bars_of_the_summary_are_as_long_as_their_counts():
    bars = [patch.get_width() for patch in axes_of(plot_summary(status(*ROWS))).patches]
    assert bars == [2, 1, 1, 1, 1, 1, 1]  # created: lasting, soon, expired


def test_a_flood_of_words_is_cut_and_said():
    picture = plot_summary(status(*(("d", "A", NOW, f"word {number:02}", None, None) for number in range(30))))
    assert len(names(picture)) == 20
    assert "10 points with 10 more words are not drawn; the table has all." in texts(picture)
    assert len(picture.table) == 30
    assert "22 with 22 more words" in picture.alt


# --- names as they come


HOSTILE = [
    pytest.param("$\\frac{1$", "$\\frac{1$", id="bad-mathematics"),
    pytest.param("$5 and $6", "$5 and $6", id="dollars"),
    pytest.param("_nolegend_", "_nolegend_", id="matplotlib's-own-word"),
    pytest.param("%s {} \\n", "%s {} \\n", id="formats"),
    pytest.param("two\nlines\tand\x00more", "two lines and more", id="control-characters"),
    pytest.param("\u202egnp.exe", "gnp.exe", id="turned-around"),
    pytest.param("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>", id="markup"),
    pytest.param("Contoso Finance Department, Zürich", "Contoso Financ…tment, Zürich", id="long"),
    pytest.param("ليلى حداد", "ليلى حداد", id="right-to-left"),
    pytest.param("   ", "drive-id-1", id="blank"),
    pytest.param("\U0001f680" * 3 + "\ufe0f", None, id="emoji"),
    pytest.param("山田 太郎", None, id="kanji"),
    pytest.param("\U000e0041\ue000\ufdd0", None, id="no-characters-at-all"),
]


@pytest.mark.parametrize(("name", "expected"), HOSTILE)
def test_names_are_drawn_as_text_without_a_warning(name, expected):
    frame = status(("drive-id-1", name, NOW, name, NOW - HOUR, NOW + DAY))
    timeline, summary = plot_timeline(frame), plot_summary(frame)
    for picture in (timeline, summary):
        assert size_of(picture.png)[0] == 1800
        assert html.escape(name, quote=False)[:5] in picture.html or not name.isprintable()
    assert names(timeline) == [expected] or expected is None
    assert timeline.table["drive"].tolist() == [name]


def test_a_name_without_glyphs_is_told_by_its_drives_id():
    assert name_as_drawn("\U000e0fff\ue000", "0123456789") == "□□ (01234567)"
    assert as_drawn("e\u0301") == "e\u0301"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("a" * 28, "a" * 28, id="fits"),
        pytest.param("a" * 14 + "b" * 15, "a" * 14 + "…" + "b" * 13, id="too-long"),
        pytest.param("x" * 13 + " " * 5 + "y" * 30, "x" * 13 + "…" + "y" * 13, id="no-blank-at-the-ellipsis"),
    ],
)
def test_long_names_lose_their_middle(given, expected):
    assert shortened(given, 28) == expected


def test_every_drive_of_the_sandbox_can_be_drawn(client):
    everyone = client.list_drives()
    points = client.list_restore_points(everyone, start="2026-11-18")
    client.create_sessions(points.iloc[::2], wait=True)
    picture = plot_timeline(client.tabulate_status(points))
    assert sum(count for label, count in drawn(picture).items() if label.startswith("points")) == len(points)
    assert any("Zoë Brønsted-Łukasiewicz" in name for name in names(picture))
    assert size_of(picture.png)[0] == 1800


def test_the_picture_of_a_run_tells_what_became_of_it():
    import odb_nb as odb

    with Sandbox(drives=8) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = client.list_restore_points(client.list_drives(), start="2026-11-19")
        client.create_sessions(points, wait=True)
        sandbox.clock.advance(62 * 3600)
        found = client.tabulate_status(points)
    counts = found["status"].value_counts()
    picture = plot_timeline(found)
    assert drawn(picture)["points: created"] == counts["created"]
    assert drawn(picture)["points: failed"] == counts["failed"]
    assert f"{counts['created']} expire within 12 hours." in picture.alt


# --- showing it


def test_a_notebook_gets_a_picture_with_its_words_and_the_table_as_text():
    picture = plot_timeline(status(*ROWS))
    data, metadata = picture._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    width, height = metadata["image/png"]["width"], metadata["image/png"]["height"]
    assert size_of(base64.b64decode(data["image/png"])) == (2 * width, 2 * height)
    assert width == 900
    assert metadata["image/png"]["alt"] == picture.alt
    first, *rest = data["text/plain"].splitlines()
    assert first == picture.alt
    assert len([line for line in rest if "Adele Vance" in line]) == 3
    assert "0x" not in data["text/plain"]


def test_the_same_frame_gives_the_same_bytes():
    one, other = plot_timeline(status(*ROWS)), plot_timeline(status(*ROWS))
    assert one.png == one.png == other.png
    assert one._repr_mimebundle_() == other._repr_mimebundle_()
    assert one.html == other.html


def test_a_long_table_as_text_says_that_it_is_cut():
    picture = plot_timeline(drives(70, lambda number: [(None, None)] * 3))
    lines = picture._repr_mimebundle_()[0]["text/plain"].splitlines()
    assert lines[-1] == "the first 200 of 210 rows; all are in .table"
    assert len(lines) < 210


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("draw", [plot_timeline, plot_summary])
def test_the_page_has_the_picture_its_words_and_its_table(draw):
    evil = '"><script>alert(1)</script>'
    picture = draw(status(*ROWS, ("d4", evil, NOW, evil, NOW, NOW + DAY)))
    tags = Tags(picture.html).found
    assert "script" not in {tag for tag, _ in tags}
    (image,) = [attrs for tag, attrs in tags if tag == "img"]
    assert image["alt"] == picture.alt
    assert base64.b64decode(image["src"].removeprefix("data:image/png;base64,")) == picture.png
    assert [tag for tag, _ in tags].count("table") == 1
    assert {"figure", "details", "summary"} <= {tag for tag, _ in tags}
    assert html.escape(evil, quote=False)[:20] in picture.html.replace("&#x27;", "'").replace("&quot;", '"')


def test_small_pictures_stay_small():
    assert len(plot_timeline(status(*ROWS)).png) < 80_000
    assert len(plot_summary(status(*ROWS)).png) < 30_000


STYLES = {
    "dark": {"figure.facecolor": "black", "axes.facecolor": "black", "text.color": "white", "axes.edgecolor": "white",
             "xtick.color": "white", "ytick.color": "white", "axes.labelcolor": "white", "grid.color": "white"},
    "grid": {"axes.grid": True, "grid.alpha": 0.3, "grid.linewidth": 5, "axes.axisbelow": False},
    "large": {"font.size": 30, "xtick.labelsize": 30, "ytick.labelsize": 30, "legend.fontsize": 30},
    "saving": {"savefig.transparent": True, "savefig.bbox": "tight", "figure.dpi": 40, "savefig.dpi": 40},
    "ticks": {"xtick.minor.visible": True, "ytick.minor.visible": True, "ytick.labelright": True},
    "time": {"timezone": "Asia/Tokyo"},
    "font": {"font.family": "serif", "text.parse_math": True},
    "layout": {"figure.autolayout": True, "axes.labelpad": 30, "ytick.major.pad": 90},
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("draw", [plot_timeline, plot_summary])
def test_styles_of_the_users_own_figures_change_nothing(draw, style):
    plain = draw(status(*ROWS)).png
    with mpl.rc_context(STYLES[style]):
        assert draw(status(*ROWS)).png == plain


def test_the_repr_is_its_words():
    picture = plot_summary(status(*ROWS))
    assert repr(picture) == f"<Picture: {picture.alt}>"


def test_the_figure_can_be_saved(tmp_path):
    plot_timeline(status(*ROWS)).figure.savefig(tmp_path / "status.svg")
    assert "Adele Vance" in (tmp_path / "status.svg").read_text(encoding="utf-8")


# --- good manners


def test_pictures_can_be_drawn_on_several_threads_at_once():
    plain = plot_timeline(status(*ROWS)).png
    drawn_there = []
    threads = [threading.Thread(target=lambda: drawn_there.append(plot_timeline(status(*ROWS)).png)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn_there == [plain] * 4


def test_figures_go_away_with_their_pictures():
    pictures = [plot_timeline(status(*ROWS)) for _ in range(3)]
    assert all(picture.png for picture in pictures)
    figures = [weakref.ref(picture.figure) for picture in pictures]
    del pictures
    gc.collect()
    assert [figure() for figure in figures] == [None] * 3


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        pytest.param("import odb_nb.plots", "matplotlib", id="import"),
        pytest.param(
            "import pandas as pd; from odb_nb.plots import plot_summary; from odb_nb.tables import STATUS\n"
            "assert plot_summary(STATUS.frame([])).html",
            "matplotlib.pyplot",
            id="draw",
        ),
    ],
)
def test_matplotlib_waits_and_pyplot_never_comes(code, absent):
    subprocess.run([sys.executable, "-c", f"import sys\n{code}\nassert {absent!r} not in sys.modules"], check=True)


# --- what is refused


@pytest.mark.parametrize("draw", [plot_timeline, plot_summary])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(None, "tabulate_status; missing columns: restore_point_id", id="nothing"),
        pytest.param([], "tabulate_status", id="a-list"),
        pytest.param(status(*ROWS).drop(columns=["status"]), "missing columns: status$", id="a-column-less"),
        pytest.param(
            status(*ROWS).astype({"protection_date_time": "string"}),
            "no times.*protection_date_time",
            id="times-as-text",
        ),
        pytest.param(status(*ROWS).assign(expires_in="3 days"), "no times.*expires_in", id="spans-as-text"),
        pytest.param(pd.concat([status(*ROWS)] * 2), 'drop_duplicates\\("restore_point_id"\\)', id="points-twice"),
    ],
)
def test_anything_but_a_status_frame_is_refused(draw, given, told):
    with pytest.raises(InputError, match=told):
        draw(given)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(NOW.replace(tzinfo=None), id="no-zone"),
        pytest.param(7, id="a-number"),
        pytest.param("soon", id="a-word"),
    ],
)
def test_a_now_that_cannot_be_read_is_refused(now):
    with pytest.raises(InputError, match="now="):
        plot_timeline(status(*ROWS), now=now)
