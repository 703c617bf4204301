"""node-bacnet (JavaScript) as client of our controllers and as a server that the EMS reads."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from peers_installed import SCRIPTS, needs_node_package, node_environment

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_peer import Peer
from ems.devices.maps import map_of
from ems.domain.district import DeviceKind, District
from ems.domain.points import Quality
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage


@asynccontextmanager
async def node(script: Path, *given: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        "node", str(script), *given, env=node_environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_its_client_reads_commands_and_subscribes_to_our_controller(
    district: District,
) -> None:
    needs_node_package("node-bacnet")
    here = district.on_loopback(83)
    zone = here.of_kind(DeviceKind.ZONE)[5]
    few = here.with_devices([zone])
    image = ProcessImage.create(few)
    image.values[:] = 20.0
    servers = BacnetServers(few, image)
    await servers.start()
    asked = (zone.host, str(zone.port), "127.83.0.11")
    try:
        async with node(SCRIPTS / "bacnet_client.js", *asked) as client, asyncio.timeout(30):
            out, err = await client.communicate()
    finally:
        await servers.stop()

    assert not err, err.decode()
    assert json.loads(out) == {
        "room": 20, "flags": [0], "setpoint": 22.5, "told": [20],
        "refused": "BacnetError Class: OBJECT (1) Code: UNKNOWN_OBJECT (31)",
    }  # fmt: skip
    assert image[f"{zone.id}/heat_setpoint_c"] == 22.5


async def test_its_server_is_read_and_written_by_the_ems(district: District) -> None:
    """It knows no multiple writes, and says so in an error where others reject."""
    needs_node_package("node-bacnet")
    zone = district.of_kind(DeviceKind.ZONE)[5]
    points = map_of(zone).points
    peer = Peer(host="127.83.30.9")
    connection = BacnetConnection(BacnetNetwork("127.83.0.12", 47900), peer)
    async with node(SCRIPTS / "bacnet_server.js", peer.host, str(peer.port)) as server:
        assert server.stdout is not None
        async with asyncio.timeout(30):
            assert await server.stdout.readline() == b"ready\n"
        await connection.write(zone, {points["heat_setpoint_c"]: 21.5})
        wanted = [points[n] for n in ("room_temp_c", "heat_valve_pct", "heat_setpoint_c")]
        values = await connection.read(zone, wanted)
    await connection.close()

    assert values == {
        "room_temp_c": (1.5, Quality.GOOD),
        "heat_valve_pct": (2.5, Quality.GOOD),
        "heat_setpoint_c": (21.5, Quality.GOOD),
    }
