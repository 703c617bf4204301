"""Residents' feeds at load: thousands of readers at once, every secret its own dwelling only."""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
import uvicorn

from benchmarks.figures import Figure, Report
from ems.config import load_district
from ems.console.app import create_app
from ems.domain.district import District
from ems.domain.points import PointInfo, Unit, point_id
from ems.domain.slots import SLOT, Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.store import EmbeddedPostgres, Store, migrate
from ems.store.residents import Purpose

NOW = datetime(2026, 11, 18, 14, 7, 30, tzinfo=UTC)
REQUESTS, QUICK_REQUESTS = 4_000, 800
DAYS, QUICK_DAYS = 35, 7
P99_GOAL_S = 10.0
ADDRESS = "127.99.0.1"
PORT = 8099
CONNECTIONS = 500
"""Open at once; each reader has one of its own, as residents have."""
PATIENCE_S = 300.0
RENEWED_S, QUICK_RENEWED_S = 45.0, 10.0
"""How long after a slot's start the readers come."""
_NAMES = ("electric_power_kw", "heat_power_kw")
_FILES = ("feed.json", "green-button.xml", "feed.csv", "courbe-de-charge.csv")


class Still:
    """A clock that stands still until it is moved."""

    moment = NOW

    def now(self) -> datetime:
        """The moment of the benchmark."""
        return self.moment


def measure(quick: bool) -> Report:
    """All requests at once against the console over a real database, in one process."""
    with TemporaryDirectory(prefix="ems-") as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(server.dsn())
        figures = asyncio.run(_measured(server.dsn(), quick))
    return Report(name="feeds", figures=figures)


async def _measured(dsn: str, quick: bool) -> list[Figure]:
    district = load_district()
    async with Store.open(dsn) as store:
        await _fill(store, district, QUICK_DAYS if quick else DAYS)
        secrets = {await store.new_feed_address(d): d for d in district.dwellings}
        for dwelling in district.dwellings:
            await store.give_consent(dwelling, Purpose.OWN_FEED, "benchmark")
        clock = Still()
        app = create_app(store, district, clock, hosts=[ADDRESS])
        config = uvicorn.Config(app, host=ADDRESS, port=PORT, log_level="error", backlog=8192)
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        requests = QUICK_REQUESTS if quick else REQUESTS
        name = f"{requests} requests at once, 7 days of quarter hours"
        figures = await _asked(list(secrets), requests, f"{name}, never asked before")
        await _next_slot(clock, list(secrets), QUICK_RENEWED_S if quick else RENEWED_S)
        figures += await _asked(list(secrets), requests, f"{name}, asked the quarter hour before")
        figures.append(await _foreign(secrets, district))
        server.should_exit = True
        await serving
    return figures


async def _fill(store: Store, district: District, days: int) -> None:
    """Each dwelling uses a power that nobody else uses."""
    points = [
        PointInfo(
            id=point_id(dwelling, name),
            device=dwelling,
            name=name,
            unit=Unit.KILOWATT,
            writable=False,
        )
        for dwelling in district.dwellings
        for name in _NAMES
    ]
    await store.register(points)
    last = Slot.containing(NOW)
    horizon = Horizon(last + -days * 96, days * 96)
    levels = np.repeat(own_powers_kw(district), len(_NAMES))
    values = np.repeat(levels[:, None], horizon.length, axis=1)
    past = QuarterHours(points=tuple(p.id for p in points), horizon=horizon, values=values)
    await store.fill_history(past)


def own_powers_kw(district: District) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """A power of each dwelling: 4 W apart, so that a quarter hour tells them apart."""
    return 0.1 + 0.004 * np.arange(len(district.dwellings), dtype=np.float64)


async def _asked(secrets: Sequence[str], requests: int, name: str) -> list[Figure]:
    """Asked by a process of its own, so that its work is not counted as ours."""
    used = time.process_time()
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as readers:
        done = await loop.run_in_executor(readers, read_all, list(secrets), requests)
    seconds = np.array([row[0] for row in done])
    refused = sum(status != httpx.codes.OK for _, status, _ in done)
    cpu_ms = (time.process_time() - used) * 1e3 / requests
    kilobytes = float(np.mean([size for _, _, size in done])) / 1e3
    return [
        Figure(name=f"{name}: not answered", value=refused, unit="", goal=0),
        Figure(name=f"{name}: p99", value=_p99(seconds), unit="s wall", goal=P99_GOAL_S),
        Figure(name=f"{name}: median", value=float(np.median(seconds)), unit="s wall"),
        Figure(name=f"{name}: each", value=cpu_ms, unit="ms CPU"),
        Figure(name=f"{name}: mean answer", value=kilobytes, unit="kB sent"),
    ]


def read_all(secrets: Sequence[str], requests: int) -> list[tuple[float, int, int]]:
    """Every request starts at once; seconds from then until its last byte, status, size."""
    return asyncio.run(_read_all(secrets, requests))


async def _read_all(secrets: Sequence[str], requests: int) -> list[tuple[float, int, int]]:
    """Over plain sockets: a client library's pool would cost more than the feeds."""
    few = asyncio.Semaphore(CONNECTIONS)
    began = time.perf_counter()

    async def one(number: int) -> tuple[float, int, int]:
        secret = secrets[number % len(secrets)]
        file = _FILES[number // len(secrets) % len(_FILES)]
        async with few:
            status, size = await _read(f"/feed/{secret}/{file}?detail=quarter_hour")
        return time.perf_counter() - began, status, size

    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*(one(number) for number in range(requests)))


async def _read(address: str) -> tuple[int, int]:
    """Status and bytes of one answer, on a connection of its own."""
    reader, writer = await asyncio.open_connection(ADDRESS, PORT)
    asked = f"GET {address} HTTP/1.1\r\nHost: {ADDRESS}\r\nAccept-Encoding: gzip\r\n"
    writer.write(f"{asked}Connection: close\r\n\r\n".encode())
    answer = await reader.read(-1)
    writer.close()
    return int(answer.split(b" ", 2)[1]), len(answer)


async def _next_slot(clock: Still, secrets: Sequence[str], after_s: float) -> None:
    """The first reader of a slot lets the others' feeds be made; they come some time later."""
    clock.moment += SLOT
    await _asked(secrets[:1], 1, "")
    await asyncio.sleep(after_s)


def _p99(seconds: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    return float(np.quantile(seconds, 0.99))


async def _foreign(secrets: dict[str, str], district: District) -> Figure:
    """Pairs of a secret and a foreign dwelling whose figures it shows: must be none."""
    own_wh = dict(zip(district.dwellings, own_powers_kw(district) * 250, strict=True))
    shown = 0
    async with httpx.AsyncClient(base_url=f"http://{ADDRESS}:{PORT}", timeout=60) as client:
        for secret, dwelling in secrets.items():
            fine = {"detail": "quarter_hour"}
            answer = await client.get(f"/feed/{secret}/feed.json", params=fine)
            energies = _energies(answer.content)
            shown += sum(
                bool(np.any(np.abs(energies - wh) < 0.5))
                for other, wh in own_wh.items()
                if other != dwelling
            )
    pairs = len(secrets) * (len(secrets) - 1)
    name = f"foreign dwellings whose figures a feed shows, of {pairs:,} pairs"
    return Figure(name=name, value=shown, unit="", goal=0)


def _energies(body: bytes) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Mean energy of a quarter hour of electricity."""
    (electricity,) = (s for s in json.loads(body)["series"] if s["commodity"] == "electricity")
    return np.array([np.mean([row["energy_wh"] for row in electricity["intervals"]])])
