"""What a virtual controller reports: its alarm point leaves zero, and returns.

It tells its recipients, waits for a person to acknowledge, and answers who asks what is wrong.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from ems.devices.bacnet_apdu import Service, confirmed
from ems.devices.bacnet_event_messages import (
    ALARM,
    NORMAL,
    OFF_NORMAL,
    EventNotification,
    EventSummary,
    dated,
    event_information,
    event_notification,
    read_acknowledgement,
)
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_tags import (
    Kind,
    ObjectId,
    bits_content,
    closing,
    context,
    natural,
    object_of,
    opening,
)
from ems.devices.bacnet_transactions import Where
from simulations.bacnet_objects import Measured, RefusedError

CHANGE_OF_STATE = 1
PRIORITY = 100
_NEVER = context(1, b"\0")
_INVALID_STAMP = (5, 14)
_NO_ALARM = (1, 31)


@dataclass
class _Watched:
    point: Measured
    state: int = NORMAL
    stamps: tuple[bytes, bytes, bytes] = (_NEVER, _NEVER, _NEVER)
    """Of the last changes to off-normal, to fault, to normal."""
    acknowledged: bool = True


class EventReports:
    """The alarm points of one controller."""

    def __init__(self, device: ObjectId, points: Iterable[Measured]) -> None:
        self._device = device
        self._watched = {point.id: _Watched(point) for point in points}
        self._invoke_ids = count(1)
        self.recipients: list[Where] = []
        """Who is told; set up on site."""

    def due(self, now: datetime) -> Iterator[tuple[Where, bytes]]:
        """What is to be told, at the local time `now`, and to whom."""
        for watched in self._watched.values():
            state = OFF_NORMAL if watched.point.value > 0 else NORMAL
            if state != watched.state:
                told = self._changed(watched, state, now)
                for recipient in self.recipients:
                    invoke_id = next(self._invoke_ids) % 256
                    yield recipient, confirmed(invoke_id, Service.CONFIRMED_EVENT, told)

    def acknowledge(self, parameters: bytes) -> None:
        """A person has seen it.

        Raises:
            RefusedError: nothing of this kind was reported.
        """
        said = read_acknowledgement(parameters)
        watched = self._watched.get(said.object)
        if watched is None:
            raise RefusedError("no such object reports", *_NO_ALARM)
        if said.stamp not in watched.stamps:
            raise RefusedError("no event has this stamp", *_INVALID_STAMP)
        watched.acknowledged = True

    def information(self, parameters: bytes) -> bytes:
        """What is not normal or not acknowledged, after the object that is named."""
        reader = Reader(parameters)
        after = object_of(reader.take().content) if reader.at(Kind.CONTEXT, 0) else None
        wrong = [w for w in self._watched.values() if w.state != NORMAL or not w.acknowledged]
        ids = [w.point.id for w in wrong]
        wrong = wrong[ids.index(after) + 1 :] if after in ids else wrong
        return event_information([_summary(watched) for watched in wrong], more=False)

    def _changed(self, watched: _Watched, state: int, now: datetime) -> bytes:
        to_off, to_fault, to_normal = watched.stamps
        stamp = dated(now)
        if state == OFF_NORMAL:
            watched.stamps = (stamp, to_fault, to_normal)
        else:
            watched.stamps = (to_off, to_fault, stamp)
        event = EventNotification(
            process=1,
            device=self._device,
            object=watched.point.id,
            stamp=stamp,
            notification_class=1,
            priority=PRIORITY,
            event_type=CHANGE_OF_STATE,
            text=f"alarm code {watched.point.value:.0f}",
            notify_type=ALARM,
            wants_acknowledgement=state == OFF_NORMAL,
            from_state=watched.state,
            to_state=state,
        )
        watched.state, watched.acknowledged = state, state == NORMAL
        return event_notification(event, _new_state(watched.point.value))


def _new_state(code: float) -> bytes:
    """Of a change of state: the new one, and the status flags."""
    state = opening(0) + context(11, natural(round(max(0.0, code)))) + closing(0)
    return opening(1) + state + context(1, bits_content((1, 0, 0, 0))) + closing(1)


def _summary(watched: _Watched) -> EventSummary:
    waiting = int(watched.acknowledged)
    return EventSummary(
        watched.point.id,
        watched.state,
        (waiting, 1, 1) if watched.state == OFF_NORMAL else (1, 1, waiting),
        watched.stamps,
        ALARM,
        (1, 1, 1),
        (PRIORITY,) * 3,
    )
