"""The alarms as people read them: how urgent, where each stands, what it means and what to do.

Devices give a priority from 0 to 255; it is shown in four ranks, 1 the most urgent, which is how
BACnet (ANSI/ASHRAE 135, clause 13.5.2) and `ems.domain.alarm_life.Priority` part them. The EMS's
own alarms bring their words with them; those of devices are told by their state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ems.clock import wall_clock
from ems.console.store_protocol import AlarmStore
from ems.domain.alarm_life import Shelf, Standing, standing
from ems.domain.alarms import AlarmState
from ems.domain.own_alarms import DEVICE, OWN_ALARMS, Words
from ems.feeds.reasons import Language
from ems.store.alarms import StoredAlarm

RANK_WIDTH = 64
"""How many priorities make a rank."""
UNSEEN = frozenset({Standing.UNACKNOWLEDGED, Standing.RETURNED})
STILL = frozenset({Standing.SHELVED, Standing.OUT_OF_SERVICE})

Translate = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """One alarm."""

    id: int
    """Its number."""

    device: str
    """Who reports it."""

    item: str
    """What it is about."""

    state: AlarmState
    """What is wrong."""

    rank: int
    """1 to 4; 1 is the most urgent."""

    priority: int
    """0 to 255, as the device gives it."""

    since: datetime
    """Since when, UTC."""

    ended_at: datetime | None
    """Until when; None: it is still here."""

    standing: Standing
    """Whether it holds and was seen."""

    acknowledged_at: datetime | None
    """When a person saw it."""

    acknowledged_by: str | None
    """Who."""

    untold: bool
    """A person has seen it and the device has not been told yet."""

    shelf: Shelf | None
    """Who keeps it still, why and until when; None: nobody."""

    text: str
    """What the device says."""

    what: str
    """What is wrong, in words."""

    meaning: str
    """What follows from it."""

    do: str
    """What to do about it."""


@dataclass(frozen=True, kw_only=True)
class AlarmCount:
    """What the head of every page tells."""

    unseen: int
    """Alarms that nobody has acknowledged."""

    worst: int | None
    """The most urgent rank among those; None: there is none."""

    open: int
    """All that hold or wait to be seen."""


@dataclass(frozen=True, kw_only=True)
class AlarmBook:
    """The alarms with what people keep still of them."""

    alarms: Sequence[StoredAlarm]
    """The most urgent first."""

    shelves: Mapping[tuple[str, str], Shelf]
    """By device and item; some may be over."""

    at: datetime
    """When it was opened, wall time, UTC: shelves end by the wall clock."""

    def shelf(self, stored: StoredAlarm) -> Shelf | None:
        """What keeps an alarm still now."""
        shelf = self.shelves.get((stored.alarm.device, stored.alarm.item))
        return shelf if shelf is not None and shelf.holds(self.at) else None

    def standing(self, stored: StoredAlarm) -> Standing:
        """Where an alarm stands."""
        active = stored.ended_at is None and stored.alarm.state is not AlarmState.NORMAL
        shelf = self.shelf(stored) if stored.ended_at is None else None
        return standing(active=active, seen=_seen(stored), shelf=shelf, now=self.at)

    @property
    def count(self) -> AlarmCount:
        """How many want to be seen."""
        ranks = [rank(a.alarm.priority) for a in self.alarms if self.standing(a) in UNSEEN]
        worst = min(ranks, default=None)
        return AlarmCount(unseen=len(ranks), worst=worst, open=len(self.alarms))

    def rows(self, language: Language, translate: Translate) -> list[AlarmRow]:
        """All in the words of `language`: the unseen first, those kept still last."""
        rows = [self._row(stored, _words(stored, language, translate)) for stored in self.alarms]
        return sorted(rows, key=lambda row: (row.standing in STILL, row.standing not in UNSEEN))

    def _row(self, stored: StoredAlarm, words: Words) -> AlarmRow:
        alarm = stored.alarm
        return AlarmRow(
            id=stored.id,
            device=alarm.device,
            item=alarm.item,
            state=alarm.state,
            rank=rank(alarm.priority),
            priority=alarm.priority,
            since=alarm.since,
            ended_at=stored.ended_at,
            standing=self.standing(stored),
            acknowledged_at=stored.acknowledged_at,
            acknowledged_by=stored.acknowledged_by,
            untold=alarm.wants_acknowledgement and stored.acknowledged_at is not None,
            shelf=self.shelf(stored) if stored.ended_at is None else None,
            text=alarm.text,
            what=words.what,
            meaning=words.meaning,
            do=words.do,
        )


async def open_book(store: AlarmStore) -> AlarmBook:
    """What holds or waits to be seen."""
    return AlarmBook(
        alarms=await store.open_alarms(), shelves=await store.alarm_shelves(), at=wall_clock()
    )


async def ended_book(store: AlarmStore, count: int) -> AlarmBook:
    """What has ended, the latest first."""
    return AlarmBook(alarms=await store.past_alarms(count), shelves={}, at=wall_clock())


def rank(priority: int) -> int:
    """1 to 4 for a priority from 0 to 255."""
    return 1 + min(priority // RANK_WIDTH, 3)


def _seen(stored: StoredAlarm) -> bool:
    return stored.acknowledged_at is not None or not stored.alarm.wants_acknowledgement


def _words(stored: StoredAlarm, language: Language, translate: Translate) -> Words:
    alarm = stored.alarm
    if alarm.device == DEVICE and alarm.item in OWN_ALARMS:
        return OWN_ALARMS[alarm.item].words[language]
    return device_words(alarm.state, translate)


def device_words(state: AlarmState, translate: Translate) -> Words:
    """What a device's alarm means, and what to do."""
    _ = translate
    texts = {
        AlarmState.NORMAL: (
            _("Normal again"),
            _("What was wrong is over; nobody has said yet that it was seen."),
            _("Acknowledge it; see in the trend how long it held."),
        ),
        AlarmState.FAULT: (
            _("The device reports a fault"),
            _("What it measures can't be believed; plans take the value as gone."),
            _("See the device on its page, then its sensor and its wiring on site."),
        ),
        AlarmState.OFF_NORMAL: (
            _("Not in its normal state"),
            _("The device has left the state that it watches for."),
            _("See the device on its page; its own text says what it watches."),
        ),
        AlarmState.HIGH_LIMIT: (
            _("Above its high limit"),
            _("The value lies above the limit that is set in the device."),
            _("See the setpoint beside the value; too much heat or power is going there."),
        ),
        AlarmState.LOW_LIMIT: (
            _("Below its low limit"),
            _("The value lies below the limit that is set in the device."),
            _("See the setpoint beside the value; too little heat or power is going there."),
        ),
        AlarmState.LIFE_SAFETY: (
            _("Life safety"),
            _("People may be in danger; the device follows its own safety functions."),
            _("Act by the emergency plan of the site at once."),
        ),
    }
    what, meaning, do = texts[state]
    return Words(what=what, meaning=meaning, do=do)
