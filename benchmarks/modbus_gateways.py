"""Forty gateways with ten units each, in a process of their own: as fast as asyncio can answer.

They are made for measuring clients: every register n of every unit holds n.
"""

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event

HOST = "127.63.0.1"
FIRST_PORT = 1600
GATEWAYS, UNITS, REGISTERS = 40, 10, 20
PORTS = range(FIRST_PORT, FIRST_PORT + GATEWAYS)
_READY_S = 30.0


@contextmanager
def gateways() -> Iterator[None]:
    """They answer while this lasts."""
    spawn = get_context("spawn")
    ready = spawn.Event()
    process = spawn.Process(target=_run, args=(ready,), daemon=True)
    process.start()
    try:
        if not ready.wait(_READY_S):
            raise TimeoutError("the gateways do not start")
        yield
    finally:
        process.terminate()
        process.join()


def _run(ready: Event) -> None:
    asyncio.run(_serve(ready))


async def _serve(ready: Event) -> None:
    loop = asyncio.get_running_loop()
    for port in PORTS:
        await loop.create_server(_Gateway, HOST, port)
    ready.set()
    await asyncio.Event().wait()


class _Gateway(asyncio.Protocol):
    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the one question in it; clients here ask one at a time."""
        if self._transport is not None:
            first, count = struct.unpack_from(">HH", data, 8)
            body = struct.pack(f">{count}H", *range(first, first + count))
            head = struct.pack(">HHBBB", 0, 3 + len(body), data[6], data[7], len(body))
            self._transport.write(data[:2] + head + body)
