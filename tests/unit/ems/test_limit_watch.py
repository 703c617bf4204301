"""Between two plans: the feeder holds, and a car that plugs in is served within seconds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.plans import (
    Dispatched,
    Origin,
    Outcome,
    Plan,
    Reason,
    ReasonCode,
    Setpoint,
    SetpointRow,
    SolveReport,
)
from ems.domain.points import Quality, Reading, Unit
from ems.domain.slots import Horizon, Slot
from ems.limit_watch import LimitWatch

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Park:
    """The car park as devices tell of it, and take what they are told."""

    def __init__(self, district: District) -> None:
        self.moment = NOON
        self.values: dict[str, float] = {"M-HTA/power_kw": 300.0}
        self.told: list[Setpoint] = []
        self.recorded: list[str] = []
        self.held = {point.id for point in district.charge_points.values()}
        self.watch = LimitWatch(
            district, self, self.latest, lambda: self.held, self.apply, self.record
        )
        self.kw_per_a = {p.id: p.phases * 0.23 for p in district.charge_points.values()}

    def now(self) -> datetime:
        return self.moment

    def latest(self, point: str) -> Reading | None:
        value = self.values.get(point)
        return None if value is None else Reading(point, value, Quality.GOOD, self.moment)

    async def apply(self, setpoints: Sequence[Setpoint]) -> Sequence[Dispatched]:
        self.told += setpoints
        for one in setpoints:
            name = one.point.partition("/")[0]
            self.values[f"{name}/power_kw"] = one.value * self.kw_per_a[name]
        return [
            Dispatched(
                setpoint=s, outcome=Outcome.OK, written=s.value, read_back=s.value, at=self.moment
            )
            for s in setpoints
        ]

    async def record(self, plan_id: str, done: Sequence[Dispatched]) -> None:
        self.recorded += [plan_id] * len(done)

    async def pass_by(self, minutes: float) -> None:
        for _ in range(round(minutes * 12)):
            self.moment += timedelta(seconds=5)
            await self.watch.look()


def plan(currents_a: dict[str, float], hurried: str = "") -> Plan:
    def why(name: str) -> Reason:
        return Reason(ReasonCode.DEPARTURE if name == hurried else ReasonCode.CHEAP)

    rows = tuple(
        SetpointRow(
            point=f"{name}/current_limit_a",
            unit=Unit.AMPERE,
            low=0,
            high=32,
            values=np.full(4, amperes),
            reasons=(why(name),) * 4,
        )
        for name, amperes in currents_a.items()
    )
    return Plan(
        id="p",
        issued_at=NOON,
        horizon=Horizon(Slot.containing(NOON), 4),
        origin=Origin.OPTIMISED,
        report=SolveReport(solver="test", wall_s=0, cost_eur=0, bound_eur=0),
        setpoints=rows,
        series={},
    )


@pytest.fixture
def park(district: District) -> Park:
    return Park(district)


async def test_a_group_over_its_limit_lets_cars_wait_but_not_the_one_in_a_hurry(
    park: Park, district: District
) -> None:
    group = [p.id for p in district.charge_points.values() if p.group == "G1"][:13]
    park.watch.offer(plan(dict.fromkeys(group, 32.0), hurried=group[0]))
    for name in group:
        park.values |= {f"{name}/power_kw": 7.4, f"{name}/state": 2.0}
    await park.pass_by(12)
    total_kw = sum(park.values[f"{name}/power_kw"] for name in group)
    assert total_kw <= district.car_park.group_kw
    assert park.values[f"{group[0]}/power_kw"] == pytest.approx(7.4, abs=0.1)
    assert {s.reason.code for s in park.told} >= {ReasonCode.FEEDER_FULL}
    assert set(park.recorded) == {"p"}


async def test_what_is_not_under_command_is_not_touched(park: Park, district: District) -> None:
    group = [p.id for p in district.charge_points.values() if p.group == "G1"][:13]
    park.held = set()
    park.watch.offer(plan(dict.fromkeys(group, 32.0)))
    for name in group:
        park.values |= {f"{name}/power_kw": 7.4, f"{name}/state": 2.0}
    await park.pass_by(2)
    assert park.told == []


async def test_a_car_that_plugs_in_where_none_was_foreseen_charges_within_a_minute(
    park: Park,
) -> None:
    park.watch.offer(plan({"CP-01": 0.0}))
    park.values["CP-01/state"] = 0.0
    await park.pass_by(1)
    assert park.told == []
    park.values["CP-01/state"] = 1.0
    await park.pass_by(1)
    assert [s.value for s in park.told] == [32.0]
    park.values["CP-01/state"] = 0.0
    await park.pass_by(1)
    assert park.told[-1].value == 0.0


async def test_a_new_slot_begins_with_the_plans_own_values(park: Park, district: District) -> None:
    group = [p.id for p in district.charge_points.values() if p.group == "G1"][:13]
    park.watch.offer(plan(dict.fromkeys(group, 32.0)))
    for name in group:
        park.values |= {f"{name}/power_kw": 7.4, f"{name}/state": 2.0}
    await park.pass_by(3)
    assert park.watch.shed_kw > 0
    for name in group:
        park.values[f"{name}/power_kw"] = 1.0
    park.moment = NOON + timedelta(minutes=15)
    await park.watch.look()
    assert park.watch.shed_kw == 0
