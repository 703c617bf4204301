"""CityLearn 2022, phase 1, played in a process and a virtual environment of its own.

The release wants old libraries (gym 0.24, NumPy 1, pandas 1), so it gets an environment under
`out/`, made once by pip; its wheel is unpacked, never installed, and nothing of it is part of this
project.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO, cast

import numpy as np

from benchmarks import citylearn_worker
from benchmarks.forecast_public import wheel
from ems.domain.errors import SourceError
from ems.forecast.shapes import Floats

FOLDER = Path("out/citylearn")
NEEDS = ("numpy<2", "pandas<2", "gym==0.24.1", "pillow", "simplejson")
NEVER = -1
"""The hour of a future that is not corrupted."""
PRICE = "electricity_pricing"
KNOWN_AHEAD_H = (6, 12, 24)
"""Hours by which prices are told ahead."""


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What CityLearn shows at an hour. Vectors have shape [buildings]."""

    load_kwh: Floats
    """Load of the hour that ends."""
    sun_kwh: Floats
    """Solar power of the same hour."""
    soc: Floats
    """State of charge, 0 to 1."""
    carbon_kg_per_kwh: float
    """Carbon intensity of the same hour."""
    prices: dict[int, float]
    """Price by the number of hours ahead, 0 being the same hour."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Values over the values without batteries."""

    cost: float
    emissions: float

    @property
    def mean(self) -> float:
        """The score."""
        return (self.cost + self.emissions) / 2


class City:
    """One run, hour by hour: `observe`, then `act`, until `observe` gives nothing more."""

    def __init__(self, hours: int, corrupted_from: int = NEVER) -> None:
        python, package = _environment()
        worker = [str(python), "-P", str(Path(citylearn_worker.__file__)), str(hours)]
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._log = FOLDER / "worker.log"
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*worker, str(corrupted_from)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(package.resolve())},
            )
        self._actions, self._lines = (
            cast(TextIO, pipe) for pipe in (self._process.stdin, self._process.stdout)
        )
        hello = self._line()
        self._names: list[str] = hello["names"]
        self.capacity_kwh = np.array(hello["capacity_kwh"])
        self.power_kw = np.array(hello["power_kw"])
        self.score: Score | None = None

    def observe(self) -> Observed | None:
        """The present hour; nothing once the run is over and `score` is known."""
        line = self._line()
        if "observed" not in line:
            self.score = Score(**line)
            return None
        row = dict(zip(self._names, np.array(line["observed"]).T, strict=True))
        prices = {0: float(row[PRICE][0])}
        prices |= {h: float(row[f"{PRICE}_predicted_{h}h"][0]) for h in KNOWN_AHEAD_H}
        return Observed(
            load_kwh=row["non_shiftable_load"],
            sun_kwh=row["solar_generation"],
            soc=row["electrical_storage_soc"],
            carbon_kg_per_kwh=float(row["carbon_intensity"][0]),
            prices=prices,
        )

    def act(self, charge_kwh: Floats) -> None:
        """Charge each battery (negative: discharge) in the coming hour."""
        shares = (charge_kwh / self.capacity_kwh)[:, None].tolist()
        self._actions.write(json.dumps(shares) + "\n")
        self._actions.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._actions.close()
        self._lines.close()

    def _line(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise SourceError("CityLearn ended early", fix=f"read the end of {self._log}")
        told: dict[str, Any] = json.loads(line)
        return told


def _environment() -> tuple[Path, Path]:
    """Its Python, and the folder of its package."""
    package, python = wheel("citylearn", "1.3.6"), FOLDER / "venv/bin/python"
    ready = FOLDER / "venv/ready"
    if not ready.exists():
        _asked([sys.executable, "-m", "venv", str(FOLDER / "venv")])
        _asked([str(python), "-m", "pip", "install", "--quiet", *NEEDS])
        ready.touch()
    return python, package


def _asked(words: Sequence[str]) -> None:
    told = subprocess.run(words, capture_output=True, text=True)
    if told.returncode:
        last = told.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise SourceError(
            f"the environment of CityLearn could not be made: {last[0]}",
            fix="measure where pip reaches a package index",
        )
