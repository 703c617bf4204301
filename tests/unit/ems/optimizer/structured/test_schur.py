"""The arrow's answer solves the whole complement, whichever faces it is added up by."""

import numpy as np
import pytest

from ems.optimizer.structured import schur
from ems.optimizer.structured.faces import by_kind, by_part, with_families
from ems.optimizer.structured.problem import NONE, Groups

T = 5


def _groups() -> Groups:
    """Heat and tanks of two buildings under a plant, cold without a capacity, one line of cars."""
    electric = np.array([0.3, 0.3, 0.4, 0.4, 0.2, 1.0])
    return Groups(
        capacity=np.array([0, 1, 0, 1, NONE, 2]),
        capacity_kw=np.ones((3, T)),
        electric_per_kw=electric[:, None] * np.linspace(1.0, 1.2, T),
        upper_per_kw=np.array([[1.0, -1, 0]] * 2 + [[1.0, 0, 0]] * 2 + [[0.0, 0, -1], [0, 0, 0]]),
        upper_kw=np.ones((3, T)),
    )


@pytest.mark.parametrize("by", [by_part, by_kind])
def test_the_arrow_solves_the_whole_complement(by):
    rng, groups = np.random.default_rng(1), _groups()
    roots = rng.normal(size=(groups.count, T, T))
    inverses = roots @ roots.transpose(0, 2, 1) + np.eye(T)
    on_capacity = rng.uniform(1.0, 2.0, (6, T))
    on_tip = np.einsum("vw,t->vwt", np.diag(rng.uniform(1.0, 2.0, 4)), np.ones(T))
    meter = np.eye(T)
    of_capacities, of_tip = rng.normal(size=(3, T)), rng.normal(size=(4, T))

    factored = schur.arrow(with_families(groups, by(groups)), inverses, on_capacity, on_tip, meter)
    found = np.concatenate(factored.solve(of_capacities, of_tip))

    reach = np.zeros((groups.count, 7, T))
    for g, capacity in enumerate(groups.capacity):
        if capacity != NONE:
            reach[g, capacity] = 1.0
    reach[:, 3:6] = groups.upper_per_kw[:, :, None]
    reach[:, 6] = groups.electric_per_kw
    whole = np.einsum("gas,gst,gbt->asbt", reach, inverses, reach)
    for at in range(T):
        whole[range(3), at, range(3), at] += on_capacity[:3, at]
        whole[3:, at, 3:, at] += on_tip[:, :, at]
    whole[6, :, 6] += meter
    wanted = np.linalg.solve(
        whole.reshape(7 * T, 7 * T), np.concatenate([of_capacities, of_tip]).ravel()
    )
    np.testing.assert_allclose(found.ravel(), wanted, rtol=1e-9, atol=1e-12)
