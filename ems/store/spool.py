"""Readings on disk until the database has them: a file of SQLite, one row a batch.

A batch is written and flushed before it counts as kept, and deleted once the database has confirmed
it; a program or machine that dies in between loses nothing that was kept. Each batch carries a
checksum. The file is bounded: what must go is the oldest, and it is counted, in the file itself, so
that the count outlives the program too. Batches that the database refuses are set aside in it.
"""

import logging
import sqlite3
import zlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, Self, TypeVar

from ems.domain.errors import SpoolError
from ems.domain.points import Reading
from ems.store.packing import packed, unpacked

FILE = "spool.sqlite"
"""Its name in the data folder."""
LIMIT_BYTES = 1 << 30
"""At most so much waits, compressed."""

_NO_NUMBER = 2**63 - 1
"""Above the number of any batch."""
_SCHEMA = """
create table if not exists waiting (
  number integer primary key autoincrement, readings integer not null,
  checksum integer not null, body blob not null);
create table if not exists refused (
  number integer primary key, readings integer not null, why text not null,
  checksum integer not null, body blob not null);
create table if not exists lost (why text primary key, readings integer not null);
"""
_NUMBERS = {
    "waiting": "select number from waiting order by number",
    "refused": "select number from refused order by number",
}
_BODY = {
    "waiting": "select checksum, body from waiting where number = ?",
    "refused": "select checksum, body from refused where number = ?",
}
_LIGHTER = {
    "waiting": "update waiting set readings = ?, checksum = ?, body = ? where number = ?",
    "refused": "update refused set readings = ?, checksum = ?, body = ? where number = ?",
}

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some readings and the number they are kept under."""

    number: int
    """Counts up; older batches have smaller ones."""
    readings: tuple[Reading, ...] = field(repr=False)
    """In the order in which they came."""


def _told(
    work: Callable[Concatenate["Spool", P], T],
) -> Callable[Concatenate["Spool", P], T]:
    """`work`, whose errors of SQLite become `SpoolError`."""

    def told(self: "Spool", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(self, *args, **kwargs)
        except sqlite3.Error as error:
            raise SpoolError(
                f"{self.path}: {error}", fix="free space on the disk that holds it"
            ) from error

    return told


class Spool:
    """The file. Calls block for as long as the disk takes and may come from any one thread."""

    def __init__(self, path: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._db = _opened(path)
        self.waiting = self._number("select coalesce(sum(readings), 0) from waiting")
        """Readings in the file that wait for the database."""
        self._bytes = self._number("select coalesce(sum(length(body)), 0) from waiting")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        self._db.close()

    @property
    def last_number(self) -> int:
        """Number of the newest batch that waits; 0: none does."""
        return self._number("select coalesce(max(number), 0) from waiting")

    @property
    def lost(self) -> int:
        """Readings that no room was left for or whose batch was damaged, ever."""
        return self._number("select coalesce(sum(readings), 0) from lost")

    @property
    def refused(self) -> int:
        """Readings set aside, ever."""
        return self._number("select coalesce(sum(readings), 0) from refused")

    @_told
    def keep(self, readings: Sequence[Reading]) -> Batch:
        """Write `readings` to disk; they are safe when this returns.

        Raises:
            SpoolError: the disk is full or fails; nothing of them was kept.
        """
        body = packed(readings)
        with self._db:
            cursor = self._db.execute(
                "insert into waiting (readings, checksum, body) values (?, ?, ?)",
                (len(readings), zlib.crc32(body), body),
            )
            dropped, freed = self._make_room(len(body))
        self.waiting += len(readings) - dropped
        self._bytes += len(body) - freed
        return Batch(number=cursor.lastrowid or 0, readings=tuple(readings))

    @_told
    def oldest(self, before: int | None = None) -> Batch | None:
        """The oldest batch that waits, of those with a number below `before`.

        A damaged one is counted as lost and passed over.
        """
        row = self._db.execute(
            "select number, readings, checksum, body from waiting where number < ?"
            " order by number limit 1",
            (_NO_NUMBER if before is None else before,),
        ).fetchone()
        if row is None:
            return None
        number, count, checksum, body = row
        if zlib.crc32(body) == checksum:
            return Batch(number=number, readings=unpacked(body))
        _log.error("%s: batch %d is damaged, %d readings are lost", self.path, number, count)
        with self._db:
            self._lose("damaged", count)
        self.forget(number)
        return self.oldest(before)

    @_told
    def forget(self, number: int) -> None:
        """The database has batch `number`."""
        with self._db:
            self._remove(number)
            if not self.waiting:
                self._db.execute("pragma incremental_vacuum")

    @_told
    def set_aside(self, number: int, why: str) -> None:
        """The database refuses batch `number`: it is kept for people to look at."""
        with self._db:
            self._db.execute(
                "insert into refused select number, readings, ?, checksum, body from waiting"
                " where number = ?",
                (why, number),
            )
            self._remove(number)

    @_told
    def forget_points(self, points: Collection[str], before: datetime) -> int:
        """Take out readings of `points` from before a moment, wherever they are: how many.

        What a resident no longer allows goes so.
        """
        unwanted = frozenset(points)
        with self._db:
            return sum(self._thin_out(table, unwanted, before) for table in ("waiting", "refused"))

    def _thin_out(
        self, table: Literal["waiting", "refused"], points: frozenset[str], before: datetime
    ) -> int:
        gone = 0
        for (number,) in self._db.execute(_NUMBERS[table]).fetchall():
            checksum, body = self._db.execute(_BODY[table], (number,)).fetchone()
            if zlib.crc32(body) != checksum:  # counted as lost when its turn comes
                continue
            readings = unpacked(body)
            kept = [r for r in readings if r.point not in points or r.at >= before]
            if len(kept) < len(readings):
                lighter = packed(kept)
                self._db.execute(_LIGHTER[table], (len(kept), zlib.crc32(lighter), lighter, number))
                gone += len(readings) - len(kept)
                if table == "waiting":
                    self.waiting -= len(readings) - len(kept)
                    self._bytes -= len(body) - len(lighter)
        return gone

    def _remove(self, number: int) -> None:
        gone = self._db.execute(
            "delete from waiting where number = ? returning readings, length(body)", (number,)
        ).fetchone()
        if gone:
            self.waiting -= gone[0]
            self._bytes -= gone[1]

    def _make_room(self, arriving: int) -> tuple[int, int]:
        """Drop the oldest batches until all fits: readings and bytes that went."""
        dropped = freed = 0
        while self._bytes + arriving - freed > self._limit_bytes:
            count, size = self._db.execute(
                "delete from waiting where number = (select min(number) from waiting)"
                " returning readings, length(body)"
            ).fetchone()
            dropped, freed = dropped + count, freed + size
        if dropped:
            self._lose("no room", dropped)
        return dropped, freed

    def _lose(self, why: str, count: int) -> None:
        self._db.execute(
            "insert into lost values (?, ?)"
            " on conflict (why) do update set readings = readings + excluded.readings",
            (why, count),
        )

    def _number(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])


def _opened(path: Path) -> sqlite3.Connection:
    """The file at `path`; one that can't be read is put aside and a new one begun.

    Raises:
        SpoolError: the folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _begun(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise SpoolError(f"{path}: {error}", fix="let the EMS write to this folder") from error
        aside = path.with_suffix(f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        path.rename(aside)
        for rest in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + rest).unlink()
        _log.error("%s can't be read (%s): put aside as %s", path, error, aside.name)
        return _begun(path)


def _begun(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, timeout=5.0)
    database.executescript(
        "pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = full;"
        + _SCHEMA
    )
    return database
