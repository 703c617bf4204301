"""Finding BACnet devices: each address is asked directly, or a BBMD asks everybody."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_apdu import Notice
from ems.devices.bacnet_i_am import INSTANCES, IAm, who_is
from ems.devices.bacnet_peer import BACNET_PORT, Peer
from ems.devices.bacnet_transactions import Where


@dataclass(frozen=True, kw_only=True)
class Found:
    """A device that answered a Who-Is."""

    address: str
    """Where it answered: `127.20.11.1`, or `1001:17` behind a router."""
    instance: int
    """Its device instance."""
    vendor: int
    """Its maker's number at ASHRAE."""


async def discover(
    network: BacnetNetwork,
    peers: Iterable[Peer],
    *,
    wait_s: float = 1.0,
    instances: range = INSTANCES,
) -> dict[Peer, list[Found]]:
    """Which devices of `instances` answer at each of `peers`, or behind it; all asked directly."""
    asked = list(peers)
    answers = (_ask(network, peer, wait_s, instances) for peer in asked)
    return dict(zip(asked, await asyncio.gather(*answers), strict=True))


async def discover_everywhere(
    network: BacnetNetwork, *, wait_s: float = 1.0, instances: range = INSTANCES
) -> list[Found]:
    """Devices of `instances` that answer a Who-Is which the BBMD distributes.

    Raises:
        DeviceError: there is no BBMD, or it does not forward to us.
    """
    heard: dict[tuple[Where, IAm], None] = {}
    with network.hearing_i_am(lambda *said: heard.setdefault(said)):
        await network.distribute(Notice.WHO_IS, who_is(instances), wait_s=wait_s)
        await asyncio.sleep(wait_s)
    return [_found(*said) for said in heard if said[1].instance in instances]


async def _ask(network: BacnetNetwork, peer: Peer, wait_s: float, instances: range) -> list[Found]:
    heard: dict[tuple[Where, IAm], None] = {}
    async with network.place():
        with network.hearing_i_am(lambda *said: heard.setdefault(said)):
            await network.tell(peer, Notice.WHO_IS, who_is(instances))
            await asyncio.sleep(wait_s)
    near = [said for said in heard if _is_from(said[0], peer)]
    return [_found(*said) for said in near if said[1].instance in instances]


def _is_from(where: Where, peer: Peer) -> bool:
    """Whether an I-Am comes from there; what others say at the same time is heard as well."""
    (host, _), remote = where
    if peer.network:
        everybody = peer.station is None and remote is not None and remote[0] == peer.network
        return everybody or peer.remote == remote
    return host == peer.host


def _found(where: Where, said: IAm) -> Found:
    (host, port), remote = where
    direct = host if port == BACNET_PORT else f"{host}:{port}"
    routed = f"{remote[0]}:{int.from_bytes(remote[1], 'big')}" if remote else ""
    return Found(address=routed or direct, instance=said.instance, vendor=said.vendor)
