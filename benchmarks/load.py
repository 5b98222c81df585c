"""Load: 10,000 restore points against a service that throttles, and a StatusBoard that is left open for a day.

    python benchmarks/load.py [points | day]

``points``: list, create, tabulate and export 10,000 points; of the creates one in fifty is refused with 429, of all
requests one in two hundred; checked against the sandbox's own books. ``day``: 24 hours of a board that asks once
a minute, its clock and the sandbox's moved; every hour what the process holds. The sandbox is a process of its own, so
that its memory is not counted. Needs /proc.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pandas as pd
from ipywidgets.widgets.widget import _instances
from timing import peak_mb

import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.widgets import StatusBoard

POINTS = 10_000
PER_DRIVE = 10
WATCHED = 200
MINUTES, HOURS = 60, 24


class Steps:
    """One row per step: what it was, its seconds, its requests, and those refused by throttle."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.rows: list[dict[str, object]] = []
        self._start()

    def _start(self) -> None:
        self._asked, self._clock, self._since = (
            len(self.sandbox.requests),
            self.sandbox.clock.now(),
            time.perf_counter(),
        )

    def done(self, step: str) -> None:
        """Note what was done since the last."""
        requests = self.sandbox.requests[self._asked :]
        self.rows.append(
            {
                "step": step,
                "s": round(time.perf_counter() - self._since, 1),
                "requests": len(requests),
                "of them 429": sum(request.status == 429 for request in requests),
                "simulated s": round((self.sandbox.clock.now() - self._clock).total_seconds()),
            }
        )
        self._start()


def check(holds: bool, what: str) -> None:
    """End with a message where something does not hold."""
    if not holds:
        raise SystemExit(f"does not hold: {what}")


def many_points() -> None:
    """10,000 points from the list to the file."""
    sandbox = Sandbox(drives=POINTS // PER_DRIVE + 40)
    with sandbox, odb.connect(sandbox=sandbox) as client, tempfile.TemporaryDirectory() as folder:
        sandbox.faults.add(Fault("create_session", status=429, retry_after="5", share=0.02))
        sandbox.faults.add(Fault("any", status=429, retry_after="2", share=0.005))
        steps = Steps(sandbox)
        plain = [drive.id for drive in sandbox.drives if drive.special is None][: POINTS // PER_DRIVE]
        points = client.list_restore_points(plain, start="2026-11-11", end="2026-11-20", progress=False)
        check(len(points) == POINTS, f"{len(points)} points, not {POINTS}")
        steps.done("list the points")
        created = client.create_sessions(points, timeout=24 * 3600, max_concurrency=16, progress=False)
        steps.done("create sessions")
        outcomes = created["outcome"].value_counts().to_dict()
        check(outcomes == {"created": POINTS}, f"outcomes {outcomes}")
        on_points = Counter(len(sandbox.sessions_on(id_)) for id_ in points["id"])
        check(on_points == {1: POINTS}, f"sessions per point {dict(on_points)}")
        again = client.create_sessions(points, timeout=24 * 3600, progress=False)
        check(again["id"].equals(created["id"]), "the same sessions, run again")
        steps.done("run it again")
        status = client.tabulate_status(points)
        check(status["session_id"].tolist() == created["id"].tolist(), "each point with its session")
        steps.done("tabulate")
        for suffix in ("csv", "parquet", "html"):
            odb.export(status, Path(folder) / f"status.{suffix}")
            steps.done(f"export .{suffix}")
        check(len(pd.read_csv(Path(folder) / "status.csv")) == POINTS, "rows of the file")
        check(sandbox.complaints == [], f"complaints {sandbox.complaints[:3]}")
        sys.stdout.write(f"{pd.DataFrame(steps.rows).to_string(index=False)}\n")
        sys.stdout.write(f"complaints of the sandbox: 0; peak of both in one process: {peak_mb():.0f} MB\n")


def held() -> dict[str, float]:
    """What this process holds at the moment."""
    gc.collect()
    with Path("/proc/self/statm").open() as file:
        pages = int(file.read().split()[1])
    return {
        "MB": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        "objects": len(gc.get_objects()),
        "widgets": len(_instances),
        "threads": threading.active_count(),
        "files and sockets": len(list(Path("/proc/self/fd").iterdir())),
    }


def a_day() -> None:
    """One board, 24 hours."""
    command = [sys.executable, "-m", "odb_nb.sandbox", "--step-s", "60", "--creating-s", "1", "--echo-restore-point-id"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:  # noqa: S603 - our own command
        try:
            url = sandbox.stdout.readline().strip() if sandbox.stdout else ""
            rows = _watched_for_a_day(url)
        finally:
            sandbox.terminate()
    table = pd.DataFrame(rows)
    sys.stdout.write(f"{table.iloc[[0, 1, 2, 5, 11, 17, 23]].to_string(index=False)}\n")
    first, last = rows[1], rows[-1]
    for name in ("widgets", "threads", "files and sockets"):
        check(last[name] <= first[name], f"{name} from {first[name]} to {last[name]}")
    check(last["MB"] - first["MB"] < 10, f"memory from {first['MB']} to {last['MB']} MB")
    check(last["objects"] < 1.02 * first["objects"], f"objects from {first['objects']} to {last['objects']}")


def _watched_for_a_day(url: str) -> list[dict[str, float]]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.sqlite"
        with odb.connect("sandbox", base_url=f"{url}/v1.0", journal=journal) as client:
            drives = client.list_drives().head(20)
            points = client.list_restore_points(drives, start="2026-11-01").head(WATCHED)
            client.create_sessions(points.iloc[::2], progress=False)
            with StatusBoard(client, points, refresh_every=60) as board:
                board.wait(60)
                for hour in range(1, HOURS + 1):
                    board.shows.value = ("Table", "Matrix", "Timeline", "Summary")[hour % 4]
                    begin = time.perf_counter()
                    for _ in range(MINUTES):
                        check(client.now is not None, "the service's time is known")
                        board.tick(client.now + timedelta(seconds=60))  # type: ignore[operator]
                        board.wait(60)
                    took = time.perf_counter() - begin
                    board.shows.value = "Table"
                    board.wait(60)
                    rows.append({"hour": hour, "ms / refresh": round(took / MINUTES * 1000), **held()})
    return rows


def main() -> int:
    """The exit status."""
    wanted = sys.argv[1:] or ["points", "day"]
    for name in wanted:
        {"points": many_points, "day": a_day}[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
