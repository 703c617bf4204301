"""What BACnet devices report as wrong: taken in, kept, acknowledged.

Devices that have the EMS among their recipients tell it when an object leaves its normal state and
when it returns (ConfirmedEventNotification, UnconfirmedEventNotification). What was wrong before,
and what was missed, is asked for (GetEventInformation). A device sends what it likes and as often
as it likes: for each object only the last word is kept, and of all of them a thousand.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_apdu import Message, Notice, Pdu, Service
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_event_messages import (
    ACKNOWLEDGED,
    FAULT,
    NORMAL,
    EventNotification,
    EventSummary,
    acknowledge_request,
    event_information_request,
    moment_of,
    read_event_information,
    read_event_notification,
)
from ems.devices.bacnet_messages import OBJECT_TYPES
from ems.devices.bacnet_tags import ObjectId
from ems.devices.bacnet_transactions import Where
from ems.devices.bacnet_values import object_id
from ems.devices.connection import connection_key
from ems.devices.maps import map_of
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.district import Device, Protocol
from ems.domain.errors import DeviceError, DeviceRejectedError

log = logging.getLogger("ems.devices")

KEPT = 1000
"""Alarms that are kept; when there are more the oldest gives way."""
TEXT_MAX = 200
"""Characters of what a device says that are kept."""
ROUNDS_MAX = 20
"""Answers of one device to GetEventInformation that are asked for."""
PROCESS = 1

_STATES = (
    AlarmState.NORMAL,
    AlarmState.FAULT,
    AlarmState.OFF_NORMAL,
    AlarmState.HIGH_LIMIT,
    AlarmState.LOW_LIMIT,
    AlarmState.LIFE_SAFETY,
)
_NAMES = {number: name for name, number in OBJECT_TYPES.items()}
_UNKNOWN_DEVICE = (5, 70)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    alarm: DeviceAlarm
    process: int
    stamp: bytes
    state: int


_All = Mapping[tuple[str, ObjectId], _Kept]


class BacnetAlarms:
    """The last word of each object of each device."""

    def __init__(
        self,
        network: BacnetNetwork,
        devices: Iterable[Device],
        connections: Mapping[str, BacnetConnection],
        zone: ZoneInfo,
        now: Callable[[], datetime],
        changed: Callable[[DeviceAlarm], None] = lambda _: None,
        told_all: Callable[[str, frozenset[str]], None] = lambda *_: None,
    ) -> None:
        """Devices give times of `zone`; `now` gives UTC; `changed` takes every change.

        `told_all` takes, of a device that was asked, all items that are open.
        """
        spoken = [device for device in devices if device.protocol is Protocol.BACNET]
        self._connections = {d.id: connections[connection_key(d)] for d in spoken}
        self._devices = {self._connections[d.id].peer.where: d for d in spoken}
        self._zone, self._now = zone, now
        self._changed, self._told_all = changed, told_all
        self._kept: dict[tuple[str, ObjectId], _Kept] = {}
        network.listen(Pdu.CONFIRMED, Service.CONFIRMED_EVENT, self._heard)
        network.listen(Pdu.UNCONFIRMED, Notice.EVENT, self._heard)

    @property
    def open(self) -> tuple[DeviceAlarm, ...]:
        """What is not normal, or not yet acknowledged; the most urgent first."""
        kept = [entry.alarm for entry in self._kept.values() if entry.alarm.is_open]
        return tuple(sorted(kept, key=lambda alarm: (alarm.priority, alarm.since)))

    async def ask(self, places: Collection[Where] | None = None) -> None:
        """Ask the devices at `places` what is wrong, or all; who can't say, or is away, is left."""
        asked = [d for where, d in self._devices.items() if places is None or where in places]
        await asyncio.gather(*map(self._ask, asked))

    async def acknowledge(self, alarm: DeviceAlarm, by: str) -> None:
        """Tell the device that `by` has seen it.

        Raises:
            DeviceRejectedError: the device does not take it, or has said something else since.
            DeviceUnreachableError: no answer in time.
        """
        key = next((k for k, entry in self._kept.items() if entry.alarm == alarm), None)
        if key is None:
            raise DeviceRejectedError(
                f"{alarm.device}/{alarm.item} has changed meanwhile", fix="look at it again"
            )
        kept = self._kept[key]
        at = self._now().astimezone(self._zone)
        request = acknowledge_request(kept.process, key[1], kept.state, kept.stamp, by, at)
        await self._connections[alarm.device].request(Service.ACKNOWLEDGE_ALARM, request)
        self._keep(key[1], replace(kept, alarm=replace(alarm, wants_acknowledgement=False)))

    def _heard(self, where: Where, said: Message) -> tuple[int, int] | None:
        event = read_event_notification(said.content)
        device = self._devices.get(where)
        if device is None or event.device[1] != device.unit:
            return _UNKNOWN_DEVICE
        if event.notify_type == ACKNOWLEDGED:
            self._acknowledged(device, event)
        else:
            self._take(device, event)
        return None

    def _take(self, device: Device, event: EventNotification) -> None:
        alarm = DeviceAlarm(
            device=device.id,
            item=_item(device, event.object),
            state=_state(event.to_state),
            since=self._since(event.stamp),
            priority=event.priority,
            text=_printable(event.text),
            wants_acknowledgement=event.wants_acknowledgement,
        )
        kept = _Kept(alarm=alarm, process=event.process, stamp=event.stamp, state=event.to_state)
        before = self._kept.get((device.id, event.object))
        if before is None or before.alarm.state is not alarm.state:
            level = logging.INFO if alarm.state is AlarmState.NORMAL else logging.WARNING
            log.log(level, "%s/%s: %s %s", device.id, alarm.item, alarm.state, alarm.text)
        self._keep(event.object, kept)

    def _acknowledged(self, device: Device, event: EventNotification) -> None:
        """Somebody else has seen it."""
        kept = self._kept.get((device.id, event.object))
        if kept is not None and kept.alarm.wants_acknowledgement and kept.state == event.to_state:
            seen = replace(kept.alarm, wants_acknowledgement=False)
            self._keep(event.object, replace(kept, alarm=seen))

    async def _ask(self, device: Device) -> None:
        connection, after = self._connections[device.id], None
        before, listed = dict(self._kept), set[ObjectId]()
        try:
            for _ in range(ROUNDS_MAX):
                request = event_information_request(after)
                answer = await connection.request(Service.GET_EVENT_INFORMATION, request)
                summaries, more = read_event_information(answer)
                for summary in summaries:
                    listed.add(summary.object)
                    self._found(device, summary, before)
                if not (more and summaries):
                    self._drop_missing(device, listed, before)
                    return
                after = summaries[-1].object
        except DeviceError as error:
            log.debug("%s does not say what is wrong: %s", device.id, error.message)

    def _drop_missing(self, device: Device, listed: Collection[ObjectId], before: _All) -> None:
        """What the device no longer lists is normal, unless it was told while it was asked."""
        for key in [key for key in self._kept if key[0] == device.id]:
            if key[1] not in listed and self._kept[key] is before.get(key):
                del self._kept[key]
        items = {alarm.item for alarm in self.open if alarm.device == device.id}
        self._told_all(device.id, frozenset(items))

    def _found(self, device: Device, summary: EventSummary, before: _All) -> None:
        """Keep what was wrong before anybody listened, and what was missed since `before`."""
        place, waiting = _transition(summary)
        alarm = DeviceAlarm(
            device=device.id,
            item=_item(device, summary.object),
            state=_state(summary.state),
            since=self._since(summary.stamps[place]),
            priority=summary.priorities[place],
            wants_acknowledgement=waiting,
        )
        state = summary.state
        kept = _Kept(alarm=alarm, process=PROCESS, stamp=summary.stamps[place], state=state)
        key = (device.id, summary.object)
        present = self._kept.get(key)
        told_since = present is not before.get(key)
        if not told_since and (present is None or present.state != state):
            self._keep(summary.object, kept)

    def _keep(self, about: ObjectId, kept: _Kept) -> None:
        key = (kept.alarm.device, about)
        self._kept.pop(key, None)
        if kept.alarm.is_open:
            self._kept[key] = kept
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        self._changed(kept.alarm)

    def _since(self, stamp: bytes) -> datetime:
        moment = moment_of(stamp)
        if moment is None:
            return self._now()
        return moment.replace(tzinfo=self._zone).astimezone(UTC)


def _transition(summary: EventSummary) -> tuple[int, bool]:
    """Which of to off-normal, to fault, to normal was the last; whether it waits for a person."""
    place = {NORMAL: 2, FAULT: 1}.get(summary.state, 0)
    return place, not summary.acknowledged[place]


def _printable(words: str) -> str:
    """What a device says, fit for a line of the log."""
    return "".join(c if c.isprintable() else " " for c in words[:TEXT_MAX])


def _state(number: int) -> AlarmState:
    """A maker's own states count as off-normal."""
    return _STATES[number] if number < len(_STATES) else AlarmState.OFF_NORMAL


def _item(device: Device, about: ObjectId) -> str:
    for spec in map_of(device).points.values():
        if spec.object is not None and object_id(spec) == about:
            return spec.name
    return f"{_NAMES.get(about.type, f'type {about.type}')} {about.instance}"
