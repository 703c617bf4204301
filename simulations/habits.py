"""Habits: what households, offices, shops and a hotel do in the quarter hours of one day.

Pure functions of a household's lasting traits, the day and a random generator. Arrays have shape
[dwellings, slots] or [zones, slots]; `hours` are the local hours at which slots begin.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District, Use, UseProfile
from ems.domain.slots import SLOT_H

Floats = NDArray[np.float64]

LITRES_PER_PERSON_DAY, LITRES_SPREAD = 56.0, 23.0
"""At 40 °C (ADEME and COSTIC 2016)."""

LITRES_PER_DRAW = 12.0

TURNS_SHARE = 0.03
"""Of days, in the mean household. Assumption."""


@dataclass(frozen=True, kw_only=True)
class Households:
    """What a household keeps from day to day. Every array has shape [dwellings, 1]."""

    area_m2: Floats
    occupants: Floats
    at_home: NDArray[np.bool_]
    """Nobody works away."""
    litres_per_day: Floats
    power_kw: Floats
    """Mean electricity."""
    gains_kw: Floats
    """When somebody is in."""
    gains_idle_kw: Floats
    leaves_h: Floats
    returns_h: Floats
    airs_share: Floats
    """Share of mornings on which windows are opened."""
    turns_share: Floats
    """Share of days on which somebody turns the thermostat."""

    @classmethod
    def of(cls, district: District, seed: int) -> Self:
        """The households of a district, drawn once."""
        rng = np.random.default_rng([seed, 0])
        homes = list(district.dwellings.values())
        area = np.array([home.area_m2 for home in homes])
        people = np.array([float(home.occupants) for home in homes])
        uses = [district.uses[home.use] for home in homes]
        elderly = np.array([home.use is Use.RESIDENCE for home in homes])
        own = rng.lognormal(-0.045, 0.3, (2, len(homes)))
        shape = (LITRES_PER_PERSON_DAY / LITRES_SPREAD) ** 2
        per_person = rng.gamma(shape, LITRES_PER_PERSON_DAY / shape, len(homes))
        columns = {
            "area_m2": area,
            "occupants": people,
            "at_home": rng.random(len(homes)) < np.where(elderly, 0.85, 0.3),
            "litres_per_day": people * per_person,
            "power_kw": area * [use.electricity_w_per_m2 for use in uses] * own[0] / 1000,
            "gains_kw": area * [use.gains_w_per_m2 for use in uses] * own[1] / 1000,
            "gains_idle_kw": area * [use.gains_idle_w_per_m2 for use in uses] * own[1] / 1000,
            "leaves_h": rng.normal(8.0, 0.7, len(homes)),
            "returns_h": rng.normal(17.7, 1.2, len(homes)),
            "airs_share": rng.beta(1.2, 1.8, len(homes)),
            "turns_share": np.minimum(rng.exponential(TURNS_SHARE, len(homes)), 0.5),
        }
        return cls(**{name: column[:, None] for name, column in columns.items()})


def presence_of(homes: Households, rng: np.random.Generator, off: bool, hours: Floats) -> Floats:
    """1 while somebody is at home: work, errands, days away."""
    count = len(homes.area_m2)
    leaves = homes.leaves_h + rng.normal(0.0, 0.3, (count, 1))
    returns = homes.returns_h + rng.normal(0.0, 0.6, (count, 1))
    stroll = homes.at_home | off
    leaves = np.where(stroll, rng.normal(11.0, 2.0, (count, 1)), leaves)
    returns = np.where(stroll, leaves + rng.exponential(2.5, (count, 1)), returns)
    goes = np.where(stroll, rng.random((count, 1)) < 0.6, rng.random((count, 1)) < 0.92)
    away = rng.random((count, 1)) < 0.03
    out = (hours >= leaves) & (hours < returns) & goes
    return np.where(out | away | (homes.occupants == 0), 0.0, 1.0)


def _bump(hours: Floats, at_h: float, width_h: float) -> Floats:
    return np.exp(-(((hours - at_h) / width_h) ** 2))


def gains_kw(homes: Households, presence: Floats, appliances: Floats) -> Floats:
    """Heat of people and of what they switch on."""
    steady = homes.gains_idle_kw + (homes.gains_kw - homes.gains_idle_kw) * presence
    return np.clip(steady + 0.5 * (appliances - homes.power_kw), 0.02, None)


def draws_l_per_h(
    homes: Households, rng: np.random.Generator, presence: Floats, off: bool, hours: Floats
) -> Floats:
    """Hot water in draws of some litres, at 40 °C, by those at home."""
    morning = _bump(hours, 9.3, 2.2) if off else 1.3 * _bump(hours, 7.3, 1.3)
    shape = morning + 0.4 * _bump(hours, 12.6, 1.0) + 0.75 * _bump(hours, 19.7, 2.3) + 0.04
    weight = shape * presence
    total = weight.sum(axis=1, keepdims=True)
    litres = homes.litres_per_day * weight / np.maximum(total, 1e-9)
    draws = rng.poisson(litres / LITRES_PER_DRAW)
    size = rng.gamma(2.0, LITRES_PER_DRAW / 2.0, draws.shape)
    litres_per_h: Floats = draws * size / SLOT_H
    return litres_per_h


def airing(
    homes: Households, rng: np.random.Generator, presence: Floats, hours: Floats, warm: float
) -> NDArray[np.bool_]:
    """Windows opened in the morning, by some also in the evening; the warmer, the longer.

    `warm` is 0 at midwinter and 1 at midsummer. A quarter of an hour or two in winter, some hours
    in summer: an assumption, with each household its own habit.
    """
    count = len(homes.area_m2)
    open_now = np.zeros((count, len(hours)), dtype=np.bool_)
    longest = round(2 + 10 * warm)
    for usual_h, spread_h, often in ((8.0, 1.2, 1.0), (20.5, 1.5, 0.3 + 0.7 * warm)):
        begins = np.round(rng.normal(usual_h, spread_h, (count, 1)) * 4) / 4
        lasts = 0.25 * rng.integers(1, longest + 1, (count, 1))
        airs = rng.random((count, 1)) < homes.airs_share * often
        open_now |= (hours >= begins) & (hours < begins + lasts) & airs
    return open_now & (presence > 0)


def offsets_k(homes: Households, rng: np.random.Generator, hours: Floats) -> Floats:
    """Now and then a thermostat is turned by a kelvin or two for some hours, by some more often."""
    count = len(homes.area_m2)
    turns = rng.random((count, 1)) < homes.turns_share
    by = rng.choice([-2.0, -1.0, 1.0, 2.0], (count, 1), p=[0.1, 0.35, 0.4, 0.15])
    begins = rng.uniform(7.0, 22.0, (count, 1))
    lasts = 1.0 + rng.exponential(2.5, (count, 1))
    return np.where(turns & (hours >= begins) & (hours < begins + lasts), by, 0.0)


def attendance_of(
    district: District, rng: np.random.Generator, weekday: int, hours: Floats
) -> Floats:
    """Share of the people who belong to a zone that are there."""
    rows = [
        _zone_attendance(district.uses[zone.use], weekday, hours) * rng.normal(0.9, 0.07)
        for zone in district.zones.values()
    ]
    return np.clip(np.vstack(rows) * rng.normal(1.0, 0.06, (len(rows), len(hours))), 0.0, 1.1)


def _zone_attendance(profile: UseProfile, weekday: int, hours: Floats) -> Floats:
    if profile.use is Use.HOTEL:
        return np.where((hours < 9) | (hours >= 18), 1.0, 0.55)
    if weekday not in profile.occupied_days:
        return np.zeros_like(hours)
    comes = np.clip((hours - profile.occupied_from_h + 0.75) / 1.5, 0.0, 1.0)
    goes = np.clip((profile.occupied_to_h + 0.25 - hours) / 2.0, 0.0, 1.0)
    lunch = 1.0 - 0.25 * _bump(hours, 12.75, 0.6) if profile.use is Use.OFFICE else 1.0
    share: Floats = np.minimum(comes, goes) * lunch
    return share


@dataclass(frozen=True, kw_only=True)
class ZonePowers:
    """What zones turn into heat, and what electricity they use. Shape [zones, slots] each."""

    gains_kw: Floats
    electricity_kw: Floats


def zone_powers(district: District, attendance: Floats) -> ZonePowers:
    """Powers of zones between idle and occupied, by who is there."""
    zones = list(district.zones.values())
    uses = [district.uses[zone.use] for zone in zones]
    area = np.array([zone.area_m2 for zone in zones])

    def between(idle: list[float], occupied: list[float]) -> Floats:
        low, high = (np.array(each)[:, None] for each in (idle, occupied))
        watts: Floats = area[:, None] * (low + (high - low) * attendance)
        return watts / 1000

    return ZonePowers(
        gains_kw=between(
            [use.gains_idle_w_per_m2 for use in uses], [use.gains_w_per_m2 for use in uses]
        ),
        electricity_kw=between(
            [use.electricity_idle_w_per_m2 for use in uses],
            [use.electricity_w_per_m2 for use in uses],
        ),
    )


def shared_kw(district: District, rng: np.random.Generator, hours: Floats) -> Floats:
    """Lifts, corridors and fans of each building. Shape [buildings, slots]."""
    mean = np.array([b.shared_power_kw for b in district.buildings.values()])[:, None]
    shape = 0.75 + 0.45 * ((hours >= 6.5) & (hours < 22))
    noise = rng.normal(1.0, 0.04, (len(mean), len(hours)))
    result: Floats = mean * shape * noise / 1.04
    return result


def other_draws_l_per_h(
    district: District, rng: np.random.Generator, weekday: int, hours: Floats
) -> Floats:
    """Hot water of what is no dwelling. Shape [buildings, slots]."""
    rows = []
    for building in district.buildings.values():
        hotel = any(z.use is Use.HOTEL for z in district.zones_of(building.id))
        rows.append(building.hot_water_l_per_day * _other_shape(hotel, weekday, hours))
    litres: Floats = np.vstack(rows)
    return litres * rng.gamma(6.0, 1 / 6.0, litres.shape)


def _other_shape(hotel: bool, weekday: int, hours: Floats) -> Floats:
    """Share of a day's litres, per hour."""
    if hotel:
        shape = _bump(hours, 7.8, 1.6) + 0.6 * _bump(hours, 19.5, 2.2) + 0.08
        share: Floats = shape / (float(shape.sum()) * SLOT_H)
        return share
    working = (hours >= 8) & (hours < 18) & (weekday < 6)
    return np.where(working, 0.1, 0.001)
