"""The writer: what is wanted, what is written, what came of it, and when a device is let go."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ems.devices.connection import Values, connection_key
from ems.devices.maps import PointSpec, map_of
from ems.devices.modbus import modbus_connections
from ems.devices.writer import Writer
from ems.domain.district import Device, DeviceKind, District
from ems.domain.errors import DeviceRejectedError, DeviceUnreachableError
from ems.domain.plans import Outcome, Reason, ReasonCode, Setpoint
from ems.domain.points import Quality, Unit
from ems.domain.slots import SLOT, Slot
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers

START = datetime(2026, 1, 15, 6, tzinfo=UTC)
SLOT_NOW = Slot.containing(START)


class SetClock:
    """Shows the time that the test sets."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


class Shelf:
    """A connection in memory that keeps what is written."""

    def __init__(self) -> None:
        self.key = "shelf"
        self.held: dict[str, float] = {}
        self.writes: list[dict[str, float]] = []
        self.released: list[str] = []
        self.away = False
        self.refuses: frozenset[str] = frozenset()
        self.on_site: frozenset[str] = frozenset()
        self.forgets = False

    async def read(self, device: Device, points: Sequence[PointSpec]) -> Values:
        self._answer()
        nothing = (math.nan, Quality.DEVICE_INVALID)
        return {
            s.name: (self.held[s.name], Quality.GOOD) if s.name in self.held else nothing
            for s in points
        }

    async def write(self, device: Device, values: Mapping[PointSpec, float]) -> None:
        self._answer()
        if any(spec.name in self.refuses for spec in values):
            raise DeviceRejectedError("no", fix="")
        self.writes.append({spec.name: value for spec, value in values.items()})
        self.held |= {} if self.forgets else self.writes[-1]

    async def relinquish(self, device: Device, points: Sequence[PointSpec]) -> None:
        self._answer()
        self.released += [spec.name for spec in points]

    async def held_on_site(self, device: Device, points: Sequence[PointSpec]) -> frozenset[str]:
        return self.on_site

    async def close(self) -> None: ...

    def _answer(self) -> None:
        if self.away:
            raise DeviceUnreachableError("no answer", fix="")


def wish(point: str, value: float, slot: Slot = SLOT_NOW, high: float = 1000.0) -> Setpoint:
    return Setpoint(
        point=point, slot=slot, value=value, unit=Unit.NONE, low=-1000.0, high=high,
        reason=Reason(ReasonCode.COMFORT),
    )  # fmt: skip


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def writer(district: District, shelf: Shelf, clock: SetClock) -> Writer:
    devices = [district.devices[name] for name in ("BAT-1", "D1-0101", "B1-0201")]
    connections = {connection_key(device): shelf for device in devices}
    return Writer(district.with_devices(devices), connections, clock)


ROOM = "D1-0101/setpoint_c"
"""A register."""
BACNET_ROOM = "B1-0201/setpoint_c"
SETPOINT = frozenset({"setpoint_c"})


@pytest.mark.parametrize(
    ("situation", "device", "wanted_c", "written_c", "outcome"),
    [
        ("inside the bounds", {}, 20.5, 20.5, Outcome.OK),
        ("above the device's limit", {}, 30.0, 26.0, Outcome.CLAMPED),
        ("between two steps", {}, 20.56, 20.5, Outcome.ROUNDED),
        ("someone holds it on site", {"on_site": SETPOINT}, 20.5, None, Outcome.OVERRIDDEN),
        ("the device refuses", {"refuses": SETPOINT}, 20.5, None, Outcome.REJECTED),
        ("the device forgets", {"forgets": True}, 20.5, 20.5, Outcome.MISMATCH),
        ("no answer", {"away": True}, 20.5, None, Outcome.UNREACHABLE),
        ("not a number", {}, math.nan, None, Outcome.REJECTED),
    ],
)
async def test_what_becomes_of_a_setpoint(
    writer: Writer,
    shelf: Shelf,
    situation: str,
    device: dict[str, object],
    wanted_c: float,
    written_c: float | None,
    outcome: Outcome,
) -> None:
    for name, value in device.items():
        setattr(shelf, name, value)
    (dispatched,) = await writer.apply([wish(BACNET_ROOM, wanted_c)])
    assert dispatched.outcome is outcome, situation
    assert dispatched.at == START
    if written_c is None:
        assert math.isnan(dispatched.written)
        assert "setpoint_c" not in shelf.held
    else:
        assert dispatched.written == pytest.approx(written_c)
        assert shelf.writes[0]["setpoint_c"] == pytest.approx(written_c)


