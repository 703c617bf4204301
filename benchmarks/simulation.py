"""The virtual district: how fast it is, and how far its physics is from what it was compared with.

Speed is processor time of the plant alone (412 dwellings, 40 zones, steps of a minute, on its own
control): twelve months, each from its own start, or a week of January scaled to a year when quick.
"""

import time
from calendar import monthrange
from datetime import UTC, datetime, timedelta

import hplib.hplib as hplib
import numpy as np
from scipy.linalg import expm

from benchmarks.figures import Figure, Report
from building_models import (
    battery_ageing,
    compressor,
    fine_zone,
    heat_pump,
    layered_tank,
    thermal_network,
    windows,
)
from building_models.tank import WATER_KWH_PER_L_K
from ems.config import load_district
from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.forecast.calibration import calibrate
from ems.sources import builtin_weather
from simulations.history import baseline_history
from simulations.image import ProcessImage
from simulations.people import People
from simulations.plant import Plant

YEAR, SEED = 2025, 1
YEAR_GOAL_S = 60.0
BALANCE_GOAL = 1e-9
PUBLISHED_GLASS = {40: 0.974, 50: 0.934, 60: 0.842, 70: 0.658}
"""SHGC by angle over the perpendicular, clear double glazing: ASHRAE Fundamentals 2017, ch. 15."""


