"""The clock of a virtual controller: it runs with the district's, and may be wrong by some time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class DeviceClock:
    """Local time as a controller has it."""

    def __init__(self, true_utc: Callable[[], datetime], zone: ZoneInfo) -> None:
        self._true_utc = true_utc
        self._zone = zone
        self.wrong_by = timedelta()
        """How far it is ahead."""

    def now(self) -> datetime:
        """Local time, with its zone."""
        return (self._true_utc() + self.wrong_by).astimezone(self._zone)

    def set_local(self, moment: datetime) -> None:
        """Put it to a local time (without zone)."""
        self.set_utc(moment.replace(tzinfo=self._zone).astimezone(UTC))

    def set_utc(self, moment: datetime) -> None:
        """Put it to a time in UTC, with or without its zone."""
        self.wrong_by = moment.replace(tzinfo=UTC) - self._true_utc()
