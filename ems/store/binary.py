"""PostgreSQL's binary formats as numpy arrays, so that millions of values move without a loop.

A row of a binary COPY is a count of fields, then each field as its length and its bytes, all big
endian; rows whose fields are never null and of fixed size are a structured array. An array value
is a header and then its elements, each with its length. Moments are microseconds since 2000.
Source: PostgreSQL manual, COPY (binary format); `src/backend/utils/adt/arrayfuncs.c`, `array_send`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

INT4 = np.dtype(">i4")
INT2 = np.dtype(">i2")
INT8 = np.dtype(">i8")
FLOAT8 = np.dtype(">f8")

Fields = Mapping[str, np.dtype[Any]]
"""The type of each field of a row, in their order."""

_ELEMENT_OID = {FLOAT8: 701, INT2: 21}
"""From `pg_type`."""
_ARRAY_HEADER = 20


def row_type(fields: Fields) -> np.dtype[np.void]:
    """The structured type of a row with these fields, none of them null."""
    parts: list[tuple[str, np.dtype[Any]]] = [("_count", INT2)]
    for name, kind in fields.items():
        parts += [(f"_{name}", INT4), (name, kind)]
    return np.dtype(parts)


def rows(fields: Fields, values: Mapping[str, NDArray[Any]]) -> bytes:
    """Rows of a binary COPY from one array for each field, without head and tail."""
    length = len(next(iter(values.values())))
    result = np.empty(length, dtype=row_type(fields))
    result["_count"] = len(fields)
    for name, kind in fields.items():
        result[f"_{name}"] = kind.itemsize
        result[name] = values[name]
    return result.tobytes()


def microseconds(moment: datetime) -> int:
    """A moment as PostgreSQL keeps it."""
    return (moment - EPOCH_2000) // MICROSECOND


def array_bytes(values: NDArray[Any], kind: np.dtype[Any]) -> bytes:
    """A vector as `array_recv` takes it."""
    header = np.array([1, 0, _ELEMENT_OID[kind], len(values), 1], dtype=INT4)
    body = np.empty(len(values), dtype=[("length", INT4), ("value", kind)])
    body["length"] = kind.itemsize
    body["value"] = values
    return header.tobytes() + body.tobytes()


def array_of(data: bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    """A vector from what `array_send` gave, in native byte order. Empty when it has no elements."""
    if len(data) <= _ARRAY_HEADER:
        return np.empty(0, dtype=kind.newbyteorder("="))
    body = np.frombuffer(data, dtype=[("length", INT4), ("value", kind)], offset=_ARRAY_HEADER)
    return body["value"].astype(kind.newbyteorder("="))


def field(data: bytes) -> bytes:
    """One field of a row of a binary COPY."""
    return len(data).to_bytes(4, "big") + data
