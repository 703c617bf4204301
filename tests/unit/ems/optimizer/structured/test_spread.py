"""A district whose agents are held in shares is planned as one that is whole."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest

from ems.optimizer.structured.certificate import certify
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.holder import Holder
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.shares import Share, dealt
from ems.optimizer.structured.solve import solve
from ems.optimizer.structured.spread import SpreadBeginning

T = TypeVar("T")
SMALL = Size(dwellings=9, cars=5, buildings=3, lines=2, batteries=2, slots=16)
SHAPES = {
    "as usual": SMALL,
    "no battery": replace(SMALL, batteries=0),
    "no car": replace(SMALL, cars=0),
    "a tank for each dwelling": replace(SMALL, tank_per_dwelling=True),
}


class NextDoor:
    """Holders in this process."""

    def __init__(self, shares: list[Share]) -> None:
        self._holders = [Holder(share.problem) for share in shares]

    def ask(self, what: Callable[..., T], each: Sequence[tuple[Any, ...]]) -> Callable[[], list[T]]:
        answers = [what(*pair[:1], *pair[1]) for pair in zip(self._holders, each, strict=True)]
        return lambda: answers


def spread(problem: DistrictProblem, holders: int) -> SpreadBeginning:
    shares = dealt(problem, holders)
    return SpreadBeginning(problem, shares, NextDoor(shares))


@pytest.mark.parametrize("size", SHAPES.values(), ids=SHAPES)
def test_in_shares_the_plan_and_its_proof_are_the_same(size: Size) -> None:
    problem = district(size, 3)
    whole = solve(problem, gap=1e-5)
    shared = solve(problem, gap=1e-5, begin=lambda p: spread(p, 3))
    assert (shared.steps, shared.ended) == (whole.steps, "gap")
    assert shared.cost_eur == pytest.approx(whole.cost_eur, rel=1e-8)
    proven = certify(problem, shared.controls, shared.multipliers)
    assert proven.gap <= 1.01e-5


def test_shares_hold_every_agent_once_and_whole_groups() -> None:
    problem = district(SMALL, 1)
    shares = dealt(problem, 2)
    assert sorted(np.concatenate([share.groups for share in shares])) == list(
        range(problem.groups.count)
    )
    for k, kind in enumerate(problem.agents):
        held = np.concatenate([share.columns[k] for share in shares])
        assert sorted(held) == list(range(kind.count))
        for share in shares:
            assert set(kind.group[share.columns[k]]) <= set(share.groups)


def test_more_holders_than_groups_leave_some_without_a_share() -> None:
    problem = district(replace(SMALL, cars=0, buildings=1), 1)
    assert len(dealt(problem, 8)) == 2  # the building's dwellings, its tank


def test_what_is_dealt_is_about_alike() -> None:
    shares = dealt(district(Size(dwellings=40, buildings=8), 1), 2)
    counts = [sum(columns.size for columns in share.columns) for share in shares]
    assert max(counts) < 1.5 * min(counts)
