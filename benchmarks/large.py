"""Large listings: comparing two of them, and walking a drive; each memory figure in a process of its own."""

from __future__ import annotations

import gc
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
from quick_server import FILES_A_FOLDER
from timing import TIMES, Measure, alternating

import odb_nb as odb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quick_server import Quick

T = TypeVar("T")

ROWS = 1_000_000
COMPARED = (10_000, 100_000, 1_000_000)
FILES, WALKED = 100_000, (1_000, 10_000, 100_000)
LATENCY_S, AT_ONCE = 0.15, 8
WAYS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], object]] = {
    "compare": lambda before, after: odb.compare(before, after),
    "merge": lambda before, after: before.merge(after, on="item_key", how="outer", indicator=True),
}


def listings(rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A drive twice: one in a hundred removed, renamed, resized and added."""
    numbers = pd.Series(np.arange(rows))
    before = pd.DataFrame(
        {
            "item_key": "key-" + numbers.astype("string").str.zfill(16),
            "path": "Documents/f" + (numbers // 100).astype("string") + "/file-" + numbers.astype("string") + ".docx",
            "type": pd.array(["file"], dtype="string").repeat(rows),
            "size_in_bytes": pd.array(1_000 + numbers % 100_000, dtype="Int64"),
        }
    )  # fmt: skip
    after = before[numbers % 100 != 0].reset_index(drop=True)
    places = np.arange(len(after)) % 100
    after["path"] = after["path"].where(places != 1, after["path"] + ".locked")
    after["size_in_bytes"] = after["size_in_bytes"].where(places != 2, after["size_in_bytes"] + 1)
    new = before[numbers % 100 == 3].assign(
        item_key=lambda rows: "new-" + rows["item_key"], path=lambda rows: "x" + rows["path"]
    )
    return before, pd.concat([after, new], ignore_index=True)


def peak_mb(way: str, path: str) -> float:
    """Growth of this process's peak by one comparison of the listings in a file of ours."""
    before, after = pd.read_pickle(path)  # noqa: S301 - our own
    WAYS[way](before.head(1000), after.head(1000))
    return _grown_mb(lambda: WAYS[way](before, after))[0]


def walk_peak(base_url: str) -> str:
    """Growth of this process's peak by a walk, in MB, and the items that it found."""
    with odb.connect("sandbox", base_url=base_url) as client:
        client.walk("session", max_depth=2, progress=False)  # a connection is there, and all is imported
        grown, items = _grown_mb(lambda: len(client.walk("session", max_concurrency=AT_ONCE, progress=False)))
    return f"{grown} {items}"


def _grown_mb(work: Callable[[], T]) -> tuple[float, T]:
    """How far this process's peak rises over what it holds now, and what the work gives."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here: Linux
    held = _status_kb("VmRSS")
    result = work()
    return (_status_kb("VmHWM") - held) / 1024, result


def _status_kb(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _peaks(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, float]:
    """Of each way in a fresh process, whose allocator gives back what is free."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listings.pickle"
        pd.to_pickle((before, after), path)
        env = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
        commands = {way: [sys.executable, __file__, way, str(path)] for way in WAYS}
        ran = {
            way: subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout  # noqa: S603 - our own
            for way, command in commands.items()
        }
    return {way: float(said) for way, said in ran.items()}


def comparing() -> Iterator[Measure]:
    """`compare` beside a bare merge."""
    before, after = listings(ROWS)
    taken = alternating({way: lambda way=way: WAYS[way](before, after) for way in WAYS})  # type: ignore[misc]
    peaks = _peaks(before, after)
    what = f"`compare`, two listings of {ROWS:,} rows in one order"
    yield Measure(f"{what}: time / bare merge", taken["compare"] / taken["merge"], 2,
                  context=f"{taken['compare']:.2f} s / {taken['merge']:.2f} s")  # fmt: skip
    yield Measure(f"{what}: peak memory / bare merge", peaks["compare"] / peaks["merge"], 1.5,
                  context=f"{peaks['compare']:.0f} MB / {peaks['merge']:.0f} MB over the listings")  # fmt: skip


def comparing_grows() -> tuple[str, tuple[int, ...], list[float]]:
    """`compare` at 1x, 10x and 100x."""
    seconds = []
    for rows in COMPARED:
        before, after = listings(rows)
        seconds.append(alternating({"compare": lambda: odb.compare(before, after)})["compare"])  # noqa: B023 - run at once
    return "`compare`", COMPARED, seconds


def walking(server: Quick, client: odb.BackupClient) -> Iterator[Measure]:
    """`walk` beside what latency and concurrency allow."""
    server.set(files=FILES, latency_s=LATENCY_S)
    seconds = sorted(_walked(client, FILES) for _ in range(TIMES))[TIMES // 2]
    folders = math.ceil(FILES / FILES_A_FOLDER)
    least = (4 + math.ceil(folders / AT_ONCE)) * LATENCY_S  # one after another: session, top, site, library
    yield Measure(
        f"`walk`, {FILES:,} files, {LATENCY_S * 1000:.0f} ms latency, {AT_ONCE} at once: share of what they allow",
        least / seconds, 0.85, at_least=True, context=f"{seconds:.1f} s, least {least:.1f} s, {folders + 3:,} places",
    )  # fmt: skip
    server.set(files=FILES)
    command = [sys.executable, __file__, "walk", server.base_url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    megabytes, items = map(float, said.split())
    yield Measure(
        f"`walk`, {FILES:,} files: peak memory for each item, kB", megabytes * 1024 / items,
        context=f"{megabytes:.0f} MB, {items:,.0f} items; measured once, in a process of its own",
    )  # fmt: skip


def _walked(client: odb.BackupClient, files: int) -> float:
    start = time.perf_counter()
    walk = client.walk("session", max_concurrency=AT_ONCE, progress=False)
    seconds = time.perf_counter() - start
    if not walk.attrs["complete"] or int((walk["type"] == "file").sum()) != files:
        raise SystemExit("the walk is not whole")
    return seconds


def walking_grows(server: Quick, client: odb.BackupClient) -> tuple[str, tuple[int, ...], list[float]]:
    """`walk` at 1x, 10x and 100x, without latency."""
    seconds = []
    for files in WALKED:
        server.set(files=files)
        seconds.append(alternating({"walk": lambda: _walked(client, files)}, 3)["walk"])  # noqa: B023 - run at once
    return "`walk`", WALKED, seconds


if __name__ == "__main__":
    way, where = sys.argv[1:]
    sys.stdout.write(walk_peak(where) if way == "walk" else str(peak_mb(way, where)))
