"""When BACnet devices are asked what is wrong: a word that they send may get lost.

all of them            at the start, and once an hour
one that was silent    as soon as it answers again
one that says I-Am     it has started again, and forgotten whom it told
"""

import asyncio
import math
from time import monotonic

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_alarms import BacnetAlarms
from ems.devices.bacnet_transactions import Where

EACH_S = 3600.0
"""Wall seconds between two rounds of all."""
LOOK_S = 1.0
"""Wall seconds between two looks at who has returned."""


class AlarmRounds:
    """Has devices asked."""

    def __init__(self, network: BacnetNetwork, alarms: BacnetAlarms) -> None:
        self._network, self._alarms = network, alarms
        self._returned: set[Where] = set()

    async def run(self) -> None:
        """Ask until cancelled."""
        all_at_s = -math.inf
        back = self._returned.add
        with (
            self._network.hearing_return(back),
            self._network.hearing_i_am(lambda where, _: back(where)),
        ):
            while True:
                places, now_s = set(self._returned), monotonic()
                self._returned.clear()
                if now_s >= all_at_s:
                    all_at_s = now_s + EACH_S
                    await self._alarms.ask()
                elif places:
                    await self._alarms.ask(places)
                await asyncio.sleep(LOOK_S)
