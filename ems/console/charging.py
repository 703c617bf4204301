"""Cars that would leave short: what each still wants against what the plan gives it in time.

The driver tells the charge point what is wanted and when the car leaves (`energy_wanted_kwh`,
`departure_min`, the minutes left at the time of the reading). What can still be charged is the
planned power (`<charge point>/ev_kw`) until then, or, where no plan speaks of the car, the charge
point's own greatest power; the latter forgets the limits of group and feeder.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from ems.domain.district import ChargePoint, District
from ems.domain.plans import Plan
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H, Slot
from ems.domain.snapshot import Snapshot

CONNECTED = (1.0, 2.0)
"""`state` of a charge point with a car: idle, charging."""

TOLERANCE_KWH = 0.5
"""Less than a few minutes of charging is not worth a warning."""


@dataclass(frozen=True, kw_only=True)
class ShortCar:
    """A car that would leave with less than its driver wants."""

    charge_point: str
    """Where it stands."""

    missing_kwh: float
    """How much it would lack."""

    departure: datetime
    """When it leaves, UTC."""


@dataclass(frozen=True, kw_only=True)
class Charging:
    """The cars at the charge points."""

    connected: int
    """Cars that are plugged in."""

    unknown: int
    """Charge points without a usable state."""

    total: int
    """Charge points."""

    short: tuple[ShortCar, ...]
    """Cars at risk, the one that lacks most first."""


def charging(district: District, snapshot: Snapshot, plan: Plan | None, now: datetime) -> Charging:
    """Who is plugged in, and who would leave short."""
    states = {
        cp.id: snapshot.value(point_id(cp.id, "state")) for cp in district.charge_points.values()
    }
    connected = [district.charge_points[key] for key, s in states.items() if s in CONNECTED]
    short = [car for cp in connected if (car := short_car(cp, snapshot, plan, now)) is not None]
    return Charging(
        connected=len(connected),
        unknown=sum(not isfinite(state) for state in states.values()),
        total=len(states),
        short=tuple(sorted(short, key=lambda car: -car.missing_kwh)),
    )


def short_car(
    charge_point: ChargePoint, snapshot: Snapshot, plan: Plan | None, now: datetime
) -> ShortCar | None:
    """The car at `charge_point` if it would leave short; None too when its wish is not known."""
    wanted, charged, minutes = snapshot.values(
        point_id(charge_point.id, name)
        for name in ("energy_wanted_kwh", "session_energy_kwh", "departure_min")
    )
    if not (isfinite(wanted) and isfinite(charged) and isfinite(minutes)):
        return None
    told_at = snapshot.readings[point_id(charge_point.id, "departure_min")].at
    departure = told_at + timedelta(minutes=float(minutes))
    missing = float(wanted - charged) - deliverable_kwh(charge_point, plan, now, departure)
    if missing <= TOLERANCE_KWH:
        return None
    return ShortCar(charge_point=charge_point.id, missing_kwh=missing, departure=departure)


def deliverable_kwh(
    charge_point: ChargePoint, plan: Plan | None, now: datetime, departure: datetime
) -> float:
    """What the car can still take until `departure`."""
    if departure <= now:
        return 0.0
    slots = range(Slot.containing(now).index, Slot.containing(departure).index + 1)
    return sum(
        _power_kw(charge_point, plan, index) * SLOT_H * _share(index, now, departure)
        for index in slots
    )


def _power_kw(charge_point: ChargePoint, plan: Plan | None, index: int) -> float:
    name = point_id(charge_point.id, "ev_kw")
    if plan is None or name not in plan.series or Slot(index) not in plan.horizon:
        return charge_point.power_kw_max
    return float(plan.series[name][plan.horizon.offset(Slot(index))])


def _share(index: int, begin: datetime, end: datetime) -> float:
    slot = Slot(index)
    overlap = min(slot.end, end) - max(slot.start, begin)
    return max(0.0, overlap / (slot.end - slot.start))
