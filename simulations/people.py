"""People of the virtual district: when they are at home or at work, what they use and open.

Everything of a local day is drawn from the seed and the day alone, so that a day is the same
whatever horizon is asked for: history, warm-up and run of one seed fit together.

Dwellings: hot water 56 +- 23 L per person and day at 40 °C (ADEME and COSTIC 2016), spread over
the hours like the draws of OpenDHW, smoothed; occupancy after the RT2012 scenario of EDF
BuildSysPro with each household's own hours. What zones use follows their use profile.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from math import cos, pi
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.slots import Horizon
from simulations import habits
from simulations.appliances import appliances_kw
from simulations.cars import Session, sessions_in

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class People:
    """What people do over slots. Rooms are the dwellings, then the zones, in the lists' order."""

    horizon: Horizon
    """The slots that are covered."""

    presence: Floats = field(repr=False)
    """1 when somebody is at home. Shape [dwellings, slots]."""

    gains_kw: Floats = field(repr=False)
    """Heat of people, light and appliances. Shape [rooms, slots]."""

    appliances_kw: Floats = field(repr=False)
    """Electricity of the dwellings, behind their own meters. Shape [dwellings, slots]."""

    zone_power_kw: Floats = field(repr=False)
    """Electricity of the zones. Shape [zones, slots]."""

    shared_power_kw: Floats = field(repr=False)
    """Lifts, corridors, fans. Shape [buildings, slots]."""

    draws_l_per_h: Floats = field(repr=False)
    """Hot water of dwellings, litres per hour at 40 °C. Shape [dwellings, slots]."""

    other_draws_l_per_h: Floats = field(repr=False)
    """The same of what is no dwelling. Shape [buildings, slots]."""

    attendance: Floats = field(repr=False)
    """Share of the people who belong to a zone that are there. Shape [zones, slots]."""

    airing: NDArray[np.bool_] = field(repr=False)
    """Windows opened for fresh air. Shape [dwellings, slots]."""

    offset_k: Floats = field(repr=False)
    """What residents turn their thermostat up or down by. Shape [dwellings, slots]."""

    sessions: tuple[Session, ...] = field(repr=False)
    """Cars at the charge points, by arrival."""

    @classmethod
    def make(cls, district: District, horizon: Horizon, seed: int) -> Self:
        """The people of a district over a horizon; arrays lie slot by slot, as plants read them."""
        days = [
            _Day.of(district, seed, day, hours) for day, hours in _local_days(district, horizon)
        ]
        columns = {
            name: np.asfortranarray(np.concatenate([getattr(day, name) for day in days], axis=1))
            for name in _Day.__dataclass_fields__
        }
        return cls(horizon=horizon, sessions=sessions_in(district, horizon, seed), **columns)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Itself: nothing in it changes, and it is large."""
        return self

    def over(self, horizon: Horizon) -> "People":
        """The part that covers `horizon`; all of it must be covered."""
        begin = horizon.first.index - self.horizon.first.index
        part = slice(begin, begin + horizon.length)
        arrays = {n: getattr(self, n)[:, part] for n in _Day.__dataclass_fields__}
        return People(horizon=horizon, sessions=self.sessions, **arrays)


@dataclass(frozen=True, kw_only=True)
class _Day:
    """The slots of one local day, or those of them that the horizon holds."""

    presence: Floats
    gains_kw: Floats
    appliances_kw: Floats
    zone_power_kw: Floats
    shared_power_kw: Floats
    draws_l_per_h: Floats
    other_draws_l_per_h: Floats
    attendance: Floats
    airing: NDArray[np.bool_]
    offset_k: Floats

    @classmethod
    def of(cls, district: District, seed: int, day: date, keep: "_Hours") -> Self:
        rng = np.random.default_rng([seed, 1, day.toordinal()])
        homes, hours = habits.Households.of(district, seed), _DAY_HOURS
        weekday = day.isoweekday()
        off = weekday > 5
        presence = habits.presence_of(homes, rng, off, hours)
        appliances = appliances_kw(homes.power_kw, rng, presence, hours)
        attendance = habits.attendance_of(district, rng, weekday, hours)
        zones = habits.zone_powers(district, attendance)
        gains = np.vstack([habits.gains_kw(homes, presence, appliances), zones.gains_kw])
        return cls(
            presence=presence[:, keep],
            gains_kw=gains[:, keep],
            appliances_kw=appliances[:, keep],
            zone_power_kw=zones.electricity_kw[:, keep],
            shared_power_kw=habits.shared_kw(district, rng, hours)[:, keep],
            draws_l_per_h=habits.draws_l_per_h(homes, rng, presence, off, hours)[:, keep],
            other_draws_l_per_h=habits.other_draws_l_per_h(district, rng, weekday, hours)[:, keep],
            attendance=attendance[:, keep],
            airing=habits.airing(homes, rng, presence, hours, _warm(day))[:, keep],
            offset_k=habits.offsets_k(homes, rng, hours)[:, keep],
        )


def _warm(day: date) -> float:
    """0 in the middle of January, 1 in the middle of July."""
    return 0.5 - 0.5 * cos(2 * pi * (day.timetuple().tm_yday - 15) / 365)


_Hours = NDArray[np.intp]
_DAY_HOURS: Floats = np.arange(96) / 4
"""Quarter hours of an ordinary day; a day that changes clock skips or repeats some of them."""


def _local_days(district: District, horizon: Horizon) -> Iterator[tuple[date, _Hours]]:
    """Each local day with the quarter hours of it that the horizon holds."""
    zone = district.site.zone
    days: dict[date, list[int]] = {}
    for start in horizon.starts:
        local = start.astimezone(zone)
        days.setdefault(local.date(), []).append(local.hour * 4 + local.minute // 15)
    for day, quarters in days.items():
        yield day, np.array(quarters, dtype=np.intp)
