"""The plan's day in the Schedules of building managers' controllers, from one plan to the next.

Only where the description asks for it (`writes_schedules` of the station). Writing takes its time
and never holds up a slot; of plans that came meanwhile only the latest counts. A controller that
did not take one gets the next. As soon as the mode is not automatic, and at the end, all of it is
taken out; what is left behind by a sudden death ends at midnight by itself.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from ems.devices.plan_schedules import Outcomes, PlanSchedules
from ems.domain.errors import EmsError
from ems.domain.plans import Mode, Outcome, Plan

log = logging.getLogger("ems.service")

AT_ONCE = 16
"""Controllers that are written at a time."""
LIMIT_S = 8.0
"""Wall seconds that withdrawing may take, so that the end of the service does not hang on it."""


class SchedulePublisher:
    """Writes plans into Schedules, and takes them out."""

    def __init__(
        self, schedules: Mapping[str, PlanSchedules], mode: Callable[[], Awaitable[Mode]]
    ) -> None:
        """`schedules` by device; none: nothing is done."""
        self._schedules, self._mode = schedules, mode
        self._plan: Plan | None = None
        self._offered = asyncio.Event()
        self._turn = asyncio.Lock()
        self._first = True

    def offer(self, plan: Plan) -> None:
        """Take the plan that is now in force."""
        self._plan = plan
        self._offered.set()

    async def run(self) -> None:
        """Write what is offered, until cancelled."""
        while True:
            await self._offered.wait()
            self._offered.clear()
            try:
                await self._publish()
            except EmsError as error:
                log.warning("schedules were not written: %s", error.message)

    async def withdraw(self) -> tuple[str, ...]:
        """Take all of it out: the devices where that failed, or took more than `LIMIT_S`."""
        self._plan = None
        async with self._turn:
            found = await self._each(lambda one: one.withdraw(), limit_s=LIMIT_S)
        return tuple(d for d in self._schedules if d not in found or _failed(found[d]))

    async def _publish(self) -> None:
        """The mode is asked for in our turn: who withdraws after us finds all that we wrote."""
        async with self._turn:
            plan = self._plan
            if plan is None or not self._schedules:
                return
            first, self._first = self._first, False
            if await self._mode() is not Mode.AUTOMATIC:
                if first:  # what an earlier service left behind
                    await self._each(lambda one: one.withdraw(), limit_s=LIMIT_S)
                return

            async def put(one: PlanSchedules) -> Outcomes:
                return await one.put(plan) if self._plan is plan else {}

            found = await self._each(put)
        for device, outcomes in found.items():
            for name in _failed(outcomes):
                log.warning("schedule of %s/%s: %s", device, name, outcomes[name])
        counted = Counter(o for outcomes in found.values() for o in outcomes.values())
        log.info("schedules: %s", ", ".join(f"{count} {what}" for what, count in counted.items()))

    async def _each(
        self,
        work: Callable[[PlanSchedules], Coroutine[Any, Any, Outcomes]],
        *,
        limit_s: float | None = None,
    ) -> dict[str, Outcomes]:
        """What became of `work` on each device; those not done in time are left out."""
        at_once = asyncio.Semaphore(AT_ONCE)

        async def one(schedules: PlanSchedules) -> Outcomes:
            async with at_once:
                return await work(schedules)

        tasks = {name: asyncio.create_task(one(each)) for name, each in self._schedules.items()}
        if not tasks:
            return {}
        try:
            await asyncio.wait(tasks.values(), timeout=limit_s)
            return {name: task.result() for name, task in tasks.items() if task.done()}
        finally:
            for task in tasks.values():
                task.cancel()


def _failed(outcomes: Outcomes) -> list[str]:
    return [name for name, outcome in outcomes.items() if outcome is not Outcome.OK]
