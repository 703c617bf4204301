"""Day plans in the Schedule objects of a building manager's controller.

Some building managers let no one write setpoints, but have their controllers follow a Schedule. A
plan for a day then goes into it as a special event of that date: it leaves the weekday lists and
the events of the site's people alone, and it ends by itself at midnight whatever becomes of the
EMS. What was written is read back and compared. To withdraw it the event is taken out; those of
ours that are long past go with every change. A Schedule without an event of ours is not touched.
"""

from collections.abc import Awaitable, Sequence
from datetime import date, timedelta

from ems.devices.bacnet_answers import read_one_raw
from ems.devices.bacnet_apdu import Service
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_messages import Command, Property, read_one_request, write_request
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_schedule import SpecialEvent, TimeValue, encoded_event, read_event
from ems.devices.bacnet_tags import ObjectId, Type, tags, value
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceReplyInvalidError
from ems.domain.plans import Outcome

SCHEDULE = 17
EVENTS_MAX = 255
"""Special events of a Schedule that are looked at."""


class ScheduleObject:
    """One Schedule object of one controller."""

    def __init__(self, connection: BacnetConnection, instance: int) -> None:
        self._connection = connection
        self._id = ObjectId(SCHEDULE, instance)

    async def put(self, day: date, entries: Sequence[TimeValue]) -> Outcome:
        """Write a day's plan and read it back: OK, MISMATCH, REJECTED or UNREACHABLE."""
        event = SpecialEvent(day=day, entries=tuple(entries))
        return await outcome_of(self._put(event))

    async def withdraw(self, day: date | None = None) -> Outcome:
        """Take a day's plan out, or all of ours: OK, MISMATCH, REJECTED or UNREACHABLE."""
        return await outcome_of(self._withdraw(day))

    async def events(self) -> tuple[SpecialEvent, ...]:
        """Our plans, as the controller has them.

        Raises:
            DeviceError: they can't be read.
        """
        found = [read_event(Reader(raw)) for raw in await self._events()]
        return tuple(e for e in found if e is not None and e.is_ours)

    async def event(self, day: date) -> SpecialEvent | None:
        """Our plan for a day, as the controller has it; raises as `events` does."""
        return next((event for event in await self.events() if event.day == day), None)

    async def _put(self, event: SpecialEvent) -> Outcome:
        others = [raw for raw in await self._events() if not _gives_way(raw, event.day)]
        await self._write(b"".join((*others, encoded_event(event))))
        return Outcome.OK if await self.event(event.day) == event else Outcome.MISMATCH

    async def _withdraw(self, day: date | None) -> Outcome:
        events = await self._events()
        others = [raw for raw in events if not _gives_way(raw, day)]
        if len(others) == len(events):
            return Outcome.OK
        await self._write(b"".join(others))
        left = [raw for raw in await self._events() if _gives_way(raw, day)]
        return Outcome.MISMATCH if left else Outcome.OK

    async def _events(self) -> list[bytes]:
        """The special events as they lie in the controller, whatever they are."""
        count = await self._count()
        return [await self._read(index) for index in range(1, count + 1)]

    async def _count(self) -> int:
        counted = [value(tag) for tag in tags(await self._read(0)) if tag.number == Type.UNSIGNED]
        if len(counted) != 1 or not isinstance(counted[0], int) or counted[0] > EVENTS_MAX:
            raise DeviceReplyInvalidError(f"{self._connection.peer}: no count of special events")
        return counted[0]

    async def _read(self, index: int) -> bytes:
        question = read_one_request(self._id, Property.EXCEPTION_SCHEDULE, index)
        answer = await self._connection.request(Service.READ_PROPERTY, question)
        return read_one_raw(answer, question)

    async def _write(self, events: bytes) -> None:
        command = Command(self._id, Property.EXCEPTION_SCHEDULE, events, None)
        await self._connection.request(Service.WRITE_PROPERTY, write_request(command))


async def outcome_of(work: Awaitable[Outcome]) -> Outcome:
    """What became of work on a device, its failures as outcomes too."""
    try:
        return await work
    except DeviceRejectedError:
        return Outcome.REJECTED
    except DeviceError:
        return Outcome.UNREACHABLE


def _gives_way(raw: bytes, day: date | None) -> bool:
    """Whether an event is ours and of `day` (None: any), or older than the day before it."""
    event = read_event(Reader(raw))
    if event is None or not event.is_ours:
        return False
    return day is None or event.day == day or event.day < day - timedelta(days=1)
