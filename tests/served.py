"""A service that shows whatever it is given, in pages of any sizes: also what the strict sandbox never shows."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, cycle
from urllib.parse import parse_qs, urlsplit

ROOT = "/v1.0/solutions/backupRestore"


class Served:
    """Single objects and lists by their paths; the lists of a browsed session by the key of the place as well."""

    def __init__(self, url):
        self.url = url
        self.clear()

    def clear(self):
        """Forget everything."""
        self.objects, self.lists, self.sizes = {}, {}, [100]
        self._rest = {}
        self._tokens = count()

    def answer(self, path, query, body):
        """What a request gets, or None."""
        if "$skiptoken" in query:
            return self._page(path, *self._rest[query["$skiptoken"][0]])
        path = path.removeprefix(ROOT)
        if path in self.objects:
            return self.objects[path]
        key = (body or {}).get("browseLocationItemKey")
        rows = self.lists.get((path, key), self.lists.get(path))
        return None if rows is None else self._page(ROOT + path, list(rows), cycle(self.sizes))

    def _page(self, path, rows, sizes):
        size = next(sizes)
        page, rest = rows[:size], rows[size:]
        if not rest:
            return {"value": page}
        token = str(next(self._tokens))
        self._rest[token] = rest, sizes
        return {"value": page, "@odata.nextLink": f"{self.url}{path}?$skiptoken={token}"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece, or each answer waits for an acknowledgement

    def _answer(self):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.server.served.answer(parts.path, parse_qs(parts.query), json.loads(body) if body else None)
        error = {"error": {"code": "itemNotFound", "message": "not served"}}
        data = json.dumps(error if found is None else found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, *told):
        pass


@contextmanager
def serve():
    """The service, running."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        server.served = Served(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.served
        finally:
            server.shutdown()
            thread.join(10)
