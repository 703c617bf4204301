"""A connection for every device of a district, whatever it speaks."""

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_connection import bacnet_connections
from ems.devices.connection import Connection
from ems.devices.modbus import modbus_connections
from ems.domain.district import District


class Connections:
    """All conversations of the EMS, and the BACnet station behind some of them.

    `port` of the station may be given, so that a second process can read beside the first.
    """

    def __init__(self, district: District, *, port: int | None = None) -> None:
        station = district.station
        self._network = BacnetNetwork(station.host, port or station.port, instance=station.instance)
        self.by_key: dict[str, Connection] = {
            **modbus_connections(district),
            **bacnet_connections(district.devices.values(), self._network),
        }

    async def close(self) -> None:
        """End all of them."""
        for connection in self.by_key.values():
            await connection.close()
        self._network.close()
