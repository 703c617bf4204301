"""Residents' feeds at load: thousands of readers at once, every secret its own dwelling only."""

import asyncio
import json
import time
from collections.abc import Sequence
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
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.store import EmbeddedPostgres, Store, migrate
from ems.store.residents import Purpose

NOW = datetime(2026, 11, 18, 14, 7, 30, tzinfo=UTC)
REQUESTS, QUICK_REQUESTS = 4_000, 800
DAYS, QUICK_DAYS = 35, 7
P99_GOAL_S = 10.0
ADDRESS = "127.99.0.1"
CONNECTIONS = 500
_NAMES = ("electric_power_kw", "heat_power_kw")
_FILES = ("feed.json", "green-button.xml", "feed.csv", "courbe-de-charge.csv")


class Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        """The moment of the benchmark."""
        return NOW


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
        app = create_app(store, district, Still(), hosts=[ADDRESS])
        config = uvicorn.Config(app, host=ADDRESS, port=8099, log_level="error", backlog=8192)
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        figures = await _asked(list(secrets), QUICK_REQUESTS if quick else REQUESTS)
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


async def _asked(secrets: Sequence[str], requests: int) -> list[Figure]:
    """Every request starts at once; each counts from then until its last byte."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(
        base_url=f"http://{ADDRESS}:8099", limits=limits, timeout=120
    ) as client:
        began = time.perf_counter()

        async def one(number: int) -> tuple[float, int, int]:
            secret = secrets[number % len(secrets)]
            file = _FILES[number // len(secrets) % len(_FILES)]
            fine = {"detail": "quarter_hour"}
            answer = await client.get(f"/feed/{secret}/{file}", params=fine)
            return time.perf_counter() - began, answer.status_code, len(answer.content)

        done = await asyncio.gather(*(one(number) for number in range(requests)))
    seconds = np.array([row[0] for row in done])
    refused = sum(status != httpx.codes.OK for _, status, _ in done)
    name = f"{requests} requests at once, 7 days of quarter hours"
    return [
        Figure(name=f"{name}: not answered", value=refused, unit="", goal=0),
        Figure(name=f"{name}: p99", value=_p99(seconds), unit="s wall", goal=P99_GOAL_S),
        Figure(name=f"{name}: median", value=float(np.median(seconds)), unit="s wall"),
        Figure(
            name=f"{name}: mean body", value=float(np.mean([r[2] for r in done])) / 1e3, unit="kB"
        ),
    ]


def _p99(seconds: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    return float(np.quantile(seconds, 0.99))


async def _foreign(secrets: dict[str, str], district: District) -> Figure:
    """Pairs of a secret and a foreign dwelling whose figures it shows: must be none."""
    own_wh = dict(zip(district.dwellings, own_powers_kw(district) * 250, strict=True))
    shown = 0
    async with httpx.AsyncClient(base_url=f"http://{ADDRESS}:8099", timeout=60) as client:
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
