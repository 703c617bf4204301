"""A connection for every device of a district, whatever it speaks."""

from collections.abc import Mapping

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_connection import bacnet_connections
from ems.devices.bacnet_cov import cov_devices
from ems.devices.bacnet_peer import socket_address
from ems.devices.bacnet_subscriber import CovSubscriber, Tell
from ems.devices.bus_log import BusLog, nobody_listens
from ems.devices.connection import Connection, Readable
from ems.devices.modbus import modbus_connections
from ems.domain.district import District


class Connections:
    """All conversations of the EMS, and the BACnet station behind some of them.

    `port` of the station may be given, so that a second process can read beside the first. What
    passes is written to `log`, if there is one.
    """

    def __init__(
        self, district: District, *, port: int | None = None, log: BusLog | None = None
    ) -> None:
        station = district.station
        self._network = BacnetNetwork(
            station.host,
            port or station.port,
            instance=station.instance,
            bbmd=socket_address(station.bbmd) if station.bbmd else None,
            recorder=log.listener("bacnet") if log else nobody_listens,
        )
        bacnet = bacnet_connections(district.devices.values(), self._network)
        modbus = modbus_connections(
            district, listener=log.listener("modbus") if log else nobody_listens
        )
        self.by_key: dict[str, Connection] = {**modbus, **bacnet}
        self._telling = cov_devices(district.devices.values(), bacnet)

    @property
    def polled(self) -> Mapping[str, Readable]:
        """The same for one who polls: what devices tell by themselves is seldom asked for."""
        return {**self.by_key, **{told.connection.key: told for told in self._telling}}

    async def listen(self, tell: Tell) -> None:
        """Have the devices that can do so tell what changes, until cancelled."""
        await CovSubscriber(self._network, self._telling, tell).run()

    async def close(self) -> None:
        """End all of them."""
        for connection in self.by_key.values():
            await connection.close()
        self._network.close()
