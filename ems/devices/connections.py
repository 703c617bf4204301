"""A connection for every device of a district, whatever it speaks."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_alarm_rounds import AlarmRounds
from ems.devices.bacnet_alarms import BacnetAlarms
from ems.devices.bacnet_connection import bacnet_connections
from ems.devices.bacnet_cov import cov_devices
from ems.devices.bacnet_peer import socket_address
from ems.devices.bacnet_schedules import ScheduleObject
from ems.devices.bacnet_subscriber import CovSubscriber, Tell
from ems.devices.bacnet_time import ClockReport, Clocks
from ems.devices.bus_log import BusLog, nobody_listens
from ems.devices.connection import Connection, Readable, connection_key
from ems.devices.maps import map_of
from ems.devices.modbus import modbus_connections
from ems.devices.plan_schedules import PlanSchedules
from ems.domain.alarms import DeviceAlarm
from ems.domain.district import District, Protocol

BACNET_TIMEOUT_S, BACNET_RETRIES = 1.5, 1
"""A datagram may get lost: what is not answered is asked again, within three seconds in all."""


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
            timeout_s=BACNET_TIMEOUT_S,
            retries=BACNET_RETRIES,
            bbmd=socket_address(station.bbmd) if station.bbmd else None,
            recorder=log.listener("bacnet") if log else nobody_listens,
        )
        bacnet = bacnet_connections(district.devices.values(), self._network)
        modbus = modbus_connections(
            district, listener=log.listener("modbus") if log else nobody_listens
        )
        self.by_key: dict[str, Connection] = {**modbus, **bacnet}
        self._bacnet = bacnet
        self._telling = cov_devices(district.devices.values(), bacnet)
        self._district = district
        self.alarms: BacnetAlarms | None = None
        """What devices report as wrong, while `listen` runs."""

    @property
    def polled(self) -> Mapping[str, Readable]:
        """The same for one who polls: what devices tell by themselves is seldom asked for."""
        return {**self.by_key, **{told.connection.key: told for told in self._telling}}

    async def listen(
        self,
        tell: Tell,
        now: Callable[[], datetime],
        changed: Callable[[DeviceAlarm], None] = lambda _: None,
        told_all: Callable[[str, frozenset[str]], None] = lambda *_: None,
    ) -> None:
        """Have the devices that can do so tell what changes and what is wrong, until cancelled.

        `tell` takes values; `changed` each alarm; `told_all` what is open at a device in all.
        """
        zone = self._district.site.zone
        devices = self._district.devices.values()
        self.alarms = BacnetAlarms(
            self._network, devices, self._bacnet, zone, now, changed, told_all
        )
        subscriber = CovSubscriber(self._network, self._telling, tell)
        await asyncio.gather(AlarmRounds(self._network, self.alarms).run(), subscriber.run())

    async def set_clocks(self, now: Callable[[], datetime]) -> list[ClockReport]:
        """Set the clocks of all BACnet devices to the time of the EMS; how each was found."""
        devices = self._district.devices.values()
        spoken = [d for d in devices if d.protocol is Protocol.BACNET]
        clocks = Clocks(self._network, self._district.site.zone, now)
        return await clocks.set_all([(d, self._bacnet[connection_key(d)]) for d in spoken])

    def schedules(self) -> dict[str, PlanSchedules]:
        """Of each device whose map names Schedules, by its id."""
        zone = self._district.site.zone
        return {
            device.id: PlanSchedules(
                device,
                {
                    name: ScheduleObject(self._bacnet[connection_key(device)], instance)
                    for name, instance in map_of(device).schedules.items()
                },
                zone,
            )
            for device in self._district.devices.values()
            if map_of(device).schedules
        }

    async def close(self) -> None:
        """End all of them."""
        for connection in self.by_key.values():
            await connection.close()
        self._network.close()
