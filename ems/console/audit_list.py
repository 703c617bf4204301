"""The audit trail as people search it: newest first, filtered, page by page, and as CSV.

The trail is read in pages from the newest entry on, and at most `LOOKED_AT` entries for one answer:
the answer then says where the next one goes on, so that a rare word is found in the end.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from ems.console.store_protocol import ConsoleStore
from ems.feeds.table import csv_text, times
from ems.store.audit import AuditEntry

PAGE = 500
"""Entries read at once."""
LOOKED_AT = 20_000
"""Entries looked at for one answer."""
COLUMNS = ("number", "at_utc", "at_local", "who", "action", "details")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of what was searched for."""

    entries: tuple[AuditEntry, ...]
    """Newest first."""

    before: int | None
    """Where the next page begins; None: there is nothing more."""


async def search(store: ConsoleStore, text: str, *, before: int | None, limit: int) -> Found:
    """Entries that hold all words of `text`, `limit` at most, below the number `before`."""
    words = text.lower().split()
    entries: list[AuditEntry] = []
    seen, last = 0, before
    async for entry in _read(store, before):
        if len(entries) == limit or seen == LOOKED_AT:
            return Found(entries=tuple(entries), before=last)
        seen, last = seen + 1, entry.id
        if holds(entry, words):
            entries.append(entry)
    return Found(entries=tuple(entries), before=None)


def holds(entry: AuditEntry, words: Sequence[str]) -> bool:
    """Whether all `words`, in small letters, stand in an entry."""
    text = f"{entry.who} {_json(entry)}".lower()
    return all(word in text for word in words)


def audit_csv(entries: Sequence[AuditEntry], zone: tzinfo) -> str:
    """Entries as CSV, times in UTC and local; no cell is a formula."""
    return csv_text(COLUMNS, (_cells(entry, zone) for entry in entries))


def _cells(entry: AuditEntry, zone: tzinfo) -> tuple[int | str, ...]:
    action = str(entry.what.get("action", ""))
    return (entry.id, *times(entry.at, zone), entry.who, action, _json(entry))


def _json(entry: AuditEntry) -> str:
    return json.dumps(dict(entry.what), ensure_ascii=False, default=str)


async def _read(store: ConsoleStore, before: int | None) -> AsyncIterator[AuditEntry]:
    while page := await store.audit_trail(before=before, limit=PAGE):
        for entry in page:
            yield entry
        before = page[-1].id
