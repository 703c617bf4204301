"""All COV subscriptions of the EMS: renewed in time, each notification brought to its device."""

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_apdu import Message, Notice, Pdu, Service
from ems.devices.bacnet_cov import PROCESS, CovDevice
from ems.devices.bacnet_cov_messages import read_notification
from ems.devices.bacnet_i_am import IAm
from ems.devices.bacnet_transactions import Where
from ems.devices.connection import Values
from ems.domain.district import Device

Tell = Callable[[Device, Values], None]
"""Takes values that were told unasked."""

_LOOK_S = 0.5
"""How often it is looked at what is to be renewed, wall seconds."""
_UNKNOWN_SUBSCRIPTION = (5, 79)


class CovSubscriber:
    """All subscriptions of the EMS."""

    def __init__(self, network: BacnetNetwork, devices: Iterable[CovDevice], tell: Tell) -> None:
        self._network = network
        self._tell = tell
        self._devices = {device.connection.peer.where: device for device in devices}
        network.listen(Pdu.CONFIRMED, Service.CONFIRMED_COV, self._heard)
        network.listen(Pdu.UNCONFIRMED, Notice.COV, self._heard)

    async def run(self) -> None:
        """Subscribe and renew until cancelled."""
        with self._network.hearing_i_am(self._started):
            while True:
                now_s = monotonic()
                due = [d for d in self._devices.values() if d.renew_at_s <= now_s]
                await asyncio.gather(*(device.renew() for device in due))
                await asyncio.sleep(_LOOK_S)

    def _heard(self, where: Where, said: Message) -> tuple[int, int] | None:
        told = read_notification(said.content)
        device = self._devices.get(where)
        if device is None or told.process != PROCESS or told.device[1] != device.device.unit:
            return _UNKNOWN_SUBSCRIPTION
        values = device.heard(told)
        if not values:
            return _UNKNOWN_SUBSCRIPTION
        self._tell(device.device, values)
        return None

    def _started(self, where: Where, said: IAm) -> None:
        device = self._devices.get(where)
        if device is not None and said.instance == device.device.unit and device.subscribed:
            device.doubt()
