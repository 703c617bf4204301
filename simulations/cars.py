"""Electric cars in the car park: who comes when, wants how much, and leaves when.

Offices fill the charge points by day, residents by night. Figures by day follow 25,697 sessions at
SAP Mougins, 2017 to 2021 (mean 24 kWh; 30 % arrive in the hour from 8, 19 % from 9, 12 % from 13;
median stay 3.7 h, one in ten above 9 h); residents come home at 17 to 20 h and want 9 kWh.

Sessions are drawn by weeks that begin on Sunday at 15:00, when no car stays: so a week's cars are
the same whatever horizon is asked for.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import exp
from zoneinfo import ZoneInfo

import numpy as np

from building_models import ev
from ems.domain.district import ChargePoint, District
from ems.domain.slots import Horizon

WORK_CARS_PER_DAY = 46
HOME_CARS_PER_NIGHT = 38
SATURDAY_VISITORS = 10

_WORK_HOURS = np.array([7, 8, 9, 10, 11, 13, 14, 15])
_WORK_SHARES = np.array([0.10, 0.30, 0.19, 0.09, 0.05, 0.12, 0.10, 0.05])
_WORK_MEDIAN_KWH, _WORK_SPREAD, _WORK_KW = 28.0, 0.72, 7.2
"""Before what a stay allows is taken into account; 24 kWh in the mean after it."""

_STAY_AND_ENERGY = 0.7
"""Correlation: who stays long wants much."""

_HOME_KWH, _HOME_SHAPE = 9.0, 3.0
_STAY_MEDIAN_H, _STAY_SPREAD = 3.7, 0.69
_CAPACITIES_KWH = np.array([40.0, 52.0, 60.0, 77.0])
_LEAST_STAY = timedelta(minutes=20)


@dataclass(frozen=True, kw_only=True)
class Session:
    """One car at one charge point."""

    charge_point: str
    """Where it is plugged in."""

    arrival: datetime
    """UTC."""

    departure: datetime
    """UTC."""

    energy_wanted_kwh: float
    """What the driver asks for."""

    power_kw_max: float
    """The least of what the car, the charge point and its greatest current can do."""

    capacity_kwh: float
    """The car's battery."""

    charge_on_arrival: float
    """State of charge when it comes, 0 to 1."""

    @property
    def energy_servable_kwh(self) -> float:
        """What could have been charged in its stay, had it had its power all the time."""
        stay_h = (self.departure - self.arrival) / timedelta(hours=1)
        possible_kwh = ev.energy_within_kwh(
            self.power_kw_max, self.capacity_kwh, self.charge_on_arrival, stay_h
        )
        return min(self.energy_wanted_kwh, possible_kwh)


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A car that has left."""

    session: Session
    """The car and its stay."""

    delivered_kwh: float
    """What it got."""

    @property
    def short_kwh(self) -> float:
        """What it left without, of what could have been charged in its stay."""
        return max(0.0, self.session.energy_servable_kwh - self.delivered_kwh)


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """A car that would like to charge, before it has found a place."""

    arrival: datetime
    departure: datetime
    wanted_kwh: float


def sessions_in(district: District, horizon: Horizon, seed: int) -> tuple[Session, ...]:
    """All sessions that touch the horizon, by arrival."""
    zone = district.site.zone
    begin, end = horizon.first.start, horizon.starts[-1] + timedelta(minutes=15)
    week, points = _week_before(begin, zone), tuple(district.charge_points.values())
    found: list[Session] = []
    while datetime.combine(week, time(15), zone) < end:
        found += _week(points, district.car_park.voltage_v, week, seed, zone)
        week += timedelta(days=7)
    return tuple(s for s in found if s.departure > begin and s.arrival < end)


def _week_before(moment: datetime, zone: ZoneInfo) -> date:
    local = moment.astimezone(zone)
    sunday = local.date() - timedelta(days=local.isoweekday() % 7)
    return sunday if local >= datetime.combine(sunday, time(15), zone) else sunday - timedelta(7)


@lru_cache(maxsize=64)
def _week(
    points: tuple[ChargePoint, ...], voltage_v: float, sunday: date, seed: int, zone: ZoneInfo
) -> tuple[Session, ...]:
    rng = np.random.default_rng([seed, 2, sunday.toordinal()])
    visits: list[_Visit] = []
    for day in range(8):
        visits += _visits(rng, sunday + timedelta(days=day), day, zone)
    visits.sort(key=lambda visit: visit.arrival)
    free_from = dict.fromkeys((p.id for p in points), datetime.min.replace(tzinfo=UTC))
    placed = []
    for visit in visits:
        free = [p for p in points if free_from[p.id] <= visit.arrival]
        if free:
            point = free[rng.integers(len(free))]
            free_from[point.id] = visit.departure + timedelta(minutes=5)
            placed.append(_session(rng, point, visit, voltage_v))
    return tuple(placed)


def _visits(rng: np.random.Generator, day: date, of_week: int, zone: ZoneInfo) -> list[_Visit]:
    """Who comes on a day of the week that begins on Sunday at 15:00 (day 0; day 7 adds nobody)."""
    if of_week == 7:
        return []
    visits = [_home(rng, day, zone) for _ in range(rng.poisson(HOME_CARS_PER_NIGHT))]
    by_day = {0: 0, 6: SATURDAY_VISITORS}.get(of_week, WORK_CARS_PER_DAY)
    return visits + [_work(rng, day, zone) for _ in range(rng.poisson(by_day))]


def _work(rng: np.random.Generator, day: date, zone: ZoneInfo) -> _Visit:
    arrival_h = rng.choice(_WORK_HOURS, p=_WORK_SHARES) + rng.random()
    long = rng.normal()
    much = _STAY_AND_ENERGY * long + (1 - _STAY_AND_ENERGY**2) ** 0.5 * rng.normal()
    stay_h = _STAY_MEDIAN_H * exp(_STAY_SPREAD * long)
    departure_h = max(arrival_h + 0.4, min(arrival_h + stay_h, 18.5 + rng.random()))
    # nobody asks for much more than his stay can give
    most = _WORK_KW * (departure_h - arrival_h)
    wanted = min(most, 60.0, _WORK_MEDIAN_KWH * exp(_WORK_SPREAD * much))
    return _visit(day, arrival_h, departure_h, wanted, zone)


def _home(rng: np.random.Generator, day: date, zone: ZoneInfo) -> _Visit:
    arrival_h = float(np.clip(rng.normal(18.4, 1.0), 16.0, 22.0))
    off = (day + timedelta(days=1)).isoweekday() > 5
    leaves_h = np.clip(rng.normal(10.0, 1.2), 7.0, 13.5) if off else rng.normal(7.7, 0.6)
    wanted = np.clip(rng.gamma(_HOME_SHAPE, _HOME_KWH / _HOME_SHAPE), 2.0, 40.0)
    return _visit(day, arrival_h, 24.0 + float(leaves_h), float(wanted), zone)


def _visit(day: date, from_h: float, to_h: float, wanted_kwh: float, zone: ZoneInfo) -> _Visit:
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    arrival = midnight + timedelta(minutes=round(from_h * 60))
    departure = max(midnight + timedelta(minutes=round(to_h * 60)), arrival + _LEAST_STAY)
    return _Visit(arrival=arrival, departure=departure, wanted_kwh=wanted_kwh)


def _session(
    rng: np.random.Generator, point: ChargePoint, visit: _Visit, voltage_v: float
) -> Session:
    onboard_kw = rng.choice([7.4, 3.7], p=[0.85, 0.15])
    if point.phases == 3:
        onboard_kw = rng.choice([11.0, 22.0, 7.4], p=[0.65, 0.25, 0.10])
    full_kw = float(ev.power_kw(point.current_a_max, point.phases, voltage_v))
    capacity = float(rng.choice(_CAPACITIES_KWH))
    wanted = min(visit.wanted_kwh, 0.85 * capacity)
    leaves_with = max(rng.uniform(0.75, 1.0), 0.05 + wanted / capacity)
    return Session(
        charge_point=point.id,
        arrival=visit.arrival,
        departure=visit.departure,
        energy_wanted_kwh=wanted,
        power_kw_max=float(min(onboard_kw, point.power_kw_max, full_kw)),
        capacity_kwh=capacity,
        charge_on_arrival=leaves_with - wanted / capacity,
    )
