"""What a device reports as wrong, by itself, and whether somebody has seen it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlarmState(StrEnum):
    """What is wrong."""

    NORMAL = "normal"
    """Nothing any more."""
    FAULT = "fault"
    """What is measured can't be believed."""
    OFF_NORMAL = "off_normal"
    HIGH_LIMIT = "high_limit"
    LOW_LIMIT = "low_limit"
    LIFE_SAFETY = "life_safety"


@dataclass(frozen=True, kw_only=True)
class DeviceAlarm:
    """The state of one thing that a device watches."""

    device: str
    """Id of the device."""

    item: str
    """The point that it is about; where no point is, the object: `analog-input 7`."""

    state: AlarmState
    """What is wrong."""

    since: datetime
    """When it became so, UTC: the device's own time where it gives one, else when it was heard."""

    priority: int
    """0 to 255; the lower, the more urgent."""

    text: str = ""
    """What the device says of it."""

    wants_acknowledgement: bool = False
    """Whether a person is to say that it was seen, and has not yet."""

    @property
    def is_open(self) -> bool:
        """Whether it is still worth a look."""
        return self.state is not AlarmState.NORMAL or self.wants_acknowledgement
