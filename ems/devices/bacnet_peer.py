"""Where a BACnet device answers: directly on IP, or on a network behind a router."""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Self

from ems.devices.bacnet_packets import IpAddress, RemoteAddress
from ems.devices.bacnet_transactions import Where
from ems.domain.district import Device
from ems.domain.errors import DeviceError

BACNET_PORT = 47808


def socket_address(words: str) -> IpAddress:
    """From `10.0.1.20` or `10.0.1.20:47809`.

    Raises:
        DeviceError: it is neither.
    """
    peer = Peer.parse(words)
    return peer.host, peer.port


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Where a BACnet device answers."""

    host: str
    """Its IPv4 address, or that of the router before it."""

    port: int = BACNET_PORT

    network: int = 0
    """Network behind the router; 0: not routed."""

    station: int | None = None
    """Station on that network; none: all of them (for Who-Is only)."""

    @classmethod
    def of(cls, device: Device) -> Self:
        """The peer of a device."""
        if not device.network:
            return cls(host=device.host, port=device.port)
        return cls(
            host=device.host, port=device.port, network=device.network, station=device.station
        )

    @classmethod
    def parse(cls, words: str) -> Self:
        """From `10.0.1.20`, `10.0.1.20:47809`, `10.0.1.1:47808/1001:17` or `10.0.1.1/1001`.

        Raises:
            DeviceError: it is none of these.
        """
        address, _, routed = words.partition("/")
        host, _, port = address.partition(":")
        network, _, station = routed.partition(":")
        try:
            return cls(
                host=str(IPv4Address(host)),
                port=int(port or BACNET_PORT),
                network=int(network or 0),
                station=int(station) if station else None,
            )
        except ValueError as error:
            raise DeviceError(
                f"{words!r} is no BACnet address",
                fix="write host, host:port, router/network or router/network:station",
            ) from error

    @property
    def remote(self) -> RemoteAddress | None:
        """Network and station behind the router; an empty station is all of them."""
        if not self.network:
            return None
        return self.network, b"" if self.station is None else bytes((self.station,))

    @property
    def where(self) -> Where:
        """Where its answers come from."""
        return (self.host, self.port), self.remote

    def __str__(self) -> str:
        routed = f"/{self.network}" if self.network else ""
        station = f":{self.station}" if routed and self.station is not None else ""
        return f"{self.host}:{self.port}{routed}{station}"
