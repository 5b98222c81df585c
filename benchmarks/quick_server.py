"""A service that answers from prepared bytes, so that what is measured is the client.

    python benchmarks/quick_server.py

It knows the few questions that the measures ask, in one process of its own, and prints its address. ``POST /settings``
empties its books and says how slow and how strict it is from then on; ``GET /books`` tells what it has seen. It is no
sandbox: nothing is checked, nothing lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUTE = "/v1.0/solutions/backupRestore/"
SESSIONS = f"{ROUTE}oneDriveForBusinessBrowseSessions"
FILES_A_FOLDER = 100
GRACE_S = 0.05  # a request that was on its way when the pause was asked for


@dataclass
class Settings:
    """How the service is: how many sessions and files it has, how slow it is, how many requests a second it takes."""

    sessions: int = 0
    page: int = 200
    files: int = 0
    latency_s: float = 0.0
    rate: float | None = None


@dataclass
class Books:
    """What the service has seen since it was set."""

    requests: int = 0
    refused: int = 0
    while_told_to_wait: int = 0
    created: Counter[str] = field(default_factory=Counter)


def session(number: int) -> dict[str, Any]:
    """A browse session as the documentation shows one, and the restore point that the service may add."""
    day, second = divmod(number, 86_400)
    moment = f"2026-11-{1 + day % 28:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return {
        "id": f"session-{number:08}-{'0123456789abcdef' * 2}",
        "restorePointId": f"point-{number:08}",
        "restorePointDateTime": f"{moment}Z",
        "createdDateTime": f"{moment}.54135Z",
        "createdBy": {"application": {"id": "1fec8e78-bce4-4aaf-ab1b-5451cc387264"}},
        "expirationDateTime": "2026-12-24T00:00:00Z",
        "lastModifiedDateTime": f"{moment}.5413525Z",
        "backupSizeInBytes": str(584_316 + number),
        "directoryObjectId": "c7a51f33-0f5c-4d1c-8e3b-0a4d5bb2d5f1",
        "status": "created",
        "error": None,
    }


def pages_of_sessions(count: int, page: int, base: str = "") -> list[bytes]:
    """The bodies of a list of sessions."""
    pages = []
    for place, first in enumerate(range(0, count, page) or [0]):
        body: dict[str, Any] = {"value": [session(number) for number in range(first, min(first + page, count))]}
        if first + page < count:
            body["@odata.nextLink"] = f"{base}{SESSIONS}?skip={place + 1}"
        pages.append(json.dumps(body).encode())
    return pages


def item(key: str, kind: str, size: int, count: int | None) -> dict[str, Any]:
    """One item of a walk."""
    return {
        "itemKey": key, "name": f"{key}.docx" if kind == "file" else key, "type": kind, "webUrl": f"https://x/{key}",
        "sizeInBytes": str(size), **({} if count is None else {"itemsCount": count}),
    }  # fmt: skip


class Service:
    """The answers, and the books."""

    def __init__(self) -> None:
        self.base = ""
        self.set(Settings())

    def set(self, settings: Settings) -> None:
        """Start anew."""
        self.settings = settings
        self.books = Books()
        self._pages = pages_of_sessions(settings.sessions, settings.page, self.base)
        self._tokens = 0.0  # full, it would give a second's requests away before the limit is felt
        self._filled_at = time.monotonic()
        self._wait_from = self._wait_until = 0.0

    def refusal(self) -> int | None:
        """Seconds to wait, if this request is one too many: a bucket of one second's requests, always filling."""
        rate, now = self.settings.rate, time.monotonic()
        self.books.requests += 1
        if rate is None:
            return None
        if self._wait_from + GRACE_S < now < self._wait_until:
            self.books.while_told_to_wait += 1
        self._tokens = min(rate, self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return None
        self.books.refused += 1
        wait_s = math.ceil((1 - self._tokens) / rate)
        if now >= self._wait_until:
            self._wait_from = now
        self._wait_until = max(self._wait_until, now + wait_s)
        return wait_s

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        path, _, query = target.partition("?")
        if path == SESSIONS and method == "GET":
            return 200, self._pages[int(query.removeprefix("skip=") or 0)]
        if path == SESSIONS:
            point = json.loads(body)["restorePointId"]
            self.books.created[point] += 1
            made = session(self.books.requests) | {"restorePointId": point}
            return 201, json.dumps(made).encode()
        if path.endswith("/browse"):
            return 200, self._browse(json.loads(body).get("browseLocationItemKey"))
        return 200, json.dumps(session(0) | {"id": path.rpartition("/")[2]}).encode()

    def _browse(self, key: str | None) -> bytes:
        folders = math.ceil(self.settings.files / FILES_A_FOLDER)
        if key is None:
            found = [item("site", "site", 1, 1)]
        elif key == "site":
            found = [item("Documents", "documentLibrary", 1, folders)]
        elif key == "Documents":
            found = [item(f"f{place}", "folder", 1, FILES_A_FOLDER) for place in range(folders)]
        else:
            found = [item(f"{key}-{place}", "file", 1000 + place, None) for place in range(FILES_A_FOLDER)]
        return json.dumps({"value": found}).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1, as much of it as clients that keep connections alive need."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """A request, or a part of one."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self._take(method, target, rest[:length])

    def _take(self, method: str, target: str, body: bytes) -> None:
        service = self._service
        if target == "/books":
            self._send(200, json.dumps(vars(service.books)).encode())
        elif target == "/settings":
            service.set(Settings(**json.loads(body)))
            self._send(200, b"{}")
        elif (wait_s := service.refusal()) is not None:
            refused = b'{"error":{"code":"TooManyRequests","message":"Please wait and try again."}}'
            self._later(429, refused, f"Retry-After: {wait_s}\r\n")
        else:
            self._later(*service.answer(method, target, body))

    def _later(self, status: int, body: bytes, headers: str = "") -> None:
        asyncio.get_running_loop().call_later(self._service.settings.latency_s, self._send, status, body, headers)

    def _send(self, status: int, body: bytes, headers: str = "") -> None:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        head = (
            f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nDate: {date}\r\n"
        )
        self._transport.write(
            f"{head}request-id: 00000000-0000-0000-0000-000000000000\r\n{headers}\r\n".encode() + body
        )


async def serve() -> None:
    """Answer until the process is ended."""
    service = Service()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(service), "127.0.0.1", 0)
    service.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(f"{service.base}\n")
    sys.stdout.flush()
    await server.serve_forever()


@dataclass(frozen=True)
class Quick:
    """A running server, as the measures see it."""

    url: str

    @property
    def base_url(self) -> str:
        """What clients are given."""
        return f"{self.url}/v1.0"

    def set(self, **settings: Any) -> None:
        """New settings, empty books."""
        request = urllib.request.Request(f"{self.url}/settings", json.dumps(settings).encode(), method="POST")  # noqa: S310 - loopback
        urllib.request.urlopen(request).close()  # noqa: S310 - loopback

    @property
    def books(self) -> dict[str, Any]:
        """What it has seen."""
        with urllib.request.urlopen(f"{self.url}/books") as answer:  # noqa: S310 - loopback
            return dict(json.load(answer))


@contextlib.contextmanager
def running() -> Iterator[Quick]:
    """A server in a process of its own, ended at the end."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            yield Quick(process.stdout.readline().strip() if process.stdout else "")
        finally:
            process.terminate()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
