"""The same questions get the same bytes, whatever the order and in whatever process."""

import asyncio
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from odb_nb.sandbox import Sandbox

from .conftest import POINTS, ROOT, SESSIONS, UNITS, points_query
from .restoring import RESTORES, body_of, opened


def questions(sandbox):
    """Reads, creates (some twice on one point) and refusals; the looks come afterwards."""
    asked = [("GET", ROOT, None), ("GET", UNITS, None), ("GET", f"{ROOT}/protectionPolicies", None)]
    for drive in sandbox.drives[:12]:
        path = str(httpx.URL(POINTS, params=points_query(drive.id)))
        asked += [("GET", f"{ROOT}/protectionUnits/{drive.id}", None), ("GET", path, None)]
        for point in sandbox.points(drive.id)[:3]:
            asked += [("POST", SESSIONS, {"restorePointId": point.id})]
            asked += [("GET", f"{ROOT}/restorePoints/{point.id}", None)]
        asked += [("POST", SESSIONS, {"restorePointId": drive.id}), ("POST", SESSIONS, {"restorePointId": drive.id})]
    return asked


def looks_inside(sandbox):
    """What to browse in the sessions that were opened: the top and each place of the first level, in two orders."""
    asked = []
    for session in sandbox.sessions[:6]:
        path = f"{SESSIONS}/{session.id}/browse"
        for item in [None, *sandbox.files(session.drive_id, session.restore_point_id)[:12]]:
            key = {} if item is None else {"browseLocationItemKey": item.key}
            asked += [("POST", path, key), ("POST", path, key | {"orderBy": "nameDsc"})]
    session, files = opened(sandbox, sandbox.drives[0])
    for items in (files[:3], files[3:5], files[:3]):
        asked += [("POST", RESTORES, body_of(session, items)), ("POST", RESTORES, {})]
    return asked


async def ask_all(url, token, asked, seed):
    """Everything asked at once, in an order of its own; then the looks. Question -> what was answered."""
    order = list(enumerate(asked))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
    answers = {}
    gate = asyncio.Semaphore(12)
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=20) as http:

        async def ask(method, path, body):
            async with gate:
                answer = await http.request(method, path, json=body)
            shown = [answer.status_code, sorted(answer.headers.items()), answer.text]
            answers.setdefault(json.dumps([method, path, body]), []).append(json.dumps(shown))

        await asyncio.gather(*(ask(*question) for _, question in order))
        link = SESSIONS
        while link:
            answer = (await http.get(link)).text
            answers[f"page {len(answers)}"] = [answer]
            link = json.loads(answer).get("@odata.nextLink")
    # Two equal questions at once may get their two answers either way round.
    return {question: sorted(found) for question, found in answers.items()}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(port, seed):
    with Sandbox(port=port, page_size=7) as sandbox:
        answers = asyncio.run(ask_all(sandbox.url, sandbox.token(), questions(sandbox), seed))
        sandbox.clock.advance(5)
        answers |= asyncio.run(ask_all(sandbox.url, sandbox.token(), looks_inside(sandbox), seed))
        return answers, [(session.id, session.created) for session in sandbox.sessions]


def test_arrival_order_does_not_show():
    port = free_port()
    answers, sessions = run(port, 1)
    again, sessions_again = run(port, 2)
    assert len(answers) > 100
    assert again == answers
    assert sessions_again == sessions


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_other_processes_answer_the_same(hash_seed):
    port = free_port()
    program = (
        "import hashlib\n"
        "from tests.sandbox.test_determinism import run\n"
        f"print(hashlib.sha256(repr(sorted(run({port}, {hash_seed})[0].items())).encode()).hexdigest())"
    )
    env, root = {**os.environ, "PYTHONHASHSEED": hash_seed}, Path(__file__).parents[2]
    other = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=env, capture_output=True, text=True, check=True
    )
    here = repr(sorted(run(port, 3)[0].items()))
    assert other.stdout.strip() == hashlib.sha256(here.encode()).hexdigest()


def test_request_ids_count_equal_questions_only(sandbox, http):
    first = [http.get(ROOT).headers["request-id"], http.get(ROOT).headers["request-id"]]
    with Sandbox() as other:
        client = httpx.Client(base_url=other.url, headers={"Authorization": "Bearer x"})
        with client:
            client.get(UNITS)
            assert [client.get(ROOT).headers["request-id"], client.get(ROOT).headers["request-id"]] == first
    assert first[0] != first[1]
    assert sandbox.count("service_status") == 2
