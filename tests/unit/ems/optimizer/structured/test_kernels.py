"""Compiled sweeps give what their reference gives, and the reference what dense algebra gives."""

from dataclasses import replace

import numpy as np
import pytest

from ems.optimizer.structured import generator, kernels, sweeps
from ems.optimizer.structured.fleet import Fleet, fleet_of_agents, fleet_of_batteries

SIZE = generator.Size(dwellings=45, cars=9, buildings=3, lines=2, batteries=2, slots=21)
PROBLEM = generator.district(replace(SIZE, buildings=3), 4)
FLEETS = {
    "two states": fleet_of_agents(PROBLEM, 2),
    "one state": fleet_of_agents(PROBLEM, 1),
    "batteries": fleet_of_batteries(PROBLEM.batteries, PROBLEM.slots, PROBLEM.slot_h),
}


def barrier(fleet: Fleet) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    shape = (fleet.steps, fleet.count)
    return 10.0 ** random.uniform(-5, 5, shape), 10.0 ** random.uniform(-5, 5, shape)


def dense(fleet: Fleet, agent: int, D: np.ndarray, W: np.ndarray) -> np.ndarray:
    B = np.stack(
        [
            sweeps.respond(fleet, unit[:, None] * np.ones(fleet.count))[0][:, agent]
            for unit in np.eye(fleet.steps)
        ],
        axis=1,
    )
    return np.diag(D[:, agent]) + B.T @ (W[:, agent, None] * B)


@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS.keys())
def test_reference_solves_the_dense_system(fleet: Fleet) -> None:
    D, W = barrier(fleet)
    side = np.random.default_rng(1).normal(size=D.shape)
    factors = sweeps.factor(fleet, D, W)
    control, _ = sweeps.solve(fleet, factors, side, 0 * side, np.zeros((2, fleet.count)))
    for agent in range(0, fleet.count, 7):
        is_open = fleet.is_open[:, agent]
        M = dense(fleet, agent, D, W)[np.ix_(is_open, is_open)]
        assert control[is_open, agent] == pytest.approx(
            np.linalg.solve(M, side[is_open, agent]), rel=1e-6, abs=1e-9
        )
        assert (control[~is_open, agent] == 0).all()


@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS.keys())
def test_summed_inverses_are_the_sums_of_dense_inverses(fleet: Fleet) -> None:
    D, W = barrier(fleet)
    summed = sweeps.summed_inverses(fleet, sweeps.factor(fleet, D, W))
    expected = np.zeros_like(summed)
    for agent, group in enumerate(fleet.groups):
        at = np.ix_(fleet.is_open[:, agent], fleet.is_open[:, agent])
        expected[group][at] += np.linalg.inv(dense(fleet, agent, D, W)[at])
    assert summed == pytest.approx(expected, rel=1e-6, abs=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS.keys())
def test_compiled_response_and_adjoint_agree_with_the_reference(fleet: Fleet) -> None:
    random = np.random.default_rng(2)
    control, on_state = (random.normal(size=(fleet.steps, fleet.count)) for _ in "uv")
    at_end = random.normal(size=(2, fleet.count))
    pairs = [
        (kernels.adjoint(fleet, on_state, at_end), sweeps.adjoint(fleet, on_state, at_end)),
        *zip(kernels.respond(fleet, control), sweeps.respond(fleet, control), strict=True),
    ]
    for ours, reference in pairs:
        assert ours == pytest.approx(reference, rel=1e-9, abs=1e-9 * np.abs(reference).max())
