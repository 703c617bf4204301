"""Thousands of Modbus units in a process of their own: quick, and some of them dead, slow or lying.

A unit answers each read of holding registers with `FIRST + register`, whatever its number, so that
every value that comes out of the EMS can be judged. Nothing here is shared with the EMS's codec.
"""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection

from ems.processes import Lifeline

FIRST = 500
"""What register 0 holds; register n holds n more."""
SLOW_S = 5.0
_READ = 3

Answer = bytes
"""A whole frame."""


def _frame(transaction: int, unit: int, body: bytes) -> Answer:
    return struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body


def right(transaction: int, unit: int, address: int, count: int) -> Answer:
    """What an honest unit answers."""
    words = range(FIRST + address, FIRST + address + count)
    return _frame(transaction, unit, struct.pack(f">BB{count}H", _READ, 2 * count, *words))


def _with_body(change: Callable[[bytes], bytes]) -> Callable[[int, int, int, int], Answer]:
    def lie(transaction: int, unit: int, address: int, count: int) -> Answer:
        return _frame(transaction, unit, change(right(transaction, unit, address, count)[7:]))

    return lie


LIES: tuple[Callable[[int, int, int, int], Answer], ...] = (
    _with_body(lambda body: bytes([4]) + body[1:]),
    _with_body(lambda body: bytes([_READ | 0x80])),
    _with_body(lambda body: bytes([_READ | 0x80, 6])),
    _with_body(lambda body: body[:-2]),
    _with_body(lambda body: body + b"\0\1"),
    _with_body(lambda body: body[:1] + bytes([body[1] - 2]) + body[2:]),
    _with_body(lambda body: b""),
    lambda t, unit, a, n: right((t + 1) % 65536, unit, a, n),
    lambda t, unit, a, n: right(0, unit, a, n),
    lambda t, unit, a, n: right(t, (unit + 1) % 248, a, n),
    lambda t, unit, a, n: right(t, unit, a, n)[:2] + b"\0\7" + right(t, unit, a, n)[4:],
    lambda t, unit, a, n: right(t, unit, a, n)[:5] + b"\xff" + right(t, unit, a, n)[6:],
    lambda t, unit, a, n: b"\xde\xad" * 20,
)
"""Thirteen kinds of answers that must not be believed."""


class _Gateway(asyncio.Protocol):
    """One connection to a gateway."""

    def __init__(self, host: str, faults: "Faults", lies: Counter[int]) -> None:
        """`lies` counts those of each unit, whatever becomes of the connection."""
        self._host, self._faults, self._lies = host, faults, lies
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 it listens on TCP
        self._wire = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= 12:
            question, self._held = self._held[:12], self._held[12:]
            transaction, _, _, unit, _, address, count = struct.unpack(">HHHBBHH", question)
            self._answer(transaction, unit, address, count)

    def _answer(self, transaction: int, unit: int, address: int, count: int) -> None:
        fault = self._faults.get((self._host, unit), "")
        if fault == "dead":
            return
        if fault == "lying":
            self._lies[unit] += 1
            lie = LIES[self._lies[unit] % len(LIES)]
            self._send(lie(transaction, unit, address, count))
        elif fault == "slow":
            late = right(transaction, unit, address, count)
            asyncio.get_running_loop().call_later(SLOW_S, self._send, late)
        else:
            self._send(right(transaction, unit, address, count))

    def _send(self, answer: Answer) -> None:
        if not self._wire.is_closing():
            self._wire.write(answer)


Faults = Mapping[tuple[str, int], str]
"""By host and unit: dead, slow or lying."""


def serve(
    lifeline: Lifeline, hosts: Sequence[str], port: int, faults: Faults, news: Connection
) -> None:
    """Answer at all of `hosts` until the lifeline is cut; `news` is told once they listen."""
    asyncio.run(_serve(lifeline, hosts, port, faults, news))


async def _serve(
    lifeline: Lifeline, hosts: Sequence[str], port: int, faults: Faults, news: Connection
) -> None:
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(partial(_Gateway, host, faults, Counter()), host, port)
        for host in hosts
    ]
    news.send(True)
    await lifeline.until_cut()
    for server in servers:
        server.close()
