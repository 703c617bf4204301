"""Alarms that a person keeps still: shelved until a moment, or out of service until put back.

The alarm itself is kept as before; who looks at alarms tells the two apart. Every shelf has a
reason and stands in the audit trail.
"""

from datetime import UTC, datetime

from ems.domain.alarm_life import Shelf
from ems.domain.errors import StoreError
from ems.store.audit import note
from ems.store.database import Database

_SHELVE = """
insert into alarm_shelf (device, item, kind, until, reason, shelved_by)
values (%(device)s, %(item)s, %(kind)s, %(until)s, %(reason)s, %(by)s)
on conflict (device, item) do update set kind = excluded.kind, until = excluded.until,
  reason = excluded.reason, shelved_by = excluded.shelved_by, shelved_at = clock_timestamp()
"""


class AlarmShelves:
    """Keeps what is kept still."""

    _db: Database

    async def shelve_alarm(
        self, device: str, item: str, *, until: datetime | None, by: str, reason: str
    ) -> None:
        """Keep an alarm still until a moment, UTC; None: out of service until put back.

        Raises:
            StoreError: no reason was given.
        """
        if not reason.strip():
            raise StoreError("an alarm is not shelved without a reason", fix="say why: --reason")
        kind = "shelved" if until else "out_of_service"
        row = {"device": device, "item": item, "kind": kind, "until": until}
        async with self._db.work() as connection:
            await connection.execute(_SHELVE, {**row, "reason": reason, "by": by})
            said = {**row, "until": until.isoformat() if until else None, "reason": reason}
            await note(connection, by, {"action": f"alarm {kind}", **said})

    async def unshelve_alarm(self, device: str, item: str, *, by: str) -> bool:
        """Let an alarm be told again. False: it was not kept still."""
        async with self._db.work() as connection:
            cursor = await connection.execute(
                "delete from alarm_shelf where device = %s and item = %s", (device, item)
            )
            if cursor.rowcount:
                what = {"action": "alarm put back", "device": device, "item": item}
                await note(connection, by, what)
            return bool(cursor.rowcount)

    async def alarm_shelves(self) -> dict[tuple[str, str], Shelf]:
        """All shelves, also those whose time is over, by device and item."""
        rows = await self._db.rows(
            "select device, item, shelved_by, reason, until from alarm_shelf"
        )
        return {
            (device, item): Shelf(by=by, reason=reason, until=until and until.astimezone(UTC))
            for device, item, by, reason, until in rows
        }
