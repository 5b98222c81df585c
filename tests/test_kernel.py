"""In a real Jupyter kernel: an interrupt gives control back, keeps the rows, and leaves the client usable."""

from __future__ import annotations

import time

import pytest
from jupyter_client.manager import start_new_kernel

SET_UP = """
import warnings; warnings.simplefilter("ignore")
import odb_nb as odb
from odb_nb.sandbox import Sandbox
sandbox = Sandbox(latency_s=0.2).start()
client = odb.connect(sandbox=sandbox)
points = client.list_restore_points([drive.id for drive in sandbox.drives if drive.special is None], start="2026-11-14")
print(len(points) > 100)
"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def ask(client, code, timeout=60):
    """What a cell prints, and the name of the error it ends with."""
    printed = []

    def keep(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=timeout, output_hook=keep, store_history=False)
    return "".join(printed).strip(), reply["content"].get("ename")


def test_an_interrupted_cell_keeps_its_rows_and_the_next_call_works(kernel):
    manager, client = kernel
    assert ask(client, SET_UP) == ("True", None)
    client.execute("client.create_sessions(points, max_concurrency=2, progress=False)")
    time.sleep(4)  # the bulk takes some twenty seconds: in its middle on a fast machine as on a slow one
    manager.interrupt_kernel()
    while client.get_shell_msg(timeout=30)["msg_type"] != "execute_reply":
        pass
    printed, error = ask(client, "print(sorted(client.last_result['outcome'].unique()), len(client.last_result))")
    assert error is None
    outcomes, rows = printed.rsplit(" ", 1)
    assert "'created'" in outcomes
    assert "'cancelled'" in outcomes
    assert int(rows) > 100
    printed, error = ask(
        client,
        "again = client.create_sessions(points.head(20), progress=False)\n"
        "print(set(again['outcome']) <= {'created', 'reused'},"
        " max(len(sandbox.sessions_on(id_)) for id_ in points['id']))",
    )
    assert (printed, error) == ("True 1", None)


def test_a_device_code_is_a_link_in_the_cell_that_waits(kernel):
    _, client = kernel
    shown = []

    def keep(message):
        if message["msg_type"] == "display_data":
            shown.append(message["content"]["data"])

    code = """
import asyncio, datetime
from odb_nb.background import Background
from odb_nb.connect import _show_code
async def sign_in():
    _show_code("https://microsoft.com/devicelogin", "ABC123", datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.UTC))
Background().run(sign_in())
"""
    client.execute_interactive(code, timeout=60, output_hook=keep, store_history=False)
    assert 'href="https://microsoft.com/devicelogin"' in shown[0]["text/html"]
    assert "ABC123" in shown[0]["text/plain"]
