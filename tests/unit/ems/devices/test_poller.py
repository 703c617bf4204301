"""The poller: every device in its turn, and a quality that is true at the moment of asking."""

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ems.clock import Anchor, DistrictClock
from ems.devices.connection import Values, connection_key
from ems.devices.maps import PointSpec, map_of
from ems.devices.modbus import modbus_connections
from ems.devices.poller import Poller
from ems.devices.watch import Watch, backoff_s
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.errors import DeviceError, DeviceUnreachableError
from ems.domain.points import Quality, Reading
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers

START = datetime(2026, 1, 15, 6, tzinfo=UTC)


class SetClock:
    """Shows the time that the test sets."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


class Peer:
    """A connection in memory: answers 1.0 for everything while it is up."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.up = True
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def read(self, device: Device, points: Sequence[PointSpec]) -> Values:
        self.asked.append((device.id, tuple(spec.name for spec in points)))
        if not self.up:
            raise DeviceUnreachableError("no answer", fix="")
        return {spec.name: (1.0, Quality.GOOD) for spec in points}

    async def write(self, device: Device, values: Mapping[PointSpec, float]) -> None: ...

    async def relinquish(self, device: Device, points: Sequence[PointSpec]) -> None: ...

    async def held_on_site(self, device: Device, points: Sequence[PointSpec]) -> frozenset[str]:
        return frozenset()

    async def close(self) -> None: ...


def interval_s(poll: str) -> float:
    return {"fast": 60.0, "normal": 300.0, "slow": 900.0}[poll]


@pytest.fixture
def meter(district: District) -> Device:
    return district.devices["M-HTA"]


def test_each_poll_class_has_its_own_interval(meter: Device) -> None:
    watch = Watch(meter, interval_s, share=0.5)
    asked = {"fast": 0, "normal": 0, "slow": 0}
    for second in range(0, 3600, 10):
        if watch.wait_s(second, 1.0, 0.0) <= 0:
            for poll in {spec.poll for spec in watch.due(second)}:
                asked[poll] += 1
            watch.succeeded(second)
    assert asked == {"fast": 61, "normal": 13, "slow": 5}


def test_slow_points_travel_with_fast_ones(meter: Device) -> None:
    watch = Watch(meter, interval_s, share=0.3)
    watch.succeeded(0)
    assert {spec.poll for spec in watch.due(918)} == {"fast", "normal", "slow"}


def test_devices_take_turns(meter: Device) -> None:
    waits = []
    for number in range(4):
        watch = Watch(meter, interval_s, share=number / 4)
        watch.succeeded(6000.0)
        waits.append(watch.wait_s(6000.0, 1.0, 0.0))
    assert waits == [60.0, 15.0, 30.0, 45.0]


def test_a_missed_turn_is_not_made_up_for(meter: Device) -> None:
    watch = Watch(meter, interval_s, share=0.0)
    watch.succeeded(0.0)
    watch.succeeded(599.0)
    assert watch.wait_s(599.0, 1.0, 0.0) == 1.0


def test_a_device_that_is_away_is_asked_less_and_less() -> None:
    waits = [backoff_s("M-HTA", failures) for failures in range(1, 12)]
    assert 0.8 <= waits[0] <= 1.2
    assert all(later > 1.3 * sooner for sooner, later in pairwise(waits[:6]))
    assert max(waits) <= 60.0
    assert waits[-1] >= 48.0


def nowhere(readings: Sequence[Reading]) -> None:
    """Where readings go that no test asks for."""


async def polled(poller: Poller, wall_s: float) -> None:
    running = asyncio.create_task(poller.run())
    await asyncio.sleep(wall_s)
    poller.stop()
    await running


async def test_a_value_goes_stale_by_its_age_alone(district: District, meter: Device) -> None:
    clock, taken = SetClock(), list[Reading]()
    small = district.with_devices([meter])
    poller = Poller(small, {connection_key(meter): Peer("m")}, clock, 1.0, taken.extend)
    await polled(poller, 0.05)
    assert len(taken) == len(map_of(meter).points)
    fast = timedelta(seconds=small.polling.fast_s * small.polling.stale_after)
    clock.time = START + fast
    assert poller.snapshot().value("M-HTA/power_kw") == 1.0
    clock.time = START + fast + timedelta(seconds=1)
    snapshot = poller.snapshot()
    assert snapshot.readings["M-HTA/power_kw"].quality is Quality.STALE
    assert math.isnan(snapshot.value("M-HTA/power_kw"))
    assert snapshot.value("M-HTA/voltage_l1_v") == 1.0, "a normal point lives longer"


async def test_one_line_when_a_device_goes_and_one_when_it_is_back(
    district: District,
    meter: Device,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ems.devices.watch.backoff_s", lambda device, failures: 0.005)
    caplog.set_level(logging.INFO, "ems.devices")
    peer = Peer("m")
    peer.up = False

    poller = Poller(
        district.with_devices([meter]), {connection_key(meter): peer}, SetClock(), 1.0, nowhere
    )
    running = asyncio.create_task(poller.run())
    await asyncio.sleep(0.08)
    assert len(peer.asked) > 3
    assert not poller.health["M-HTA"].up
    assert poller.snapshot().readings["M-HTA/power_kw"].quality is Quality.COMM_FAIL
    peer.up = True
    await asyncio.sleep(0.05)
    assert poller.health["M-HTA"].up
    assert poller.snapshot().value("M-HTA/power_kw") == 1.0
    poller.stop()
    await running
    assert [r.message for r in caplog.records] == ["M-HTA is down: no answer", "M-HTA is back"]


def test_a_device_without_a_connection_is_named(district: District, meter: Device) -> None:
    with pytest.raises(DeviceError, match="no connection"):
        Poller(district.with_devices([meter]), {}, SetClock(), 1.0, nowhere)


async def test_a_silent_gateway_unit_leaves_its_neighbours_fresh(district: District) -> None:
    moved = district.on_loopback(33)
    rooms = [d for d in moved.of_kind(DeviceKind.DWELLING) if d.protocol is Protocol.MODBUS][:10]
    assert len({connection_key(d) for d in rooms}) == 1
    small = moved.with_devices(rooms)
    image = ProcessImage.create(small)
    image.values[:] = 20.0
    image.silent[3] = 1
    servers = ModbusServers(small, image)
    await servers.start()
    connections = modbus_connections(small, timeout_s=0.1)
    clock = DistrictClock(Anchor(start=START, wall_start=datetime.now(UTC), speed=1.0))

    poller = Poller(small, connections, clock, 1.0, nowhere)
    await polled(poller, 0.5)
    snapshot = poller.snapshot()
    for number, room in enumerate(rooms):
        assert snapshot.usable(f"{room.id}/room_temp_c") is (number != 3)
    await connections[connection_key(rooms[0])].close()
    await servers.stop()
