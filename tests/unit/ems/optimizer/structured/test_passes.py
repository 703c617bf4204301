"""The compiled passes give what the agents' formulas, written out in NumPy, give."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ems.optimizer.structured import generator, inverses, layout, lots, passes, sweeps
from ems.optimizer.structured.barrier import Agency, Aims, Direction
from ems.optimizer.structured.fleet import Fleet, fleet_of_agents, fleet_of_batteries
from ems.optimizer.structured.layout import LANES
from ems.optimizer.structured.lots import Kept, Lots
from ems.optimizer.structured.solve import solve

SIZE = generator.Size(dwellings=45, cars=9, buildings=3, lines=2, batteries=2, slots=37)
PROBLEM = generator.district(SIZE, 4)
HELD = tuple(
    replace(kind, curvature_eur=kind.curvature_eur + 0.1, reference_kw=kind.reference_kw + 0.5)
    for kind in PROBLEM.agents
)
FLEETS = {
    "two states": fleet_of_agents(replace(PROBLEM, agents=HELD), 2),
    "one state": fleet_of_agents(PROBLEM, 1),
    "batteries": fleet_of_batteries(PROBLEM.batteries, PROBLEM.slots, PROBLEM.slot_h),
}
MU, AIM = 0.3, 0.1
RANDOM = np.random.default_rng(3)


@dataclass
class Case:
    """A fleet's iterate in both forms, after one step of random length towards random prices."""

    agency: Agency
    lots: Lots
    price: np.ndarray
    rise: np.ndarray
    final: np.ndarray


def per_agent(fleet: Fleet, of_groups: np.ndarray) -> np.ndarray:
    return of_groups[fleet.groups].T


def solved(agency: Agency, aims: Aims, price: np.ndarray) -> tuple[Direction, np.ndarray]:
    """The direction towards `aims` at a price of [S, n], and its controls."""
    fleet = agency.fleet
    factors = sweeps.factor(fleet, agency.on_control, agency.on_state)
    lifts = agency.lifts(aims)
    moved = sweeps.solve(fleet, factors, *agency.sides(aims, lifts, price))
    return agency.direction(aims, lifts, moved), moved[0]


def corrected(agency: Agency, predicted: Direction) -> Aims:
    shape = agency.fleet.greatest.shape
    return Aims.all_at(AIM, shape).less(agency.products(predicted))


def zero(agency: Agency) -> Aims:
    return Aims.all_at(0.0, agency.fleet.greatest.shape)


@pytest.fixture(params=FLEETS.values(), ids=FLEETS.keys())
def case(request: pytest.FixtureRequest) -> Case:
    fleet: Fleet = request.param
    share = RANDOM.uniform(0.1, 0.9, (fleet.steps, fleet.count))
    agency = Agency.centred(fleet, share * fleet.greatest, MU)
    shape = (fleet.starts.size - 1, fleet.steps)
    price, rise, final = RANDOM.normal(0.1, 0.1, (3, *shape))
    agency.agree_with(per_agent(fleet, price), MU)
    return Case(agency, Lots.of(agency), price, rise, final)


def swept(case: Case, sweep, count: int, *given) -> np.ndarray:
    """Sums of a pass by group. Shape [count, groups, S]."""
    lots = case.lots
    sums = np.zeros((count, lots.starts.size - 1, lots.steps, LANES))
    sweep((0, lots.count), lots.memory, *given, sums, LANES)
    return sums.sum(axis=-1)


def advanced(case: Case, aim: float = 0.0) -> np.ndarray:
    return swept(case, passes.advance, 2, case.price, aim)


def foreseen(case: Case) -> np.ndarray:
    return swept(case, passes.foresee, 4, case.rise)


def same(ours: np.ndarray, reference: np.ndarray) -> None:
    scale = np.abs(reference).max(initial=0.0)
    assert ours == pytest.approx(reference, rel=1e-9, abs=1e-9 * scale)


def summed(case: Case, of_agents: np.ndarray) -> np.ndarray:
    return case.agency.fleet.summed(of_agents).T


def totals(case: Case, offset: int) -> np.ndarray:
    return case.lots.total(offset)[case.lots.lot, case.lots.lane]


