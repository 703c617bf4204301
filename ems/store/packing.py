"""Readings as compressed bytes, as they wait on disk."""

import json
import zlib
from collections.abc import Sequence

import numpy as np

from ems.domain.points import Quality, Reading
from ems.store import binary

_COLUMNS = np.dtype([("point", "<u4"), ("at", "<i8"), ("value", "<f8"), ("quality", "<i2")])


def packed(readings: Sequence[Reading]) -> bytes:
    """Readings as compressed bytes: the points' names as JSON, a line feed, then the columns."""
    places: dict[str, int] = {}
    rows = np.empty(len(readings), dtype=_COLUMNS)
    rows["point"] = [places.setdefault(r.point, len(places)) for r in readings]
    rows["at"] = [binary.microseconds(r.at) for r in readings]
    rows["value"] = [r.value for r in readings]
    rows["quality"] = [int(r.quality) for r in readings]
    return zlib.compress(json.dumps(list(places)).encode() + b"\n" + rows.tobytes(), level=1)


def unpacked(body: bytes) -> tuple[Reading, ...]:
    """What `packed` was given."""
    names, columns = zlib.decompress(body).split(b"\n", 1)
    points = json.loads(names)
    return tuple(
        Reading(
            points[row["point"]],
            float(row["value"]),
            Quality(int(row["quality"])),
            binary.EPOCH_2000 + int(row["at"]) * binary.MICROSECOND,
        )
        for row in np.frombuffer(columns, dtype=_COLUMNS)
    )
