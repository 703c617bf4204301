"""Made-up weather of a cold and a hot day, and a district of two buildings for quick runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from building_models import solar
from ems.domain.district import DeviceKind, District
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from simulations.image import ProcessImage
from simulations.people import People
from simulations.plant import Plant

MONDAY_IN_JANUARY = datetime(2025, 1, 13, tzinfo=UTC)
MONDAY_IN_JULY = datetime(2025, 7, 14, tzinfo=UTC)


def days(start: datetime, count: int) -> Horizon:
    return Horizon(Slot.containing(start), 96 * count)


def made_weather(district: District, horizon: Horizon, mean_c: float, sea_c: float) -> Weather:
    """A daily wave around `mean_c` under a hazy sky."""
    hours = np.arange(horizon.length) / 4
    sun = solar.sun_position(district.site, horizon)
    height = np.clip(np.cos(np.radians(sun.zenith_deg)), 0.0, None)
    return Weather(
        horizon=horizon,
        source="a made-up day",
        outdoor_temp_c=mean_c - 4.0 * np.cos(2 * np.pi * (hours - 4) / 24),
        ghi_w_m2=700 * height,
        dni_w_m2=np.where(height > 0, 500.0, 0.0),
        dhi_w_m2=200 * height,
        wind_m_per_s=np.full(horizon.length, 4.0),
        sea_temp_c=np.full(horizon.length, sea_c),
    )


@pytest.fixture(scope="session")
def hamlet(district: District) -> District:
    """D1 and P1 with everything that belongs to them, and the plant."""
    dwellings = {d.id: d for d in district.dwellings_of("D1")}
    zones = {z.id: z for z in district.zones_of("D1")}
    points = dict(list(district.charge_points.items())[:8])
    roofs = {roof.id: roof for roof in list(district.pv_roofs.values())[:2]}
    small = replace(
        district,
        buildings={name: district.buildings[name] for name in ("D1", "P1")},
        dwellings=dwellings,
        zones=zones,
        charge_points=points,
        pv_roofs=roofs,
    )
    served = {"D1", "P1", "loop", "PLANT", "SHARED", "HTA"}
    served |= set(dwellings) | set(zones) | set(points) | set(roofs) | set(small.batteries)
    served |= {f"plant-{unit + 1}" for unit in range(district.plant.units)}
    kept = [device for device in district.devices.values() if device.serves in served]
    return small.with_devices(kept)


@pytest.fixture(scope="session")
def winter(hamlet: District) -> Weather:
    return made_weather(hamlet, days(MONDAY_IN_JANUARY, 3), 4.0, 12.0)


@pytest.fixture(scope="session")
def summer(hamlet: District) -> Weather:
    return made_weather(hamlet, days(MONDAY_IN_JULY, 3), 27.0, 24.0)


@pytest.fixture(scope="session")
def winter_people(hamlet: District, winter: Weather) -> People:
    return People.make(hamlet, winter.horizon, 5)


@pytest.fixture(scope="session")
def summer_people(hamlet: District, summer: Weather) -> People:
    return People.make(hamlet, summer.horizon, 5)


@pytest.fixture
def winter_plant(hamlet: District, winter: Weather, winter_people: People) -> Callable[..., Plant]:
    def make(dt_s: float = 300.0, seed: int = 5) -> Plant:
        image = ProcessImage.create(hamlet)
        start = winter.horizon.first.start
        return Plant(hamlet, winter, winter_people, image, start, seed=seed, dt_s=dt_s)

    return make


@pytest.fixture
def summer_plant(hamlet: District, summer: Weather, summer_people: People) -> Plant:
    image = ProcessImage.create(hamlet)
    start = summer.horizon.first.start
    return Plant(hamlet, summer, summer_people, image, start, seed=5, dt_s=300.0)


class Commander:
    """Writes commands as the EMS does: values, then a heartbeat that changes."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._beat = 0

    def write(self, kind: DeviceKind, heartbeat: str, **values: float) -> None:
        image = self._plant.image
        for name, value in values.items():
            image.values[image.columns(kind, name)] = value
        self._beat += 1
        beat = 1800 + self._beat % 2 if heartbeat.endswith("_s") else self._beat
        image.values[image.columns(kind, heartbeat)] = beat


@pytest.fixture
def commander() -> type[Commander]:
    return Commander
