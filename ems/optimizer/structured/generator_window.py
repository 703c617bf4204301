"""A random district a quarter hour later, with news: what the next plan is made of."""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ems.optimizer.structured.answer import Controls
from ems.optimizer.structured.certificate import stored_kwh
from ems.optimizer.structured.problem import (
    Agents,
    DistrictProblem,
    Exchanges,
    Floats,
    Groups,
    Limit,
    Meter,
)

BASE_NEWS, SUN_NEWS = 0.01, 0.05
"""Standard deviation of what the forecasts of base load and sun change by, as a share."""
STATE_NEWS_C = 0.05
"""Standard deviation of what a measured temperature is off the planned one."""
MEMORY = 0.9
"""Correlation of an error from slot to slot."""

OF_AGENTS = (
    "drift",
    "power_kw_max",
    "low",
    "high",
    "low_price_eur",
    "high_price_eur",
    "cost_eur",
    "reference_kw",
)
OF_GROUPS = ("electric_per_kw", "capacity_kw", "upper_kw")
OF_EXCHANGES = ("kw_max", "cost_eur", "electric_per_kw", "upper_per_kw")
OF_METER = (
    "base_kw",
    "sun_kw",
    "buy_eur_per_kwh",
    "sell_eur_per_kwh",
    "shared_kw",
    "shared_eur_per_kwh",
    "subscribed_kw",
    "overrun_eur_per_kwh",
    "spread_kw",
)
"""Arrays over time, where one entry may stand for all slots."""

Part = TypeVar("Part", Agents, Groups, Exchanges, Limit, Meter)


def window(problem: DistrictProblem, first: int, slots: int) -> DistrictProblem:
    """`problem` over `slots` slots from `first`; states are left as they are."""
    kept, meter = slice(first, first + slots), problem.meter
    limits = tuple(_cut(limit, kept, ("kw", "eur_per_kwh")) for limit in meter.limits)
    return replace(
        problem,
        agents=tuple(_cut(kind, kept, OF_AGENTS) for kind in problem.agents),
        groups=_cut(problem.groups, kept, OF_GROUPS, last=True),
        exchanges=_cut(problem.exchanges, kept, OF_EXCHANGES, last=True),
        meter=_cut(replace(meter, limits=limits), kept, OF_METER),
    )


def a_slot_later(
    problem: DistrictProblem, done: Controls, slots: int, random: np.random.Generator
) -> DistrictProblem:
    """The next plan's problem, once the first slot of `done` is over, with news of all kinds.

    `problem` covers a slot more than the `slots` that were planned.
    """
    later = window(problem, 1, slots)
    agents = []
    for before, after, power in zip(problem.agents, later.agents, done.power_kw, strict=True):
        start = _after_a_slot(before, power[0])
        is_room = after.states > 1
        noise = STATE_NEWS_C * random.standard_normal(start.shape) * is_room
        agents.append(replace(after, start=start + noise))
    stored = stored_kwh(problem.batteries, problem.slot_h, done)[0]
    sun = later.meter.sun_kw * np.maximum(1 + SUN_NEWS * wander(slots, random), 0.0)
    base = later.meter.base_kw * (1 + BASE_NEWS * wander(slots, random))
    return replace(
        later,
        agents=tuple(agents),
        batteries=replace(problem.batteries, start_kwh=stored),
        meter=replace(later.meter, base_kw=base, sun_kw=sun),
    )


def wander(slots: int, random: np.random.Generator) -> Floats:
    """An error that is remembered from slot to slot, of standard deviation one. Shape [slots]."""
    course = np.empty(slots)
    last = random.standard_normal()
    for t, push in enumerate(random.standard_normal(slots)):
        course[t] = last
        last = MEMORY * last + np.sqrt(1 - MEMORY**2) * push
    return course


def _after_a_slot(agents: Agents, power_kw: Floats) -> Floats:
    """States of `agents` after one slot. Shape [s, n]."""
    moved = np.einsum("ijn,jn->in", agents.transfer, agents.start)
    after: Floats = moved + agents.gain * power_kw + agents.drift[0]
    return after


def _cut(part: Part, kept: slice, names: tuple[str, ...], *, last: bool = False) -> Part:
    """`part` with the arrays of these `names` cut to the slots `kept`; time is `last` or first."""
    arrays = {name: getattr(part, name) for name in names}
    cut: dict[str, Any] = {
        name: values[..., kept] if last else values[kept]
        for name, values in arrays.items()
        if values.shape[-1 if last else 0] > 1
    }
    return replace(part, **cut)
