"""How an answer goes out on the wire: whole, or in the manner of a fault."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from http.client import responses
from typing import TYPE_CHECKING

from tornado.httputil import HTTPHeaders, ResponseStartLine
from tornado.iostream import StreamClosedError

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection
    from tornado.iostream import IOStream

    from odb_nb.sandbox.messages import Answer

_MOST_DROPS = 200
# Closing throws away what is not sent yet, and tells the other side by an RST.
_AT_ONCE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


def send_whole(connection: HTTP1Connection, answer: Answer, *, is_head: bool) -> None:
    """Send the answer as servers do; a client that has gone away meanwhile gets none."""
    if _is_gone(connection, answer):
        return
    start = ResponseStartLine("HTTP/1.1", answer.status, _reason(answer))
    connection.write_headers(start, HTTPHeaders(_headers(answer)), b"" if is_head else answer.body)
    connection.finish()


async def send(connection: HTTP1Connection, answer: Answer, *, is_head: bool) -> None:
    """Send the answer in its manner."""
    if answer.manner == "whole":
        send_whole(connection, answer, is_head=is_head)
        return
    if _is_gone(connection, answer):
        return
    stream = connection.detach()
    try:
        await _send_oddly(stream, answer)
    except StreamClosedError:
        answer.unread()
    finally:
        stream.close()


def _is_gone(connection: HTTP1Connection, answer: Answer) -> bool:
    is_gone = connection.stream is None or connection.stream.closed()
    if is_gone:
        answer.unread()
    return is_gone


async def _send_oddly(stream: IOStream, answer: Answer) -> None:
    """What goes out before the connection is closed."""
    match answer.manner:
        case "reset":
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        case "cut":
            await stream.write(_head(answer) + answer.body[: len(answer.body) // 2])
        case "shut":
            await stream.write(_head(answer) + answer.body)
        case "drip":
            data = _head(answer) + answer.body
            size = -(-len(data) // _MOST_DROPS)
            for first in range(0, len(data), size):
                await stream.write(data[first : first + size])
                await asyncio.sleep(answer.seconds * size / len(data))


def _head(answer: Answer) -> bytes:
    lines = [f"{name}: {value}" for name, value in {**_headers(answer), "Connection": "close"}.items()]
    return "\r\n".join([f"HTTP/1.1 {answer.status} {_reason(answer)}", *lines, "", ""]).encode("latin-1")


def _headers(answer: Answer) -> dict[str, str]:
    # A 204 must not say how long its body is (RFC 9110, 8.6): it has none.
    length = {} if answer.status == 204 else {"Content-Length": str(len(answer.body))}
    return {**answer.headers, **length}


def _reason(answer: Answer) -> str:
    return responses.get(answer.status, "Unknown")
