"""The registry of models that forecast loads: what was learned, from what, and how good it was."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from ems.store.database import Database

_ADD = """
insert into load_model (learned_at, past_from, past_to, version, replaced, scores, body)
values (%s, %s, %s, %s, %s, %s, %s)
"""
_READ = "select learned_at, past_from, past_to, version, replaced, scores, body from load_model"


@dataclass(frozen=True, kw_only=True)
class LoadModelRecord:
    """One night of learning."""

    learned_at: datetime
    past_from: datetime
    past_to: datetime
    """What it was learned from."""
    version: str
    """Of the program that learned it."""
    replaced: bool
    """Whether the challenger took the champion's place."""
    scores: dict[str, Any]
    """By series."""
    body: bytes | None = field(repr=False)
    """The model's arrays; none where the champion stayed."""


class LoadModels:
    """Keeps the models."""

    _db: Database

    async def add_load_model(self, record: LoadModelRecord) -> None:
        """Keep a night's outcome."""
        r = record
        body = (
            r.learned_at,
            r.past_from,
            r.past_to,
            r.version,
            r.replaced,
            Jsonb(r.scores),
            r.body,
        )
        async with self._db.work() as connection:
            await connection.execute(_ADD, body)

    async def load_models(self, limit: int = 30) -> tuple[LoadModelRecord, ...]:
        """The newest nights first, without their arrays."""
        rows = await self._db.rows(f"{_READ} order by id desc limit %s", limit)
        return tuple(_record((*row[:-1], None)) for row in rows)

    async def load_champion(self) -> LoadModelRecord | None:
        """The model in force, with its arrays."""
        row = await self._db.row(f"{_READ} where body is not null order by id desc limit 1")
        return None if row is None else _record(row)


def _record(row: Any) -> LoadModelRecord:
    learned_at, past_from, past_to, version, replaced, scores, body = row
    return LoadModelRecord(
        learned_at=learned_at,
        past_from=past_from,
        past_to=past_to,
        version=version,
        replaced=replaced,
        scores=scores,
        body=None if body is None else bytes(body),
    )
