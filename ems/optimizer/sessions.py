"""Charging sessions: which cars are plugged in, what they still want, and until when they stay.

A car is planned to be done before it leaves: by a slot, so that a late plan or a lost message does
no harm, and by the time that the slow end of charging may cost. A
car that has no such time in hand is charged at once. So is one that has not been seen to charge and
would be late if it took the least that cars take: a quarter hour later its limit is known.

A charge point whose car is done and leaves within the first slot, or is gone before it, is as good
as free: the next car may come in that slot and have no time to lose.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import numpy as np

from ems.domain.district import ChargePoint, DeviceKind, District
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Plan
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H, Horizon
from ems.domain.snapshot import Snapshot
from ems.optimizer.problem import Cars, Floats

EARLY_SLOTS = 1
"""How long before it leaves a car should be done."""
SPARE_SHARE = 2.0
"""Of what a car still wants, what it could have taken in the time kept in hand: from 80 % of charge
on a battery takes less and less, so that its last tenth takes up to three times its time."""
SPARE_KWH = 12.0
"""At most, as only the last fifth of a battery fills so slowly."""
USUAL_KW = 3.68
"""The least that cars take: one phase of 16 A at 230 V."""
UNSAID_KWH = 10.0
"""Wanted by a car whose charge point does not say."""
UNSAID_H = 4.0
"""Stay of such a car, and of one that is still there after it meant to leave."""
DONE_KWH = 0.05
"""A car that wants less than this has what it wanted."""


CONNECTED = (1.0, 2.0)
"""States of a charge point with a car: idle and charging."""
FLOWING_A = 1.0
"""A current above this is one."""
FOLLOWED_A = 6.0
"""A charge point that somebody holds below this charges no car (IEC 61851-1)."""
PHASE_V = 230.0
"""Between phase and neutral."""
KEEPS_UP_SHARE = 0.9
"""A car that draws less than this of what it is allowed has a limit of its own..."""
ROOM_SHARE = 1.2
"""...which is taken as this much more than what it draws, so that the next plan still sees it."""


class Plug(Enum):
    """What stands at a charge point."""

    FREE = "free"
    """No car, or one that is off before it could be charged: the next one may come."""
    CAR = "car"
    DONE = "done"
    """A car that has what it wanted."""
    UNKNOWN = "unknown"
    """The charge point does not answer or has an error."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One charge point as it stands."""

    point: ChargePoint
    """Which one."""
    device: str
    """The device that serves it."""
    plug: Plug
    """What stands there."""
    wanted_kwh: float = 0.0
    """Still wanted."""
    hours: float = 0.0
    """From the start of the plan until the car leaves."""
    phases: int = 1
    """Phases that the car uses."""
    power_kw_max: float = 0.0
    """Greatest power of car and charge point together, as far as it is known."""
    own_kw: float = float("nan")
    """What the car itself takes at most, seen now or earlier in its stay; NaN: not seen yet."""

    @property
    def sure_kw(self) -> float:
        """What the car is sure to take: what it was seen to, or the least that cars take."""
        known = self.own_kw if np.isfinite(self.own_kw) else USUAL_KW
        return min(self.power_kw_max, known)

    @property
    def has_time(self) -> bool:
        """Whether it can wait and still be done with time in hand."""
        return self.wanted_kwh <= self.sure_kw * self.early_h

    @property
    def early_h(self) -> float:
        """Until when it should be done, so that a slow end and a lost message do no harm."""
        spare_kwh = min(SPARE_SHARE * self.wanted_kwh, SPARE_KWH)
        return self.hours - EARLY_SLOTS * SLOT_H - spare_kwh / self.sure_kw


def sessions(
    district: District, snapshot: Snapshot, horizon: Horizon, previous: Plan | None = None
) -> tuple[tuple[Session, ...], list[str]]:
    """Every charge point as it stands, and notes on what was not said.

    `previous` tells what was seen of the cars when it was made.
    """
    notes: list[str] = []
    found = []
    for point in district.charge_points.values():
        device = district.device_of.get((DeviceKind.CHARGE_POINT, point.id))
        if device is not None:
            found.append(_session(point, device.id, snapshot, horizon, previous, notes))
    return tuple(found), notes


def own_limit_series(point: str) -> str:
    """Name of the series in which a plan remembers what a car takes at most."""
    return f"{point}/own_limit_kw"


def _session(
    point: ChargePoint,
    device: str,
    snapshot: Snapshot,
    horizon: Horizon,
    previous: Plan | None,
    notes: list[str],
) -> Session:
    left_kwh, hours = _wish(device, snapshot, horizon)
    held_a = snapshot.held(point_id(device, "current_limit_a"))
    current_a_max = float(np.fmin(point.current_a_max, held_a))
    state = snapshot.value(point_id(device, "state"))
    plug = _plug(state, left_kwh if current_a_max >= FOLLOWED_A else 0.0, hours)
    if plug in (Plug.FREE, Plug.UNKNOWN):
        return Session(point=point, device=device, plug=plug, phases=point.phases)
    if not (np.isfinite(left_kwh) and np.isfinite(hours)):
        notes.append(f"{point.id}: a car that says too little, {UNSAID_KWH:g} kWh supposed")
    phases = _phases(point, device, snapshot)
    own_kw = _own_kw(point, device, snapshot, previous)
    rated_kw = min(point.power_kw_max, phases * current_a_max * PHASE_V / 1000)
    return Session(
        point=point,
        device=device,
        plug=plug,
        wanted_kwh=max(left_kwh, 0.0) if np.isfinite(left_kwh) else UNSAID_KWH,
        hours=hours if np.isfinite(hours) else UNSAID_H,
        phases=phases,
        power_kw_max=min(rated_kw, ROOM_SHARE * own_kw) if np.isfinite(own_kw) else rated_kw,
        own_kw=own_kw,
    )


