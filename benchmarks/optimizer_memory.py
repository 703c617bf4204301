"""What a step takes and moves, beside what this machine can move."""

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.figures import Figure
from benchmarks.optimizer_ours import ready, title_of
from ems.optimizer.structured.generator import Size
from ems.optimizer.structured.interior_point import InteriorPoint

SEED = 1
STEPS_TIMED = 8
PASSES = 3
"""Sweeps of a step over all rows: advance, foresee, correct."""
COPIED = 20_000_000


def memory_and_bandwidth(sizes: Sequence[Size]) -> list[Figure]:
    """Memory and time of a step of some sizes, and the machine's bandwidth."""
    figures = [figure for size in sizes for figure in of_a_step(size)]
    copied = copied_gb_s()
    return [*figures, Figure(name="this machine copies large arrays", value=copied, unit="GB/s")]


def of_a_step(size: Size) -> list[Figure]:
    """What a step takes, and how fast it goes through the agents' rows."""
    point, title = InteriorPoint(ready(size, SEED)), title_of(size)
    began, began_wall = time.process_time(), time.perf_counter()
    for _ in range(STEPS_TIMED):
        point.step()
    step_s = (time.process_time() - began) / STEPS_TIMED
    wall_s = (time.perf_counter() - began_wall) / STEPS_TIMED
    rows_gb = sum(lots.memory[0].nbytes for lots in point.everyone.all) / 1e9
    passed_gb = PASSES * rows_gb
    return [
        Figure(name=f"{title}: a step", value=1e3 * step_s, unit="ms CPU"),
        Figure(name=f"{title}: a step", value=1e3 * wall_s, unit="ms wall"),
        Figure(name=f"{title}: agents' rows", value=1e3 * rows_gb, unit="MB"),
        Figure(name=f"{title}: rows passed in a step", value=1e3 * passed_gb, unit="MB"),
        Figure(name=f"{title}: the same over the step", value=passed_gb / wall_s, unit="GB/s"),
    ]


def copied_gb_s() -> float:
    """Read and written, best of some."""
    source = np.ones(COPIED)
    target, spent = np.empty_like(source), []
    for _ in range(STEPS_TIMED):
        began = time.perf_counter()
        np.copyto(target, source)
        spent.append(time.perf_counter() - began)
    return 2 * source.nbytes / min(spent) / 1e9
