"""Thirty devices in a hundred dead, ten slow, five lying: what becomes of all the others.

On virtual time: gateways with ten units behind each, one request at a time, and devices alone.
"""

import asyncio
import itertools
import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from virtual_time import VirtualClock, run

from ems.devices.connection import Values, connection_key
from ems.devices.maps import PointSpec
from ems.devices.poller import Poller
from ems.domain.district import Device, District
from ems.domain.errors import DeviceReplyInvalidError, DeviceUnreachableError
from ems.domain.points import Quality, Reading

INTERVAL_S = 5.0
TIMEOUT_S = 1.0
LASTS_S = 240.0
SETTLED_S = 15.0
"""Until all have been asked once: the dead cost their gateways a time-out each."""


class Line:
    """A gateway or a device alone: one request at a time, each with its fault."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self._faults = faults
        self._lock = asyncio.Lock()

    async def read(self, device: Device, points: Sequence[PointSpec]) -> Values:
        async with self._lock:
            fault = self._faults.get(device.id, "")
            if fault in ("dead", "slow"):  # a slow one takes 5 s: it is given up as a dead one is
                await asyncio.sleep(TIMEOUT_S)
                raise DeviceUnreachableError("no answer", fix="")
            await asyncio.sleep(0.02)
            if fault == "lying":
                raise DeviceReplyInvalidError("another function", fix="")
            return {spec.name: (1.0, Quality.GOOD) for spec in points}


def park(district: District, units: int, count: int = 200) -> District:
    """So many meters, `units` behind each gateway, all points every five seconds."""
    meter = district.devices["M-HTA"]
    devices = [
        replace(meter, id=f"M-{n}", host=f"10.0.{n // units}.1", unit=n % units + 1)
        for n in range(count)
    ]
    polling = replace(
        district.polling, fast_s=INTERVAL_S, normal_s=INTERVAL_S, slow_s=INTERVAL_S, stale_after=2
    )
    return replace(district.with_devices(devices), polling=polling)


def faults_of(park: District, seed: int) -> dict[str, str]:
    """Who is dead, slow and lying; the rest is well."""
    ids = np.random.default_rng(seed).permutation(list(park.devices))
    dead, slow, lying = (round(share * len(ids)) for share in (0.30, 0.10, 0.05))
    kinds = ["dead"] * dead + ["slow"] * slow + ["lying"] * lying
    return {str(name): kind for name, kind in zip(ids, kinds, strict=False)}


async def longest_ages(
    park: District, faults: Mapping[str, str]
) -> tuple[Poller, dict[str, float]]:
    """The longest time between two readings of each device, once the dead are known."""
    seen: dict[str, float] = {}
    longest: dict[str, float] = {}

    def take(readings: Sequence[Reading]) -> None:
        name = readings[0].point.partition("/")[0]
        now_s = asyncio.get_running_loop().time()
        if readings[0].quality is Quality.GOOD:
            if seen.get(name, 0.0) >= SETTLED_S:
                longest[name] = max(longest.get(name, 0.0), now_s - seen[name])
            seen[name] = now_s

    lines = {connection_key(d): Line(faults) for d in park.devices.values()}
    poller = Poller(park, lines, VirtualClock(), 1.0, take)
    running = asyncio.create_task(poller.run())
    await asyncio.sleep(LASTS_S)
    poller.stop()
    await running
    return poller, longest


@pytest.mark.parametrize("units", [1, 10, 20], ids=["alone", "ten to a gateway", "twenty"])
def test_all_others_are_fresh_within_twice_their_interval(district: District, units: int) -> None:
    all_of_them = park(district, units)
    faults = faults_of(all_of_them, seed=units)
    poller, longest = run(longest_ages(all_of_them, faults))
    well = set(all_of_them.devices) - set(faults)
    assert set(longest) == well
    assert max(longest.values()) < 2 * INTERVAL_S
    assert {name for name, health in poller.health.items() if not health.up} == set(faults)
    if units == 1:
        assert max(longest.values()) < INTERVAL_S + 0.1, "nobody waits for anybody"
        assert poller.punctuality.percentile_s(99) < 0.05


@pytest.mark.parametrize("fault", ["dead", "slow", "lying"])
def test_one_bad_device_costs_its_neighbours_a_time_out_at_the_most(
    district: District, fault: str
) -> None:
    _, longest = run(longest_ages(park(district, 10, count=10), {"M-4": fault}))
    assert len(longest) == 9
    assert max(longest.values()) <= INTERVAL_S + TIMEOUT_S + 0.3


def test_one_lost_answer_among_the_dead_is_made_up_for_within_an_interval(
    district: District,
) -> None:
    """Nine dead of twenty wait for the same gateway; who failed once is not put behind them."""
    gateway = park(district, 20, count=20)
    faults = {f"M-{n}": "dead" for n in range(9)}
    heard: list[float] = []

    async def lose_one() -> None:
        lines = {connection_key(d): Line(faults) for d in gateway.devices.values()}

        def take(readings: Sequence[Reading]) -> None:
            if readings[0].point.startswith("M-15/") and readings[0].quality is Quality.GOOD:
                heard.append(asyncio.get_running_loop().time())

        poller = Poller(gateway, lines, VirtualClock(), 1.0, take)
        running = asyncio.create_task(poller.run())
        for minute in range(1, 6):
            await asyncio.sleep(60 * minute + 0.1 - asyncio.get_running_loop().time())
            faults["M-15"] = "dead"
            while poller.health["M-15"].failures == 0:
                await asyncio.sleep(0.05)
            del faults["M-15"]
        await asyncio.sleep(20)
        poller.stop()
        await running

    run(lose_one())
    settled = [at for at in heard if at >= SETTLED_S]
    gaps = [later - earlier for earlier, later in itertools.pairwise(settled)]
    assert max(gaps) < 2 * INTERVAL_S
    assert sum(gap > INTERVAL_S + TIMEOUT_S for gap in gaps) <= 5


def test_each_outage_is_one_line_and_one_when_it_ends(
    district: District, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ems.devices")
    small = park(district, 10, count=40)
    faults = faults_of(small, seed=3)

    async def outage() -> None:
        lines = {connection_key(d): Line(faults) for d in small.devices.values()}
        poller = Poller(small, lines, VirtualClock(), 1.0, lambda readings: None)
        running = asyncio.create_task(poller.run())
        await asyncio.sleep(300)
        faults.clear()
        await asyncio.sleep(90)
        poller.stop()
        await running

    bad = len(faults)
    run(outage())
    words = Counter(record.message.split(":")[0].split(" is ")[1] for record in caplog.records)
    assert words == {"down": bad, "back": bad}


def test_devices_are_asked_evenly_over_the_interval(district: District) -> None:
    calm = park(district, 1, count=100)
    asked: list[float] = []

    async def watch() -> None:
        lines = {connection_key(d): Line({}) for d in calm.devices.values()}

        def take(readings: Sequence[Reading]) -> None:
            asked.append(asyncio.get_running_loop().time())

        poller = Poller(calm, lines, VirtualClock(), 1.0, take)
        running = asyncio.create_task(poller.run())
        await asyncio.sleep(65.0)
        poller.stop()
        await running

    run(watch())
    each_second = Counter(math.floor(at) for at in asked if 5 <= at < 65)
    assert set(each_second.values()) <= {19, 20, 21}
