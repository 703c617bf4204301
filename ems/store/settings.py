"""Settings that people change while the district runs, the mode among them."""

from typing import Any

from psycopg.types.json import Jsonb

from ems.domain.plans import Mode
from ems.store.audit import note
from ems.store.database import Database
from ems.store.events import Changed, notify

_MODE = "mode"
_SET = """
insert into setting (key, value, changed_by) values (%s, %s, %s)
on conflict (key) do update
  set value = excluded.value, changed_by = excluded.changed_by, changed_at = clock_timestamp()
"""


class Settings:
    """Keeps settings."""

    _db: Database

    async def setting(self, key: str, default: Any = None) -> Any:
        """The value of a setting as JSON gives it, or `default`."""
        row = await self._db.row("select value from setting where key = %s", key)
        return default if row is None else row[0]

    async def set_setting(self, key: str, value: Any, by: str) -> None:
        """Set it, and say in the audit trail who did."""
        async with self._db.work() as connection:
            await connection.execute(_SET, (key, Jsonb(value), by))
            await note(connection, by, {"action": "set", "key": key, "value": value})
            await notify(connection, Changed.SETTING, key)

    async def mode(self) -> Mode:
        """Who decides what is written; shadow until somebody has set it."""
        return Mode(await self.setting(_MODE, Mode.SHADOW.value))

    async def set_mode(self, mode: Mode, by: str) -> None:
        """Change who decides what is written."""
        async with self._db.work() as connection:
            await connection.execute(_SET, (_MODE, Jsonb(mode.value), by))
            await note(connection, by, {"action": "mode", "mode": mode.value})
            await notify(connection, Changed.MODE, mode.value)
