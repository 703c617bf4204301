"""One district on several Dask workers, and many districts as tasks, beside one process.

Workers are processes of this machine, one thread each. Bytes are those of pickled questions and
answers (protocol 5), counted in a run of its own so that the clock's run does nothing else; the
fleets, which travel once, are counted apart. Every gap is the certificate's.
"""

import pickle
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from distributed import Client

from benchmarks.figures import Figure, Report
from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.certificate import certify
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.holder import Holder
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.shares import Share, dealt
from ems.optimizer.structured.solve import solve
from ems.optimizer.structured.spread import SpreadBeginning
from ems.scale.cluster import LOCAL, addresses, connected
from ems.scale.districts import solve_many
from ems.scale.one_district import HeldByWorkers, solve_spread

T = TypeVar("T")

SEED, GAP = 1, 1e-3
WORKERS = 2
DISTRICTS, DISTRICT = 6, Size.of(100)
SAME = 1e-6
"""Costs of two ways to the same plan differ by less, as a share."""
IN_A_STEP = {method.__name__ for method in (Holder.advance, Holder.foresee, Holder.correct)}


def measure(quick: bool) -> Report:
    """Figures of one district by size, and of many small ones."""
    figures = []
    with connected(LOCAL, workers=WORKERS) as client:
        _compiled(client)
        for dwellings in (100, 400) if quick else (400, 1600, 6400):
            figures += one_district(client, Size.of(dwellings))
        figures += many_districts(client)
    return Report(name="optimizer_scale", figures=figures)


def one_district(client: Client, size: Size) -> list[Figure]:
    """The same plan by one process and in shares."""
    problem, title = district(size, SEED), f"{size.dwellings:,} dwellings, T = {size.slots}"
    alone, alone_s = _timed(lambda: solve(problem, gap=GAP))
    spread, spread_s = _timed(lambda: solve_spread(problem, client, gap=GAP))
    counted = _Counted(client, dealt(problem, WORKERS))
    begin = partial(SpreadBeginning, shares=counted.shares, elsewhere=counted)
    steps = solve(problem, gap=GAP, begin=begin).steps
    proven = certify(problem, spread.controls, spread.multipliers)
    off = abs(spread.cost_eur - alone.cost_eur) / abs(alone.cost_eur)
    return [
        Figure(name=f"{title}: one process, {alone.steps} steps", value=alone_s, unit="s"),
        Figure(name=f"{title}: {WORKERS} workers, {spread.steps} steps", value=spread_s, unit="s"),
        Figure(name=f"{title}: bytes in a step", value=counted.in_steps / steps / 1e6, unit="MB"),
        Figure(name=f"{title}: fleets, once", value=counted.fleets / 1e6, unit="MB"),
        Figure(name=f"{title}: certified gap", value=proven.gap, unit="", goal=GAP),
        Figure(name=f"{title}: cost off one process's", value=off, unit="", goal=SAME),
    ]


def many_districts(client: Client) -> list[Figure]:
    """Districts one after the other, and as tasks."""
    problems = [district(DISTRICT, seed) for seed in range(DISTRICTS)]
    alone, alone_s = _timed(lambda: [solve(problem, gap=GAP) for problem in problems])
    tasks, tasks_s = _timed(lambda: solve_many(problems, client, gap=GAP))
    title = f"{DISTRICTS} districts of {DISTRICT.dwellings}"
    return [
        Figure(name=f"{title}: one process", value=alone_s, unit="s"),
        Figure(name=f"{title}: {WORKERS} workers", value=tasks_s, unit="s"),
        Figure(name=f"{title}: cost off", value=_furthest(alone, tasks), unit="", goal=SAME),
    ]


def _furthest(some: list[Answer], others: list[Answer]) -> float:
    pairs = zip(some, others, strict=True)
    return max(abs(a.cost_eur - b.cost_eur) / abs(a.cost_eur) for a, b in pairs)


def _compiled(client: Client) -> None:
    """Passes compiled or loaded here and on every worker."""
    small: DistrictProblem = district(Size.of(20, slots=12), SEED)
    solve(small, gap=0.1)
    solve_spread(small, client, gap=0.1)
    client.run(solve, small, gap=0.1)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began


class _Counted(HeldByWorkers):
    """Counts what travels."""

    def __init__(self, client: Client, shares: Sequence[Share]) -> None:
        super().__init__(client, shares, addresses(client))
        self.shares = shares
        self.fleets = sum(_bytes(share.problem) for share in shares)
        self.in_steps = 0

    def ask(self, what: Callable[..., T], each: Sequence[tuple[Any, ...]]) -> Callable[[], list[T]]:
        answers = super().ask(what, each)()
        if what.__name__ in IN_A_STEP:
            self.in_steps += _bytes(each) + _bytes(answers)
        return lambda: answers


def _bytes(what: object) -> int:
    return len(pickle.dumps(what, protocol=5))
