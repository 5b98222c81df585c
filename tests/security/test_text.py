"""What the service says, where there is no browser: a terminal obeys none of it, and no picture trips over it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pandas as pd
import pytest
from hostile import NAMES

import odb_nb as odb
from odb_nb.device_code import display
from odb_nb.sandbox import Fault
from odb_nb.widgets.form import in_words

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SOUND = [name for name in NAMES if "\ud800" not in name]  # pandas' text holds no half letters


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("name", NAMES)
def test_an_error_shows_what_a_terminal_would_obey(client, sandbox, name, status):
    sandbox.faults.add(Fault("get_session", status=status, code=name, message=f"it said {name}"))
    with pytest.raises(odb.OdbError) as caught:
        client.get_session("some-session")
    assert not OBEYED.search(f"{caught.value} {caught.value.code} {in_words(caught.value)}")


def test_an_error_keeps_the_words_and_lines_that_harm_nobody(client, sandbox):
    sandbox.faults.add(Fault("get_session", status=400, message="Ünïcode\n\tand lines \x1b[31m"))
    with pytest.raises(odb.GraphError, match=r"Ünïcode\n\tand lines \\x1b\[31m"):
        client.get_session("some-session")


def test_a_device_code_is_printed_as_text(capsys):
    display("https://\x1b]0;x\x07evil\n", "\x1b[2J", datetime(2026, 11, 20, tzinfo=UTC))
    shown = capsys.readouterr().err
    assert not OBEYED.search(shown.rstrip("\n"))
    assert shown.count("\n") == 1


@pytest.fixture(scope="module")
def status():
    moment = pd.Timestamp("2026-11-20", tz="UTC").as_unit("us")
    names = ("display_name", "status", "tags", "matched_by", "error_code", "error_message", "directory_object_id")
    texts = {name: pd.array(SOUND, dtype="str") for name in names}
    ids = {name: [f"{name}{at}" for at in range(len(SOUND))] for name in ("restore_point_id", "drive_id", "session_id")}
    times = [f"{name}_date_time" for name in ("protection", "expiration", "session_created", "session_expiration")]
    made = pd.DataFrame({**ids, **texts, **dict.fromkeys(times, moment)})
    return made.assign(expires_in=pd.Timedelta(hours=1), backup_size_in_bytes=pd.array([1] * len(made), dtype="Int64"))


DRAWN = [
    pytest.param(odb.styled, id="styled"),
    pytest.param(odb.plot_timeline, id="timeline"),
    pytest.param(odb.plot_summary, id="summary"),
    pytest.param(lambda frame: odb.styled(odb.status_matrix(frame)), id="matrix"),
]


@pytest.mark.parametrize("draw", DRAWN)
def test_tables_and_pictures_print_as_text(status, draw):
    shown = draw(status)
    assert not OBEYED.search(repr(shown).replace("\u2068", "").replace("\u2069", ""))
    page = shown._repr_html_() if hasattr(shown, "_repr_html_") else shown.html
    assert not re.search(r"<(script|img src=x|svg|iframe|base|link|meta|details open)\b", page, re.IGNORECASE)
