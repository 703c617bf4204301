"""The steps of a quarter hour on the clock: each is timed, and what takes too long is cut.

Time is monotonic, so that a step of the machine's clock neither cuts a solver nor lets it run on.
The budgets of all steps together are less than the time by which a plan is begun ahead of its slot:
whatever is late, something is there to be written when the slot begins.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from ems.domain.errors import SolverError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """Wall seconds that each step may take."""

    snapshot_s: float = 10.0
    """The latest readings, and the plan in force; then the plan made last serves."""

    history_s: float = 20.0
    """The past; then the past of the quarter hour before serves."""

    forecast_s: float = 20.0
    """Weather, prices and forecasts; then the ladder's next step is taken."""

    plan_s: float = 20.0
    """The solver; then the ladder's next step is taken."""

    @property
    def all_s(self) -> float:
        """The steps before a plan is checked, together."""
        return self.snapshot_s + self.history_s + self.forecast_s + self.plan_s


BUDGETS = Budgets()
"""Those of a running district."""


class Steps:
    """Wall seconds of each step, in order, and which of them were cut."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self.took_s: dict[str, float] = {}
        self.cut: list[str] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time of what is done inside as the step `name`."""
        began = self._timer()
        try:
            yield
        finally:
            self.took_s[name] = self.took_s.get(name, 0.0) + self._timer() - began

    async def within(self, budget_s: float, name: str, work: Awaitable[T]) -> T:
        """What `work` gives, as the step `name`.

        Raises:
            SolverError: it took more than `budget_s` wall seconds.
        """
        with self.step(name):
            try:
                return await asyncio.wait_for(work, budget_s)
            except TimeoutError as error:
                self.cut.append(name)
                raise SolverError(f"the {name} took more than {budget_s:g} s") from error

    async def within_or(self, budget_s: float, name: str, work: Awaitable[T], else_: T) -> T:
        """The same, and `else_` when it takes too long."""
        try:
            return await self.within(budget_s, name, work)
        except SolverError:
            return else_
