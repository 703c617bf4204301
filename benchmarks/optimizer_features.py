"""What the district's own features cost and bring: priced errors, cars' steps, units, stability.

Every figure is certified. The forecast's error is drawn at random, remembered from slot to slot,
and paid as it happens, the peak included.
"""

from dataclasses import replace

import numpy as np

from benchmarks.figures import Figure
from ems.optimizer.car_steps import Charging, stepped_kw
from ems.optimizer.structured import certificate
from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.generator_plant import with_spread
from ems.optimizer.structured.generator_window import a_slot_later, wander, window
from ems.optimizer.structured.in_force import near_plan, slots_later
from ems.optimizer.structured.problem import DistrictProblem, Floats
from ems.optimizer.structured.solve import solve
from ems.optimizer.structured.unit_course import Units
from ems.optimizer.structured.unit_plan import solve_with_units

SEEDS = (1, 2, 3)
SPREAD_SHARE = 0.08
DRAWS = 200
SUNNY = 4.0
"""Sun of a day of export, as a multiple."""
LEAST_SHARE_OF_THREE_PHASES_KW, LEAST_KW = 4.14, 1.38
"""6 A on three phases and on one."""
CHANGED_KW = 0.23
"""A car's slot has changed when its power has by an ampere or more."""


def errors_priced(size: Size) -> list[Figure]:
    """Steps and gap with the forecast's error priced, and what it saves as errors happen."""
    steps, gaps, saved = [], [], []
    for seed in SEEDS:
        for sun in (1.0, SUNNY):
            plain = _sunny(district(size, seed), sun)
            priced = with_spread(plain, SPREAD_SHARE)
            answer = solve(priced, gap=0.8e-4)
            proof = certificate.certify(priced, answer.controls, answer.multipliers)
            steps.append(answer.steps)
            gaps.append(proof.gap)
            saved.append(_saved(priced, solve(plain, gap=1e-4), answer, seed))
    title = f"{size.dwellings:,} dwellings, error of {SPREAD_SHARE:.0%} priced"
    savings = np.concatenate(saved)
    by_day = np.array([day.mean() for day in saved])
    return [
        Figure(name=f"{title}: steps to 0.01 %, most", value=max(steps), unit="", goal=45),
        Figure(name=f"{title}: gap of the true cost, most", value=max(gaps), unit="", goal=1e-4),
        Figure(name=f"{title}: saves, {DRAWS} draws a day", value=100 * by_day.mean(), unit="%"),
        Figure(
            name=f"{title}: standard error of that, draws",
            value=100 * savings.std() / np.sqrt(savings.size),
            unit="%",
        ),
        Figure(name=f"{title}: least of {by_day.size} days", value=100 * by_day.min(), unit="%"),
        Figure(name=f"{title}: most of {by_day.size} days", value=100 * by_day.max(), unit="%"),
    ]


def _saved(problem: DistrictProblem, plain: Answer, priced: Answer, seed: int) -> Floats:
    """What pricing the error saves in each draw, as a share of the mean cost. Shape [draws]."""
    random = np.random.default_rng([seed, 2])
    paid = np.empty((2, DRAWS))
    own = [_paid_by_devices(problem, answer) for answer in (plain, priced)]
    nets = [certificate.net_kw(problem, answer.controls) for answer in (plain, priced)]
    for draw in range(DRAWS):
        error = problem.meter.spread_kw * wander(problem.slots, random)
        for which in range(2):
            met = certificate.settled_eur(problem, nets[which] + error)
            paid[which, draw] = own[which] + met
    saved: Floats = (paid[0] - paid[1]) / paid[0].mean()
    return saved


def _paid_by_devices(problem: DistrictProblem, answer: Answer) -> float:
    """Cost of a plan without what the meter is expected to cost."""
    proof = certificate.certify(problem, answer.controls, answer.multipliers)
    net = certificate.net_kw(problem, answer.controls)
    return proof.cost_eur - certificate.expected_eur(problem, net)


def cars_stepped(size: Size) -> list[Figure]:
    """How far above the bound cars' steps of 6 A and more are."""
    gaps, naive = [], []
    for seed in SEEDS:
        problem = district(size, seed)
        answer = solve(problem, gap=1e-5)
        cars = charging(problem, answer)
        gaps.append(_gap_with(problem, answer, stepped_kw(cars)))
        near = np.where(cars.planned_kw < 0.5 * cars.least_kw, 0.0, cars.planned_kw)
        rounded = np.where(near > 0, np.maximum(near, cars.least_kw), 0.0)
        naive.append(_gap_with(problem, answer, np.minimum(rounded, cars.most_kw)))
    title = f"{size.cars} cars, 0 or 6 A and more"
    return [
        Figure(name=f"{title}: above the bound, most", value=max(gaps), unit="", goal=1e-3),
        Figure(name=f"{title}: naively rounded", value=max(naive), unit=""),
    ]


