"""How fast it is beside its peers: every measure in one run, to the terminal and to docs/performance.md.

    python benchmarks/performance.py

takes about twenty minutes. With names of measures (`listing`, `tabulating`, `hunting`, `creating`, `pacing`,
`comparing`, `walking`, `starting`, `forms`, `growth`) only those run, to the terminal alone. Machines differ, so
figures are ratios of medians of what ran in turn, in one run, on one local server that answers from prepared bytes.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import forms
from creating import connected, creating, pacing
from large import comparing, comparing_grows, walking, walking_grows
from quick_server import Quick, running
from reading import growing, hunting, listing, tabulating
from starting import starting
from timing import exponents

import odb_nb as odb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from timing import Measure

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PACKAGES = ("pandas", "numpy", "pyarrow", "msgraph-sdk", "microsoft-kiota-http", "httpx", "httpcore", "aiohttp")
STEEPEST = 1.1
TRIED = """## What was tried

Measured on 2026-11-25 on a machine of two cores, on the local server of this page, before and after in turn: creates at
150 ms, 1,000 of them, two rounds; reading in processes of their own, five rounds of medians. Times are CPU. A run of
creates before that, of three rounds beside other work on the machine, is left out: its shares were 0.23 to 0.92.
Before is the last commit without the lever; all of it stood with eight pools, but for the rows of one.

| lever | measure | before | after | kept |
| --- | --- | --- | --- | --- |
| columns read whole, points made anew only where there is news | 10,000 points handed in | 212 ms | 38 ms | yes |
| the same, and each time of expiry read once | `tabulate_status` of 10,000 | 609 ms | 205 ms | yes |
| the same | `list_sessions` of 5,000 | 92 ms | 68 ms | yes |
| a conclusion does not wait for the commit after its own | creates, 32 at once: share | 0.878 | 0.882 | yes |
| the same | creates, 16 at once: share | 0.923 | 0.931 | yes |
| eight pools of four connections in place of one | creates, 32 at once: share | 0.877 | 0.882 | no |
| the same | creates, 16 at once: share | 0.932 | 0.931 | no |
| the same | creates, 32 at once: CPU of each | 3.35 ms | 2.75 ms | no |
| httpx on aiohttp (httpx-aiohttp 0.2.0) | creates, 32 at once: share | 0.882 | 0.888 | no |
| the same | creates, 16 at once: share | 0.931 | 0.914 | no |
| the same | creates, 32 at once: CPU of each | 2.75 ms | 1.77 ms | no |
| orjson 3.13 in place of json | `list_sessions` of 5,000 | 68 ms | 72 ms | no |
| the same | `list_sessions` of 10,000 | 141 ms | 127 ms | no |

Single rounds of one way differ by 0.003 to 0.041, so no share in this table tells a lever from chance. The commit's
rule is kept for what it does: a test counts that nobody waits for a commit that is not theirs. The pools, aiohttp and
orjson add code or packages and move no mark. The rows of pools and aiohttp compare with eight pools, which stood then.

Not measured today: HTTP/2, whose GOAWAY makes each create in flight ambiguous; `$top`, which no page documents here.

Where marks are missed: a list is 25 requests, one after another since each page names the next, and the rows above show
what the same pages cost to bytes alone; the floor has no network. Creates at 32 at once begin with one look at the
list, 150 ms of the 4.7 s that are allowed, and each waits until its conclusion is on disk before the next is sent.

Above linear is `tabulate_status` from 5,000 to 50,000, by pauses of Python's collector: 6 ms and 0.5 s of a call. With
it off the exponents were 1.07 and 0.85; with it on, in turn, 1.11 and 1.22. Nothing was changed: a library has no
business with its user's collector.

Of the forms, the filter of a board is what is felt: 0.4 s from the last key to the rows, in which the kernel writes
each row that matches, hundreds of them, as a page shows it.
"""


def measures(server: Quick, client: odb.BackupClient) -> dict[str, Callable[[], Iterable[Measure]]]:
    """By name, in the order of the page."""
    return {
        "listing": lambda: listing(server, client),
        "tabulating": lambda: tabulating(server, client),
        "hunting": hunting,
        "creating": lambda: creating(server),
        "pacing": lambda: pacing(server),
        "comparing": comparing,
        "walking": lambda: walking(server, client),
        "starting": lambda: starting(server),
        "forms": forms.measures,
    }


def growth(server: Quick, client: odb.BackupClient) -> Iterator[tuple[str, ...]]:
    """How cost grows: a row for each of what is measured at three sizes."""
    for what, sizes, seconds in (
        *growing(server, client),
        comparing_grows(),
        walking_grows(server, client),
    ):
        slopes = exponents(sizes, seconds)
        shown = " → ".join(f"{size:,}: {second:.3f} s" for size, second in zip(sizes, seconds, strict=True))
        verdict = "linear or better" if max(slopes) <= STEEPEST else f"steeper than {STEEPEST}"
        yield what, shown, ", ".join(f"{slope:.2f}" for slope in slopes), verdict


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """In Markdown."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines) + "\n"


def machine() -> str:
    """What it ran on, without names or paths."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), load {load} at the start, "
        f"Python {platform.python_version()}, odb_nb {odb.__version__}, {versions}"
    )


def run(server: Quick, wanted: list[str]) -> str:
    """The page, or a part of it."""
    found: list[tuple[str, ...]] = []
    grown: list[tuple[str, ...]] = []
    began_on = machine()
    with connected(server) as client:
        for name, measure in measures(server, client).items():
            if not wanted or name in wanted:
                for one in measure():
                    found.append(one.row)
                    sys.stdout.write(f"{' · '.join(one.row)}\n")
                    sys.stdout.flush()
        if not wanted or "growth" in wanted:
            grown = list(growth(server, client))
    words = (
        "# Performance\n\nWritten by `python benchmarks/performance.py`; do not edit. Ratios are of medians of five, "
        "taken in turn in one run on one local server; times are context. The peers keep no journal, do not look "
        f"before they create, and do not look again after a lost answer.\n\nMachine: {began_on}.\n\n"
    )
    marks = table(("measure", "figure", "mark", "verdict", "context"), found)
    growths = table(("cost growth", "1x → 10x → 100x", "exponents from one to the next", "verdict"), grown)
    elsewhere = "What one tenant takes of this, and many runbooks at a time: [many-runbooks.md](many-runbooks.md)."
    slope = "The exponent of time over size: 1 is linear. Medians of three, of `compare` five."
    return f"{words}{elsewhere}\n\n## Marks\n\n{marks}\n## Growth\n\n{slope}\n\n{growths}\n{TRIED}"


def main() -> int:
    """The exit status."""
    wanted = sys.argv[1:]
    with running() as server:
        page = run(server, wanted)
    sys.stdout.write(f"\n{page}")
    if not wanted:
        PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
