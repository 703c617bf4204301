"""A plan in the Schedules of a zone controller: on its day, in its bounds, gone at a word."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import pytest_asyncio

from ems.devices.bacnet_schedule import NULL, SpecialEvent, TimeValue, encoded_event
from ems.devices.bacnet_schedules import ScheduleObject
from ems.devices.bacnet_tags import real
from ems.devices.connections import Connections
from ems.devices.maps import map_of
from ems.devices.plan_schedules import PlanSchedules, continued, planned_day
from ems.domain.district import Device, DeviceKind, District
from ems.domain.plans import Origin, Outcome, Plan, Reason, ReasonCode, SetpointRow, SolveReport
from ems.domain.slots import Horizon, Slot
from simulations import bacnet_servers
from simulations.bacnet_controller import Controller
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 1, 12)


def plan_of(device: Device, at: datetime, hours: Sequence[float], cool: float = 27.0) -> Plan:
    """A plan from `at` on with a heating setpoint for each hour."""
    horizon = Horizon(Slot.containing(at), 4 * len(hours))

    def row(name: str, values: Sequence[float]) -> SetpointRow:
        spec = map_of(device).points[name]
        return SetpointRow(
            point=f"{device.id}/{name}", unit=spec.unit, low=spec.low, high=spec.high,
            values=np.repeat(values, 4), reasons=(Reason(ReasonCode.COMFORT),) * horizon.length,
        )  # fmt: skip

    return Plan(
        id="p", issued_at=at, horizon=horizon, origin=Origin.OPTIMISED,
        report=SolveReport(solver="none", wall_s=0.0, cost_eur=0.0, bound_eur=0.0),
        setpoints=(row("heat_setpoint_c", hours), row("cool_setpoint_c", [cool] * len(hours))),
        series={},
    )  # fmt: skip


def local(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(MONDAY, time(hour, minute), PARIS).astimezone(UTC)


@pytest.fixture
def zone(district: District) -> Device:
    return district.on_loopback(87).of_kind(DeviceKind.ZONE)[2]


def test_the_day_of_the_first_slot_is_written_and_its_steps_only(zone: Device) -> None:
    plan = plan_of(zone, local(22), [20.0, 21.04, 18.0, 18.0])
    entries = planned_day(plan, zone, "heat_setpoint_c", PARIS)
    assert entries == (TimeValue(time(22), real(20.0)), TimeValue(time(23), real(21.0)))


def test_where_the_plan_ends_or_has_no_value_the_site_has_the_word(zone: Device) -> None:
    plan = plan_of(zone, local(6), [20.0, np.nan, 21.0])
    entries = planned_day(plan, zone, "heat_setpoint_c", PARIS)
    assert [(at.hour, raw) for at, raw in entries] == [
        (6, real(20.0)),
        (7, NULL),
        (8, real(21.0)),
        (9, NULL),
    ]


def test_frost_and_the_distance_of_cooling_from_heating_are_kept(zone: Device) -> None:
    plan = plan_of(zone, local(6), [7.0, 25.5], cool=26.0)
    heat = planned_day(plan, zone, "heat_setpoint_c", PARIS)
    cool = planned_day(plan, zone, "cool_setpoint_c", PARIS)
    assert [raw for _, raw in heat] == [real(12.0), real(25.5), NULL]
    assert [raw for _, raw in cool] == [real(26.0), real(26.5), NULL]


def test_what_rules_before_the_first_slot_goes_on_until_then() -> None:
    before = [TimeValue(time(h), real(v)) for h, v in ((0, 18.0), (6, 20.0), (9, 21.0))]
    other = [TimeValue(time(8), real(22.0))]
    same = [TimeValue(time(8), real(20.0)), TimeValue(time(10), real(19.0))]
    assert continued(before, other) == (before[1], other[0])
    assert continued(before, same) == (before[1], same[1])
    assert continued([], other) == tuple(other)


def test_a_point_without_a_row_has_no_plan(zone: Device) -> None:
    plan = replace(plan_of(zone, local(6), [20.0]), setpoints=())
    assert planned_day(plan, zone, "heat_setpoint_c", PARIS) == ()


@dataclass
class Site:
    """A zone controller of the simulator on a clock that is set by hand."""

    zone: Device
    image: ProcessImage
    controller: Controller
    schedules: PlanSchedules
    now: list[datetime]

    def heats_to(self, hour: int, minute: int = 0) -> float:
        self.now[0] = local(hour, minute)
        list(self.controller.notices(0.0))
        return self.image[f"{self.zone.id}/heat_setpoint_c"]


@pytest_asyncio.fixture
async def site(
    district: District, zone: Device, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    monkeypatch.setattr(bacnet_servers, "TELL_S", 60.0)
    few = district.on_loopback(87).with_devices([zone])
    image = ProcessImage.create(few)
    now = [local(5)]
    servers = BacnetServers(few, image, lambda: now[0])
    await servers.start()
    connections = Connections(few)
    yield Site(zone, image, servers.controllers[zone.id], connections.schedules()[zone.id], now)
    await connections.close()
    await servers.stop()


async def test_the_controller_follows_each_new_plan_without_a_gap(site: Site) -> None:
    first = await site.schedules.put(plan_of(site.zone, local(5), [21.0] * 24))
    assert set(first.values()) == {Outcome.OK}
    assert set(first) == {"heat_setpoint_c", "cool_setpoint_c"}
    assert site.heats_to(5, 50) == 21.0

    await site.schedules.put(plan_of(site.zone, local(6), [22.0] * 24))

    assert site.heats_to(5, 55) == 21.0
    assert site.heats_to(6) == 22.0


async def test_a_plan_that_says_the_same_is_not_written_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.schedules.put(plan_of(site.zone, local(5), [21.0, 22.0, *[20.0] * 22]))

    async def never(*_: object) -> Outcome:
        raise AssertionError("written")

    monkeypatch.setattr(ScheduleObject, "put", never)
    again = await site.schedules.put(plan_of(site.zone, local(6), [22.0, *[20.0] * 22, 24.0]))
    assert set(again.values()) == {Outcome.OK}


async def test_all_of_ours_is_withdrawn_and_nothing_of_others(site: Site) -> None:
    people = SpecialEvent(day=MONDAY, entries=(TimeValue(time(12), real(17.0)),), priority=1)
    schedule = site.schedules._objects["heat_setpoint_c"]
    await schedule._write(encoded_event(people))
    await site.schedules.put(plan_of(site.zone, local(5), [21.0] * 24))
    assert [len(events) for events in (await site.schedules.events()).values()] == [1, 1]

    assert set((await site.schedules.withdraw()).values()) == {Outcome.OK}

    assert set((await site.schedules.events()).values()) == {()}
    assert [site.heats_to(hour) for hour in (6, 13)] == [20.0, 17.0]


async def test_a_silent_controller_is_an_outcome(site: Site) -> None:
    site.image.silent[:] = 1
    outcomes = await site.schedules.put(plan_of(site.zone, local(5), [21.0] * 24))
    assert set(outcomes.values()) == {Outcome.UNREACHABLE}
    assert set((await site.schedules.withdraw()).values()) == {Outcome.UNREACHABLE}
