"""Control goes on while the database is away, and nothing of it stays unwritten."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import StoreAwayError
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import Claim, Refusal
from ems.domain.plans import Dispatched, Mode, Origin, Plan, SolveReport
from ems.domain.slots import Horizon, Slot
from ems.lasting_ledger import LEFT_ALONE_S, WAITING, LastingLedger

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Book:
    """A ledger that may be away."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0
        self.plans: list[str] = []
        self.records: list[str] = []

    def _present(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreAwayError("the database is away")

    async def live_plan(self) -> Plan | None:
        self._present()
        return plan(self.plans[-1]) if self.plans else None

    async def mode(self) -> Mode:
        self._present()
        return Mode.AUTOMATIC

    async def commit(self, made: Plan, forecasts: Forecasts | None) -> None:
        self._present()
        self.plans.append(made.id)

    async def claim(self, slot: Slot) -> Claim:
        self._present()
        return Claim(slot=slot, plan_id=self.plans[-1], authority="ana")

    async def record(self, made: Plan, done: Sequence[Dispatched], cycle: CycleRecord) -> None:
        self._present()
        self.records.append(made.id)

    async def tell(self, cycle: CycleRecord) -> None:
        self._present()
        self.records.append("missed")


class Wall:
    """Wall seconds."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def plan(name: str) -> Plan:
    return Plan(
        id=name,
        issued_at=NOON,
        horizon=Horizon(Slot.containing(NOON), 1),
        origin=Origin.OPTIMISED,
        report=SolveReport(solver="none", wall_s=0.0, cost_eur=0.0, bound_eur=0.0),
        setpoints=(),
        series={},
    )


def record(name: str) -> CycleRecord:
    return CycleRecord(
        slot=Slot.containing(NOON),
        started_at=NOON,
        origin=Origin.OPTIMISED,
        plan_id=name,
        steps_s={},
        stale_points=0,
        outcomes={},
    )


async def quarter_hour(ledger: LastingLedger, name: str) -> tuple[Plan | None, Mode]:
    """What a cycle asks of a ledger, in its order."""
    before = await ledger.live_plan()
    await ledger.commit(plan(name), None)
    mode = await ledger.mode()
    await ledger.record(plan(name), [], record(name))
    return before, mode


async def test_quarter_hours_without_the_store_are_written_down_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    book, wall = Book(), Wall()
    ledger = LastingLedger(book, timer=wall)
    await quarter_hour(ledger, "one")
    book.away = True
    before, mode = await quarter_hour(ledger, "two")
    assert (before.id if before else "", mode) == ("one", Mode.AUTOMATIC)
    wall.now_s += 900
    before, _ = await quarter_hour(ledger, "three")
    assert before is not None
    assert before.id == "two", "the last plan made, though the store has not seen it"
    book.away = False
    wall.now_s += 900
    before, _ = await quarter_hour(ledger, "four")
    assert before is not None
    assert before.id == "three"
    assert book.plans == book.records == ["one", "two", "three", "four"]
    assert [line.message.split(":")[0] for line in caplog.records] == [
        "control goes on without the database",
        "plans are written down again; 0 entries were lost",
    ]


async def test_an_absent_store_costs_a_quarter_hour_one_wait() -> None:
    book, wall = Book(), Wall()
    ledger = LastingLedger(book, timer=wall)
    await quarter_hour(ledger, "one")
    book.away, book.asked = True, 0
    await quarter_hour(ledger, "two")
    assert book.asked == 1
    wall.now_s += LEFT_ALONE_S
    await ledger.mode()
    assert book.asked == 2


async def test_a_mode_that_was_never_known_is_no_permission_to_write() -> None:
    book = Book()
    book.away = True
    with pytest.raises(StoreAwayError):
        await LastingLedger(book).mode()


async def test_what_waits_is_bounded_and_what_is_dropped_is_counted() -> None:
    book, wall = Book(), Wall()
    ledger = LastingLedger(book, timer=wall)
    book.away = True
    for k in range(WAITING + 3):
        await ledger.tell(record(str(k)))
    book.away = False
    wall.now_s += LEFT_ALONE_S
    await ledger.live_plan()
    assert len(book.records) == WAITING
    assert ledger.dropped == 3


async def test_slots_are_claimed_from_memory_while_the_store_is_away_each_once() -> None:
    book, wall, slot = Book(), Wall(), Slot.containing(NOON)
    ledger = LastingLedger(book, timer=wall)
    await quarter_hour(ledger, "one")
    assert (await ledger.claim(slot + -1)).authority == "ana"
    book.away = True
    claim = await ledger.claim(slot)
    assert (claim.plan_id, claim.authority, claim.refused) == ("one", "ana", None)
    assert (await ledger.claim(slot)).refused is Refusal.TAKEN
    assert (await ledger.claim(slot + 1)).refused is Refusal.NO_PLAN


async def test_with_another_instance_about_nothing_is_written_without_the_store() -> None:
    book, wall = Book(), Wall()
    ledger = LastingLedger(book, alone=lambda: False, timer=wall)
    await quarter_hour(ledger, "one")
    book.away = True
    assert (await ledger.claim(Slot.containing(NOON))).refused is Refusal.FENCED
