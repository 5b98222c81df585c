"""One tenant's throttle against one process, and runbooks one after the other against several at a time.

    python benchmarks/many.py

takes about six minutes and writes the figures of docs/many-runbooks.md. `throttle` is for other tables, too.
"""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from creating import our_rate
from quick_server import Quick, running
from timing import TIMES, Measure

import odb_nb as odb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "many-runbooks.md"
MAKEFILE = ROOT / "docs" / "many-runbooks" / "Makefile"
BEGIN, END = "<!-- by benchmarks/many.py -->", "<!-- end -->"

AT_ONCE = 32
LATENCIES_S = (0.0, 0.15)
# documented, of every request of an app to all tenants: 130,000 in 10 seconds (Graph's page "throttling limits")
OF_ALL_TENANTS = 13_000
# documented of SharePoint and OneDrive, per app and tenant, the smallest and the largest tenants: 1,250 and 6,250 units
# a minute, a create costs 2 ("Avoid getting throttled or blocked in SharePoint Online"); assumed to hold here, too
OF_ONE_TENANT = {"up to 1,000 licences": 1_250 / 60 / 2, "above 50,000": 6_250 / 60 / 2}

RUNS = 8
ROUNDS = 3


def throttle(server: Quick) -> Iterator[Measure]:
    """Creates a second of one process, over what one tenant is assumed to take."""
    rates: dict[float, list[float]] = {latency: [] for latency in LATENCIES_S}
    for _ in range(TIMES):
        for latency in LATENCIES_S:
            rates[latency].append(our_rate(server, AT_ONCE, latency))
    for latency in LATENCIES_S:
        rate = statistics.median(rates[latency])
        for size, limit in OF_ONE_TENANT.items():
            yield Measure(
                f"creates of one process, {latency * 1000:.0f} ms latency, {AT_ONCE} at once / of a tenant, {size}",
                rate / limit,
                context=f"{rate:.0f}/s / {limit:.0f}/s, which is assumed; {rate / OF_ALL_TENANTS:.1%} of the "
                f"{OF_ALL_TENANTS:,}/s that are documented for one app in all tenants together",
            )


def runbooks() -> Iterator[Measure]:
    """The same runbooks by the Makefile of the docs, one at a time and two, in turn."""
    taken: dict[int, list[float]] = {1: [], 2: []}
    rows = 0
    for _ in range(ROUNDS):
        for jobs, seconds in taken.items():
            with tempfile.TemporaryDirectory() as folder:
                seconds.append(_make(Path(folder), jobs))
                rows = _merged_rows(Path(folder) / "out")
    one, two = (statistics.median(seconds) for seconds in taken.values())
    yield Measure(
        f"{RUNS} runbooks, `make -j1` / `make -j2`", one / two,
        context=f"{one:.1f} s / {two:.1f} s on {os.cpu_count()} cores, medians of {ROUNDS}; {rows} rows in the merged "
        "history, as many as in the journals",
    )  # fmt: skip


def _make(folder: Path, jobs: int) -> float:
    runs = folder / "runs"
    runs.mkdir()
    shutil.copy(MAKEFILE, folder)
    for number in range(RUNS):
        (runs / f"backup-drill.{number}.yaml").write_text(f"drives: 1\npoints: 2\nseed: {number}\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "ODB_NB_"))}
    command = ["make", f"-j{jobs}", f"PYTHON={sys.executable}", f"NOTEBOOKS={ROOT / 'notebooks'}"]
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603 - our own
    return time.perf_counter() - start


def _merged_rows(out: Path) -> int:
    """Rows of the merged history; as many as the journals have, or nothing here is worth anything."""
    journals = sorted(out.glob("*.sqlite"))
    each = [len(odb.read_history(journal)) for journal in journals]
    merged = len(odb.read_history(out))
    if len(journals) != RUNS or not all(each) or merged != sum(each):
        raise SystemExit(f"{merged} rows merged of {each}")
    return merged


def write(measures: Iterable[Measure], machine: str) -> None:
    """Put the figures in their place on the page."""
    from performance import table

    heads = ("measure", "figure", "mark", "verdict", "context")
    lines = [heads, *(measure.row for measure in measures)]
    shown = [(what, figure, context) for what, figure, _, _, context in lines]  # none of them has a mark
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page = f"{before}{BEGIN}\n\nMachine: {machine}.\n\n{table(shown[0], shown[1:])}\n{END}{after}"
    PAGE.write_text(page, encoding="utf-8")


def main() -> int:
    """The exit status."""
    from performance import machine

    began_on, found = machine(), []
    with running() as server:
        for measure in itertools.chain(throttle(server), runbooks()):
            found.append(measure)
            sys.stdout.write(f"{' · '.join(measure.row)}\n")
            sys.stdout.flush()
    write(found, began_on)
    return 0


if __name__ == "__main__":
    sys.exit(main())
