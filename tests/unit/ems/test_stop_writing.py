"""Who stops the writing gets every device back at once, and stands in the trail."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ems.commands.stop_writing import stopped
from ems.devices.writer import Writer
from ems.domain.errors import StoreAwayError
from ems.domain.plan_life import PlanState
from ems.domain.plans import Mode, Origin, SolveReport
from ems.domain.slots import Horizon, Slot
from ems.mode_watch import ModeWatch
from ems.schedule_publisher import SchedulePublisher
from ems.store.audit import AuditEntry
from ems.store.plan_standing import PlanStanding
from ems.store.stopping import GAVE_BACK
from ems.store.store import Store

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def standing(decision: str = "") -> PlanStanding:
    return PlanStanding(
        id="1",
        issued_at=NOON,
        horizon=Horizon(Slot.containing(NOON), 96),
        origin=Origin.OPTIMISED,
        mode=Mode.AUTOMATIC,
        state=PlanState.LIVE,
        decision=decision,
        decided_by="ana",
        decided_at=None,
        decision_reason="",
        report=SolveReport(solver="test", wall_s=0, cost_eur=0, bound_eur=0),
        forecasts_degraded=(),
    )


class StoreInMemory:
    """Mode, settings and trail."""

    def __init__(self) -> None:
        self.trail: list[AuditEntry] = []
        self.settings: dict[str, Any] = {}
        self.now_mode = Mode.AUTOMATIC
        self.away = False
        self.live: PlanStanding | None = standing()

    async def live_standing(self) -> PlanStanding | None:
        return self.live

    async def mode(self) -> Mode:
        if self.away:
            raise StoreAwayError("the database does not answer")
        return self.now_mode

    async def set_mode(self, mode: Mode, by: str) -> None:
        self.now_mode = mode
        await self.audit(by, {"action": "mode", "mode": mode.value})

    async def setting(self, key: str) -> Any:
        return self.settings.get(key)

    async def set_setting(self, key: str, value: Any, by: str) -> None:
        self.settings[key] = value
        await self.audit(by, {"action": "set", "key": key})

    async def audit(self, who: str, what: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        self.trail.append(AuditEntry(id=len(self.trail), at=now, who=who, what=what))

    async def audit_trail(self, *, limit: int) -> tuple[AuditEntry, ...]:
        return tuple(reversed(self.trail[-limit:]))


class WriterOfTwo:
    """Holds two devices, of which one does not answer."""

    def __init__(self) -> None:
        self.held = frozenset({"HP-1", "CP-01"})

    async def relinquish_all(self) -> tuple[str, ...]:
        self.held = frozenset()
        return ("CP-01",)


@pytest.fixture
def store() -> StoreInMemory:
    return StoreInMemory()


@pytest.fixture
def writer() -> WriterOfTwo:
    return WriterOfTwo()


@pytest.fixture
def mode_watch(store: StoreInMemory, writer: WriterOfTwo) -> ModeWatch:
    return ModeWatch(cast(Store, store), cast(Writer, writer), SchedulePublisher({}, store.mode))


async def test_stopping_gives_all_back_and_tells_who_did_it(
    store: StoreInMemory, writer: WriterOfTwo, mode_watch: ModeWatch
) -> None:
    await mode_watch.look()
    assert writer.held
    asking = asyncio.create_task(stopped(cast(Store, store), "marie", 5.0))
    await asyncio.sleep(0)
    await mode_watch.look()
    word = await asking
    assert word is not None
    assert (word["devices"], word["unreached"], word["mode"]) == (2, ["CP-01"], "manual")
    assert not writer.held
    assert [entry.who for entry in store.trail] == ["marie", "marie", "service"]


async def test_stopping_twice_is_answered_twice(
    store: StoreInMemory, mode_watch: ModeWatch
) -> None:
    store.now_mode = Mode.MANUAL
    await mode_watch.look()
    asking = asyncio.create_task(stopped(cast(Store, store), "marie", 5.0))
    await asyncio.sleep(0)
    await mode_watch.look()
    assert await asking is not None


async def test_nobody_claims_that_devices_are_back_when_no_service_says_so(
    store: StoreInMemory,
) -> None:
    assert await stopped(cast(Store, store), "marie", 0.3) is None
    assert store.now_mode is Mode.MANUAL


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.ADVISORY, Mode.MANUAL])
async def test_what_a_quarter_hour_took_meanwhile_is_given_back_too(
    store: StoreInMemory, writer: WriterOfTwo, mode_watch: ModeWatch, mode: Mode
) -> None:
    store.now_mode = mode
    await mode_watch.look()
    assert not writer.held
    writer.held = frozenset({"HP-1"})
    await mode_watch.look()
    assert not writer.held
    assert [entry.what["action"] for entry in store.trail] == [GAVE_BACK] * 2


async def test_a_store_that_is_away_changes_nothing(
    store: StoreInMemory, writer: WriterOfTwo, mode_watch: ModeWatch
) -> None:
    store.away = True
    watching = asyncio.create_task(mode_watch.run())
    await asyncio.sleep(0.05)
    assert writer.held
    assert not watching.done()
    watching.cancel()


async def test_in_the_advisory_mode_devices_are_held_under_an_approved_plan(
    store: StoreInMemory, writer: WriterOfTwo, mode_watch: ModeWatch
) -> None:
    store.now_mode, store.live = Mode.ADVISORY, standing("approved")
    await mode_watch.look()
    assert writer.held


@pytest.mark.parametrize("mode", [Mode.AUTOMATIC, Mode.ADVISORY])
async def test_a_live_plan_that_is_rejected_gives_every_device_back(
    store: StoreInMemory, writer: WriterOfTwo, mode_watch: ModeWatch, mode: Mode
) -> None:
    store.now_mode, store.live = mode, None
    await mode_watch.look()
    assert not writer.held
