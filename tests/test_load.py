"""What is left open for long holds no more in the end than in the beginning."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import MethodType

import pytest
from extent import examples
from ipywidgets.widgets.widget import _instances

from odb_nb.sandbox import RequestRecord
from odb_nb.widgets import StatusBoard

FILES = Path("/proc/self/fd")


def is_of_coverage(one):
    return isinstance(one, MethodType) and type(one.__self__).__module__.partition(".")[0] == "coverage"


def held():
    """Objects by their types, but what the sandbox, in this process, keeps of its clients.

    And but pandas' references to views that are gone (it drops those of one array when they are 500), and coverage's
    methods, of which it keeps four for each thread that there ever was.
    """
    gc.collect()
    counts = Counter(type(one) for one in gc.get_objects() if not is_of_coverage(one))
    del counts[RequestRecord], counts[weakref.ref]
    return counts


@pytest.mark.skipif(not FILES.exists(), reason="counts open files as Linux shows them")
def test_a_board_that_refreshes_for_hours_holds_nothing_more(client, sandbox, points):
    client.create_sessions(points.head(6))
    with StatusBoard(client, points, refresh_every=60) as board:

        def watch(refreshes):
            for number in range(refreshes):
                board.shows.value = {3: "Matrix", 7: "Timeline"}.get(number % 20, "Table")
                sandbox.clock.advance(60)
                board.tick(client.now + timedelta(seconds=60))
                board.wait(60)

        watch(24)  # pictures, styles and connections are there now
        widgets, threads = set(_instances), set(threading.enumerate())
        files, before, asked = len(list(FILES.iterdir())), held(), sandbox.count("list_sessions")
        refreshes = examples(80)
        watch(refreshes)
        assert sandbox.count("list_sessions") == asked + refreshes
        assert set(_instances) == widgets
        assert {thread for thread in threading.enumerate() if thread.is_alive()} <= threads
        assert len(list(FILES.iterdir())) < files + 10  # a connection, both its ends here, may be about to be replaced
        grown = {kind.__name__: count for kind, count in (held() - before).items() if count >= refreshes}
        assert grown == {}
