"""The general solver's answer, proved by the same certificate as the structured one's."""

import pytest

from ems.domain.errors import SolverError
from ems.optimizer.structured.by_matrix import solve_by_highs
from ems.optimizer.structured.certificate import certify
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.repair import repaired


@pytest.mark.parametrize("seed", range(3))
def test_highs_is_proved_by_its_own_prices(seed: int) -> None:
    problem = district(Size.of(20, slots=24), seed)
    answer = solve_by_highs(problem)
    proof = certify(problem, repaired(problem, answer.controls), answer.multipliers)
    assert proof.cost_eur == pytest.approx(answer.cost_eur, rel=1e-5)
    assert proof.gap < 1e-4
    assert proof.outside_kw < 1e-4


def test_without_time_there_is_no_answer() -> None:
    with pytest.raises(SolverError, match="HiGHS ended with Time limit"):
        solve_by_highs(district(Size.of(100), 0), time_limit_s=0.0)