async def test_outcomes_come_in_the_order_of_the_wishes_and_for_unknown_points_too(
    writer: Writer,
) -> None:
    wishes = [
        wish("BAT-1/setpoint_enable", 1), wish(ROOM, 20), wish("D9-9999/setpoint_c", 20),
        wish("D1-0101/room_temp_c", 20), wish("BAT-1/power_setpoint_kw", -50),
    ]  # fmt: skip
    done = await writer.apply(wishes)
    assert [d.setpoint for d in done] == wishes
    assert [d.outcome.value for d in done] == ["ok", "ok", "rejected", "rejected", "ok"]


async def test_a_refused_point_does_not_drag_the_others_down(writer: Writer, shelf: Shelf) -> None:
    shelf.refuses = frozenset({"power_setpoint_kw"})
    done = await writer.apply(
        [wish("BAT-1/power_setpoint_kw", 10), wish("BAT-1/setpoint_enable", 0)]
    )
    assert [d.outcome for d in done] == [Outcome.REJECTED, Outcome.OK]


async def test_only_changes_are_written_and_old_values_again(
    writer: Writer, shelf: Shelf, clock: SetClock
) -> None:
    for minutes, value_c in [(0, 20.0), (1, 20.0), (2, 20.5), (3, 20.5), (35, 20.5)]:
        clock.time = START + timedelta(minutes=minutes)
        await writer.apply([wish(ROOM, value_c)])
    told = [write["setpoint_c"] for write in shelf.writes if "setpoint_c" in write]
    assert told == [20.0, 20.5, 20.5]


async def test_an_object_that_did_not_keep_its_value_is_written_again(
    writer: Writer, shelf: Shelf
) -> None:
    await writer.apply([wish(BACNET_ROOM, 20.0)])
    shelf.held["setpoint_c"] = 17.0
    assert (await writer.apply([wish(BACNET_ROOM, 20.0)]))[0].outcome is Outcome.MISMATCH
    assert (await writer.apply([wish(BACNET_ROOM, 20.0)]))[0].outcome is Outcome.OK
    assert shelf.held["setpoint_c"] == 20.0


async def test_a_heartbeat_changes_every_five_minutes_while_the_lease_lives(
    writer: Writer, shelf: Shelf, clock: SetClock
) -> None:
    await writer.apply([wish("BAT-1/power_setpoint_kw", 10)])
    beats = [(0, shelf.held["setpoint_timeout_s"])]
    for minute in range(1, 30):
        clock.time = START + timedelta(minutes=minute)
        await writer.renew()
        if shelf.held["setpoint_timeout_s"] != beats[-1][1]:
            beats.append((minute, shelf.held["setpoint_timeout_s"]))
    gaps = [later[0] - sooner[0] for sooner, later in pairwise(beats)]
    assert max(gaps) <= 5
    assert {beat for _, beat in beats} == {1800.0, 1801.0}


