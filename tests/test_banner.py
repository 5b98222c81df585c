"""Where a client leads, for people: unmistakable for the sandbox, escaped everywhere."""

from __future__ import annotations

import pytest

from odb_nb.banner import Banner
from odb_nb.sandbox import Fault


def test_the_banner_of_graph_tells_where_it_leads():
    banner = Banner(False, "graph.microsoft.com", "beta", "contoso.onmicrosoft.com", "ada@contoso.com")

    assert banner.text == (
        "<BackupClient Microsoft Graph | host graph.microsoft.com | version beta | tenant contoso.onmicrosoft.com"
        " | account ada@contoso.com>"
    )
    for fact in ("Microsoft Graph", "graph.microsoft.com", "beta", "contoso.onmicrosoft.com", "ada@contoso.com"):
        assert fact in banner.html
    assert "real" not in banner.html


def test_the_banner_of_the_sandbox_says_that_nothing_is_real():
    banner = Banner(True, "127.0.0.1:8911", "v1.0", None, None)

    assert "nothing here is real" in banner.text
    assert "nothing here is real" in banner.html
    assert "no tenant is reached" in banner.html
    assert "tenant not known yet" in banner.text


@pytest.mark.parametrize(
    ("is_sandbox", "host", "shown"),
    [
        pytest.param(True, "127.0.0.1:8911", "127.0.0.1", id="the port of the sandbox is left out"),
        pytest.param(True, "127.0.0.1", "127.0.0.1", id="without a port"),
        pytest.param(True, "[::1]:8911", "[::1]", id="IPv6"),
        pytest.param(True, "[::1]", "[::1]", id="IPv6 without a port"),
        pytest.param(False, "localhost:8911", "localhost:8911", id="another service's port is shown"),
    ],
)
def test_the_host_is_shown(is_sandbox, host, shown):
    banner = Banner(is_sandbox, host, "v1.0", "t", "a")

    assert f"| host {shown} |" in banner.text
    assert f"host <code>{shown}</code>" in banner.html


def test_everything_in_the_box_is_escaped():
    evil = "<script>alert('x')</script>&\""

    box = Banner(False, evil, evil, evil, evil).html

    assert "<script" not in box
    assert box.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;&quot;") == 4


def test_faults_that_may_still_strike_are_shown_and_no_others(client, sandbox):
    assert "faults" not in client.banner.text + client.banner.html
    for _ in range(3):
        sandbox.faults.add(Fault("list_drives", status=500))
    assert "nothing here is real | faults on: 3 | host" in client.banner.text
    assert "faults on: <code>3</code>" in client.banner.html
    client.list_drives()
    assert "faults" not in client.banner.text