def measure(quick: bool) -> Report:
    """Speed of a week scaled (quick) or of a year, balances, comparisons, learned rooms."""
    district = load_district()
    figures = [
        *(week(district) if quick else year(district)),
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


def week(district: District) -> list[Figure]:
    """A week of January, scaled to a year; compiling and making the people are not counted."""
    plant = plant_of(district, datetime(YEAR, 1, 13, tzinfo=UTC), 8)
    plant.advance(Slot.containing(plant.now).end)
    took_s = advanced_s(plant, 7)
    return [
        Figure(name="plant, a week at one minute", value=took_s, unit="s CPU"),
        Figure(
            name="plant, a year scaled from that week",
            value=took_s * 365 / 7,
            unit="s CPU",
            goal=YEAR_GOAL_S,
        ),
        *balances(plant),
    ]


def year(district: District) -> list[Figure]:
    """Twelve months; the making of weather, people and rooms beside the plant's own time."""
    total_s, made_s, figures = 0.0, 0.0, []
    for month in range(1, 13):
        days = monthrange(YEAR, month)[1]
        began_s = time.process_time()
        plant = plant_of(district, datetime(YEAR, month, 1, tzinfo=UTC), days + 1)
        plant.advance(Slot.containing(plant.now).end)
        made_s += time.process_time() - began_s
        total_s += advanced_s(plant, days)
        figures = balances(plant)
    return [
        Figure(name="plant, a year at one minute", value=total_s, unit="s CPU", goal=YEAR_GOAL_S),
        Figure(name="its weather, people and set-up", value=made_s, unit="s CPU"),
        *figures,
    ]


def advanced_s(plant: Plant, days: int) -> float:
    """Processor seconds to move a plant on by days, each published once."""
    began_s = time.process_time()
    for _ in range(days):
        plant.advance(plant.now + timedelta(days=1))
    return time.process_time() - began_s


def balances(plant: Plant) -> list[Figure]:
    """What a further hour of a plant leaves unexplained of rooms' and tanks' heat, relative."""
    rooms, tanks, before = plant.rooms.stored_kwh, plant.substations.stored_kwh, plant.totals
    slot = Slot.containing(plant.now)
    for _ in range(4):
        plant.advance(slot.end)
        slot = slot + 1
    t = plant.totals - before
    into_rooms = t.heating_kwh - t.cooling_kwh + t.gains_kwh + t.sun_kwh
    left_rooms = into_rooms - t.loss_kwh - t.ventilation_kwh
    left_rooms -= plant.rooms.stored_kwh - rooms
    left_tanks = t.tank_charge_kwh - t.hot_water_kwh - t.tank_loss_kwh
    left_tanks -= plant.substations.stored_kwh - tanks
    scale = (plant.rooms.stored_kwh, plant.substations.stored_kwh)
    return [
        Figure(name=name, value=abs(left) / whole, unit="of stored heat", goal=BALANCE_GOAL)
        for name, left, whole in (
            ("heat of all rooms unexplained", left_rooms, scale[0]),
            ("heat of all tanks unexplained", left_tanks, scale[1]),
        )
    ]


def independent(district: District) -> list[Figure]:
    """Distances from closed forms, published figures and independent implementations."""
    planner, large = beside_hplib(district)
    shelf = battery_ageing.rested(
        battery_ageing.Age(), temp_c=25.0, state_of_charge=0.5, hours=8766.0
    )
    glass = [
        abs(float(windows.glass_factor(np.array([float(angle)]))[0]) - known)
        for angle, known in PUBLISHED_GLASS.items()
    ]
    return [
        Figure(
            name="room step - scipy's expm", value=beside_expm(district), unit="K/K", goal=1e-11
        ),
        Figure(name="layered tank - mixed closed form", value=mixed(), unit="K", goal=1e-9),
        Figure(name="planner's COP - hplib's median", value=planner, unit="share", goal=0.03),
        Figure(name="plant's COP - hplib's median", value=large, unit="share", goal=0.2),
        Figure(name="double glazing by angle - ASHRAE", value=max(glass), unit="share", goal=0.09),
        Figure(name="LFP shelf loss of a year, 25 °C", value=shelf.calendar_loss, unit="share"),
    ]


def beside_expm(district: District) -> float:
    """Greatest difference of a room's step of a minute from the general matrix exponential."""
    envelope = district.buildings["B1"].envelope
    assert envelope is not None, "B1 is heated"  # noqa: S101 the description says so
    room = fine_zone.network(envelope, np.array([60.0]), np.ones(1))
    between, outdoor = room.between_kw_per_k[0], room.outdoor_kw_per_k[0]
    system = between - np.diag(between.sum(axis=1) + outdoor)
    exact = expm(system / room.capacity_kwh_per_k[0][:, None] / 60)
    return float(np.abs(thermal_network.discretise(room, 1 / 60).a[0] - exact).max())


def mixed() -> float:
    """Mean of a layered tank after 100 hours at rest, less the mixed tank's closed form."""
    made = layered_tank.discretise(np.array([3000.0]), np.array([3.2]), 1.0)
    layers = np.linspace(20.0, 60.0, layered_tank.LAYERS)
    for _ in range(100):
        layered_tank.rest(layers, made.a[0], made.room[0], made.mean_a[0], made.mean_room[0], 22.0)
    closed = 22 + 18 * np.exp(-100 * 0.0032 / (3000 * WATER_KWH_PER_L_K))
    return float(abs(layers.mean() - closed))


def beside_hplib(district: District) -> tuple[float, float]:
    """Greatest distances of planner's and plant's COP from the median of hplib's units."""
    units = hplib.load_database()
    named = units["Group"].isin([3, 6]) & (units["Model"] != "Generic")
    known = [hplib.get_parameters(model) for model in units.loc[named, "Model"]]
    planner, large = [], []
    for source_c in (8.0, 12.0, 16.0, 20.0):
        for sink_c in (35.0, 45.0, 55.0):
            cops = [
                float(np.ravel(hplib.simulate(source_c, sink_c - 5.0, unit, 10.0)["COP"])[0])
                for unit in known
            ]
            middle = float(np.median(cops))
            plane = float(heat_pump.cop(district.plant, source_c, sink_c))
            planner.append(abs(plane / middle - 1))
            large.append(abs(compressor.cop(source_c, sink_c, 1.0) / middle - 1))
    return max(planner), max(large)


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
