"""Two jobs whose repetition is safe, and the sandbox's books as the judge of that."""

from __future__ import annotations

from collections import Counter

from stories import files_of, walked

import odb_nb as odb

JOBS = ("create", "restore")


def made_for(job, sandbox):
    """What a job is given: six points, or a plan of four items in two requests."""
    with odb.connect(sandbox=sandbox) as client:
        if job == "restore":
            return client.plan_restore(files_of(walked(client, "ransomware"), 4)).assign(request_number=[1, 1, 2, 2])
        drives = [drive.id for drive in sandbox.drives if drive.special is None][:6]
        return client.list_restore_points(drives, start="2026-11-20", limit=1)


def wanted(job, given):
    """The ids of what ought to be done once."""
    if job == "restore":
        return given["item_key"].tolist()
    return list(given if isinstance(given, list) else given["id"])


def done(sandbox, job, given):
    """What the sandbox has in its books of it: (id, session) for each time that it was done."""
    if job == "restore":
        going = [
            (one.key, restore.id) for restore in sandbox.restores if restore.activated for one in restore.artifacts
        ]
        return [one for one in going if one[0] in set(given["item_key"])]
    return [(point, session.id) for point in wanted(job, given) for session in sandbox.sessions_on(point)]


def check_none_twice(sandbox, job, given):
    """Nothing was done twice."""
    assert set(Counter(name for name, _ in done(sandbox, job, given)).values()) <= {1}
    assert [words for words in sandbox.complaints if "second live" in words or "twice" in words] == []


def check_all_once(sandbox, job, given, rows):
    """Each thing was done once, and is told as what it is."""
    check_none_twice(sandbox, job, given)
    going = dict(done(sandbox, job, given))
    assert {row[0]: row[2] for row in rows} == going
    assert set(going) == set(wanted(job, given))
    assert {row[1] for row in rows} <= {"created", "reused"}
