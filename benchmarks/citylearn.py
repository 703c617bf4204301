"""Batteries of CityLearn 2022, phase 1, acted on without foresight: value over that without them.

Several cities are played in lockstep, alike but for who acts: a plan on what is expected, and one
with the error priced. Loads do not depend on batteries, so one outlook serves all. One more city
has another future from some hour on; until then not one action may differ.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np

from benchmarks.citylearn_city import NEVER, City, Observed, Score
from benchmarks.citylearn_control import Outlook, action, plan_for
from benchmarks.figures import Figure, Report
from ems.forecast.shapes import Floats

YEAR_H = 8760
QUICK_H = 6 * 7 * 24
CORRUPTED_FROM_H, CORRUPTED_END_H = 18 * 24, 19 * 24
"""Whether actions move is looked at from the start to the first, in a run to the second."""
GOAL, LEAK = 0.765, 0.70
"""Competent; and the least that anyone without foresight can reach in a year."""


def measure(quick: bool) -> Report:
    """Scores of a year (the first six weeks when quick), and actions moved by the future."""
    hours = QUICK_H if quick else YEAR_H
    title = "first 6 weeks" if quick else "one year"
    began_s = time.process_time()
    priced, plain = _played(hours, priced=(True, False))
    took_s = time.process_time() - began_s
    (alone,) = _played(hours, priced=(True,), latest=False) if not quick else (None,)
    figures = [
        *_scores(f"{title}, error priced", priced, None if quick else GOAL),
        *_scores(f"{title}, error not priced", plain),
        *(_scores(f"{title}, error priced, load model alone", alone) if alone else ()),
        Figure(name="actions moved by another future", value=_moved(), unit="kWh", goal=0.0),
        Figure(name=f"{title}, two controllers without the city", value=took_s, unit="s CPU"),
    ]
    if not quick:
        figures.append(Figure(name="below a score of 0.70 (a leak)", value=priced.mean < LEAK,
                              unit="yes is 1", goal=0.0))  # fmt: skip
    return Report(name="citylearn", figures=figures)


def _scores(title: str, score: Score, goal: float | None = None) -> list[Figure]:
    return [
        Figure(name=title, value=score.mean, unit="of no battery", goal=goal),
        Figure(name=f"{title}: cost", value=score.cost, unit="of no battery"),
        Figure(name=f"{title}: emissions", value=score.emissions, unit="of no battery"),
    ]


def _played(hours: int, priced: Sequence[bool], *, latest: bool = True) -> list[Score]:
    """Scores of cities that differ in whether errors are priced."""
    with ExitStack() as stack:
        cities = [stack.enter_context(City(hours)) for _ in priced]
        for _ in _courses(cities, priced, latest=latest):
            pass
        return [city.score for city in cities if city.score is not None]


def _moved() -> float:
    """The greatest difference of actions before a future that is another one."""
    courses = [_course(corrupted_from) for corrupted_from in (NEVER, CORRUPTED_FROM_H)]
    true, corrupted = (course[:CORRUPTED_FROM_H] for course in courses)
    return float(np.abs(true - corrupted).max())


def _course(corrupted_from: int) -> Floats:
    with City(CORRUPTED_END_H, corrupted_from) as city:
        return np.array([actions[0] for actions in _courses([city], (True,))])


def _courses(
    cities: Sequence[City], priced: Sequence[bool], *, latest: bool = True
) -> Iterator[list[Floats]]:
    """Play all to their end, giving each hour's actions in kWh."""
    outlook = Outlook(len(cities[0].capacity_kwh), latest=latest)
    plans = [plan_for(city.capacity_kwh, city.power_kw) for city in cities]
    while (observed := _observed(cities)) is not None:
        outlook.see(observed[0])
        actions = [
            action(outlook, plan, seen.soc * city.capacity_kwh, priced=pays)
            for city, plan, seen, pays in zip(cities, plans, observed, priced, strict=True)
        ]
        for city, charge_kwh in zip(cities, actions, strict=True):
            city.act(charge_kwh)
        yield actions


def _observed(cities: Sequence[City]) -> list[Observed] | None:
    """What every city shows; nothing when they are over."""
    seen = [city.observe() for city in cities]
    known = [observed for observed in seen if observed is not None]
    return known if len(known) == len(cities) else None
