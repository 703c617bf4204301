"""The overview: what an operator must see in the first five seconds, reckoned from one snapshot.

In the order of importance: who decides and by which plan, how fresh the data is, the import against
the subscribed power, comfort, cars that would leave short, the batteries beside their plan, then PV
and heat pumps. Pure: snapshot, plan, mode and moment come in, one frozen value goes out. What is
stale is left out of sums and counted; what was never measured is None.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ems.console.charging import Charging, charging
from ems.console.comfort import dwellings, zones
from ems.console.figures import DataAge, Figure, Tally, data_age, measured, total
from ems.domain.district import DeviceKind, District
from ems.domain.plans import Mode, Origin, Plan
from ems.domain.points import point_id
from ems.domain.slots import Slot
from ems.domain.snapshot import Snapshot

GRID_METER = "M-HTA/power_kw"
"""Net import of everything behind the district's meter, kW."""


class Standing(StrEnum):
    """Whether a plan speaks of the present slot."""

    AHEAD = "ahead"
    """Its first slot is still to come."""
    IN_FORCE = "in_force"
    """It does."""
    ENDED = "ended"
    """Its last slot is past."""


@dataclass(frozen=True, kw_only=True)
class PlanState:
    """The live plan in a few words."""

    id: str
    """Its UUID."""

    issued_at: datetime
    """When it was made."""

    first: datetime
    """Start of the first slot that it covers."""

    until: datetime
    """End of the last one."""

    standing: Standing
    """Whether it speaks of the present slot."""

    origin: Origin
    """Which step of the ladder it comes from."""

    message: str
    """What its maker wants the operator to know."""

    solver: str
    """What made it."""

    wall_s: float
    """How long that took."""

    cost_eur: float
    """Expected cost over its horizon; NaN for rules."""

    gap_share: float | None
    """How far, at most, the cost lies above the best possible; None without a proof."""

    degraded: tuple[str, ...]
    """Inputs that were less than usual."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The district's connection to the grid."""

    net_kw: Figure
    """Import (export negative)."""

    subscribed_kw: float
    """Power that may be drawn without an overrun."""

    distance_kw: float | None
    """What may still be added; None while the import is not known for sure."""

    peak_kw: float | None
    """Highest import that the plan expects from now on; None: no plan says."""

    peak_at: datetime | None
    """When."""


