"""What controllers on site do by themselves, and how long they obey somebody else.

A command holds as long as its heartbeat is renewed: the EMS writes a counter (or alternates a
time-out between two values), and a device that has seen no change for its lease goes back to its
own control. Without any command the district runs on these rules alone: plain thermostats, zones
on the schedule of their use, tanks on a thermostat, plug-and-charge.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District, UseProfile
from ems.domain.slots import Horizon
from simulations.panel import Panel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEASE_S = 1800.0
"""How long a controller obeys without a new heartbeat."""

HEAT_AHEAD_H, COOL_AHEAD_H = 2.0, 1.0
"""How long before opening a zone's own schedule starts."""


class Lease:
    """Whether commands still hold, by the change of a heartbeat point."""

    def __init__(self, panel: Panel, name: str) -> None:
        self._panel = panel
        self._name = name
        self._last = panel.read(name, 0.0)
        self._changed_s = np.full(self._last.shape, -np.inf)

    def held(self, now_s: float, lease_s: Floats | float = LEASE_S) -> Flags:
        """Which devices obey at `now_s` seconds of district time. Shape [served]."""
        beat = self._panel.read(self._name, 0.0)
        self._changed_s[beat != self._last] = now_s
        self._last = beat
        age_s: Floats = now_s - self._changed_s
        return np.less(age_s, lease_s)

    @property
    def ever(self) -> Flags:
        """Which have ever been commanded."""
        ever: Flags = np.isfinite(self._changed_s)
        return ever


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What rooms are kept at without a plan, and what their people call comfort.

    Every array has shape [rooms, slots], dwellings first; no limit is an infinity.
    """

    heat_c: Floats = field(repr=False)
    """Thermostats without a plan."""

    cool_c: Floats = field(repr=False)
    """Cooling thermostats without a plan."""

    comfort_low_c: Floats = field(repr=False)
    """Least comfortable temperature; minus infinity when nobody is there."""

    comfort_high_c: Floats = field(repr=False)
    """Greatest comfortable temperature where there is cooling."""

    occupied: Flags = field(repr=False)
    """Hours of use."""

    @classmethod
    def of(cls, district: District, horizon: Horizon) -> "Schedule":
        """The schedule of every room over a horizon."""
        slots = _LocalHours.of(district, horizon)
        margin = district.comfort.margin_k
        homes = [_home(home.heat_c, margin, horizon.length) for home in district.dwellings.values()]
        zones = [_zone(district.uses[z.use], slots, margin) for z in district.zones.values()]
        columns = zip(*homes, *zones, strict=True)
        heat, cool, low, high, occupied = (np.asfortranarray(np.vstack(rows)) for rows in columns)
        return cls(
            heat_c=heat,
            cool_c=cool,
            comfort_low_c=low,
            comfort_high_c=high,
            occupied=occupied.astype(np.bool_),
        )


@dataclass(frozen=True, kw_only=True)
class _LocalHours:
    hour: Floats
    weekday: NDArray[np.intp]

    @classmethod
    def of(cls, district: District, horizon: Horizon) -> "_LocalHours":
        local = [start.astimezone(district.site.zone) for start in horizon.starts]
        return cls(
            hour=np.array([moment.hour + moment.minute / 60 for moment in local]),
            weekday=np.array([moment.isoweekday() for moment in local], dtype=np.intp),
        )

    def within(self, profile: UseProfile, ahead_h: float = 0.0) -> Flags:
        """Hours of use, begun `ahead_h` earlier."""
        day = np.isin(self.weekday, profile.occupied_days)
        begins = max(0.0, profile.occupied_from_h - ahead_h)
        return day & (self.hour >= begins) & (self.hour < profile.occupied_to_h)


_Rows = tuple[Floats, Floats, Floats, Floats, Floats]
"""heat_c, cool_c, comfort_low_c, comfort_high_c and occupied (0 or 1) of one room."""


def _home(least_c: float, margin_k: float, slots: int) -> _Rows:
    never = np.full(slots, np.inf)
    return np.full(slots, least_c + margin_k), never, np.full(slots, least_c), never, np.ones(slots)


def _zone(profile: UseProfile, slots: _LocalHours, margin_k: float) -> _Rows:
    used = slots.within(profile)
    heat_ahead = slots.within(profile, HEAT_AHEAD_H)
    heat = np.where(heat_ahead, profile.heat_c + margin_k, profile.heat_setback_c)
    low = np.where(used, profile.heat_c, -np.inf)
    if profile.cool_c is None or profile.cool_setback_c is None:
        never = np.full(slots.hour.shape, np.inf)
        return heat, never, low, never, used.astype(np.float64)
    cool_ahead = slots.within(profile, COOL_AHEAD_H)
    cool = np.where(cool_ahead, profile.cool_c - margin_k, profile.cool_setback_c)
    high = np.where(used, profile.cool_c, np.inf)
    return heat, cool, low, high, used.astype(np.float64)
