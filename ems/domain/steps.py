"""Steps in which the past is shown: quarter hours, hours, local days and local months."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ems.domain.slots import SLOT

HOUR = timedelta(hours=1)


class Step(StrEnum):
    """How long one mean is; the number of steps stays readable when the longer one is taken."""

    QUARTER_HOUR = "quarter_hour"
    HOUR = "hour"
    DAY = "day"
    """Local: 23, 24 or 25 hours."""
    MONTH = "month"
    """Local."""

    @classmethod
    def fitting(cls, span: timedelta) -> "Step":
        """The finest step that makes at most some 800 of a curve over `span`."""
        limits = {cls.QUARTER_HOUR: 8, cls.HOUR: 33, cls.DAY: 800}
        return next((s for s, days in limits.items() if span <= timedelta(days=days)), cls.MONTH)

    def start(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """When the step that holds `moment` began, UTC."""
        if self in (Step.QUARTER_HOUR, Step.HOUR):
            length = SLOT if self is Step.QUARTER_HOUR else HOUR
            return moment.astimezone(UTC) - (moment - datetime.min.replace(tzinfo=UTC)) % length
        day = moment.astimezone(zone).date()
        first = day.replace(day=1) if self is Step.MONTH else day
        return datetime.combine(first, time(), zone).astimezone(UTC)

    def after(self, start: datetime, zone: ZoneInfo) -> datetime:
        """When the step that began at `start` ends, UTC."""
        if self is Step.QUARTER_HOUR:
            return start + SLOT
        if self is Step.HOUR:
            return start + HOUR
        well_inside = timedelta(days=32 if self is Step.MONTH else 1, hours=6)
        return self.start(start + well_inside, zone)

    def starts(self, begin: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
        """When each step that begins from `begin` to before `end` begins, UTC."""
        found = []
        start = self.start(begin, zone)
        while start < end:
            if start >= begin:
                found.append(start)
            start = self.after(start, zone)
        return tuple(found)
