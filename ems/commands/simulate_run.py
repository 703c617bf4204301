"""A scenario lived through week by week under each controller; what is done is kept at once.

With a folder to keep runs in, work that is broken off goes on where it was. A run is known by its
scenario, days, controller, seed and the district's description, not by the program: take a new
folder when that has changed.
"""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from ems.commands.common import err
from ems.commands.simulate_days import Asked, scenario_of, weeks_of
from ems.domain.slots import SLOT_S
from simulations.catalogue import NamedScenario, Week
from simulations.closed_loop import Run
from simulations.controllers import run_all
from simulations.kept import Kept
from simulations.kpis import Kpis
from simulations.lived import Lived
from simulations.picture import draw
from simulations.report import Page
from simulations.scenario import Scenario
from simulations.summary import Outcome, shares_taken, weighted


@dataclass(frozen=True, kw_only=True)
class Running:
    """How scenarios are run."""

    asked: Asked
    start: datetime | None
    """None: the scenario's own days."""
    days: int | None
    """Of each of its weeks; None: all."""
    names: list[str]
    """Controllers."""
    workers: int
    """Processes."""
    kept: Kept | None
    """None: nothing is kept."""


def page_of(entry: NamedScenario, running: Running, picture: Path) -> Page:
    """Run all weeks of a scenario under all controllers; draws the first week.

    Raises:
        EmsError: a file does not hold, or a run ended early.
    """
    asked = running.asked
    weeks = weeks_of(entry, asked, running.start, running.days)
    parts: list[dict[str, Lived]] = []
    for number, week in enumerate(weeks, 1):
        scenario = entry.change(scenario_of(asked, week))
        title = f"{entry.name} {number}/{len(weeks)}, {week.days} days from {week.start}"
        parts.append(_lived(running, entry, week, scenario, title))
        if number == 1:
            draw(scenario, parts[0], picture)
    first = entry.change(scenario_of(asked, weeks[0]))
    outcomes = {name: _outcome([part[name] for part in parts], weeks) for name in running.names}
    return Page(
        entry=entry,
        weeks=tuple(weeks),
        weather=first.weather.source,
        prices=first.price_source,
        seed=asked.seed,
        outcomes=outcomes,
        shares=shares_taken(outcomes),
        picture=picture,
    )


def _lived(
    running: Running, entry: NamedScenario, week: Week, scenario: Scenario, title: str
) -> dict[str, Lived]:
    """What each controller made of a week: out of the folder, or run now."""
    keys = {name: _key(running.asked, entry, week, name) for name in running.names}
    lived = {}
    for name, key in keys.items():
        if running.kept is not None and (row := running.kept.row(key)) is not None:
            lived[name] = Lived.from_row(row)

    def keep(name: str, run: Run) -> None:
        lived[name] = Lived.of(scenario.district, run)
        if running.kept is not None:
            running.kept.keep({"key": keys[name], "run": f"{title}: {name}"} | lived[name].as_row())
        err.print(f"{title}: {name} {said(run)}", highlight=False, soft_wrap=True)

    left = [name for name in running.names if name not in lived]
    if left:
        run_all(scenario, left, err, running.workers, keep)
    return {name: lived[name] for name in running.names}


def said(run: Run) -> str:
    """What a run came to, and what it took."""
    took_s = run.kpis.time_ratio * run.history.horizon.length * SLOT_S
    return f"{run.kpis.cost_eur:,.0f} EUR, {took_s:,.1f} s of processor"


def _key(asked: Asked, entry: NamedScenario, week: Week, name: str) -> str:
    """The same for the same run, from one start to the next."""
    given = [asked.weather, asked.prices, asked.faults, asked.fault_seed, asked.seed]
    kept = [item.name for kind in (Lived, Kpis) for item in fields(kind)]
    what = [entry.name, str(week.start), week.days, name, *map(str, given), repr(asked.district)]
    what += kept
    what += [part.name for part in fields(Lived)]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def _outcome(parts: list[Lived], weeks: list[Week]) -> Outcome:
    weights = [week.weight for week in weeks]
    planned = [part.planned_eur for part in parts if part.planned_eur is not None]
    whole = len(planned) == len(parts)
    return Outcome(
        kpis=weighted([(part.kpis, w) for part, w in zip(parts, weights, strict=True)]),
        planned_eur=sum(p * w for p, w in zip(planned, weights, strict=True)) if whole else None,
        cars=[line for part in parts for line in part.cars],
    )
