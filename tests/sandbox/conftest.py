"""A started sandbox and a plain HTTP client for it."""

import httpx
import pytest

from odb_nb.sandbox import Sandbox

ROOT = "/v1.0/solutions/backupRestore"
SESSIONS = f"{ROOT}/oneDriveForBusinessBrowseSessions"
POINTS = f"{ROOT}/restorePoints"
UNITS = f"{ROOT}/protectionUnits/microsoft.graph.driveProtectionUnit"


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


@pytest.fixture
def start():
    """Start a sandbox with the given switches; it is closed after the test."""
    started = []

    def make(**switches):
        started.append(Sandbox(**switches).start())
        return started[-1]

    yield make
    for sandbox in started:
        sandbox.close()


@pytest.fixture
def sandbox(start):
    return start()


@pytest.fixture
def connect():
    """Open a client for a sandbox, with a token of any text unless another is given."""
    opened = []

    def make(sandbox, token="any text", **headers):
        all_headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **headers}
        opened.append(httpx.Client(base_url=sandbox.url, headers=all_headers, timeout=10))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def http(sandbox, connect):
    return connect(sandbox)


def points_query(drive_id, condition="protectionDateTime lt 2027-01-01T00:00:00Z", **more):
    """The query options of a list of restore points."""
    return {"$expand": f"protectionUnit($filter=id eq '{drive_id}')", "$filter": condition, **more}


def follow(http, path):
    """All pages of a list: the entries, and the links followed."""
    entries, links, answer = [], [], http.get(path)
    while True:
        assert answer.status_code == 200, answer.text
        entries += answer.json()["value"]
        if "@odata.nextLink" not in answer.json():
            return entries, links
        links.append(answer.json()["@odata.nextLink"])
        answer = http.get(links[-1])


def error_of(answer):
    """Status, code and message of an error answer."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]
