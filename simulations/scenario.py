"""What a closed loop runs on: district, days, weather, prices, and what goes wrong."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from simulations.cars import Session
from simulations.faults import Fault, FaultKind
from simulations.people import People

WARM_UP_DAYS = 28
WANTED_AT_ONCE_KWH = 16.0
"""What each car asks for when all come at once. Assumption: two days of 44 km."""
LEAVES_AT = time(7, 30)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a closed loop runs on."""

    district: District = field(repr=False)
    horizon: Horizon
    """The slots that count."""
    weather: Weather = field(repr=False)
    """The true weather, from 28 days before the horizon to a day after it."""
    day_ahead_eur_per_kwh: NDArray[np.float64] = field(repr=False)
    """Day-ahead prices over the weather's horizon; NaN: the tariff's own. Shape [slots]."""
    price_source: str
    """Where they come from, for people."""
    seed: int = 1
    """Of people and forecast errors."""
    faults: tuple[Fault, ...] = ()
    """What breaks, and when."""
    wrong: float = 1.0
    """How many times as wrong as usual weather forecasts are."""
    all_cars_at_h: float | None = None
    """Local hour at which a car comes to every charge point, each day; None: as usual."""

    @property
    def past(self) -> Horizon:
        """The slots before those that count, for forecasts to learn from."""
        first = self.horizon.first.index - WARM_UP_DAYS * 96
        return Horizon(Slot(first), WARM_UP_DAYS * 96)

    def prices(self, horizon: Horizon) -> NDArray[np.float64]:
        """The day-ahead prices of some slots. Shape [slots]."""
        begin = self.weather.horizon.offset(horizon.first)
        return self.day_ahead_eur_per_kwh[begin : begin + horizon.length]

    def people(self) -> People:
        """The people from the past to a day after the slots that count."""
        people = People.make(self.district, self.weather.horizon, self.seed)
        if self.all_cars_at_h is not None:
            people = replace(people, sessions=self._at_once(people.sessions, self.all_cars_at_h))
        return self._overridden(people)

    def _at_once(self, usual: tuple[Session, ...], hour: float) -> tuple[Session, ...]:
        """Usual sessions until the first slot that counts; then every car at the same hour."""
        zone, begin = self.district.site.zone, self.horizon.first.start
        before = [session for session in usual if session.departure <= begin]
        day = begin.astimezone(zone).date()
        come: list[Session] = []
        while (arrival := _local(day, time(int(hour), round(hour % 1 * 60)), zone)) < (
            self.weather.horizon.starts[-1]
        ):
            leaves = _local(day + timedelta(days=1), LEAVES_AT, zone)
            come += [
                Session(
                    charge_point=point.id,
                    arrival=arrival,
                    departure=leaves,
                    energy_wanted_kwh=WANTED_AT_ONCE_KWH,
                    power_kw_max=min(point.power_kw_max, 11.0),
                    capacity_kwh=60.0,
                    charge_on_arrival=0.4,
                )
                for point in self.district.charge_points.values()
            ]
            day += timedelta(days=1)
        return tuple(before + come)

    def _overridden(self, people: People) -> People:
        """With the thermostats that faults say people turn."""
        turned = [fault for fault in self.faults if fault.kind is FaultKind.OVERRIDE]
        if not turned:
            return people
        offset_k, homes = people.offset_k.copy(), list(self.district.dwellings)
        begin = people.horizon.offset(self.horizon.first)
        for fault in turned:
            first = begin + round(fault.from_h * 4)
            part = slice(first, first + round(min(fault.for_h, 1e4) * 4))
            rows = [homes.index(d.serves) for d in fault.struck(self.district) if d.serves in homes]
            offset_k[rows, part] = fault.size
        return replace(people, offset_k=offset_k)


def _local(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
