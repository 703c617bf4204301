"""One district on many workers: each holds the agents of some groups, only sums by group travel.

A worker's share is a Dask actor: its fleet and iterate stay there from the first step to the last,
and questions go to it straight, not by way of the scheduler. The coupling and the batteries stay
with the caller. An actor dies with its worker; the plan then fails, for a quarter hour's plan is
sooner begun anew than mended.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np
from distributed import Actor, Client, KilledWorker

from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.holder import Holder
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.shares import Share, dealt
from ems.optimizer.structured.solve import solve
from ems.optimizer.structured.spread import SpreadBeginning
from ems.scale.cluster import ScaleError, addresses

T = TypeVar("T")

ANSWER_S = 300.0
"""A worker answers a question within this time; the first one may compile the passes."""


def solve_spread(
    problem: DistrictProblem, client: Client, *, gap: float = 1e-3, time_limit_s: float = np.inf
) -> Answer:
    """The plan of `solve`, its agents swept by the workers of `client`.

    Raises:
        ScaleError: there is no worker, or one was lost on the way.
        SolverError: as `solve`.
    """
    workers = addresses(client)
    shares = dealt(problem, len(workers))
    held = HeldByWorkers(client, shares, workers)
    begin = partial(SpreadBeginning, shares=shares, elsewhere=held)
    return solve(problem, gap=gap, time_limit_s=time_limit_s, begin=begin)


class HeldByWorkers:
    """Shares of a district as actors, one on each worker."""

    def __init__(self, client: Client, shares: Sequence[Share], workers: Sequence[str]) -> None:
        self._addresses = workers[: len(shares)]
        pairs = zip(self._addresses, shares, strict=True)
        self._actors = [_settled(client, address, share) for address, share in pairs]

    def ask(self, what: Callable[..., T], each: Sequence[tuple[Any, ...]]) -> Callable[[], list[T]]:
        """Ask all holders `what` at once, each with its own arguments.

        Raises:
            ScaleError: a worker was lost; by this or by what waits for the answers.
        """
        callers = zip(self._actors, self._addresses, each, strict=True)
        asked = [(_asked(*caller, what.__name__), caller[1]) for caller in callers]
        return lambda: [cast(T, _answered(future, address)) for future, address in asked]


def _settled(client: Client, address: str, share: Share) -> Actor:
    """The share as an actor of the worker at `address`."""
    try:
        [problem] = client.scatter([share.problem], workers=[address], direct=True, hash=False)
        made = client.submit(Holder, problem, actor=True, workers=[address], pure=False)
        return cast(Actor, made.result(timeout=ANSWER_S))
    except (OSError, KilledWorker) as lost:
        raise _lost(address) from lost


def _asked(actor: Actor, address: str, given: tuple[Any, ...], what: str) -> Any:
    try:
        method = getattr(actor, what)
    except RuntimeError as lost:  # so Dask says that the actor's worker is gone
        raise _lost(address) from lost
    return method(*given)


def _answered(future: Any, address: str) -> Any:
    try:
        return future.result(timeout=ANSWER_S)
    except OSError as lost:
        raise _lost(address) from lost


def _lost(address: str) -> ScaleError:
    return ScaleError(
        f"the worker at {address} was lost with its share of the district",
        fix="look into that worker's log, often it had too little memory; then plan again:"
        " the workers that are left take all shares",
    )
