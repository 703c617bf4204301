"""When things happen within a quarter hour, as triggers for APScheduler on the district's clock."""

from datetime import datetime, timedelta
from typing import Any

from apscheduler.triggers.base import BaseTrigger

from ems.clock import DistrictClock
from ems.domain.slots import Slot


class SlotTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires at a fixed offset from the start of every slot, in district time."""

    def __init__(self, clock: DistrictClock, offset: timedelta) -> None:
        self._clock = clock
        self._offset = offset

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        """Wall time of the next firing after `now`, and after the previous one."""
        after = self._clock.anchor.at(now)
        if previous_fire_time is not None:
            half_past = self._clock.anchor.at(previous_fire_time) + timedelta(minutes=7.5)
            after = max(after, half_past)
        slot = Slot.containing(after - self._offset) + 1
        return self._clock.anchor.wall_at(slot.start + self._offset)

    def slot_fired(self) -> Slot:
        """The slot whose firing is the latest at this moment.

        A firing may come a little early or late: the nearest slot start is meant.
        """
        return Slot.containing(self._clock.now() - self._offset + timedelta(minutes=7.5))