def charging(problem: DistrictProblem, answer: Answer) -> Charging:
    """The cars of a random district as `car_steps.py` takes them."""
    cars, groups, prices = problem.agents[2], problem.groups, answer.multipliers
    per_kw = groups.electric_per_kw * prices.electricity + groups.upper_per_kw @ prices.upper
    line = groups.capacity[cars.group]
    three = cars.power_kw_max.max(axis=0) > 8
    return Charging(
        planned_kw=answer.controls.power_kw[2],
        least_kw=np.where(three, LEAST_SHARE_OF_THREE_PHASES_KW, LEAST_KW) + 0 * cars.power_kw_max,
        most_kw=cars.power_kw_max,
        price_eur=(per_kw[cars.group] + prices.capacity[line]).T,
        line=line - line.min(),
        line_kw=groups.capacity_kw[line.min() :],
        feeder_kw=groups.upper_kw[0],
        waits=np.ones(cars.count, dtype=np.bool_),
    )


def _gap_with(problem: DistrictProblem, answer: Answer, cars_kw: Floats) -> float:
    power = (*answer.controls.power_kw[:2], cars_kw)
    controls = replace(answer.controls, power_kw=power)
    return certificate.certify(problem, controls, answer.multipliers).gap


def units_chosen(size: Size) -> list[Figure]:
    """Plans with units of the plant beside their bound, in winter and on a mild day."""
    figures = []
    for day, outdoor_c, goal in (("winter", 3.0, 0.01), ("mild", 13.0, None)):
        plans = [_with_units(replace(size, outdoor_c=outdoor_c), seed) for seed in SEEDS]
        title = f"{size.dwellings:,} dwellings, units of the plant, {day}"
        most = max(gap for gap, _ in plans)
        starts = max(count for _, count in plans)
        figures += [
            Figure(name=f"{title}: above the bound, most", value=most, unit="", goal=goal),
            Figure(name=f"{title}: starts a day, most", value=starts, unit="", goal=4),
        ]
    return figures


def _with_units(size: Size, seed: int) -> tuple[float, int]:
    problem = district(size, seed)
    most_kw = sum(kind.power_kw_max.max(axis=0).sum() for kind in problem.agents[:2])
    heat = np.arange(2 * size.buildings)
    plan = solve_with_units(problem, Units(heat=heat, count=3, unit_kw=most_kw / 6))
    return plan.gap, plan.starts


def plans_in_a_row(size: Size) -> list[Figure]:
    """What changes from a plan to the next with 15 minutes of news, held to it and not."""
    title = f"{size.dwellings:,} dwellings, a quarter hour later"
    figures = []
    for held, cars_goal, heat_goal in ((False, None, None), (True, 0.04, 0.1)):
        changes = np.array([_changes(size, seed, held=held) for seed in SEEDS]).mean(axis=0)
        how = "held to the plan in force" if held else "not held"
        figures += [
            Figure(name=f"{title}, {how}: car slots", value=changes[0], unit="", goal=cars_goal),
            Figure(name=f"{title}, {how}: heat", value=changes[1], unit="kW", goal=heat_goal),
            Figure(name=f"{title}, {how}: cost above bound", value=changes[2], unit=""),
        ]
    return figures


def _changes(size: Size, seed: int, *, held: bool) -> tuple[float, float, float]:
    """Share of car slots, mean heat of a dwelling and slot that changed; gap to the free bound."""
    longer = _left_in_time(district(replace(size, slots=size.slots + 1), seed))
    first = solve(window(longer, 0, size.slots), gap=1e-3)
    news = a_slot_later(longer, first.controls, size.slots, np.random.default_rng([seed, 3]))
    before = tuple(slots_later(power) for power in first.controls.power_kw)
    second = solve(near_plan(news, before) if held else news, gap=1e-3)
    bound = solve(news, gap=1e-4)
    same = slice(0, size.slots - 1)
    cars = news.agents[2].power_kw_max[same] > 0
    moved = np.abs(second.controls.power_kw[2][same] - before[2][same])[cars] > CHANGED_KW
    heat = np.abs(second.controls.power_kw[0][same] - before[0][same]).mean()
    proof = certificate.certify(news, second.controls, bound.multipliers)
    return float(moved.mean()), float(heat), proof.gap


def _left_in_time(problem: DistrictProblem) -> DistrictProblem:
    """Cars that would leave in the last slot leave one before: both plans see them leave."""
    cars, changed = problem.agents[2], {}
    for name in ("low", "low_price_eur", "high_price_eur", "power_kw_max"):
        values = getattr(cars, name).copy()
        values[-2] = np.maximum(values[-2], values[-1])
        values[-1] = 0.0
        changed[name] = values
    return replace(problem, agents=(*problem.agents[:2], replace(cars, **changed)))


def _sunny(problem: DistrictProblem, share: float) -> DistrictProblem:
    return replace(problem, meter=replace(problem.meter, sun_kw=share * problem.meter.sun_kw))
