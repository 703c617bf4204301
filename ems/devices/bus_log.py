"""A bus log: every message to and from devices, in lines that a person can read.

One JSON object a line (broken here for width):

    {"s": 12.345, "protocol": "modbus", "line": "10.0.1.20:502", "way": "sent",
     "frame": "01 03 00 00 00 02", "sum": "9f3a02c1"}

`s` are seconds since the first line, `frame` a message in hexadecimal: of Modbus the unit and what
follows, without header or checksum; of BACnet the datagram. `sum` is the CRC-32 of the line's other
fields and of the sum before it, so that a line changed, lost or moved is noticed.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from ems.domain.errors import DeviceError


class Way(StrEnum):
    """Where a message went."""

    SENT = "sent"
    HEARD = "heard"
    NOISE = "noise"
    """Heard, but no answer to what was sent."""


Listener = Callable[[str, Way, bytes], None]
"""Is told of each message: the line or peer, its way, and the message."""


def nobody_listens(line: str, way: Way, frame: bytes) -> None:
    """The usual listener."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One message of a log."""

    s: float
    """Seconds since the log began."""

    protocol: str
    """`modbus` or `bacnet`."""

    line: str
    """Line or peer: `10.0.1.20:502`, `/dev/ttyUSB0`."""

    way: Way

    frame: bytes
    """The message."""

    def as_data(self) -> dict[str, Any]:
        """The entry as plain data, without its sum."""
        return {
            "s": round(self.s, 6),
            "protocol": self.protocol,
            "line": self.line,
            "way": self.way.value,
            "frame": self.frame.hex(" "),
        }


class BusLog:
    """A log that is being written."""

    def __init__(self, file: TextIO, clock: Callable[[], float]) -> None:
        self._file, self._clock = file, clock
        self._began_s = clock()
        self._sum = 0
        self.entries = 0

    def listener(self, protocol: str) -> Listener:
        """What a connection of this protocol tells its messages to."""

        def note(line: str, way: Way, frame: bytes) -> None:
            s = self._clock() - self._began_s
            self._write(Entry(s=s, protocol=protocol, line=line, way=way, frame=frame))

        return note

    def _write(self, entry: Entry) -> None:
        data = entry.as_data()
        self._sum = _sum(data, self._sum)
        self._file.write(json.dumps({**data, "sum": f"{self._sum:08x}"}) + "\n")
        self.entries += 1


def read_log(path: Path) -> list[Entry]:
    """The entries of a log.

    Raises:
        DeviceError: it can't be read, or a line is not as it was written.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return list(entries_of(file))
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceError(f"{path} can't be read: {error}", fix="give a bus log") from error
    except ValueError as error:
        raise DeviceError(f"{path} {error}", fix="record it again") from error


def entries_of(lines: Iterable[str]) -> Iterator[Entry]:
    """The entries in the lines of a log.

    Raises:
        ValueError: a line is not as it was written; says which.
    """
    before = 0
    for number, line in enumerate(lines, 1):
        try:
            data = json.loads(line)
            given = int(data.pop("sum"), 16)
            entry = Entry(
                **{**data, "way": Way(data["way"]), "frame": bytes.fromhex(data["frame"])}
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number}: is no entry of a bus log") from error
        before = _sum(data, before)
        if before != given:
            raise ValueError(f"line {number}: was changed, or lines before it are missing")
        yield entry


def _sum(data: dict[str, Any], before: int) -> int:
    return zlib.crc32(json.dumps(data).encode(), before)
