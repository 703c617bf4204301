"""Something that is due in every slot is rung once in every slot, whatever the clocks do."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ems.clock import Anchor, DistrictClock
from ems.domain.slots import Slot, slots_of_local_day
from ems.quarters import SlotBell

WALL = datetime(2026, 3, 1, 9, 0, 7, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
BEFORE_SUMMER_TIME = datetime(2026, 3, 28, 20, 3, tzinfo=UTC)
BEFORE_WINTER_TIME = datetime(2026, 10, 24, 20, 3, tzinfo=UTC)
AHEAD, AFTER = timedelta(minutes=-3), timedelta(seconds=30)


class Machine:
    """A machine whose monotonic time goes on as told, and whose clock may be set."""

    def __init__(self, speed: float, offset: timedelta, start: datetime) -> None:
        anchor = Anchor(start=start, wall_start=WALL, speed=speed)
        self.passed_s, self.set_by = 0.0, timedelta()
        self.clock = DistrictClock(anchor, monotonic=lambda: self.passed_s, wall=self.wall)
        self.bell = SlotBell(self.clock, offset)

    def wall(self) -> datetime:
        return WALL + timedelta(seconds=self.passed_s) + self.set_by

    def ring(self, late_s: float = 0.0) -> Slot:
        """Let the bell ring next, and say for which slot."""
        self.passed_s += max(self.bell.wait_s, 0.0) + late_s
        return self.bell.ring()


@pytest.mark.parametrize(
    "start", [BEFORE_SUMMER_TIME, BEFORE_WINTER_TIME], ids=["spring", "autumn"]
)
@pytest.mark.parametrize("offset", [AHEAD, AFTER, timedelta(minutes=-8)], ids=str)
@pytest.mark.parametrize("speed", [1.0, 7.0, 60.0, 120.0])
def test_once_for_every_slot_of_the_day(speed: float, offset: timedelta, start: datetime) -> None:
    machine = Machine(speed, offset, start)
    rung = [machine.ring(late_s=0.003).index for _ in range(96)]
    assert rung == list(range(rung[0], rung[0] + 96))


@pytest.mark.parametrize(
    ("day", "slots"),
    [(datetime(2026, 3, 29), 92), (datetime(2026, 6, 1), 96), (datetime(2026, 10, 25), 100)],
    ids=["to summer time", "plain", "to winter time"],
)
def test_a_local_day_has_all_its_slots_each_once(day: datetime, slots: int) -> None:
    of_day = slots_of_local_day(day.date(), PARIS)
    machine = Machine(1.0, AHEAD, Slot(of_day.start).start - timedelta(minutes=10))
    rung = [machine.ring().index for _ in range(slots)]
    assert rung == list(of_day)
    assert len(of_day) == slots


@pytest.mark.parametrize("hours", [1, -1, 24 * 365], ids=["an hour on", "an hour back", "a year"])
def test_a_step_of_the_machines_clock_skips_no_slot_and_rings_none_twice(hours: int) -> None:
    machine = Machine(1.0, AHEAD, BEFORE_WINTER_TIME)
    rung = []
    for k in range(20):
        if k == 7:
            machine.set_by = timedelta(hours=hours)
        rung.append(machine.ring().index)
    assert rung == list(range(rung[0], rung[0] + 20))


def test_it_rings_at_its_offset_from_the_slots_start() -> None:
    machine = Machine(60.0, AHEAD, BEFORE_SUMMER_TIME)
    slot = machine.ring()
    assert machine.clock.now() == pytest.approx(slot.start + AHEAD, abs=timedelta(milliseconds=1))


def test_what_was_slept_through_is_made_good_by_one_ring_for_the_last_slot() -> None:
    machine = Machine(60.0, AHEAD, BEFORE_SUMMER_TIME)
    first = machine.ring()
    late = machine.ring(late_s=60.0)
    following = machine.ring()
    assert late.index - first.index == 5
    assert following.index == late.index + 1


async def test_work_that_takes_longer_than_a_slot_is_not_started_twice() -> None:
    machine = Machine(1.0, AHEAD, BEFORE_SUMMER_TIME)
    done: list[int] = []

    async def work(slot: Slot) -> None:
        done.append(slot.index)
        machine.passed_s += 2000.0
        if len(done) == 3:
            raise asyncio.CancelledError

    machine.passed_s = machine.bell.wait_s
    with pytest.raises(asyncio.CancelledError):
        await machine.bell.run(work)
    assert [b - a for a, b in itertools.pairwise(done)] == [2, 2]
