"""Processes that kill themselves at a chosen moment, forked from one that has everything imported.

The moments lie at the boundaries of the package: `sqlite3` below the journal, `httpcore` below the client. Nothing of
the package itself is touched but public constants, so that a test need not wait out what the real service needs.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sqlite3
import threading
import warnings
from collections import Counter

import httpx

import odb_nb as odb
from odb_nb import journal_file
from odb_nb.operations import create, drafts, restore

REQUEST = {
    "http11.send_request_headers.started": "before a request",
    "http11.send_request_headers.complete": "after a request's headers",
    "http11.send_request_body.complete": "after a request",
    "http11.receive_response_headers.complete": "after an answer's headers",
    "http11.receive_response_body.complete": "after an answer",
}
_CAPABILITY_VERSION_3 = 0x20080522
MOMENTS = ("before a commit", "after a commit", *REQUEST.values())

_fresh = multiprocessing.get_context("forkserver")
_fresh.set_forkserver_preload(
    ["odb_nb.connect", "odb_nb.client", "odb_nb.operations.restore", "filelock", "pandas", "pyarrow"]
)


class Fuse:
    """Counts moments; kills the process at the one it is set to."""

    def __init__(self, moment=None, nth=0):
        self.moment, self.nth = moment, nth
        self.seen = Counter()
        self.guard = threading.Lock()

    def burn(self, moment):
        with self.guard:
            self.seen[moment] += 1
            if moment == self.moment and self.seen[moment] == self.nth:
                os.kill(os.getpid(), signal.SIGKILL)


def _watch_sqlite(fuse):
    class Watched(sqlite3.Connection):
        def commit(self):
            fuse.burn("before a commit")
            super().commit()
            fuse.burn("after a commit")

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **options: connect(*args, factory=Watched, **options)


def _watch_httpx(fuse):
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def trace(event, _info):
        if event in REQUEST:
            fuse.burn(REQUEST[event])

    async def traced(self, request):
        request.extensions["trace"] = trace
        return await send(self, request)

    httpx.AsyncHTTPTransport.handle_async_request = traced


def _shorten_waits():
    create.LOOK_APART_S, create.LOOK_APART_MOST_S, create.BELIEVE_ABSENT_AFTER_S = 0.1, 0.3, 0.3
    restore.PAUSE_FIRST_S = drafts.PAUSE_FIRST_S = 0.1
    journal_file.BUSY_TIMEOUT_S = 0.5


def _drop_rights():
    """Be held to a file's permissions even as root: this thread, and those that it starts."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        header, none = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
        if libc.capset(header, none):
            raise OSError(ctypes.get_errno(), "cannot drop capabilities")


def _work(url, journal, job, given, pipe, fuse, file_limit, has_rights):
    """In the child: do the job, and send what came of it and how often each moment came."""
    warnings.simplefilter("ignore")
    fuse = Fuse(*fuse)
    _watch_sqlite(fuse)
    _watch_httpx(fuse)
    _shorten_waits()
    if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    if not has_rights:
        _drop_rights()
    try:
        with odb.connect("sandbox", base_url=f"{url}/v1.0", journal=journal) as client:
            if job == "create":
                frame = client.create_sessions(given, max_concurrency=2, progress=False, timeout=120)
                told = frame[["restore_point_id", "outcome", "id", "error_message"]]
            else:
                frame = client.restore_items(given, progress=False, timeout=120)
                told = frame[["item_key", "outcome", "restore_session_id", "error_message"]]
        pipe.send((told.astype(object).where(told.notna(), None).values.tolist(), fuse.seen))
    except odb.OdbError as exc:
        pipe.send((exc, fuse.seen))


class Running:
    """One child at its work: killed at the n-th moment if `fuse` says so, or with a disk or rights that end early."""

    def __init__(self, sandbox, journal, job, given, *, fuse=(), file_limit=None, has_rights=True):
        self._here, there = _fresh.Pipe(duplex=False)
        args = (sandbox.url, str(journal), job, given, there, fuse, file_limit, has_rights)
        self.process = _fresh.Process(target=_work, args=args, daemon=True)
        self.process.start()
        there.close()

    def end(self):
        """(rows or an error, how often each moment came); None if it was killed."""
        try:
            said = self._here.recv()
        except EOFError:
            said = None
        self.process.join(60)
        self._here.close()
        assert self.process.exitcode == (-signal.SIGKILL if said is None else 0)
        return said


def run(sandbox, journal, job, given, **options):
    """What comes of one child."""
    return Running(sandbox, journal, job, given, **options).end()
