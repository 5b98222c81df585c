"""Status of 5,000 restore points: requests, and seconds to tabulate and to show them, in four ways of matching.

    python benchmarks/status.py

Medians of five on the sandbox in the same process. `tabulate / list` compares with `list_sessions` of the same sessions
in the same run: machines differ, ratios less so. Each case is checked against the sandbox's own books.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

import odb_nb as odb
from odb_nb.sandbox import Sandbox
from odb_nb.widgets import StatusBoard

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = 5000
PER_DRIVE = 10
TIMES = 5
# name: switches of the sandbox; does this client open the sessions?; what ties them
CASES = {
    "ids echoed": ({"echo_restore_point_id": True}, False, "service"),
    "only the journal knows": ({"directory_object": "site"}, True, "journal"),
    "only drive and time": ({"directory_object": "user"}, False, "drive_and_time"),
    "a colleague's, sites' ids": ({"directory_object": "site"}, False, None),
}


def seconds(work: Callable[[], object]) -> float:
    """Median of `TIMES`."""
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def points_of(client: odb.BackupClient, sandbox: Sandbox) -> pd.DataFrame:
    """So many restore points of drives with nothing odd about them."""
    drives = client.list_drives()
    plain = {drive.id for drive in sandbox.drives if drive.special is None}
    drives = drives[drives["id"].isin(plain)].head(POINTS // PER_DRIVE)
    points = client.list_restore_points(drives, start="2026-11-11", end="2026-11-20", progress=False)
    if len(points) != POINTS:
        raise SystemExit(f"{len(points)} points, not {POINTS}")
    return points


def matching(name: str) -> tuple[dict[str, object], pd.DataFrame]:
    """One row of the table, and the status frame."""
    switches, is_ours, tie = CASES[name]
    with Sandbox(drives=POINTS // PER_DRIVE + 20, **switches) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = points_of(client, sandbox)
        if is_ours:
            client.create_sessions(points, timeout=3600, progress=False, max_concurrency=16)
        else:
            for point_id in points["id"]:
                sandbox.open_session(point_id)
        sandbox.clock.advance(5)
        before = sandbox.count("list_sessions")
        status = client.tabulate_status(points)
        requests = sandbox.count("list_sessions") - before
        expected = [sandbox.sessions_on(id_)[0].id if tie else pd.NA for id_ in points["id"]]
        if not status["session_id"].equals(pd.Series(expected, dtype="string")):
            raise SystemExit(f"{name}: wrong sessions")
        tabulate, listing = seconds(lambda: client.tabulate_status(points)), seconds(client.list_sessions)
        row = {
            "case": name,
            "matched_by": tie or "none, and none guessed",
            "requests": requests,
            "tabulate s": round(tabulate, 2),
            "tabulate / list": round(tabulate / listing, 2),
        }
        return row, status


def showing(status: pd.DataFrame) -> list[dict[str, object]]:
    """One row per way to show the frame."""
    matrix = odb.status_matrix(status)
    with tempfile.TemporaryDirectory() as folder:
        files = {suffix: Path(folder) / f"status.{suffix}" for suffix in ("csv", "parquet", "html")}
        ways: dict[str, Callable[[], object]] = {
            "status_matrix": lambda: odb.status_matrix(status),
            "styled(status), first 500 rows": lambda: odb.styled(status)._repr_html_(),
            "styled(matrix), 500 drives": lambda: odb.styled(matrix)._repr_html_(),
            "plot_timeline, 60 drives, to PNG": lambda: odb.plot_timeline(status).png,
            "plot_summary, to PNG": lambda: odb.plot_summary(status).png,
            **{f"export .{suffix}": lambda path=path: odb.export(status, path, overwrite=True)  # type: ignore[misc]
               for suffix, path in files.items()},
        }  # fmt: skip
        return [{"shown as": name, "s": round(seconds(work), 2)} for name, work in ways.items()]


def board() -> float:
    """Seconds of a StatusBoard from Refresh to a full table, in the kernel."""
    sandbox = Sandbox(drives=POINTS // PER_DRIVE + 20, echo_restore_point_id=True)
    with sandbox, odb.connect(sandbox=sandbox) as client:
        points = points_of(client, sandbox)
        for point_id in points["id"]:
            sandbox.open_session(point_id)
        with StatusBoard(client, points) as opened:
            opened.wait()

            def refresh() -> None:
                opened.refresh.click()
                opened.wait()

            return seconds(refresh)


def main() -> int:
    """Print the tables."""
    rows, status = [], pd.DataFrame()
    for name in CASES:
        row, frame = matching(name)
        rows.append(row)
        status = frame if row["matched_by"] == "journal" else status
    shown = [*showing(status), {"shown as": "StatusBoard, refresh to table", "s": round(board(), 2)}]
    for table in (rows, shown):
        sys.stdout.write(pd.DataFrame(table).to_string(index=False) + "\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
