"""The EMS's own alarms: looks at its parts every few seconds and says what is wrong.

Conditions are given as functions that tell what is wrong in a few words, or nothing. Timing,
chatter and floods go by `ems/domain/alarm_life.py`; texts stand in `ems/domain/own_alarms.py`.
Devices that are down are one alarm, their text counts them by kind.
"""

import asyncio
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from ems.domain.alarm_life import Condition, Rate
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.district import District
from ems.domain.own_alarms import DEVICE, OWN_ALARMS

log = logging.getLogger("ems.alarms")

LOOK_S = 5.0
"""Wall seconds between two looks."""
FREE_SHARE = 0.05
FREE_BYTES = 1 << 30
"""A disk with less than both of these free is nearly full."""

Wrong = Callable[[], str]
"""What is wrong, in a few words; empty: nothing."""


class OwnAlarmWatch:
    """Raises and ends the EMS's own alarms."""

    def __init__(
        self,
        looks: Mapping[str, Wrong],
        now: Callable[[], datetime],
        take: Callable[[DeviceAlarm], None],
    ) -> None:
        """`looks`: by the name of an alarm's kind; `take` gets every change."""
        self._looks, self._now, self._take = looks, now, take
        self._conditions = {item: Condition(OWN_ALARMS[item].timing) for item in looks}
        self._rate = Rate()

    @property
    def active(self) -> tuple[str, ...]:
        """Names of what is wrong now."""
        return tuple(item for item, one in self._conditions.items() if one.active)

    @property
    def chattering(self) -> tuple[str, ...]:
        """Names of those that come and go too often."""
        return tuple(item for item, one in self._conditions.items() if one.chatters)

    @property
    def lately(self) -> int:
        """Alarms raised in the last ten minutes."""
        return self._rate.lately(self._now())

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Look at every condition once."""
        now = self._now()
        for item, look in self._looks.items():
            what = look()
            condition = self._conditions[item]
            if condition.see(bool(what), now):
                self._tell(item, condition.active, what, now)

    def _tell(self, item: str, active: bool, what: str, now: datetime) -> None:
        kind = OWN_ALARMS[item]
        text = f"{kind.words['en'].what}: {what}" if active else ""
        if active:
            self._rate.add(now)
            log.warning("%s; %s", text, kind.words["en"].do)
        else:
            log.warning("%s is well again", item)
        self._take(
            DeviceAlarm(
                device=DEVICE,
                item=item,
                state=AlarmState.FAULT if active else AlarmState.NORMAL,
                since=now,
                priority=kind.priority,
                text=text,
                wants_acknowledgement=active,
            )
        )


def nearly_full(folder: Path) -> str:
    """Whether the disk of `folder` is."""
    use = shutil.disk_usage(folder)
    if use.free >= min(FREE_BYTES, FREE_SHARE * use.total):
        return ""
    return f"{use.free / 1e6:.0f} MB of {use.total / 1e9:.0f} GB are free"


def devices_down(district: District, down: Iterable[str]) -> str:
    """How many devices of each kind are down."""
    kinds = Counter(district.devices[name].kind.value for name in down)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