@dataclass(frozen=True, kw_only=True)
class BatteryState:
    """One battery."""

    id: str
    """Its id."""

    soc_pct: Figure
    """State of charge beside the planned one."""

    power_kw: Figure
    """Charging power, negative when it gives."""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All of it."""

    now: datetime
    """District time."""

    mode: Mode
    """Who decides what is written."""

    plan: PlanState | None
    """The live plan; None: there was never one."""

    data: DataAge
    """How fresh the readings are."""

    connection: Connection
    """Import against subscribed power."""

    dwellings: Tally
    """Warm enough, of 412."""

    zones: Tally
    """Within their band, of those in use now."""

    charging: Charging
    """Cars, and those that would leave short."""

    ev_kw: Figure
    """Charging power of all cars."""

    batteries: tuple[BatteryState, ...]
    """Each battery."""

    pv_kw: Figure
    """PV generation."""

    heat_pump_kw: Figure
    """Electric power of the heat pumps."""

    heat_kw: Figure
    """Heat that they give."""

    @property
    def degraded(self) -> bool:
        """Whether anything stands between the district and its best plan."""
        plan = self.plan
        if plan is None or plan.standing is not Standing.IN_FORCE:
            return True
        return plan.origin is not Origin.OPTIMISED or bool(plan.degraded)


def overview(
    district: District, snapshot: Snapshot, plan: Plan | None, mode: Mode, now: datetime
) -> Overview:
    """The district at `now`; `snapshot` has its stale readings marked already."""

    def power(kind: DeviceKind, name: str, series: str | None = None) -> Figure:
        points = [point_id(device.id, name) for device in district.of_kind(kind)]
        return total(snapshot, points, planned_at(plan, series, now))

    return Overview(
        now=now,
        mode=mode,
        plan=None if plan is None else plan_state(plan, now),
        data=data_age(snapshot),
        connection=connection(district, snapshot, plan, now),
        dwellings=dwellings(district, snapshot),
        zones=zones(district, snapshot, now),
        charging=charging(district, snapshot, plan, now),
        ev_kw=power(DeviceKind.CHARGE_POINT, "power_kw", "ev_kw"),
        batteries=tuple(battery_states(district, snapshot, plan, now)),
        pv_kw=power(DeviceKind.PV_INVERTER, "power_kw", "pv_kw"),
        heat_pump_kw=power(DeviceKind.HEAT_PUMP, "electric_power_kw", "heat_pump_kw"),
        heat_kw=power(DeviceKind.HEAT_PUMP, "heat_power_kw"),
    )


def planned_at(plan: Plan | None, series: str | None, now: datetime) -> float | None:
    """What `plan` expects of a series in the slot of `now`; None when it does not say."""
    slot = Slot.containing(now)
    if plan is None or series is None or series not in plan.series or slot not in plan.horizon:
        return None
    return float(plan.series[series][plan.horizon.offset(slot)])


def plan_state(plan: Plan, now: datetime) -> PlanState:
    """The plan in a few words."""
    report = plan.report
    return PlanState(
        id=plan.id,
        issued_at=plan.issued_at,
        first=plan.horizon.first.start,
        until=(plan.horizon.first + plan.horizon.length).start,
        standing=standing(plan, now),
        origin=plan.origin,
        message=report.message,
        solver=report.solver,
        wall_s=report.wall_s,
        cost_eur=report.cost_eur,
        gap_share=gap_share(report.cost_eur, report.bound_eur),
        degraded=plan.forecasts_degraded,
    )


def standing(plan: Plan, now: datetime) -> Standing:
    """Whether `plan` speaks of the slot of `now`."""
    slot = Slot.containing(now)
    if slot in plan.horizon:
        return Standing.IN_FORCE
    return Standing.AHEAD if slot < plan.horizon.first else Standing.ENDED


def gap_share(cost_eur: float, bound_eur: float) -> float | None:
    """Distance of a cost from its proven bound, as a share of the cost; None without both."""
    gap = (cost_eur - bound_eur) / max(abs(cost_eur), 1e-9)
    return gap if gap == gap else None


def connection(
    district: District, snapshot: Snapshot, plan: Plan | None, now: datetime
) -> Connection:
    """Import against subscribed power."""
    net = measured(snapshot, GRID_METER, planned_at(plan, "net_kw", now))
    subscribed_kw = district.tariff.subscribed_kw
    peak_kw, peak_at = peak_ahead(plan, now)
    return Connection(
        net_kw=net,
        subscribed_kw=subscribed_kw,
        distance_kw=None if net.value is None or not net.usable else subscribed_kw - net.value,
        peak_kw=peak_kw,
        peak_at=peak_at,
    )


def peak_ahead(plan: Plan | None, now: datetime) -> tuple[float | None, datetime | None]:
    """The highest import that `plan` expects in the present slot or later, and when."""
    slots = () if plan is None or "net_kw" not in plan.series else plan.horizon.slots
    ahead = [index for index in slots if Slot(index).end > now]
    if plan is None or not ahead:
        return None, None
    powers_kw = plan.series["net_kw"][-len(ahead) :]
    position = int(powers_kw.argmax())
    return float(powers_kw[position]), Slot(ahead[position]).start


def battery_states(
    district: District, snapshot: Snapshot, plan: Plan | None, now: datetime
) -> list[BatteryState]:
    """Each battery beside its plan."""
    states = []
    for battery in district.batteries.values():
        planned_kwh = planned_at(plan, point_id(battery.id, "soc_kwh"), now)
        planned_pct = None if planned_kwh is None else 100 * planned_kwh / battery.capacity_kwh
        states.append(
            BatteryState(
                id=battery.id,
                soc_pct=measured(snapshot, point_id(battery.id, "soc_pct"), planned_pct),
                power_kw=measured(snapshot, point_id(battery.id, "power_kw")),
            )
        )
    return states
