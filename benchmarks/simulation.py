"""The virtual district: how fast it is, and how far its physics is from what it was compared with.

Speed is processor time: the plant alone (412 dwellings, 40 zones, steps of a minute, on its own
control) over twelve months, each from its own start; and the closed loop with a plan every quarter
hour over a week of January. Quick takes a week of the plant and hours of the loop, and scales them.
The whole takes some twenty minutes of one core.
"""

import time
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.figures import Figure, Report
from benchmarks.simulation_physics import independent
from ems.brain import LocalBrain
from ems.config import load_district
from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.forecast.calibration import calibrate
from ems.sources import builtin_weather
from simulations.closed_loop import run_ems, started
from simulations.history import baseline_history
from simulations.image import ProcessImage
from simulations.people import People
from simulations.plant import Plant
from simulations.scenario import WARM_UP_DAYS, Scenario

YEAR, SEED = 2025, 1
YEAR_GOAL_S = 60.0
WEEK_GOAL_S = 900.0
BALANCE_GOAL = 1e-9
WEEK_SLOTS, QUICK_SLOTS = 7 * 96, 8


def measure(quick: bool) -> Report:
    """Speed of plant and closed loop, balances, comparisons, learned rooms."""
    district = load_district()
    figures = [
        *(week(district) if quick else year(district)),
        *closed_loop(district, QUICK_SLOTS if quick else WEEK_SLOTS),
        *independent(district),
        *learned(district, days=14 if quick else 21),
    ]
    return Report(name="simulation", figures=figures)


def plant_of(district: District, first: datetime, days: int) -> Plant:
    """A plant that has not moved yet."""
    horizon = Horizon(Slot.containing(first), 96 * days)
    weather = builtin_weather(district.site, district.loop, horizon, SEED)
    people = People.make(district, horizon, SEED)
    return Plant(district, weather, people, ProcessImage.create(district), first, seed=SEED)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A plant moved on for days."""

    took_s: float
    """Of processor."""
    left_kwh: tuple[float, float]
    """Heat of all rooms and of all tanks that the sums do not explain."""
    flowed_kwh: tuple[float, float]
    """Heat into all rooms and into all tanks."""


def moved(plant: Plant, days: int) -> Moved:
    """Move a plant on by days, each published once."""
    before, rooms, tanks = plant.totals, plant.rooms.stored_kwh, plant.substations.stored_kwh
    began_s = time.process_time()
    for _ in range(days):
        plant.advance(plant.now + timedelta(days=1))
    took_s = time.process_time() - began_s
    t = plant.totals - before
    into_rooms = t.heating_kwh + t.gains_kwh + t.sun_kwh
    out_of_rooms = t.cooling_kwh + t.loss_kwh + t.ventilation_kwh
    left_rooms = into_rooms - out_of_rooms - (plant.rooms.stored_kwh - rooms)
    left_tanks = t.tank_charge_kwh - t.hot_water_kwh - t.tank_loss_kwh
    left_tanks -= plant.substations.stored_kwh - tanks
    return Moved(
        took_s=took_s,
        left_kwh=(left_rooms, left_tanks),
        flowed_kwh=(into_rooms, t.tank_charge_kwh),
    )


def week(district: District) -> list[Figure]:
    """A week of January, scaled to a year; compiling and making the people are not counted."""
    plant = plant_of(district, datetime(YEAR, 1, 13, tzinfo=UTC), 8)
    plant.advance(Slot.containing(plant.now).end)
    done = moved(plant, 7)
    scaled_s = done.took_s * 365 / 7
    return [
        Figure(name="plant, a week at one minute", value=done.took_s, unit="s CPU"),
        Figure(
            name="plant, a year scaled from that week",
            value=scaled_s,
            unit="s CPU",
            goal=YEAR_GOAL_S,
        ),
        *balances([done], "a week"),
    ]


def year(district: District) -> list[Figure]:
    """Twelve months; the making of weather, people and rooms beside the plant's own time."""
    made_s, months = 0.0, []
    for month in range(1, 13):
        days = monthrange(YEAR, month)[1]
        began_s = time.process_time()
        plant = plant_of(district, datetime(YEAR, month, 1, tzinfo=UTC), days + 1)
        plant.advance(Slot.containing(plant.now).end)
        made_s += time.process_time() - began_s
        months.append(moved(plant, days))
    total_s = sum(month.took_s for month in months)
    return [
        Figure(name="plant, a year at one minute", value=total_s, unit="s CPU", goal=YEAR_GOAL_S),
        Figure(name="its weather, people and set-up", value=made_s, unit="s CPU"),
        *balances(months, "a year"),
    ]


def balances(parts: list[Moved], span: str) -> list[Figure]:
    """What rooms' and tanks' heat leave unexplained, of all heat that flowed into them."""
    left = np.abs([part.left_kwh for part in parts]).sum(axis=0)
    flowed = np.sum([part.flowed_kwh for part in parts], axis=0)
    return [
        Figure(
            name=f"heat of all {what} unexplained, {span}",
            value=share,
            unit="of heat given",
            goal=BALANCE_GOAL,
        )
        for what, share in zip(("rooms", "tanks"), left / flowed, strict=True)
    ]


def closed_loop(district: District, slots: int) -> list[Figure]:
    """The EMS with its forecasts in command of the whole district, scaled to a week."""
    first = Slot.containing(datetime(YEAR, 1, 14, 5, tzinfo=UTC))
    past = WARM_UP_DAYS * 96
    whole = Horizon(Slot(first.index - past), past + slots + 2 * 96)
    scenario = Scenario(
        district=district,
        horizon=Horizon(first, slots),
        weather=builtin_weather(district.site, district.loop, whole, SEED),
        day_ahead_eur_per_kwh=np.full(whole.length, np.nan),
        price_source="tariff",
        seed=SEED,
    )
    start = started(scenario)
    began_s = time.process_time()
    run_ems(scenario, start, LocalBrain(district), _silent)
    took_s = (time.process_time() - began_s) * WEEK_SLOTS / slots
    scaled = "" if slots == WEEK_SLOTS else f", scaled from {slots} quarter hours"
    name = f"closed loop, a week with a plan every quarter hour{scaled}"
    return [Figure(name=name, value=took_s, unit="s CPU", goal=WEEK_GOAL_S)]


def _silent(done: int) -> None:
    """Nobody watches the slots of a benchmark."""


def learned(district: District, days: int) -> list[Figure]:
    """Error of a dwelling's free run of 24 h before and after it was learned, over three days."""
    first = Slot.containing(datetime(YEAR, 1, 6, tzinfo=UTC))
    horizon = Horizon(first, 96 * days)
    weather = builtin_weather(district.site, district.loop, horizon, SEED)
    people = People.make(district, horizon, SEED)
    past = baseline_history(district, weather, people, horizon, SEED)
    began_s = time.process_time()
    found = calibrate(district, past, Slot(horizon.slots.stop), days=days)
    took_s = time.process_time() - began_s
    homes = slice(0, len(district.dwellings))
    before, after = (np.nanmedian(e[homes]) for e in (found.described_k, found.learned_k))
    title = "free run of 24 h, median dwelling"
    return [
        Figure(name=f"{title}, as described", value=float(before), unit="K rms"),
        Figure(name=f"{title}, learned", value=float(after), unit="K rms"),
        Figure(name="dwellings learned", value=float(found.fit.known[homes].mean()), unit="share"),
        Figure(name=f"learning {len(found.names)} rooms", value=took_s, unit="s CPU"),
    ]
