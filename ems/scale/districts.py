"""Many districts at once: each is a task of its own, whole on one worker."""

from collections.abc import Sequence

import numpy as np
from distributed import Client, KilledWorker

from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import solve
from ems.scale.cluster import ScaleError, addresses


def solve_many(
    problems: Sequence[DistrictProblem],
    client: Client,
    *,
    gap: float = 1e-3,
    time_limit_s: float = np.inf,
) -> list[Answer]:
    """The plan of `solve` for each of `problems`, in their order.

    A district whose worker is lost goes to another one.

    Raises:
        ScaleError: there is no worker, or a district took one worker after the other with it.
        SolverError: as `solve`, for any of them.
    """
    addresses(client)
    futures = [
        client.submit(solve, problem, gap=gap, time_limit_s=time_limit_s, pure=False)
        for problem in problems
    ]
    answers = []
    for place, future in enumerate(futures):
        try:
            answers.append(future.result())
        except KilledWorker as lost:
            raise ScaleError(
                f"district {place} of {len(problems)} took one worker after the other with it",
                fix="give workers more memory, or plan it alone on several (`solve_spread`)",
            ) from lost
    return answers
