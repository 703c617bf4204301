"""Something that is due in every slot fires once in every slot, at any speed."""

from datetime import UTC, datetime, timedelta

import pytest

from ems.clock import Anchor, DistrictClock
from ems.domain.slots import Slot
from ems.quarters import SlotTrigger

WALL = datetime(2026, 3, 1, 9, 0, 7, tzinfo=UTC)
BEFORE_SUMMER_TIME = datetime(2026, 3, 28, 20, 3, tzinfo=UTC)
BEFORE_WINTER_TIME = datetime(2026, 10, 24, 20, 3, tzinfo=UTC)
AHEAD, AFTER = timedelta(minutes=-3), timedelta(seconds=30)


class Machine:
    """A machine whose time goes as told, and its scheduler."""

    def __init__(self, speed: float, offset: timedelta, start: datetime) -> None:
        anchor = Anchor(start=start, wall_start=WALL, speed=speed)
        self.passed_s = 0.0
        self.clock = DistrictClock(anchor, monotonic=lambda: self.passed_s, wall=lambda: WALL)
        self.trigger = SlotTrigger(self.clock, offset)
        self.due = self.trigger.get_next_fire_time(None, WALL)

    def fire(self, late_s: float = 0.0) -> Slot:
        """Let the next firing happen, and say which slot it is for."""
        self.passed_s = (self.due - WALL).total_seconds() + late_s
        slot = self.trigger.slot_fired()
        now = WALL + timedelta(seconds=self.passed_s)
        self.due = self.trigger.get_next_fire_time(self.due, now)
        return slot


@pytest.mark.parametrize(
    "start", [BEFORE_SUMMER_TIME, BEFORE_WINTER_TIME], ids=["spring", "autumn"]
)
@pytest.mark.parametrize("offset", [AHEAD, AFTER, timedelta(minutes=-8)], ids=str)
@pytest.mark.parametrize("speed", [1.0, 7.0, 60.0, 120.0])
def test_once_for_every_slot_of_the_day(speed: float, offset: timedelta, start: datetime) -> None:
    machine = Machine(speed, offset, start)
    fired = [machine.fire(late_s=0.003).index for _ in range(96)]
    assert fired == list(range(fired[0], fired[0] + 96))


def test_it_fires_at_its_offset_from_the_slots_start() -> None:
    machine = Machine(60.0, AHEAD, BEFORE_SUMMER_TIME)
    slot = machine.fire()
    assert machine.clock.now() == pytest.approx(slot.start + AHEAD, abs=timedelta(milliseconds=1))


def test_a_firing_a_little_early_is_not_repeated() -> None:
    machine = Machine(60.0, AHEAD, BEFORE_SUMMER_TIME)
    slots = [machine.fire(late_s=-0.01).index for _ in range(20)]
    assert slots == list(range(slots[0], slots[0] + 20))


def test_what_was_slept_through_is_made_good_by_one_firing() -> None:
    machine = Machine(60.0, AHEAD, BEFORE_SUMMER_TIME)
    first = machine.fire()
    late = machine.fire(late_s=60.0)
    following = machine.fire()
    assert late.index - first.index == 5
    assert following.index == late.index + 1


def test_a_scheduler_of_apscheduler_asks_for_one_run_of_several_that_are_due() -> None:
    machine = Machine(60.0, AHEAD, BEFORE_SUMMER_TIME)
    an_hour_late = machine.due + timedelta(minutes=1)
    following = machine.trigger.get_next_fire_time(machine.due, an_hour_late)
    assert following > an_hour_late
