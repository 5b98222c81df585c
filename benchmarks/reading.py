"""What reading costs: the list of sessions, the table of status, the restore points of many drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import peers
from quick_server import SESSIONS as ROUTE
from quick_server import pages_of_sessions
from timing import Loop, Measure, alternating

import odb_nb as odb
from odb_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quick_server import Quick

SESSIONS = 5_000
OF_MODELS = 500  # the SDK's models take milliseconds a row: measured on fewer, and scaled
POINTS = 10_000
SIZES = (500, 5_000, 50_000)
DRIVES, DAYS = 100, 14


def listing(server: Quick, client: odb.BackupClient) -> Iterator[Measure]:
    """`list_sessions` beside the peers and the floor."""
    loop = Loop()
    at_hand = [peers.Sdk(), peers.Httpx(16), peers.Aiohttp(16)]
    for peer in at_hand:
        loop.run(peer.start(server.url))
    sdk, httpx, aiohttp = at_hand
    pages = pages_of_sessions(SESSIONS, 200)
    links = [f"{ROUTE}?skip={place}" for place in range(len(pages))]

    def models() -> None:
        server.set(sessions=OF_MODELS)
        loop.run(sdk.list())
        server.set(sessions=SESSIONS)

    taken = alternating(
        {
            "models": models,
            "ours": client.list_sessions,
            "httpx": lambda: loop.run(httpx.list()),
            "aiohttp": lambda: loop.run(aiohttp.list()),
            "bytes by httpx": lambda: loop.run(httpx.read(links)),
            "bytes by aiohttp": lambda: loop.run(aiohttp.read(links)),
            "floor": lambda: peers.floor(pages),
        }
    )
    for peer in at_hand:
        loop.run(peer.close())
    loop.close()
    of_models = taken["models"] * SESSIONS / OF_MODELS
    what, ours = f"`list_sessions`, {SESSIONS:,} sessions", taken["ours"]
    yield Measure(
        f"{what}: msgraph-sdk's models / ours", of_models / ours, 150, at_least=True,
        context=f"{of_models:.1f} s / {ours:.2f} s; models measured on {OF_MODELS:,} and scaled",
    )  # fmt: skip
    yield Measure(f"{what}: ours / floor (same bytes, no network)", ours / taken["floor"], 1.3,
                  context=f"floor {taken['floor']:.3f} s")  # fmt: skip
    for name in ("httpx", "aiohttp"):
        yield Measure(f"{what}: floor and the same pages to bytes by {name} / floor",
                      1 + taken[f"bytes by {name}"] / taken["floor"],
                      context=f"the bytes alone: {taken[f'bytes by {name}']:.3f} s")  # fmt: skip
        yield Measure(f"{what}: ours / {name} to a frame without dtypes", ours / taken[name],
                      context=f"{taken[name]:.3f} s")  # fmt: skip


def points(count: int) -> pd.DataFrame:
    """Restore points that the server's sessions are on."""
    moments = pd.Timestamp("2026-11-01T00:00:00Z") + pd.to_timedelta(
        [number % 2_000_000 for number in range(count)], "s"
    )
    return pd.DataFrame(
        {
            "id": [f"point-{number:08}" for number in range(count)],
            "drive_id": [f"drive-{number // 10:08}" for number in range(count)],
            "display_name": "Adele Vance",
            "protection_date_time": moments.as_unit("us"),
            "expiration_date_time": moments.as_unit("us") + pd.Timedelta(days=365),
            "tags": "fastRestore",
            "directory_object_id": [f"object-{number // 10:08}" for number in range(count)],
        }
    )


def tabulating(server: Quick, client: odb.BackupClient) -> Iterator[Measure]:
    """`tabulate_status` beside the list alone."""
    server.set(sessions=POINTS)
    given = points(POINTS)
    status = client.tabulate_status(given)
    lists = server.books["requests"]
    if not status["session_id"].notna().all():
        raise SystemExit("the status is not whole")
    taken = alternating({"table": lambda: client.tabulate_status(given), "list": client.list_sessions})
    what = f"`tabulate_status`, {POINTS:,} points"
    yield Measure(f"{what}: time / `list_sessions`", taken["table"] / taken["list"], 1.5,
                  context=f"{taken['table']:.2f} s / {taken['list']:.2f} s")  # fmt: skip
    yield Measure(f"{what}: requests", lists, POINTS / 200, context="one list, in pages of 200")


def growing(server: Quick, client: odb.BackupClient) -> Iterator[tuple[str, tuple[int, ...], list[float]]]:
    """List and table at 1x, 10x and 100x."""
    listed, tabulated = [], []
    for size in SIZES:
        server.set(sessions=size)
        given = points(size)
        taken = alternating({"list": client.list_sessions, "table": lambda: client.tabulate_status(given)}, 3)  # noqa: B023 - run at once
        listed.append(taken["list"])
        tabulated.append(taken["table"])
    yield "`list_sessions`", SIZES, listed
    yield "`tabulate_status`", SIZES, tabulated


def hunting() -> Iterator[Measure]:
    """Requests of `list_restore_points`; on the sandbox, for only counts are wanted."""
    with Sandbox(drives=DRIVES + 20) as sandbox, odb.connect(sandbox=sandbox) as client:
        plain = {drive.id for drive in sandbox.drives if drive.special is None}
        drives = client.list_drives()
        drives = drives[drives["id"].isin(plain)].head(DRIVES)
        found = client.list_restore_points(drives, start="2026-11-06", end="2026-11-19", progress=False)
        asked = sandbox.count("search_restore_points") + sandbox.count("list_restore_points")
    batches = -(-DRIVES // 20)
    least = max(found.groupby("drive_id").size()) * batches
    yield Measure(
        f"`list_restore_points`, {DRIVES} drives, {DAYS} days: requests / least possible", asked / least,
        context=f"{asked} / {least} for {len(found):,} points: a search gives one point of each of twenty drives, and "
        "the least takes for granted that there are no others",
    )  # fmt: skip
