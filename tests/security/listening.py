"""Servers on loopback that write down what reaches them."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    """What a server was asked, and what it answers: (status, headers, JSON)."""

    url: str = ""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    answer: tuple[int, dict[str, str], Any] = (200, {}, {"value": []})

    @property
    def tokens(self):
        return [headers["authorization"] for _, _, headers in self.asked if "authorization" in headers]


class _Handler(BaseHTTPRequestHandler):
    heard: Heard

    def _answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.heard.asked.append((self.command, self.path, headers))
        status, more, content = self.heard.answer
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_CONNECT = do_PATCH = _answer  # noqa: N815  # the base class calls them so

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def listening(certificate=None):
    """A running server; over TLS with a certificate of trustme's."""
    heard = Heard()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"heard": heard}))
    scheme, host = "http", "127.0.0.1"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme, host = "https", "localhost"
    heard.url = f"{scheme}://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