async def test_a_device_is_let_go_one_slot_after_its_last_setpoint(
    writer: Writer, shelf: Shelf, clock: SetClock
) -> None:
    await writer.apply([wish(ROOM, 20.0)])
    clock.time = SLOT_NOW.end + SLOT - timedelta(seconds=1)
    await writer.renew()
    assert writer.held == {"D1-0101"}
    assert not shelf.released
    clock.time = SLOT_NOW.end + SLOT
    await writer.renew()
    assert not writer.held
    assert shelf.released == ["setpoint_c"]
    writes = len(shelf.writes)
    clock.time += timedelta(hours=1)
    await writer.renew()
    assert len(shelf.writes) == writes, "and its heartbeat stops"


async def test_at_shutdown_everything_is_let_go_and_what_was_not_reached_is_named(
    writer: Writer, shelf: Shelf
) -> None:
    await writer.apply([wish(ROOM, 20.0), wish("BAT-1/setpoint_enable", 1)])
    assert await writer.relinquish_all() == ()
    assert sorted(shelf.released) == ["setpoint_c", "setpoint_enable"]
    await writer.apply([wish(ROOM, 20.0)])
    shelf.away = True
    assert await writer.relinquish_all() == ("D1-0101",)


async def test_all_commands_of_the_district_reach_its_modbus_devices(district: District) -> None:
    moved = district.on_loopback(31)
    connections = modbus_connections(moved, timeout_s=15.0)
    small = moved.with_devices(
        d for d in moved.devices.values() if connection_key(d) in connections
    )
    image = ProcessImage.create(small)
    clock = SetClock()
    servers, writer = ModbusServers(small, image), Writer(small, connections, clock)
    await servers.start()
    wishes = [
        wish(f"{device.id}/{spec.name}", min(spec.high, 21.0))
        for device in small.devices.values()
        for spec in map_of(device).written
    ]
    done = await writer.apply(wishes)
    assert {d.outcome for d in done} == {Outcome.OK, Outcome.CLAMPED}
    for clock.time in [START + timedelta(minutes=minute) for minute in range(1, 12)]:
        await writer.renew()  # compressors have had their pause, ramps are through
    assert all(image[w.point] == pytest.approx(w.value) for w in wishes)
    assert image["CP-01/failsafe_s"] in (1800, 1801)
    assert await writer.relinquish_all() == ()
    for device in small.devices.values():
        for spec in map_of(device).written:
            assert image[f"{device.id}/{spec.name}"] == pytest.approx(spec.safe)
    for connection in connections.values():
        await connection.close()
    await servers.stop()


async def test_after_an_outage_devices_come_back_one_after_the_other(
    district: District, clock: SetClock
) -> None:
    rooms = district.of_kind(DeviceKind.DWELLING)[:100]
    shelves = {connection_key(room): Shelf() for room in rooms}
    writer = Writer(district.with_devices(rooms), shelves, clock)
    for shelf in shelves.values():
        shelf.away = True

    def wishes() -> list[Setpoint]:
        slot = Slot.containing(clock.time)
        return [wish(f"{room.id}/setpoint_c", 20.0, slot) for room in rooms]

    assert {d.outcome for d in await writer.apply(wishes())} == {Outcome.UNREACHABLE}
    for shelf in shelves.values():
        shelf.away = False
    clock.time += SLOT
    assert {d.outcome for d in await writer.apply(wishes())} == {Outcome.DEFERRED}

    def told() -> int:
        return sum("setpoint_c" in write for s in shelves.values() for write in s.writes)

    by_minute = [told()]
    for _ in range(6):
        clock.time += timedelta(minutes=1)
        await writer.renew()
        by_minute.append(told())
    assert by_minute == [0, 20, 40, 60, 80, 100, 100]
    clock.time += timedelta(minutes=9)
    assert {d.outcome for d in await writer.apply(wishes())} == {Outcome.OK}


async def test_what_is_stopped_does_not_come_back(
    writer: Writer, shelf: Shelf, clock: SetClock
) -> None:
    shelf.away = True
    await writer.apply([wish(ROOM, 20.0)])
    await writer.relinquish_all()
    shelf.away = False
    clock.time += timedelta(minutes=1)
    await writer.renew()
    assert not shelf.writes
