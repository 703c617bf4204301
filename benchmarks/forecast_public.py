"""Public load and solar series, read from the wheels in which others publish them.

The wheels are fetched by pip when a figure is measured and kept under `out/`; nothing of them is
part of this project. They are unpacked, never imported.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from ems.domain.errors import SourceError
from ems.forecast.shapes import Calendar, Floats

FOLDER = Path("out/public-series")
_PHASE_1 = "citylearn/data/citylearn_challenge_2022_phase_1"
_WEATHER = (
    "Outdoor Drybulb Temperature [C]",
    "Diffuse Solar Radiation [W/m2]",
    "Direct Solar Radiation [W/m2]",
)
BUILDINGS = range(1, 6)


def wheel(name: str, version: str, folder: Path = FOLDER) -> Path:
    """Where a wheel's files are; fetched and unpacked once.

    Raises:
        SourceError: pip can't fetch it.
    """
    unpacked = folder / f"{name}-{version}"
    if unpacked.is_dir():
        return unpacked
    folder.mkdir(parents=True, exist_ok=True)
    asked = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    told = subprocess.run(
        [*asked, "--dest", str(folder), f"{name}=={version}"], capture_output=True, text=True
    )
    found = [p for p in folder.glob("*.whl") if p.name.lower().startswith(f"{name}-{version}")]
    if told.returncode or not found:
        last = told.stderr.strip().splitlines()[-1:] or ["no wheel came"]
        raise SourceError(
            f"{name} {version} could not be fetched: {last[0]}",
            fix=f"put its wheel into {folder} or measure where pip reaches a package index",
        )
    zipfile.ZipFile(found[0]).extractall(unpacked)
    return unpacked


def calendar(days: int, per_day: int, first_day: int) -> Calendar:
    """Days without clock changes."""
    step = np.arange(days * per_day)
    return Calendar(day=first_day + step // per_day, step=step % per_day, per_day=per_day)


def homes() -> tuple[Floats, Calendar]:
    """ev2gym: 24 homes summed, 365 days of quarter hours [1, steps]. It has no dates."""
    path = wheel("ev2gym", "2.0.0") / "ev2gym/data/residential_loads.csv"
    summed = np.loadtxt(path, delimiter=",")[:, 1:25].sum(axis=1)
    return summed[None], calendar(365, 96, 18993)


def city() -> tuple[dict[str, Floats], Calendar, Floats, Floats]:
    """CityLearn 2022, phase 1: load and solar [5, hours], calendar, weather, foretold weather.

    The weather has shape [3, hours]. What the data set foretells 6, 12 and 24 hours before is put
    together as a forecast of midnight would have known it.
    """
    folder = wheel("citylearn", "1.3.6") / _PHASE_1
    tables = [pd.read_csv(folder / f"Building_{number}.csv") for number in BUILDINGS]
    series = {
        "load": _columns(tables, "Equipment Electric Power [kWh]"),
        "solar": _columns(tables, "Solar Generation [W/kW]"),
    }
    table = pd.read_csv(folder / "weather.csv")
    actual = table[list(_WEATHER)].to_numpy(dtype=float).T
    return series, calendar(365, 24, 17014), actual, _foretold(table, actual)


def _columns(tables: list[pd.DataFrame], name: str) -> Floats:
    return np.array([table[name].to_numpy(dtype=float) for table in tables])


def _foretold(table: pd.DataFrame, actual: Floats) -> Floats:
    """For each hour the newest word of a row before its day's midnight."""
    told = actual.copy()
    hour = np.arange(actual.shape[1])
    for before_h in (24, 12, 6):
        names = [f"{before_h}h Prediction {name}" for name in _WEATHER]
        said = table[names].to_numpy(dtype=float).T
        known = (hour % 24 < before_h) & (hour >= before_h)
        told[:, known] = said[:, hour[known] - before_h]
    return told
