"""What creating costs: many sessions on a slow service, and on one that tells its clients to wait."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import peers
from timing import TIMES, Loop, Measure

import odb_nb as odb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quick_server import Quick

LATENCY_S = 0.15
CREATES, OF_PEERS, OF_A_LOOP = 1_000, 320, 50
AT_ONCE = (8, 16, 32)
PACED = 500
RATES = (20, 100)

_numbers = itertools.count()


@contextlib.contextmanager
def connected(server: Quick) -> Iterator[odb.BackupClient]:
    """A client with a journal of its own: each call reads all of it, and many runs write more than any user does."""
    with (
        tempfile.TemporaryDirectory() as folder,
        odb.connect("sandbox", base_url=server.base_url, journal=Path(folder) / "journal.sqlite") as client,
    ):
        yield client


def fresh(count: int) -> list[str]:
    """Restore points that nobody has opened yet."""
    run = next(_numbers)
    return [f"run-{run}-point-{number}" for number in range(count)]


def _rate(server: Quick, work: Callable[[list[str]], object], count: int, latency_s: float = LATENCY_S) -> float:
    """Creates a second; each of them once, or the figure is worth nothing."""
    server.set(latency_s=latency_s)
    start = time.perf_counter()
    work(fresh(count))
    rate = count / (time.perf_counter() - start)
    if sorted(server.books["created"].values()) != [1] * count:
        raise SystemExit("creates are missing or doubled")
    return rate


def creating(server: Quick) -> Iterator[Measure]:
    """`create_sessions` at a latency, beside the peers."""
    loop = Loop()
    at_hand: list[Any] = [peers.Sdk(), peers.SdkGathered(), peers.SdkSemaphore(16)]
    at_hand += [kind(at_once) for kind in (peers.Httpx, peers.Aiohttp) for at_once in AT_ONCE]
    for peer in at_hand:
        loop.run(peer.start(server.url))
        loop.run(peer.create(fresh(2)))

    works: dict[Any, tuple[Callable[[list[str]], object], int]] = {}
    for peer in at_hand:
        count = OF_A_LOOP if type(peer) is peers.Sdk else OF_PEERS
        works[peer] = (lambda points, peer=peer: loop.run(peer.create(points)), count)  # type: ignore[misc]
    rates: dict[Any, list[float]] = {name: [] for name in (*AT_ONCE, *works)}
    for _ in range(TIMES):
        for at_once in AT_ONCE:
            rates[at_once].append(our_rate(server, at_once))
        for name, (work, count) in works.items():
            rates[name].append(_rate(server, work, count))
    for peer in at_hand:
        loop.run(peer.close())
    loop.close()
    yield from _compared({name: statistics.median(of_one) for name, of_one in rates.items()})


def our_rate(server: Quick, at_once: int, latency_s: float = LATENCY_S) -> float:
    """Creates a second of `create_sessions`, with a client and a journal of its own."""
    with connected(server) as client:
        server.set()
        client.create_sessions(fresh(2), progress=False)  # a connection is there, and all is imported

        def work(points: list[str]) -> object:
            return client.create_sessions(points, max_concurrency=at_once, progress=False)

        return _rate(server, work, CREATES, latency_s)


def _compared(rates: dict[Any, float]) -> Iterator[Measure]:
    what = f"`create_sessions`, {LATENCY_S * 1000:.0f} ms latency"
    for at_once in AT_ONCE:
        ideal = at_once / LATENCY_S
        beside = ", ".join(
            f"{peer.name} {rate / ideal:.0%}" for peer, rate in rates.items() if getattr(peer, "at_once", 0) == at_once
        )
        yield Measure(f"{what}, {at_once} at once: share of {ideal:.0f}/s", rates[at_once] / ideal, 0.9, at_least=True,
                      context=f"{rates[at_once]:.0f}/s; {beside}")  # fmt: skip
    for peer, rate in rates.items():
        if isinstance(peer, peers.Sdk):
            is_loop = type(peer) is peers.Sdk
            yield Measure(
                f"{what}: ours, 16 at once / {peer.name}", rates[16] / rate, 12 if is_loop else None, at_least=True,
                context=f"{rate:.1f}/s on {OF_A_LOOP if is_loop else OF_PEERS} creates; ours on {CREATES:,}",
            )  # fmt: skip


def pacing(server: Quick) -> Iterator[Measure]:
    """`create_sessions` under a limit of requests a second."""
    for rate in RATES:
        took, early, doubled, refused = [], [], 0, 0
        for _ in range(TIMES):
            server.set(rate=rate)
            with connected(server) as client:
                start = time.perf_counter()
                client.create_sessions(fresh(PACED), progress=False, timeout=600)
                took.append(time.perf_counter() - start)
            books = server.books
            early.append(books["while_told_to_wait"])
            doubled += sum(count != 1 for count in books["created"].values()) + abs(PACED - len(books["created"]))
            refused = books["refused"]
        ideal = PACED / rate
        what = f"{PACED} creates under {rate} requests a second"
        yield Measure(f"{what}: time / least", statistics.median(took) / ideal, 1.1,
                      context=f"{statistics.median(took):.1f} s / {ideal:.0f} s; {refused} refused")  # fmt: skip
        yield Measure(f"{what}: sent while told to wait", max(early), 0)
        yield Measure(f"{what}: doubled or lost", doubled, 0)
    yield _unpaced(server)


def _unpaced(server: Quick) -> Measure:
    """The SDK's own retries under the same limit, once."""
    loop, sdk, points = Loop(), peers.SdkGathered(), fresh(PACED)
    loop.run(sdk.start(server.url))
    server.set(rate=RATES[0])

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*map(sdk.create, ([point] for point in points)), return_exceptions=True)

    start = time.perf_counter()
    failed = sum(isinstance(one, Exception) for one in loop.run(all_of_them()))
    seconds = time.perf_counter() - start
    loop.close()
    early = server.books["while_told_to_wait"]
    return Measure(
        f"the same by {sdk.name}, {RATES[0]} a second: creates that failed", failed,
        context=f"of {PACED}, in {seconds:.0f} s; {early} sent while told to wait; measured once",
    )  # fmt: skip
