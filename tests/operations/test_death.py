"""A process that is killed in the middle of a bulk, again and again, leaves no point without and none with two."""

from __future__ import annotations

import subprocess
import sys
import time

import odb_nb as odb
from odb_nb.sandbox import Sandbox

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
