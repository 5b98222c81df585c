"""Starting, stopping, the clock, the switches, the command line, and the list of behaviours."""

import ast
import asyncio
import importlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

import odb_nb.sandbox
from odb_nb.errors import InputError
from odb_nb.sandbox import Fault, Sandbox, Settings
from odb_nb.sandbox.routes.table import OPERATIONS
from odb_nb.sandbox.settings import Switches

from .conftest import ROOT, SESSIONS


def test_making_one_does_nothing():
    before = threading.active_count()
    sandbox = Sandbox()
    assert threading.active_count() == before
    assert repr(sandbox) == "<Sandbox seed=1 not started>"
    with pytest.raises(InputError, match="not started"):
        _ = sandbox.url
    sandbox.close()


def test_start_and_close_may_be_repeated(connect):
    sandbox = Sandbox()
    assert sandbox.start() is sandbox.start()
    url = sandbox.url
    assert url.startswith("http://127.0.0.1:")
    sandbox.close()
    sandbox.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with sandbox:
        assert connect(sandbox).get(ROOT).status_code == 200


def test_close_does_not_wait_for_slow_answers(start):
    sandbox = start(latency_s=30)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(httpx.get, sandbox.url, timeout=20)
        while not sandbox.requests:
            time.sleep(0.01)
        begin = time.monotonic()
        sandbox.close()
        assert time.monotonic() - begin < 5
        assert isinstance(waiting.exception(timeout=10), httpx.TransportError)


def test_sandbox_works_without_the_callers_loop(connect):
    async def inside():
        with Sandbox() as sandbox:
            return connect(sandbox).get(ROOT).status_code

    assert asyncio.run(inside()) == 200


def test_port_in_use_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="cannot listen"):
            Sandbox(port=taken.getsockname()[1]).start()


def test_folder_is_private_and_removed():
    sandbox = Sandbox()
    folder = sandbox.folder
    assert folder is sandbox.folder
    assert folder.is_dir()
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "journal").write_text("x")
    sandbox.close()
    assert not folder.exists()
    assert sandbox.folder != folder
    sandbox.close()


def test_folder_goes_with_a_forgotten_sandbox():
    folder = Sandbox().folder
    assert not folder.exists()


def test_clock_moves_only_forward():
    clock = Sandbox().clock
    assert clock.now() == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    clock.advance(1.5)
    assert clock.now() == datetime(2026, 11, 20, 9, 30, 1, 500_000, tzinfo=UTC)
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(InputError):
            clock.advance(wrong)


def test_other_start_moves_the_world(start, connect):
    begin = datetime(2027, 3, 1, 12, tzinfo=UTC)
    sandbox = start(start=begin)
    assert sandbox.points(sandbox.drives[0].id)[0].time.date() == begin.date()
    assert connect(sandbox).get(ROOT).headers["date"] == "Mon, 01 Mar 2027 12:00:00 GMT"


def test_latency_delays_every_answer(start, connect):
    sandbox = start(latency_s=0.2)
    begin = time.monotonic()
    connect(sandbox).get(ROOT)
    assert time.monotonic() - begin >= 0.2


@pytest.mark.parametrize(
    "switches",
    [
        {"seed": -1},
        {"seed": 1.5},
        {"drives": 0},
        {"drives": True},
        {"page_size": 0},
        {"other_sessions": -1},
        {"most_active_restores": 0},
        {"restore_activating_s": -1},
        {"restore_item_s": float("inf")},
        {"port": 70_000},
        {"step_s": -1},
        {"creating_s": float("inf")},
        {"latency_s": "1"},
        {"list_lag_s": float("nan")},
        {"search_returns": "all"},
        {"directory_object": "drive"},
        {"service_status": "off"},
        {"echo_restore_point_id": "yes"},
        {"start": datetime(2026, 11, 20)},  # noqa: DTZ001 - that is the point
        {"start": "2026-11-20"},
    ],
    ids=str,
)
def test_switch_is_refused(switches):
    with pytest.raises(InputError, match=next(iter(switches))):
        Sandbox(**switches)


def test_unknown_switch_is_refused():
    with pytest.raises(TypeError, match="colour"):
        Sandbox(colour="red")


def test_type_checkers_see_every_switch():
    assert list(Switches.__annotations__) == [field.name for field in fields(Settings)]


def test_importing_is_light():
    heavy = ("tornado", "asyncio", "msgraph", "pandas")
    program = (
        "import sys, odb_nb; before = set(sys.modules); import odb_nb.sandbox\n"
        f"print([name for name in {heavy} if name in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def imports_of(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_nothing_of_ours_is_used_but_the_errors():
    for file in Path(odb_nb.sandbox.__file__).parent.rglob("*.py"):
        ours = {name for name in imports_of(file.read_text(encoding="utf-8")) if name.partition(".")[0] == "odb_nb"}
        assert {name for name in ours if not name.startswith("odb_nb.sandbox")} <= {"odb_nb.errors"}, file


@pytest.mark.skipif(os.name != "posix", reason="signals are sent to processes on POSIX only")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_serves_until_told_to_stop(number):
    command = [sys.executable, "-m", "odb_nb.sandbox", "--drives", "3", "--start", "2027-01-01T00:00:00+00:00"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip()
        answer = httpx.get(f"{url}{SESSIONS}", headers={"Authorization": "Bearer x"})
        assert answer.headers["date"] == "Fri, 01 Jan 2027 00:00:01 GMT"
        server.send_signal(number)
        _, errors = server.communicate(timeout=10)
    assert (server.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    "flags", [["--drives", "0"], ["--port", "x"], ["--service-status", "off"], ["--colour"]], ids=str
)
def test_command_refuses_flags(flags, capsys):
    main = importlib.import_module("odb_nb.sandbox.__main__").main
    with pytest.raises(SystemExit) as caught:
        main(flags)
    assert caught.value.code == 2
    assert flags[0].strip("-").split("-")[0] in capsys.readouterr().err


def test_coverage_names_every_operation_and_its_basis():
    rows = Sandbox.coverage()
    assert {row["operation"] for row in rows} == OPERATIONS | {"all"}
    assert {row["basis"] for row in rows} == {"documented", "observed", "assumed"}
    assert all(list(row) == ["operation", "behaviour", "basis", "source"] for row in rows)
    assert all(row["source"] != "-" for row in rows if row["basis"] != "assumed")
    assert len({row["operation"] + row["behaviour"] for row in rows}) == len(rows)


def test_books_can_be_read_while_requests_come(sandbox, connect):
    points = [point for drive in sandbox.drives[13:] for point in sandbox.points(drive.id)[:4]]
    sandbox.faults.add(Fault("create_session", times=5))
    http = connect(sandbox)
    with ThreadPoolExecutor(6) as pool:
        made = pool.map(lambda point: http.post(SESSIONS, json={"restorePointId": point.id}).status_code, points)
        while sandbox.count("create_session") < len(points):
            assert len(sandbox.sessions) <= len(sandbox.requests)
        assert sorted(made) == [201] * (len(points) - 5) + [503] * 5
    assert sandbox.clock.now() - sandbox.settings.start == timedelta(0)
