"""Clocks of BACnet devices: how far they are off, and setting them (ASHRAE 135, clause 16.7).

A controller that follows a Schedule is as good as its clock. The offset of each clock is read
(Local_Date, Local_Time and UTC_Offset of the device object) and reported, then the time is sent: in
UTC, or in local time to a device that has no UTC_Offset.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_apdu import Notice
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_messages import OBJECT_TYPES, Answers, Property
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_schedule import date_of, encoded_date, encoded_time, time_of
from ems.devices.bacnet_tags import BadEncodingError, Kind, ObjectId, Type, application
from ems.domain.district import Device
from ems.domain.errors import DeviceError, DeviceReplyInvalidError

log = logging.getLogger("ems.devices")

WRONG_BY = timedelta(minutes=1)
"""A clock that is off by more is worth a line in the log."""
_ASKED = (Property.LOCAL_DATE, Property.LOCAL_TIME, Property.UTC_OFFSET)


@dataclass(frozen=True, kw_only=True)
class ClockReport:
    """How the clock of a device was found."""

    device: str
    """Its id."""

    ahead: timedelta | None
    """Beside true local time, positive when it is fast; none: it could not be read."""

    error: str = ""
    """Why it could not."""


def encoded_moment(moment: datetime) -> bytes:
    """The parameters of a time synchronisation: a date and a time."""
    return application(Type.DATE, encoded_date(moment.date())) + application(
        Type.TIME, encoded_time(moment.time())
    )


def read_moment(content: bytes) -> datetime:
    """Date and time of a time synchronisation, without a zone.

    Raises:
        BadEncodingError: it is none.
    """
    reader = Reader(content)
    day = date_of(reader.expect(Kind.APPLICATION, Type.DATE))
    at = time_of(reader.expect(Kind.APPLICATION, Type.TIME))
    return datetime.combine(day, at)


class Clocks:
    """The clocks of many devices."""

    def __init__(self, network: BacnetNetwork, zone: ZoneInfo, now: Callable[[], datetime]) -> None:
        """Devices are in the civil time of `zone`; `now` gives true UTC."""
        self._network = network
        self._zone = zone
        self._now = now

    async def set_all(
        self, devices: Iterable[tuple[Device, BacnetConnection]]
    ) -> list[ClockReport]:
        """Read and then set the clocks of all `devices`; how each was found."""
        return list(await asyncio.gather(*(self._set(*one) for one in devices)))

    async def _set(self, device: Device, connection: BacnetConnection) -> ClockReport:
        this = ObjectId(OBJECT_TYPES["device"], device.unit)
        before = self._now()
        try:
            answers = await connection.properties([this], _ASKED)
            ahead = _local(answers, this) - self._local(before + (self._now() - before) / 2)
            await self._send(connection, in_utc=answers[this, Property.UTC_OFFSET].error is None)
        except DeviceError as error:
            log.info("the clock of %s was not set: %s", device.id, error.message)
            return ClockReport(device=device.id, ahead=None, error=error.message)
        if abs(ahead) > WRONG_BY:
            log.warning("the clock of %s was %+.0f s off", device.id, ahead.total_seconds())
        return ClockReport(device=device.id, ahead=ahead)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(tzinfo=None)

    async def _send(self, connection: BacnetConnection, *, in_utc: bool) -> None:
        now = self._now()
        if in_utc:
            notice, moment = Notice.UTC_TIME_SYNCHRONIZATION, now
        else:
            notice, moment = Notice.TIME_SYNCHRONIZATION, self._local(now)
        await self._network.tell(connection.peer, notice, encoded_moment(moment))


def _local(answers: Answers, this: ObjectId) -> datetime:
    """What a device holds for local time, without a zone.

    Raises:
        DeviceReplyInvalidError: it has no clock, or shows no time.
    """
    parts = [answers[this, number].values for number in _ASKED[:2]]
    octets = [part[0][1] if len(part) == 1 else None for part in parts]
    match octets:
        case bytes(day), bytes(at):
            try:
                return datetime.combine(date_of(day), time_of(at))
            except BadEncodingError as error:
                raise DeviceReplyInvalidError(f"it shows no time: {error.message}") from error
    raise DeviceReplyInvalidError("it shows no time")
