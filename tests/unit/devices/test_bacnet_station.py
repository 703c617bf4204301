"""Whatever arrives, the EMS's own BACnet device goes on."""

import asyncio
import time
from random import Random

import pytest

from benchmarks.fuzzed_frames import fuzzed
from ems.devices.bacnet_apdu import confirmed, unconfirmed
from ems.devices.bacnet_packets import Packet, packed
from ems.devices.bacnet_station import Station


async def test_the_ems_s_own_device_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """bacpypes3 answers for it; what it stumbles over is logged and dropped."""
    seed = time.time_ns()
    print(f"seed {seed}")
    random = Random(seed)  # noqa: S311 no secret
    sent: list[bytes] = []
    station = Station(4194000, ("127.84.0.1", 47900), lambda datagram, _: sent.append(datagram))
    read = bytes.fromhex("0c023ffed01908")
    valid = [
        packed(Packet(None, None, None, confirmed(1, 12, bytes.fromhex("0c023ffed0194b")))),
        packed(Packet(None, None, None, confirmed(1, 14, read))),
        packed(Packet(None, None, None, unconfirmed(8, b""))),
    ]
    for _ in range(200):
        station.hear(fuzzed(random, valid), ("127.84.0.2", 47900))
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)

    sent.clear()
    whole = packed(Packet(None, None, None, confirmed(9, 12, bytes.fromhex("0c023ffed0194b"))))
    station.hear(whole, ("127.84.0.3", 47900))
    async with asyncio.timeout(20):
        while not sent:
            await asyncio.sleep(0.02)
    assert sent[0][6:9] == bytes((0x30, 9, 12))
