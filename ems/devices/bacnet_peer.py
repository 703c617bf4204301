"""Where a BACnet device answers: directly on IP, or on a network behind a router."""

from dataclasses import dataclass
from typing import Self

from bacpypes3.pdu import Address, IPv4Address, RemoteBroadcast, RemoteStation

from ems.domain.district import Device
from ems.domain.errors import DeviceError

BACNET_PORT = 47808


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
                host=str(IPv4Address(host)).partition(":")[0],
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
    def router(self) -> Address:
        """The address that datagrams go to."""
        return IPv4Address(f"{self.host}:{self.port}")

    @property
    def address(self) -> Address:
        """The address of the device itself."""
        if not self.network:
            return self.router
        if self.station is None:
            return RemoteBroadcast(self.network)
        return RemoteStation(self.network, self.station)

    def __str__(self) -> str:
        routed = f"/{self.network}" if self.network else ""
        station = f":{self.station}" if routed and self.station is not None else ""
        return f"{self.host}:{self.port}{routed}{station}"
