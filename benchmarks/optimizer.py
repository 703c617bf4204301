"""CPU seconds to plan a whole district, every dwelling by itself, beside HiGHS on the same matrix.

Each case runs in a process of its own with one BLAS thread; CPU time of that process counts,
building of the problem and the matrix not. Kernels are compiled before. HiGHS runs its interior
point without crossover. Every gap is the certificate's, which shares no code with the solver.
"""

import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np

from benchmarks.figures import Figure, Report
from benchmarks.optimizer_features import (
    cars_stepped,
    errors_priced,
    plans_in_a_row,
    units_chosen,
)
from ems.optimizer.structured import certificate, matrix
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.interior_point import InteriorPoint
from ems.optimizer.structured.layout import LANES, ROW
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import solve

SEED = 1
IN_OPERATION, IN_AUDIT = 1e-3, 1e-4
SHARE_GOAL = 1 / 150
AUDIT_GOAL = 1.4
STEPS_GOAL, STEPS_GOAL_LARGE = 26, 40
STEPS_TIMED = 8
COPIED = 20_000_000
FIELDS_MOVED = 73
"""Fields of a row that the three passes read or write in a step."""
FEATURES = (errors_priced, cars_stepped, units_chosen, plans_in_a_row)
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def measure(quick: bool) -> Report:
    """Figures of the race and of growth: HiGHS at 100 dwellings when quick, else at 400."""
    raced = 100 if quick else 400
    sizes = (100, 400, 1600) if quick else (100, 400, 1600, 6400, 40000)
    figures = []
    for tank_per_dwelling in (False,) if quick else (False, True):
        figures += pinned(race, Size.of(raced, tank_per_dwelling=tank_per_dwelling))
    figures += pinned(two_targets, Size.of(400))
    if not quick:
        figures += pinned(two_targets, Size.of(400, slots=192))
    for dwellings in sizes:
        figures += pinned(growth, Size.of(dwellings))
    figures += pinned(bandwidth, Size.of(raced))
    for feature in FEATURES:
        figures += pinned(feature, Size.of(raced))
    return Report(name="optimizer", figures=figures)


def pinned(case: Callable[[Size], list[Figure]], size: Size) -> list[Figure]:
    """`case` in a fresh process with one thread."""
    with _threads(), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(case, size).result()


def race(size: Size) -> list[Figure]:
    """Ours and HiGHS on the same problem."""
    problem, title = _ready(size), _title(size)
    ours_s, steps, proven = _ours(problem, IN_OPERATION)
    programme = matrix.matrix(problem)
    began = time.process_time()
    theirs = matrix.solve_highs(programme, crossover=False)
    theirs_s = time.process_time() - began
    rows, columns = programme.matrix.shape
    shape = f"{rows / 1e3:.0f}k x {columns / 1e3:.0f}k"
    off = abs(proven.cost_eur - theirs.cost_eur) / abs(theirs.cost_eur)
    return [
        Figure(name=f"{title}: ours to 0.1 %, {steps} steps", value=ours_s, unit="s CPU"),
        Figure(name=f"{title}: {theirs.version}, {shape}", value=theirs_s, unit="s CPU"),
        Figure(name=f"{title}: ours / HiGHS", value=ours_s / theirs_s, unit="", goal=SHARE_GOAL),
        Figure(name=f"{title}: HiGHS / ours", value=theirs_s / ours_s, unit="times"),
        Figure(name=f"{title}: certified gap", value=proven.gap, unit="", goal=IN_OPERATION),
        Figure(name=f"{title}: cost off HiGHS's", value=off, unit="", goal=IN_OPERATION),
    ]


def two_targets(size: Size) -> list[Figure]:
    """What 0.01 % costs beside 0.1 %."""
    problem, title = _ready(size), _title(size)
    operation_s, steps, _ = _ours(problem, IN_OPERATION)
    audit_s, more, proven = _ours(problem, IN_AUDIT)
    ratio = audit_s / operation_s
    return [
        Figure(name=f"{title}: to 0.1 %, {steps} steps", value=operation_s, unit="s CPU"),
        Figure(name=f"{title}: to 0.01 %, {more} steps", value=audit_s, unit="s CPU"),
        Figure(name=f"{title}: 0.01 % / 0.1 %", value=ratio, unit="", goal=AUDIT_GOAL),
        Figure(name=f"{title}: certified gap", value=proven.gap, unit="", goal=IN_AUDIT),
    ]


def growth(size: Size) -> list[Figure]:
    """Time, steps and memory of one size."""
    problem, title = _ready(size), _title(size)
    began = time.perf_counter()
    ours_s, steps, _ = _ours(problem, IN_OPERATION)
    wall_s = time.perf_counter() - began
    goal = STEPS_GOAL if size.dwellings <= 400 else STEPS_GOAL_LARGE
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Figure(name=f"{title}: to 0.1 %", value=ours_s, unit="s CPU"),
        Figure(name=f"{title}: to 0.1 % and proven", value=wall_s, unit="s by the clock"),
        Figure(name=f"{title}: steps", value=steps, unit="", goal=goal),
        Figure(name=f"{title}: greatest memory", value=memory_mb, unit="MB"),
    ]


def bandwidth(size: Size) -> list[Figure]:
    """Time and memory traffic of a step beside what this machine copies."""
    point, title = InteriorPoint(_ready(size)), _title(size)
    began = time.process_time()
    for _ in range(STEPS_TIMED):
        point.step()
    step_s = (time.process_time() - began) / STEPS_TIMED
    rows_bytes = sum(lots.memory[0].nbytes for lots in point.everyone.all)
    moved_gb = rows_bytes * FIELDS_MOVED * LANES / ROW / 1e9
    return [
        Figure(name=f"{title}: a step", value=1e3 * step_s, unit="ms CPU"),
        Figure(name=f"{title}: agents' rows moved in a step", value=1e3 * moved_gb, unit="MB"),
        Figure(name=f"{title}: the same over the step", value=moved_gb / step_s, unit="GB/s"),
        Figure(name="copying large arrays", value=_copied_gb_s(), unit="GB/s"),
    ]


def _copied_gb_s() -> float:
    """Read and written, best of some."""
    source = np.ones(COPIED)
    target, spent = np.empty_like(source), []
    for _ in range(STEPS_TIMED):
        began = time.process_time()
        np.copyto(target, source)
        spent.append(time.process_time() - began)
    return 2 * source.nbytes / min(spent) / 1e9


def _ready(size: Size) -> DistrictProblem:
    """The problem, with kernels compiled."""
    solve(district(Size.of(20, slots=12), SEED), gap=0.1)
    return district(size, SEED)


def _ours(problem: DistrictProblem, gap: float) -> tuple[float, int, certificate.Certificate]:
    began = time.process_time()
    answer = solve(problem, gap=gap)
    spent = time.process_time() - began
    proven = certificate.certify(problem, answer.controls, answer.multipliers)
    return spent, answer.steps, proven


def _title(size: Size) -> str:
    tanks = ", own tanks" if size.tank_per_dwelling else ""
    return f"{size.dwellings:,} dwellings{tanks}, T = {size.slots}"


@contextmanager
def _threads() -> Iterator[None]:
    """One thread for whoever starts inside."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(THREADS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
