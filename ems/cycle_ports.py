"""The cycle's protocols over the parts of the service: poller, store, writer and heart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ems.devices.poller import Poller
from ems.devices.writer import Writer
from ems.domain.cycle_record import CycleRecord
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import Claim
from ems.domain.plans import Dispatched, Mode, Plan, Setpoint
from ems.domain.slots import Slot
from ems.domain.snapshot import History, Snapshot
from ems.heart import Heart
from ems.past import Past
from ems.store.store import Store


@dataclass(frozen=True)
class MeasuredDistrict:
    """`Measurements` from the poller and the store."""

    poller: Poller
    past: Past

    async def snapshot(self) -> Snapshot:
        """The latest reading of every point."""
        return self.poller.snapshot()

    async def history(self, before: Slot) -> History:
        """The quarter hours before `before`."""
        return await self.past.before(before)


@dataclass(frozen=True)
class StoreLedger:
    """`Ledger` in the store."""

    store: Store
    epoch: Callable[[], int | None] = lambda: None
    """Number of this instance's leadership; None: there is no other instance."""

    async def live_plan(self) -> Plan | None:
        """The plan in force."""
        return await self.store.live_plan()

    async def mode(self) -> Mode:
        """Who decides what is written."""
        return await self.store.mode()

    async def commit(self, plan: Plan, forecasts: Forecasts | None) -> None:
        """Keep `plan`."""
        await self.store.commit_plan(plan, await self.store.mode(), forecasts)

    async def claim(self, slot: Slot) -> Claim:
        """The right to write `slot`."""
        return await self.store.claim_slot(slot, epoch=self.epoch())

    async def record(
        self, plan: Plan, dispatched: Sequence[Dispatched], cycle: CycleRecord
    ) -> None:
        """Keep what each device took, and the story of the quarter hour."""
        await self.store.record(plan.id, dispatched)
        await self.store.cycle_log(cycle)

    async def tell(self, cycle: CycleRecord) -> None:
        """Keep the story of a quarter hour that was never run."""
        await self.store.cycle_log(cycle)


@dataclass(frozen=True)
class WriterDispatcher:
    """`Dispatcher` over the devices' protocols."""

    writer: Writer
    heart: Heart

    async def apply(self, setpoints: Sequence[Setpoint]) -> Sequence[Dispatched]:
        """Write and verify; the heart tells first of what is about to be held."""
        self.heart.expect(setpoint.point.partition("/")[0] for setpoint in setpoints)
        try:
            return await self.writer.apply(setpoints)
        finally:
            self.heart.expect(())

    async def release(self) -> None:
        """Give every device back to its own control."""
        await self.writer.relinquish_all()
