"""A process that is killed in the middle, again and again, leaves nothing undone and nothing done twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import pytest
from stories import files_of, walked

import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox

BULK = """
import sys, odb_nb as odb
from odb_nb.operations import create
create.BELIEVE_ABSENT_AFTER_S = 3  # the sandbox is done with a create at once; the test need not wait half a minute
url, journal = sys.argv[1:]
ids = sys.stdin.read().split()
with odb.connect("sandbox", base_url=url, journal=journal) as client:
    frame = client.create_sessions(ids, progress=False, timeout=120)
print(sorted(frame["outcome"].unique()))
"""


def bulk(sandbox, journal, ids):
    command = [sys.executable, "-c", BULK, f"{sandbox.url}/v1.0", str(journal)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("\n".join(ids))
    process.stdin.close()
    return process


def test_kills_in_the_middle_of_a_bulk_double_nothing(tmp_path):
    journal = tmp_path / "journal.sqlite"
    with Sandbox(latency_s=0.05) as sandbox, odb.connect(sandbox=sandbox) as client:
        drives = [drive.id for drive in sandbox.drives if drive.special is None]
        ids = client.list_restore_points(drives, start="2026-11-19")["id"].tolist()
        for sessions_at_death in (3, 20):
            with bulk(sandbox, journal, ids) as process:
                while len(sandbox.sessions) < sessions_at_death and process.poll() is None:
                    time.sleep(0.01)
                assert process.poll() is None, "it was to be killed in the middle"
                process.kill()
        assert 20 <= len(sandbox.sessions) < len(ids)
        with bulk(sandbox, journal, ids) as process:
            assert process.stdout.read().strip() == "['created', 'reused']"
        assert [len(sandbox.sessions_on(id_)) for id_ in ids] == [1] * len(ids)


RESTORE = """
import sys, pandas as pd, odb_nb as odb
url, journal, plan = sys.argv[1:]
with odb.connect("sandbox", base_url=url, journal=journal) as client:
    frame = client.restore_items(pd.read_parquet(plan), wait=True, progress=False, timeout=120)
print(sorted(frame["outcome"].unique()), sorted(frame["status"].unique()))
"""


def restore(sandbox, journal, plan):
    command = [sys.executable, "-c", RESTORE, f"{sandbox.url}/v1.0", str(journal), str(plan)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        pytest.param("create_restore", 1, id="at the first draft"),
        pytest.param("activate_restore", 1, id="as the first is set going"),
        pytest.param("activate_restore", 2, id="as the second is set going"),
        pytest.param("list_restore_artifacts", 1, id="when all are going"),
    ],
)
def test_a_kill_in_the_middle_of_a_restore_doubles_nothing(tmp_path, operation, asked):
    journal, file = tmp_path / "journal.sqlite", tmp_path / "plan.parquet"
    with Sandbox(restore_item_s=0) as sandbox, odb.connect(sandbox=sandbox) as client:
        plan = client.plan_restore(files_of(walked(client, "ransomware"), 120))
        plan.to_parquet(file)
        # the answer comes late, so that the kill comes between the request's effect and its answer
        sandbox.faults.add(Fault(operation, "slow", seconds=0.5, times=None))
        with restore(sandbox, journal, file) as process:
            while sandbox.count(operation) < asked and process.poll() is None:
                time.sleep(0.01)
            assert process.poll() is None, "it was to be killed in the middle"
            process.kill()
        sandbox.faults.clear()
        with restore(sandbox, journal, file) as process:
            outcomes = process.stdout.read().strip()
        assert outcomes.endswith("['succeeded']")
        times = Counter(one.key for one in sandbox.restored if not one.fails)
        assert times == dict.fromkeys(plan["item_key"], 1)
        assert [complaint for complaint in sandbox.complaints if "twice" in complaint] == []
