"""The process that runs the district: polls, plans ahead of each slot, dispatches at its start.

Two bells ring in every slot, on the district's clock:

    a lead time before it   `Cycle.prepare`, then, at the slot's start, `Cycle.dispatch`
    half a minute into it   the quarter hour before is summed up in the store

and APScheduler remembers what is done every day: what may not be kept any longer, or is no longer
needed, is removed.

Polling and ingest run all the time beside them, on the same event loop; forecasting and planning
run in a worker process. When the process ends, every device is given back to its own control. Where
several instances run, one leads; the others wait before they start any of this.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from ems.alarm_desk import AlarmDesk
from ems.brain import WorkerBrain
from ems.chores import Chores, Work
from ems.clock import DistrictClock
from ems.clock_health import clock_health, kept_by_ntp
from ems.cycle import Cycle, Outside
from ems.cycle_ports import MeasuredDistrict, StoreLedger, WriterDispatcher
from ems.devices.connections import Connections
from ems.devices.maps import point_infos
from ems.devices.on_site import OnSite
from ems.devices.poller import Poller
from ems.devices.writer import Writer
from ems.domain.cycle_record import CycleRecord
from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.own_points import own_points
from ems.domain.plans import Origin
from ems.domain.slots import Horizon, Slot
from ems.forecast.forecaster import Forecaster
from ems.heart import BEAT_S, Heart
from ems.lasting_ledger import LastingLedger
from ems.limit_watch import LimitWatch
from ems.mode_watch import ModeWatch
from ems.optimizer.planner import Planner
from ems.overrun_book import OverrunBook
from ems.own_alarm_watch import OwnAlarmWatch, Wrong, devices_down, nearly_full
from ems.own_figures import EVERY_S, own_figures
from ems.past import Past
from ems.quarters import SlotBell
from ems.schedule_publisher import SchedulePublisher
from ems.sharing import Sharing
from ems.slot_mark import FILE as SLOT_FILE
from ems.slot_mark import SlotFile
from ems.standing import StoreStanding
from ems.store.ingest import Ingest
from ems.store.leadership import Leading, OnlyInstance
from ems.store.spool import Spool
from ems.store.store import Store
from ems.store_watch import StoreWatch
from ems.traces import tell_trace
from ems.watchdog import Watchdog

log = logging.getLogger("ems.service")

LEAST_LEAD = timedelta(minutes=3)
AFTER = timedelta(seconds=30)
"""How long after its end a quarter hour is summed up."""
DAY_S = 86_400.0
CATCH_UP_PAUSE_S = 20.0
"""Left to others between two days whose longer means are made, wall seconds."""
LEAD_WALL_S = 8.0
"""A plan is begun this long ahead at least, whatever the speed."""
KEPT = timedelta(days=3)
"""How long whole plans are kept."""
ALARMS_KEPT = timedelta(days=730)
"""How long alarms are kept after they have ended."""
DRAIN_S = 5.0
"""How long the end waits for the last readings to be stored, wall seconds."""
FIRST_TRIES = 2
FIRST_ROUND_S = 20.0
"""How long the first plan waits for the first round of polls, wall seconds."""


class Service:
    """One district, measured, planned and controlled until told to stop."""

    def __init__(
        self,
        district: District,
        clock: DistrictClock,
        store: Store,
        outside: Outside,
        heart: Heart,
        spool: Spool,
        leading: Leading | None = None,
    ) -> None:
        """`leading`: by which this instance leads; none: it is the only one."""
        self._clock = clock
        self._leading = leading or OnlyInstance()
        self._heart = heart
        self._store = store
        self._district = district
        self._connections = Connections(district)
        by_key = self._connections.by_key
        self._ingest = Ingest(store, spool)
        self._on_site = OnSite()
        self._poller = Poller(
            district,
            self._connections.polled,
            clock,
            clock.speed,
            self._ingest.put,
            on_site=self._on_site,
        )
        self._writer = Writer(
            district,
            by_key,
            clock,
            clock.speed,
            on_site=self._on_site,
            latest=self._poller.latest,
            may_write=self._leading.may_write,
        )
        self._alarms = AlarmDesk(store, lambda: self._connections.alarms, clock.now)
        self._store_watch = StoreWatch(self._ingest, clock.now)
        self._brain = WorkerBrain(district)
        self._book = OverrunBook(store, district)
        self._sharing = Sharing(store, district)
        forecaster, planner = Forecaster(district), Planner(district)
        needs = [(forecaster.points, forecaster.days * 96), (planner.points, 96)]
        self._mark = SlotFile(spool.path.with_name(SLOT_FILE))
        told = StoreLedger(store, lambda: self._leading.epoch)
        self._ledger = LastingLedger(told, alone=lambda: self._leading.alone, mark=self._mark)
        asked_for = district.station.writes_schedules
        schedules = self._connections.schedules() if asked_for else {}
        self._publisher = SchedulePublisher(schedules, self._ledger.mode)
        self._mode_watch = ModeWatch(store, self._writer, self._publisher)
        self._cycle = Cycle(
            clock=clock,
            measurements=MeasuredDistrict(self._poller, Past(store.quarter_hours, needs)),
            outside=outside,
            brain=self._brain,
            ledger=self._ledger,
            dispatcher=WriterDispatcher(self._writer, heart),
            new_plan_id=lambda: str(uuid.uuid4()),
            standing=StoreStanding(store, district),
        )
        self._limits = LimitWatch(
            district,
            clock,
            self._poller.latest,
            lambda: self._writer.held,
            self._writer.apply,
            store.record,
        )
        self._own_alarms = OwnAlarmWatch(
            self._looks(spool.path.parent), clock.now, self._alarms.take
        )
        self._last_record: CycleRecord | None = None
        self._degraded: tuple[str, ...] = ()
        self._drift = ""
        lead = max(LEAST_LEAD, timedelta(seconds=LEAD_WALL_S * clock.speed))
        self._lead = lead
        chores: dict[str, Work] = {"forget": self._forget, "learn rooms": self._learn}
        if district.station.sets_clocks:
            chores["set the devices' clocks"] = self._set_clocks
        self._chores = Chores(store.dsn, DAY_S / clock.speed, chores)
        self._last: Slot | None = None
        self._work: asyncio.Task[None] | None = None
        self._past: list[asyncio.Task[None]] = []

    async def run(self, until: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run until `until` returns, then give all devices back."""
        await self._store.register(
            [*point_infos(self._district), *own_points(), *self._sharing.points]
        )
        workers = [
            asyncio.create_task(self._ingest.run(), name="ingest"),
            asyncio.create_task(self._poller.run(), name="poller"),
            asyncio.create_task(self._listen(), name="told"),
            asyncio.create_task(self._writer.run(), name="writer"),
            asyncio.create_task(self._mode_watch.run(), name="mode"),
            asyncio.create_task(self._alarms.run(), name="alarms"),
            asyncio.create_task(self._publisher.run(), name="schedules"),
            asyncio.create_task(self._beat(), name="heart"),
            asyncio.create_task(self._tell_figures(), name="figures"),
            asyncio.create_task(self._leading.run(), name="leadership"),
            asyncio.create_task(self._limits.run(), name="limits"),
            asyncio.create_task(self._own_alarms.run(), name="own alarms"),
            asyncio.create_task(Watchdog(self._well).run(), name="watchdog"),
        ]
        end = asyncio.create_task(until(), name="until")
        try:
            await self._begin(end)
            await self._adopt()
            after = SlotBell(self._clock, AFTER).run(self._sum_up)
            ahead = SlotBell(self._clock, -self._lead).run(self._run_slot)
            self._work = asyncio.create_task(ahead, name="quarter hours")
            workers += [self._work, asyncio.create_task(after, name="sums")]
            self._past = [asyncio.create_task(self._catch_up(), name="means of the past")]
            await self._chores.start()
            done, _ = await asyncio.wait([end, *workers], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self._chores.stop()
            await self._end([*workers, *self._past])

    def _looks(self, folder: Path) -> Mapping[str, Wrong]:
        """What is looked at for the EMS's own alarms."""

        def solver() -> str:
            last = self._last_record
            return last.message if last and last.origin is not Origin.OPTIMISED else ""

        def clock() -> str:
            health = clock_health(self._clock)
            return f"{health.gap_s:.0f} s" if health.stepped else ""

        def down() -> list[str]:
            return [name for name, health in self._poller.health.items() if not health.up]

        without_it = "control goes on without it"
        return {
            "database": lambda: without_it if self._ledger.away else self._store_watch.database(),
            "spool": self._store_watch.spool,
            "readings": self._store_watch.readings,
            "disk": lambda: nearly_full(folder),
            "devices": lambda: devices_down(self._district, down()),
            "solver": solver,
            "clock": clock,
            "forecast": lambda: "; ".join(filter(None, [*self._degraded, self._drift])),
            "limit": lambda: self._limits.overrun,
            "ntp": lambda: "the kernel says so" if kept_by_ntp() is False else "",
        }

    def _well(self) -> bool:
        """Whether quarter hours go on; until the first has had its time, too."""
        present = Slot.containing(self._clock.now())
        return self._last is None or present.index - self._last.index <= 1

    async def _listen(self) -> None:
        desk = self._alarms
        await self._connections.listen(self._poller.told, self._clock.now, desk.take, desk.told_all)

    async def _set_clocks(self) -> None:
        await self._connections.set_clocks(self._clock.now)

    async def _beat(self) -> None:
        while True:
            self._heart.beat(self._writer.held)
            await asyncio.sleep(BEAT_S)

    async def _tell_figures(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self._ingest.put(own_figures(self._poller, self._on_site, self._clock))

    async def _begin(self, end: "asyncio.Task[None]") -> None:
        """Plan the slot that is running as soon as the devices have answered once.

        What became due meanwhile is planned at once: the slot after it when its regular time has
        passed, or the one that runs by then.
        """
        waited_s = 0.0
        while not (self._poller.asked_all or end.done()) and waited_s < FIRST_ROUND_S:
            await asyncio.sleep(0.1)
            waited_s += 0.1
        for _ in range(FIRST_TRIES):
            ahead = self._lead if self._last else timedelta()
            slot = Slot.containing(self._clock.now() + ahead)
            if end.done() or slot == self._last:
                return
            await self._run_slot(slot)

    async def _run_slot(self, slot: Slot) -> None:
        try:
            await self._record_missed(slot)
            prepared = await self._cycle.prepare(slot)
            self._publisher.offer(prepared.plan)
            await asyncio.sleep(max(0.0, self._clock.wall_s_until(slot.start)))
            record = await self._cycle.dispatch(prepared)
            tell_trace(record)
            self._last_record, self._degraded = record, prepared.plan.forecasts_degraded
            ours = record.plan_id == prepared.plan.id
            self._limits.offer(prepared.plan if ours else await self._ledger.live_plan())
        except EmsError as error:
            # Nothing is written; every device goes back to its own control when its lease ends.
            log.error("slot %s: %s", slot.start, error)

    async def _record_missed(self, slot: Slot) -> None:
        """Slots that were never run are told, not passed over."""
        last, self._last = self._last, slot
        for index in range((last or slot).index + 1, slot.index):
            await self._ledger.tell(missed_record(Slot(index)))

    async def _sum_up(self, following: Slot) -> None:
        slot = Slot(following.index - 1)
        try:
            await self._store.roll_up(slot)
            await self._book.sum_up(slot)
            await self._sharing.share(Horizon(slot, 1))
        except EmsError as error:
            log.error("the quarter hour could not be summed up: %s", error)

    async def _catch_up(self) -> None:
        try:
            await self._store.catch_up(CATCH_UP_PAUSE_S)
        except EmsError as error:
            log.error("longer means of the past could not be made: %s", error)

    async def _forget(self) -> None:
        """What is no longer allowed goes first, then what is no longer needed."""
        now = self._clock.now()
        try:
            await self._store.purge_withdrawn(now, self._ingest.forget_points)
            await self._store.keep_less(now)
            await self._store.forget_plans(now - KEPT)
            await self._store.forget_alarms(now - ALARMS_KEPT)
        except EmsError as error:
            log.error("old samples, plans and alarms could not be removed: %s", error)

    async def _learn(self) -> None:
        # What learns needs a second to load, and is needed once a day.
        learning = await asyncio.to_thread(import_module, "ems.learning")
        await learning.learn_tonight(self._district, self._store)
        loads = await asyncio.to_thread(import_module, "ems.learning_loads")
        try:
            now = self._clock.now()
            await self._brain.adopt(await loads.learn_loads(self._district, self._store, now))
            self._drift = await loads.drift(self._store)
        except EmsError as error:
            log.warning("loads are forecast as before: %s", error.message)

    async def _adopt(self) -> None:
        """Go on with the load model that was in force before a restart."""
        if await self._store.load_models(1):
            loads = await asyncio.to_thread(import_module, "ems.learning_loads")
            await self._brain.adopt(await loads.champion(self._store))
            self._drift = await loads.drift(self._store)

    async def _end(self, workers: Sequence["asyncio.Task[None]"]) -> None:
        self._poller.stop()
        self._writer.stop()
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        unreached, kept = await asyncio.gather(
            self._writer.relinquish_all(), self._publisher.withdraw()
        )
        if kept:
            log.warning("schedules that are left to the guard: %s", ", ".join(kept))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ingest.drained(), DRAIN_S)
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        if unreached or kept:  # the guard goes on trying
            self._heart.beat(unreached)
        else:
            self._heart.end()
            await self._hand_back()
        await self._connections.close()
        self._brain.close()

    async def _hand_back(self) -> None:
        """All devices go by their own control: whoever comes next may begin with this slot."""
        try:
            if self._leading.epoch is not None or self._leading.alone:
                self._mark.clear()
                await self._store.hand_back(Slot.containing(self._clock.now()))
            await self._leading.resign()
        except EmsError as error:
            log.warning("the slot could not be handed back: %s", error.message)


def missed_record(slot: Slot) -> CycleRecord:
    """The record of a slot that was never run."""
    return CycleRecord(
        slot=slot,
        started_at=slot.start,
        origin=Origin.RULES,
        plan_id="",
        steps_s={},
        stale_points=0,
        outcomes={},
        message="the slot was not run: the quarter hour before took too long",
        missed=True,
    )
