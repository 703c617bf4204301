"""A sweep: every design by every seed of weather and people, each lived through in closed loop.

`sweep.yaml` names the days, the controller, what varies and what building costs; a point of the
sweep is one combination of what varies and one seed.
"""

import hashlib
import itertools
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ems.config.loader import read_as
from ems.domain.bounds import Positive
from ems.domain.district import District
from simulations.designs import BuildingPrices, Design

EXAMPLE = """\
# ems simulate --sweep sweep.yaml [--scheduler tcp://10.0.0.5:8786] [--sweep-folder out/sweep]
scenario: winter-week        # a name of `ems simulate --list`
days: 2                      # of each week of the scenario; leave out for all
controller: ems              # baseline, rules, ems or foresight
seeds: [1, 2]                # years of weather, people and forecast errors

vary:                        # every combination is run; leave out what stays as described
  battery_kwh: [100, 300, 600]   # all batteries together
  pv_kw: [200, 400]              # peak power of all roofs together
  charge_points: [60]            # the first ones of the list
  subscribed_kw: [900]           # power of the tariff
  energy_price: [1.0, 1.3]       # times the tariff's energy prices

build:                       # what building costs
  battery_eur_per_kwh: 450
  pv_eur_per_kw: 1100
  charge_point_eur: 1800
  assumption: round figures for a first look
"""


@dataclass(frozen=True, kw_only=True)
class Vary:
    """What varies, each with its values; nothing: as described."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    battery_kwh: tuple[Positive, ...] = ()
    """Capacity of all batteries."""
    pv_kw: tuple[Positive, ...] = ()
    """Peak power of all roofs."""
    charge_points: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """How many."""
    subscribed_kw: tuple[Positive, ...] = ()
    """Of the tariff."""
    energy_price: tuple[Positive, ...] = ()
    """Times the tariff's."""

    def designs(self) -> list[Design]:
        """Every combination."""
        names = [item.name for item in fields(Vary)]
        values = [getattr(self, name) or (None,) for name in names]
        combined = itertools.product(*values)
        return [Design(**dict(zip(names, chosen, strict=True))) for chosen in combined]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What `sweep.yaml` asks for."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    scenario: str
    """A name of the catalogue."""
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    """Of each of its weeks; None: all."""
    controller: str
    """Who is in command."""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    """Of weather, people and forecast errors."""
    vary: Vary
    """What varies."""
    build: BuildingPrices
    """What it costs."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One run of a sweep."""

    design: Design
    """What the district is."""
    seed: int
    """Its weather and people."""
    what: str = field(repr=False)
    """Whatever else decides its outcome: the sweep's days and controller, the description."""

    @property
    def key(self) -> str:
        """The same for the same run, from one start to the next."""
        said = json.dumps([asdict(self.design), self.seed, self.what], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def read_sweep(path: Path) -> Sweep:
    """What a file asks for.

    Raises:
        ConfigError: it has problems; each names file, line, field and fix.
    """
    return read_as(path, Sweep)


def points_of(sweep: Sweep, district: District, given: str = "") -> list[Point]:
    """All runs of a sweep; `given` is whatever else was given to them, as files of weather."""
    what = f"{sweep.scenario} {sweep.days} {sweep.controller} {given} {district!r}"
    pairs = itertools.product(sweep.vary.designs(), sweep.seeds)
    return [Point(design=design, seed=seed, what=what) for design, seed in pairs]