def _wish(device: str, snapshot: Snapshot, horizon: Horizon) -> tuple[float, float]:
    """What the car still wants, kWh, and for how many hours it stays; NaN where it does not say."""
    wanted, charged = snapshot.values(
        point_id(device, name) for name in ("energy_wanted_kwh", "session_energy_kwh")
    )
    left_kwh = float(wanted - (charged if np.isfinite(charged) else 0.0))
    return left_kwh, _hours_left(device, snapshot, horizon)


def _plug(state: float, left_kwh: float, hours: float) -> Plug:
    """What stands at a charge point, as the plan sees it."""
    if state not in CONNECTED:
        return Plug.FREE if state == 0.0 else Plug.UNKNOWN
    done = left_kwh < DONE_KWH
    if hours <= 0 or (done and hours < SLOT_H):
        return Plug.FREE
    return Plug.DONE if done else Plug.CAR


def _phases(point: ChargePoint, device: str, snapshot: Snapshot) -> int:
    """One where a car at a three-phase charge point draws from its first phase alone."""
    first, second = snapshot.values(point_id(device, f"current_l{phase}_a") for phase in (1, 2))
    return 1 if first > FLOWING_A and second < FLOWING_A else point.phases


def _own_kw(point: ChargePoint, device: str, snapshot: Snapshot, previous: Plan | None) -> float:
    """What the car takes where that is clearly less than it is allowed; NaN if it never was.

    Remembered from plan to plan while the car waits; a car that suddenly takes more is another one.
    """
    drawn, limit_a, current_a = snapshot.values(
        point_id(device, name) for name in ("power_kw", "current_limit_a", "current_l1_a")
    )
    flows = current_a > FLOWING_A
    allowed_a = min(limit_a, point.current_a_max)
    if flows and (current_a < KEEPS_UP_SHARE * allowed_a or allowed_a == point.current_a_max):
        return float(drawn)
    held = previous.series.get(own_limit_series(point.id)) if previous else None
    if held is None or (flows and drawn > ROOM_SHARE * held[0]):
        return float("nan")
    return float(held[0])


def _hours_left(device: str, snapshot: Snapshot, horizon: Horizon) -> float:
    """Hours from the start of `horizon` until the car leaves, none if it is gone by then.

    NaN if it does not say.
    """
    point = point_id(device, "departure_min")
    minutes = snapshot.value(point)
    if not np.isfinite(minutes):
        return float("nan")
    if minutes <= 0:
        return UNSAID_H
    leaves = snapshot.readings[point].at + timedelta(minutes=minutes)
    return max((leaves - horizon.first.start).total_seconds() / 3600, 0.0)


def cars_of(found: tuple[Session, ...]) -> list[Session]:
    """The cars that want energy, in the order of the problem's."""
    return [session for session in found if session.plug is Plug.CAR]


def cars(district: District, found: tuple[Session, ...], forecasts: Forecasts) -> Cars:
    """The cars that want energy, as the problem takes them."""
    park = district.car_park
    wanting = cars_of(found)
    groups = tuple(sorted({point.group for point in district.charge_points.values()}))
    kept = forecasts["car_park/future_kw"]
    return Cars(
        names=tuple(session.point.id for session in wanting),
        group=np.array([groups.index(s.point.group) for s in wanting], dtype=np.intp),
        power_kw_max=np.array([session.power_kw_max for session in wanting]),
        wanted_kwh=np.array([session.wanted_kwh for session in wanting]),
        present=presence(wanting, forecasts.horizon.length),
        late=_late(wanting, forecasts.horizon.length),
        shortfall_eur_per_kwh=park.shortfall_eur_per_kwh,
        groups=groups,
        group_kw_max=park.group_kw,
        feeder_kw_max=np.maximum(park.feeder_kw - kept, 0.0),
    )


def presence(wanting: list[Session], slots: int) -> Floats:
    """Part of each slot in which each car is there. Shape [slots, cars]."""
    return _part_of_slots(np.array([session.hours for session in wanting]), slots)


def _late(wanting: list[Session], slots: int) -> Floats:
    """Of the time that each car is there, the part kept in hand. Shape [slots, cars]."""
    in_time = _part_of_slots(np.array([_charging_hours(s) for s in wanting]), slots)
    there = presence(wanting, slots)
    late: Floats = np.where(there > 0, 1 - in_time / np.maximum(there, 1e-9), 0.0)
    return late


def _part_of_slots(hours: Floats, slots: int) -> Floats:
    begins = np.arange(slots)[:, None] * SLOT_H
    share: Floats = np.clip((hours - begins) / SLOT_H, 0.0, 1.0)
    return share


def _charging_hours(session: Session) -> float:
    """When a car should be done: early if it has time in hand, else as soon as it can."""
    if session.has_time:
        return session.early_h
    return min(session.hours, session.wanted_kwh / max(session.power_kw_max, 1e-6))
