"""Four hundred BACnet servers of another make (rusty-bacnet) in a process of their own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import rusty_bacnet as foreign

from ems.devices.bacnet_peer import BACNET_PORT

DEVICES = 400
OBJECTS = 20
FIRST = 20.0
"""What analog input 1 holds; input n holds n - 1 more."""


def host(number: int) -> str:
    """Where a server listens."""
    return f"127.64.{1 + number // 100}.{1 + number % 100}"


@contextmanager
def servers(count: int) -> Iterator[None]:
    """They answer within."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(count, theirs), daemon=True)
    process.start()
    try:
        ours.recv()
        yield
    finally:
        ours.close()
        process.join(timeout=10)
        process.terminate()


def _serve(count: int, parent: Connection) -> None:
    asyncio.run(_run(count, parent))


async def _run(count: int, parent: Connection) -> None:
    running = []
    for number in range(count):
        server = foreign.BACnetServer(
            device_instance=1000 + number,
            interface=host(number),
            port=BACNET_PORT,
            share_port_by_address=True,
        )
        for instance in range(1, OBJECTS + 1):
            server.add_analog_input(instance, f"t{instance}", 62, FIRST + instance - 1)
        await server.start()
        running.append(server)
    parent.send(True)
    await asyncio.get_running_loop().run_in_executor(None, parent.poll, None)
