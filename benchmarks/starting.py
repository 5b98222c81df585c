"""Cold starts: what an import takes, and how long it is from a fresh interpreter to the first rows."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from timing import Measure, alternating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quick_server import Quick

OURS = """
import odb_nb as odb
with odb.connect("sandbox", base_url={url!r}) as client:
    print(client.list_sessions().to_string())
"""
# the shortest script that its documentation leads to, with a token that is at hand
SDK = """
import asyncio
from azure.core.credentials import AccessToken
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
adapter.base_url = {url!r}
async def main():
    page = await GraphServiceClient(
        request_adapter=adapter
    ).solutions.backup_restore.one_drive_for_business_browse_sessions.get()
    for session in page.value:
        print(session.id, session.status, session.expiration_date_time)
asyncio.run(main())
"""


def _run(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)  # noqa: S603 - our own


def starting(server: Quick) -> Iterator[Measure]:
    """Imports, and the first frame."""
    server.set(sessions=20)
    taken = alternating(
        {
            "python": lambda: _run("pass"),
            "odb": lambda: _run("import odb_nb"),
            "pandas": lambda: _run("import pandas"),
            "ours": lambda: _run(OURS.format(url=server.base_url)),
            "sdk": lambda: _run(SDK.format(url=server.base_url)),
        }
    )
    odb, pandas = (taken[name] - taken["python"] for name in ("odb", "pandas"))
    yield Measure("`import odb_nb` / `import pandas`", odb / pandas, context=f"{odb:.2f} s / {pandas:.2f} s")
    yield Measure("fresh interpreter to 20 sessions on screen: ours / msgraph-sdk's", taken["ours"] / taken["sdk"],
                  context=f"{taken['ours']:.2f} s / {taken['sdk']:.2f} s")  # fmt: skip
    sizes = installed_mb()
    largest = sorted(sizes, key=lambda name: sizes[name], reverse=True)[:6]
    shown = ", ".join(f"{name} {sizes[name]:.0f}" for name in largest)
    context = f"{len(sizes)} packages; {shown}"
    yield Measure("what `pip install odb-nb` brings, MB", sum(sizes.values()), context=context)


def installed_mb() -> dict[str, float]:
    """Size of each package that odb-nb needs, itself among them."""
    sizes: dict[str, float] = {}
    waiting = ["odb-nb"]
    while waiting:
        name = waiting.pop().lower().replace("_", "-").replace(".", "-")
        if name in sizes:
            continue
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # for another platform
            continue
        files = (file.locate() for file in package.files or () if "__pycache__" not in str(file))
        sizes[name] = sum(path.stat().st_size for path in map(Path, files) if path.is_file()) / 2**20
        needs = map(Requirement, package.requires or ())
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return sizes
