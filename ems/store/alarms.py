"""What devices report as wrong, how long it held, and who has seen it.

Each state that a device tells of an item is a row; the next one ends it. An acknowledgement is
noted here first, in the name of the person, and waits until the service has told it to the device:
a row that is acknowledged and still wants to be is one that the device has not heard of.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from psycopg import AsyncConnection

from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.errors import StoreError
from ems.store.audit import note
from ems.store.database import Database, Row

_COLUMNS: LiteralString = """select id, device, item, state, since, priority, text,
  wants_acknowledgement, ended_at, acknowledged_at, acknowledged_by from alarm """


@dataclass(frozen=True, kw_only=True)
class StoredAlarm:
    """An alarm with what became of it."""

    id: int
    """Counts up."""

    alarm: DeviceAlarm
    """What the device said."""

    ended_at: datetime | None
    """When it said something else, UTC; None: it holds, or waits to be seen."""

    acknowledged_at: datetime | None
    """When a person said that it was seen, UTC."""

    acknowledged_by: str | None
    """Who; None although acknowledged: somebody on site, or before the EMS heard of it."""


class Alarms:
    """Keeps alarms."""

    _db: Database

    async def keep_alarm(self, alarm: DeviceAlarm) -> None:
        """Keep the last word of a device on an item; it ends the word before."""
        async with self._db.work() as connection:
            await connection.execute(
                """update alarm set ended_at = greatest(since, %s)
                where device = %s and item = %s and ended_at is null
                  and (state, since) <> (%s, %s)""",
                (alarm.since, alarm.device, alarm.item, alarm.state.value, alarm.since),
            )
            await (_open if alarm.is_open else _settle)(connection, alarm)

    async def end_alarms(self, device: str, *, but: Collection[str], at: datetime) -> None:
        """End all alarms of a device that says that only the items `but` are not normal."""
        await self._db.do(
            """update alarm set ended_at = greatest(since, %s), wants_acknowledgement = false
            where device = %s and ended_at is null and item <> all(%s)""",
            at, device, list(but),
        )  # fmt: skip

    async def open_alarms(self) -> tuple[StoredAlarm, ...]:
        """What holds or waits to be seen, the most urgent first."""
        rows = await self._db.rows(_COLUMNS + "where ended_at is null order by priority, since, id")
        return tuple(map(_alarm, rows))

    async def past_alarms(self, limit: int = 100) -> tuple[StoredAlarm, ...]:
        """What has ended, the latest first."""
        rows = await self._db.rows(
            _COLUMNS + "where ended_at is not null order by ended_at desc, id desc limit %s", limit
        )
        return tuple(map(_alarm, rows))

    async def acknowledge_alarm(self, number: int, by: str) -> None:
        """Note that `by` has seen it; the service tells the device.

        Raises:
            StoreError: there is none of this number that wants to be seen.
        """
        async with self._db.work() as connection:
            cursor = await connection.execute(
                """update alarm set acknowledged_at = clock_timestamp(), acknowledged_by = %s
                where id = %s and ended_at is null and wants_acknowledgement
                returning device, item""",
                (by, number),
            )
            row = await cursor.fetchone()
            if row is not None:
                what = {"action": "alarm acknowledged", "alarm": number}
                await note(connection, by, {**what, "device": row[0], "item": row[1]})
        if row is None:
            raise StoreError(
                f"no alarm {number} waits to be acknowledged", fix="see `ems devices alarms`"
            )

    async def acknowledgements_due(self) -> tuple[StoredAlarm, ...]:
        """What persons have seen and the devices have not been told."""
        rows = await self._db.rows(
            _COLUMNS
            + """where ended_at is null and wants_acknowledgement
              and acknowledged_by is not null order by acknowledged_at"""
        )
        return tuple(map(_alarm, rows))

    async def acknowledgement_refused(self, number: int, who: str, why: str) -> None:
        """Take an acknowledgement back that the device does not take, and put it in the trail."""
        async with self._db.work() as connection:
            await connection.execute(
                "update alarm set acknowledged_at = null, acknowledged_by = null where id = %s",
                (number,),
            )
            what = {"action": "acknowledgement refused", "alarm": number, "why": why}
            await note(connection, who, what)

    async def forget_alarms(self, before: datetime) -> int:
        """Remove what ended before: how many."""
        return await self._db.do("delete from alarm where ended_at < %s", before)


async def _open(connection: AsyncConnection[Row], alarm: DeviceAlarm) -> None:
    """A device that is asked gives no text, so the one that it told before stays."""
    await connection.execute(
        """insert into alarm
          (device, item, state, since, priority, text, wants_acknowledgement)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (device, item, state, since) do update set
          priority = excluded.priority,
          text = coalesce(nullif(excluded.text, ''), alarm.text),
          wants_acknowledgement = excluded.wants_acknowledgement,
          acknowledged_at = case when excluded.wants_acknowledgement
            or not alarm.wants_acknowledgement then alarm.acknowledged_at
            else coalesce(alarm.acknowledged_at, clock_timestamp()) end,
          ended_at = null""",
        (alarm.device, alarm.item, alarm.state.value, alarm.since, alarm.priority, alarm.text,
         alarm.wants_acknowledgement),
    )  # fmt: skip


async def _settle(connection: AsyncConnection[Row], alarm: DeviceAlarm) -> None:
    """A return to normal that waited to be seen has been."""
    await connection.execute(
        """update alarm set wants_acknowledgement = false, ended_at = since,
          acknowledged_at = coalesce(acknowledged_at, clock_timestamp())
        where device = %s and item = %s and state = %s and since = %s and ended_at is null""",
        (alarm.device, alarm.item, alarm.state.value, alarm.since),
    )


def _alarm(row: Row) -> StoredAlarm:
    number, device, item, state, since, priority, text, wants, ended, seen_at, seen_by = row
    return StoredAlarm(
        id=number,
        alarm=DeviceAlarm(
            device=device,
            item=item,
            state=AlarmState(state),
            since=since.astimezone(UTC),
            priority=priority,
            text=text,
            wants_acknowledgement=wants,
        ),
        ended_at=ended and ended.astimezone(UTC),
        acknowledged_at=seen_at and seen_at.astimezone(UTC),
        acknowledged_by=seen_by,
    )
