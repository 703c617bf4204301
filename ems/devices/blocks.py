"""Merging: as few requests as the registers allow.

One block of 20 registers costs what a single register does, so points that lie close together are
read at once; a request takes at most 125 registers, and a device says how many unused ones it lets
a request span. A write spans no hole: what is not ours is not written.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ems.devices.codec import Located
from ems.devices.registers import BIT_TABLES, Register, Table

READ_MAX = 125
"""Registers of one read (Modbus application protocol 1.1b3, 6.3)."""
WRITE_MAX = 123
"""Registers of one write (6.12)."""
_BITS_FOR_A_REGISTER = 16
"""Coils or discrete inputs that take the room of a register: 2000 in a read, 1968 in a write."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Registers that travel in one request."""

    table: Table
    """Where they lie."""

    address: int
    """The first register."""

    count: int
    """How many."""

    points: tuple[Located, ...]
    """What lies in them, in order of address."""


def read_blocks(points: Iterable[Located], gap: int, longest: int = READ_MAX) -> list[Block]:
    """Blocks that hold all `points`, spanning at most `gap` unused registers at a time.

    None has more than `longest` registers, unless a single point does.
    """
    return _merged(points, lambda point: point.register, gap, longest)


def write_blocks(points: Iterable[Located], longest: int = WRITE_MAX) -> list[Block]:
    """Blocks that hold exactly the registers where `points` are written."""
    return _merged(points, lambda point: point.write_register, 0, longest)


def _merged(
    points: Iterable[Located], place: Callable[[Located], Register], gap: int, longest: int
) -> list[Block]:
    groups: list[list[Located]] = []
    for point in sorted(points, key=lambda p: (place(p).table, place(p).address)):
        if groups and _fits(
            place(groups[-1][0]), place(groups[-1][-1]), place(point), gap, longest
        ):
            groups[-1].append(point)
        else:
            groups.append([point])
    return [_block(group, place) for group in groups]


def _fits(first: Register, last: Register, new: Register, gap: int, longest: int) -> bool:
    room = longest * _BITS_FOR_A_REGISTER if new.table in BIT_TABLES else longest
    return (
        new.table == last.table
        and new.address - last.end <= gap
        and new.end - first.address <= room
    )


def _block(group: list[Located], place: Callable[[Located], Register]) -> Block:
    first, last = place(group[0]), place(group[-1])
    return Block(
        table=first.table,
        address=first.address,
        count=last.end - first.address,
        points=tuple(group),
    )
