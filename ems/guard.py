"""The guard: gives devices back when the service that commands them falls silent.

    beats come          nothing to do
    the service ended   it has given everything back itself, and says so in its last beat
    the process is gone, or no beat for `PATIENCE_S`
                        every device that it held, and that does not fall back by itself, gets its
                        safe values, or on BACnet a Null at our priority; what stands of plans in
                        the Schedules of building managers' controllers is taken out

Devices with a lease of their own are left to it. What can't be reached is tried again until it
works, until the service is back, or until the guard itself is to end.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from ems.devices.connection import connection_key
from ems.devices.connections import Connections
from ems.devices.fail_safe import guarded
from ems.devices.maps import map_of
from ems.devices.plan_schedules import PlanSchedules
from ems.domain.district import Device, District
from ems.domain.errors import DeviceError
from ems.domain.plans import Outcome
from ems.heart import Beat, last_beat

log = logging.getLogger("ems.guard")

PATIENCE_S = 30.0
"""Wall seconds without a beat after which a service that still runs counts as dead."""
LOOK_S = 0.5
"""Wall seconds between two looks at the heart."""
RETRY_S = 5.0
"""Wall seconds before what could not be reached is tried again."""
LAST_TRIES = 3
"""How often that is done once the guard is to end."""
PORT_BESIDE = 2
"""The guard's BACnet port after the service's: a service that hangs still has its own."""


def scheduled(district: District) -> frozenset[str]:
    """Ids of the devices in whose Schedules the service writes its plans."""
    if not district.station.writes_schedules:
        return frozenset()
    return frozenset(d.id for d in district.devices.values() if map_of(d).schedules)


class Guard:
    """Watches one heart, for as long as it is told to."""

    def __init__(
        self,
        district: District,
        heart: Path,
        *,
        left_behind: Iterable[str] = (),
        patience_s: float = PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard `district`; `left_behind` were held by an earlier service that died."""
        self._district = district
        self._devices = guarded(district)
        self._heart, self._patience_s, self._monotonic = heart, patience_s, monotonic
        self._owed = set(left_behind) & set(self._devices)
        self._plans_in = scheduled(district)
        self._plans_owed: set[str] = set()
        self._last: Beat | None = None
        self._given_up: Beat | None = None
        self._changed_s = monotonic()
        self._try_at_s = 0.0

    @property
    def owed(self) -> frozenset[str]:
        """Ids of the devices that are still to be given back."""
        return frozenset(self._owed)

    @property
    def plans_owed(self) -> frozenset[str]:
        """Ids of the devices in whose Schedules plans are still to be taken out."""
        return frozenset(self._plans_owed)

    async def run(self, over: Callable[[], bool]) -> None:
        """Guard until `over`, and then until all is given back or can't be."""
        tries_left = LAST_TRIES
        while True:
            ending = over()
            self.look()
            if self._owes and self._monotonic() >= self._try_at_s:
                await self.give_back()
                tries_left -= 1 if ending else 0
            if ending and (self._settled or tries_left <= 0):
                break
            await asyncio.sleep(LOOK_S)
        if self._owed:
            log.error("not given back: %s", ", ".join(sorted(self._owed)))
        if self._plans_owed:
            log.error("plans end at midnight only: %s", ", ".join(sorted(self._plans_owed)))

    @property
    def _owes(self) -> bool:
        return bool(self._owed or self._plans_owed)

    @property
    def _settled(self) -> bool:
        """Whether nothing is owed, nor will be: a service that hangs may yet be given up."""
        beat = self._last
        return not self._owes and (beat is None or beat.released or beat == self._given_up)

    def look(self) -> None:
        """See whether the heart still beats; what a lost service held is owed from now on."""
        beat = last_beat(self._heart)
        if beat is not None and beat != self._last:
            self._last, self._changed_s = beat, self._monotonic()
            if beat.process_lives:
                self._owed -= beat.held
                self._plans_owed.clear()
        beat = self._last
        if beat is not None and beat != self._given_up and self._lost(beat):
            self._give_up(beat)

    def _lost(self, beat: Beat) -> bool:
        if beat.released:
            return False
        return not beat.process_lives or self._monotonic() - self._changed_s >= self._patience_s

    def _give_up(self, beat: Beat) -> None:
        """Owe what `beat` held, and what may stand in Schedules, once."""
        held = beat.held & set(self._devices)
        if held:
            log.error("the service is silent: giving back %s", ", ".join(sorted(held)))
        self._owed |= held
        self._plans_owed |= self._plans_in
        self._try_at_s = self._monotonic()
        self._given_up = beat

    async def give_back(self) -> None:
        """Give back what is owed; what could not be reached stays owed."""
        self._try_at_s = self._monotonic() + RETRY_S
        owed, plans_owed = sorted(self._owed), sorted(self._plans_owed)
        named = {name: self._district.devices[name] for name in (*owed, *plans_owed)}
        district = self._district.with_devices(named.values())
        connections = Connections(district, port=district.station.port + PORT_BESIDE)
        schedules = connections.schedules()
        try:
            returned, withdrawn = await asyncio.gather(
                _each_of(owed, lambda name: _given_back(connections, named[name])),
                _each_of(plans_owed, lambda name: _withdrawn(schedules[name])),
            )
        finally:
            await connections.close()
        self._owed -= returned
        self._plans_owed -= withdrawn


async def _each_of(names: Sequence[str], act: Callable[[str], Awaitable[bool]]) -> set[str]:
    """Act on all at once: those where it worked."""
    done = await asyncio.gather(*map(act, names))
    return {name for name, ok in zip(names, done, strict=True) if ok}


async def _given_back(connections: Connections, device: Device) -> bool:
    connection = connections.by_key[connection_key(device)]
    try:
        await connection.relinquish(device, map_of(device).written)
    except DeviceError as error:
        log.warning("%s could not be given back: %s", device.id, error.message)
        return False
    log.info("%s is given back", device.id)
    return True


async def _withdrawn(schedules: PlanSchedules) -> bool:
    outcomes = await schedules.withdraw()
    left = {name: what for name, what in outcomes.items() if what is not Outcome.OK}
    for name, what in left.items():
        log.warning("the plan in the Schedule of %s/%s: %s", schedules.device.id, name, what)
    return not left