def at(case: Case, offset: int) -> np.ndarray:
    return case.lots.of_agents(case.lots.field(offset))


def test_factors_and_gap(case: Case) -> None:
    power, free = advanced(case)
    agency, fleet = case.agency, case.agency.fleet
    factors = sweeps.factor(fleet, agency.on_control, agency.on_state)
    same(at(case, layout.FEEDBACK), factors.feedback[:, 0])
    same(at(case, layout.INVERSE), factors.inverse_pivot)
    price = per_agent(fleet, case.price)
    own, bound = agency.cost_and_bound(price)
    same(totals(case, layout.OWN_COST).sum() + case.lots.fixed_eur, np.array(own))
    same(totals(case, layout.BOUND).sum() + case.lots.fixed_eur, np.array(bound))
    same(totals(case, layout.PRODUCTS), agency.complementarity())
    same(power, summed(case, agency.power))
    same(free, summed(case, solved(agency, zero(agency), price)[1]))


def test_prediction_and_what_answers_it(case: Case) -> None:
    advanced(case)
    whole, far, of_products, of_centring = foreseen(case)
    agency, fleet = case.agency, case.agency.fleet
    predicted, control = solved(agency, zero(agency), per_agent(fleet, case.price + case.rise))
    same(whole, summed(case, control))
    length = np.minimum(agency.longest(predicted), 1.0)
    same(1.0 / np.maximum(totals(case, layout.FALL), 1.0), length)
    same(far, summed(case, length * control))
    same(totals(case, layout.SECOND), agency.products(predicted).total())
    free = solved(agency, zero(agency), per_agent(fleet, case.price))[1]
    both = solved(agency, corrected(agency, predicted), per_agent(fleet, case.price))[1]
    same(of_products + AIM * of_centring, summed(case, both - free))


@pytest.mark.parametrize("share", [0.9, 0.5])
def test_correction_and_advance(case: Case, share: float) -> None:
    advanced(case)
    foreseen(case)
    whole, far = swept(case, passes.correct, 2, case.final, AIM, share)
    agency, fleet = copy(case.agency), case.agency.fleet
    predicted, _ = solved(agency, zero(agency), per_agent(fleet, case.price + case.rise))
    direction, control = solved(agency, corrected(agency, predicted), per_agent(fleet, case.final))
    length = np.minimum(share * agency.longest(direction), 1.0)
    same(case.lots.length[case.lots.lot, case.lots.lane], length)
    same(whole, summed(case, control))
    same(far, summed(case, length * control))
    advanced(case, AIM)
    agency.advance(direction, length)
    (controls, prices) = Kept.of(case.lots, "controls"), Kept.of(case.lots, "multipliers")
    same(controls.power(), agency.power)
    same(at(case, layout.AT_ZERO), agency.at_zero)
    same(at(case, layout.AT_MOST), agency.at_most)
    same(prices.below(), agency.low.pressed)
    same(prices.above(), agency.high.pressed)
    same(totals(case, layout.PRODUCTS), agency.complementarity())


def test_inverses_sum_to_those_of_the_reference(case: Case) -> None:
    advanced(case)
    fleet, lots = case.agency.fleet, case.lots
    groups = lots.starts.size - 1
    ours = np.zeros((groups, fleet.steps, fleet.steps))
    inverses.add_inverses((0, groups), lots.memory, lots.starts, ours, lots.states, LANES)
    factors = sweeps.factor(fleet, case.agency.on_control, case.agency.on_state)
    same(ours, sweeps.summed_inverses(fleet, factors))


def test_parts_swept_at_once_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = solve(PROBLEM, gap=1e-6)
    monkeypatch.setattr(lots, "LOTS_IN_PART_MIN", 1)
    agents = Lots.of(Agency.centred(FLEETS["two states"], FLEETS["two states"].greatest / 2, MU))
    assert len(agents.spans(of_groups=False)) > 1
    together = solve(PROBLEM, gap=1e-6)
    assert together.steps == alone.steps
    assert together.cost_eur == pytest.approx(alone.cost_eur, rel=1e-9)
