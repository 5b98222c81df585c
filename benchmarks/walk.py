"""Walking a drive: seconds, requests and memory for 1,000, 10,000 and 100,000 files, and how they grow.

    python benchmarks/walk.py

Each walk runs in a fresh process, its sandbox in another; three runs of each in turn, medians. Memory is the growth of
the process's peak over what it held before the walk. The exponent is the slope of log(seconds) over log(items): 1 is
linear.
"""

from __future__ import annotations

import json
import math
import platform
import statistics
import subprocess
import sys
import time

import pandas as pd
from timing import exponents, peak_mb

import odb_nb as odb

FILES = (1_000, 10_000, 100_000)
TIMES = 3
OWNER = "debrab@contoso.com"  # of the drive that is as large as a switch says


def walk_once(url: str) -> dict[str, float]:
    """One walk in this process."""
    with odb.connect("sandbox", base_url=f"{url}/v1.0") as client:
        points = client.list_restore_points(client.list_drives(search=OWNER), limit=1)
        session = client.create_session(points, wait=True)
        client.walk(session, max_depth=2, progress=False)  # the connections and the drive's sizes are there now
        before, start = peak_mb(), time.perf_counter()
        walk = client.walk(session, progress=False)
        seconds = time.perf_counter() - start
        if not walk.attrs["complete"] or walk.attrs["counts_differ"]:
            raise SystemExit("the walk is not whole")
        places = walk[walk["type"] != "file"]
        # ten items a page: what the sandbox, as the samples, puts on one
        requests = 2 + int((places["items_count"].fillna(1).clip(lower=1) / 10).map(math.ceil).sum())
        files = int((walk["type"] == "file").sum())
        return {"files": files, "items": len(walk), "requests": requests, "s": seconds, "MB": peak_mb() - before}


def measured(files: int) -> dict[str, float]:
    """One walk of a drive of so many files, in processes of its own."""
    command = [sys.executable, "-m", "odb_nb.sandbox", "--huge-files", str(files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:  # noqa: S603 - our own command
        try:
            url = sandbox.stdout.readline().strip() if sandbox.stdout else ""
            done = subprocess.run([sys.executable, __file__, url], capture_output=True, text=True, check=True)  # noqa: S603
        finally:
            sandbox.terminate()
    return dict(json.loads(done.stdout))


def main() -> int:
    """The exit status."""
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(walk_once(sys.argv[1])))
        return 0
    runs: dict[int, list[dict[str, float]]] = {files: [] for files in FILES}
    for _ in range(TIMES):
        for files in FILES:
            runs[files].append(measured(files))
    rows = [{name: statistics.median(run[name] for run in of_one) for name in of_one[0]} for of_one in runs.values()]
    table = pd.DataFrame(rows)
    table["ms / request"] = table["s"] / table["requests"] * 1000
    table["kB / item"] = table["MB"] / table["items"] * 1024
    slopes = exponents(table["items"].tolist(), table["s"].tolist())
    sys.stdout.write(f"Python {platform.python_version()}, pandas {pd.__version__}\n{table.round(2).to_string()}\n")
    sys.stdout.write(f"exponents from one row to the next: {', '.join(f'{slope:.2f}' for slope in slopes)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
