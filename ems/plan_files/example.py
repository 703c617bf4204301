"""A set of files to plan with: a winter day of the described district, a few cars plugged in."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from ems.domain.district import DeviceKind, District
from ems.domain.forecasts import Forecasts
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.domain.weather import Outlook
from ems.forecast.forecaster import Forecaster
from ems.optimizer import needed_series
from ems.plan_files.inputs import LEVEL, PRICES, STATE_COLUMNS
from ems.plan_files.output import writing
from ems.sources import builtin_weather

DAY = (2026, 1, 13, 5)
"""Local start of the example: a Tuesday, before the district wakes."""
SEED = 1
CARS = 12
LEVELS = (0.1, 0.9)
"""Quantiles that a plan reads."""
PLUGGED_IN = 1.0
"""State of a charge point with a car that does not charge."""


def write_example(district: District, folder: Path) -> list[Path]:
    """`state.csv`, `forecasts.csv` and `prices.csv`.

    Raises:
        EmsError: the folder can't be written.
    """
    horizon = Horizon(Slot.containing(datetime(*DAY, tzinfo=district.site.zone)), 96)
    expected = _forecasts(district, horizon)
    starts = [f"{start:%Y-%m-%dT%H:%M:%SZ}" for start in horizon.starts]
    prices = {name: expected[f"price/{name}"] for name in PRICES}
    series = {
        name: expected[name] for name in needed_series(district) if not name.startswith("price/")
    }
    for name in ("district/base_load_kw", "pv/available_kw"):
        for level in LEVELS:
            series[f"{name}{LEVEL}{level:g}"] = expected.series[name].quantiles[level]
    return [
        _written(folder / "state.csv", STATE_COLUMNS, _state(district)),
        _written(folder / "forecasts.csv", ("time", *series), _by_time(starts, series)),
        _written(folder / "prices.csv", ("time", *prices), _by_time(starts, prices)),
    ]


def _forecasts(district: District, horizon: Horizon) -> Forecasts:
    """What the description alone makes expect."""
    first = horizon.first
    nothing = QuarterHours(points=(), horizon=Horizon(first + -96, 96), values=np.zeros((0, 96)))
    return Forecaster(district).forecast(
        horizon=horizon,
        issued_at=first.start,
        history=nothing,
        snapshot=Snapshot(taken_at=first.start, readings={}),
        outlook=Outlook(
            weather=builtin_weather(district.site, district.loop, horizon, SEED),
            day_ahead_eur_per_kwh=np.full(horizon.length, np.nan),
            price_source=district.tariff.name,
        ),
    )


def _state(district: District) -> Iterator[tuple[str, float]]:
    """Rooms as people chose, tanks warm, batteries half full, some cars until the morning."""
    random = np.random.default_rng(SEED)
    for device in district.devices.values():
        for name, value in _readings(device.kind, district, device.serves).items():
            yield point_id(device.id, name), value
    for point in [d.id for d in district.of_kind(DeviceKind.CHARGE_POINT)][:CARS]:
        yield point_id(point, "state"), PLUGGED_IN
        yield point_id(point, "energy_wanted_kwh"), round(random.uniform(6.0, 25.0), 1)
        yield point_id(point, "session_energy_kwh"), 0.0
        yield point_id(point, "departure_min"), round(random.uniform(120.0, 360.0))


def _readings(kind: DeviceKind, district: District, serves: str) -> dict[str, float]:
    match kind:
        case DeviceKind.DWELLING:
            return {"room_temp_c": round(district.dwellings[serves].heat_c + 0.4, 2)}
        case DeviceKind.ZONE:
            return {"room_temp_c": 19.0}
        case DeviceKind.SUBSTATION:
            return {"tank_top_temp_c": 59.0, "tank_bottom_temp_c": 57.0}
        case DeviceKind.HEAT_PUMP:
            return {"alarm": 0.0}
        case DeviceKind.BATTERY:
            return {"soc_pct": 50.0}
        case _:
            return {}


def _by_time(starts: Sequence[str], series: dict[str, np.ndarray]) -> Iterator[list[object]]:
    for slot, start in enumerate(starts):
        yield [start, *(f"{values[slot]:.6g}" for values in series.values())]


def _written(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with writing(path), path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path
