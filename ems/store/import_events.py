"""Events of demand response: caps on import that operators enter and take back."""

from dataclasses import asdict
from datetime import UTC, datetime

from ems.domain.demand_response import ImportEvent, check_event
from ems.domain.errors import StoreError
from ems.store.audit import note
from ems.store.database import Database
from ems.store.events import Changed, notify

_ADD = """
insert into import_event (begins, ends, import_kw, eur_per_kwh, added_by)
values (%s, %s, %s, %s, %s) returning id
"""
_READ = """
select id, begins, ends, import_kw, eur_per_kwh from import_event
where ends > %s order by begins, id
"""
TOLD_AS = "import events"
"""What listeners hear of a change."""


class ImportEvents:
    """Keeps the events; past ones stay, as proof of what was asked."""

    _db: Database

    async def add_import_event(
        self, begins: datetime, ends: datetime, import_kw: float, eur_per_kwh: float, by: str
    ) -> ImportEvent:
        """Keep an event from now on, and say in the audit trail who entered it.

        Raises:
            PlanError: it can't be asked of a plan.
        """
        check_event(begins, ends, import_kw, eur_per_kwh)
        async with self._db.work() as connection:
            cursor = await connection.execute(_ADD, (begins, ends, import_kw, eur_per_kwh, by))
            row = await cursor.fetchone()
            assert row is not None, "an insert returns its row"  # noqa: S101
            event = ImportEvent(
                id=row[0], begins=begins, ends=ends, import_kw=import_kw, eur_per_kwh=eur_per_kwh
            )
            await note(connection, by, {"action": "event added", **_plain(event)})
            await notify(connection, Changed.SETTING, TOLD_AS)
        return event

    async def import_events(self, after: datetime) -> tuple[ImportEvent, ...]:
        """The events that end after a moment, in the order of their beginnings."""
        rows = await self._db.rows(_READ, after)
        return tuple(
            ImportEvent(
                id=number,
                begins=begins.astimezone(UTC),
                ends=ends.astimezone(UTC),
                import_kw=kw,
                eur_per_kwh=price,
            )
            for number, begins, ends, kw, price in rows
        )

    async def remove_import_event(self, number: int, by: str) -> None:
        """Take an event back.

        Raises:
            StoreError: there is none of this number.
        """
        async with self._db.work() as connection:
            cursor = await connection.execute("delete from import_event where id = %s", (number,))
            if cursor.rowcount == 0:
                raise StoreError(f"there is no event {number}", fix="see `ems event list`")
            await note(connection, by, {"action": "event removed", "id": number})
            await notify(connection, Changed.SETTING, TOLD_AS)


def _plain(event: ImportEvent) -> dict[str, object]:
    moments = {"begins": event.begins.isoformat(), "ends": event.ends.isoformat()}
    return asdict(event) | moments
