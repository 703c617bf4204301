"""The present state of the district, read once for all open pages.

However many pages are open, the store is asked at most once a second. A plan is large and never
changes once it is made, so that only the list of plans is asked for each time, and a plan is read
when it is new. The newest plan is committed some minutes before its first slot; until then the one
before is still in force, and both are held.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ems.console.ageing import Ageing
from ems.console.alarm_list import AlarmBook, open_book
from ems.console.overview import Overview, overview
from ems.console.stopped import Stopped, stopped
from ems.console.store_protocol import ConsoleStore
from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import PlanState
from ems.domain.plans import Mode, Plan
from ems.domain.slots import Clock, Slot
from ems.domain.snapshot import Snapshot
from ems.store.plan_standing import PlanStanding

KEPT_WALL_S = 0.9
PLANS_LOOKED_AT = 4


@dataclass(frozen=True, kw_only=True)
class Present:
    """What is known now."""

    now: datetime
    """District time."""

    snapshot: Snapshot = field(repr=False)
    """Latest readings, stale ones marked."""

    plan: Plan | None = field(repr=False)
    """The plan in force; None: there was never one, or it was refused."""

    next_plan: Plan | None = field(repr=False)
    """The newest plan: the same one, or one that waits for its first slot."""

    forecasts: Forecasts | None = field(repr=False)
    """What the newest plan was made from."""

    alarms: AlarmBook = field(repr=False)
    """What is wrong or waits to be seen, the most urgent first."""

    mode: Mode
    """Who decides what is written."""

    stopped: Stopped | None
    """How far a stop of all writing has come; None: nobody has stopped it."""

    overview: Overview = field(repr=False)
    """All of it, in short."""


class Watch:
    """Reads the present state, at most once a second."""

    def __init__(
        self,
        store: ConsoleStore,
        district: District,
        clock: Clock,
        ageing: Ageing,
        wall: Callable[[], float],
    ) -> None:
        self._store, self._district, self._clock = store, district, clock
        self._ageing, self._wall = ageing, wall
        self._lock = asyncio.Lock()
        self._held: tuple[float, Present] | None = None
        self._plans: dict[str, tuple[Plan | None, Forecasts | None]] = {}

    async def present(self) -> Present:
        """The present state, at most a second old.

        Raises:
            StoreError: the database is away.
        """
        async with self._lock:
            if self._held is None or self._wall() - self._held[0] >= KEPT_WALL_S:
                self._held = (self._wall(), await self._read())
            return self._held[1]

    def forget(self) -> None:
        """Something was changed here: what is held is read anew."""
        self._held = None

    async def _read(self) -> Present:
        now = self._clock.now()
        snapshot = self._ageing.marked(await self._store.latest(now))
        standings = await self._store.standings(limit=PLANS_LOOKED_AT)
        live = await self._store.live_standing()
        newest_id, id_in_force = newest_plan(standings), plan_in_force(standings, live, now)
        wanted = {key for key in (newest_id, id_in_force) if key is not None}
        self._plans = {key: await self._plan(key) for key in wanted}
        newest, forecasts = self._plans.get(newest_id or "", (None, None))
        plan, _ = self._plans.get(id_in_force or "", (None, None))
        mode = await self._store.mode()
        return Present(
            now=now,
            snapshot=snapshot,
            plan=plan,
            next_plan=newest,
            forecasts=forecasts,
            alarms=await open_book(self._store),
            mode=mode,
            stopped=await stopped(self._store, mode),
            overview=overview(self._district, snapshot, plan, mode, now),
        )

    async def _plan(self, plan_id: str) -> tuple[Plan | None, Forecasts | None]:
        if plan_id in self._plans:
            return self._plans[plan_id]
        return await self._store.plan(plan_id), await self._store.forecasts(plan_id)


def newest_plan(standings: Sequence[PlanStanding]) -> str | None:
    """Id of the newest plan that nobody refused."""
    return next((one.id for one in standings if one.state is not PlanState.REJECTED), None)


def plan_in_force(
    standings: Sequence[PlanStanding], live: PlanStanding | None, now: datetime
) -> str | None:
    """Id of the plan that is carried out now, or of the last one, whose time is over.

    A live plan waits for its first slot; until then the one before is carried out. When the live
    one was refused, none is.
    """
    slot = Slot.containing(now)
    before = next((one for one in standings if _was_in_force(one)), None)
    covered = before is not None and slot in before.horizon
    if live is not None:
        waits = slot < live.horizon.first
        return before.id if before is not None and covered and waits else live.id
    return None if before is None or covered else before.id


def _was_in_force(plan: PlanStanding) -> bool:
    """Whether a plan that is over was live once: a proposal needs a person's word for that."""
    over = plan.state is PlanState.SUPERSEDED
    return over and (bool(plan.authority) or plan.mode is not Mode.ADVISORY)
