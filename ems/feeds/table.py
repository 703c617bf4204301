"""Tables for people and their programs: CSV and JSON with the same columns.

A spreadsheet takes a cell that begins with = + - @ for a formula. Texts that begin so get an
apostrophe before them; numbers are left alone.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

Cell = str | float | int | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> str:
    """A table as CSV (RFC 4180), a head line first; a missing number is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    return out.getvalue()


def json_text(
    head: Mapping[str, Any], columns: Iterable[str], rows: Iterable[Iterable[Cell]]
) -> str:
    """`head` and the same table as JSON, under `rows`; a missing number is null."""
    names = list(columns)
    table = [dict(zip(names, map(_known, row), strict=True)) for row in rows]
    return json.dumps({**head, "rows": table}, ensure_ascii=False, allow_nan=False)


def times(moment: datetime, zone: tzinfo) -> tuple[str, str]:
    """A moment in UTC and in local time, as ISO 8601 with offset."""
    utc = moment.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z"), utc.astimezone(zone).isoformat()


def _known(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _cell(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return "'" + cell
    return _known(cell)
