"""The writer brings setpoints to devices and says what became of each.

A command is a lease. A device that took one is *held*: its heartbeat is renewed every five minutes
of district time, its values are written again now and then, and one slot after the last setpoint
ended it is let go - as it is at shutdown - to its safe values or, on BACnet, to whoever comes next
in the priority array. Should the EMS die, the heartbeat stops and the device returns to its own
control by itself.

A device that did not answer is told again when it is back; after an outage of many they come back
one after the other within five minutes, so that they do not all start at once.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from ems.devices.connection import Connection, connection_key
from ems.devices.device_writer import GRACE, DeviceWriter, dispatched
from ems.devices.on_site import OnSite
from ems.devices.surroundings import Surroundings
from ems.domain.district import District
from ems.domain.errors import DeviceError
from ems.domain.plans import Dispatched, Outcome, Setpoint
from ems.domain.points import Reading
from ems.domain.slots import Clock

log = logging.getLogger("ems.devices")

TICK_S = 60.0
"""District seconds between two looks at the holds."""
TICK_WALL_S = 0.5
"""Wall seconds between them, at least."""
RETURN_TICKS = 5
"""Looks within which devices that were away are told again, some at each."""


def nothing_read(_point: str) -> Reading | None:
    """The latest reading where nobody polls."""
    return None


async def always() -> bool:
    """Whether anything may be written, where there is but one instance."""
    return True


class Writer:
    """Writes setpoints through the connections of a district."""

    def __init__(
        self,
        district: District,
        connections: Mapping[str, Connection],
        clock: Clock,
        speed: float = 1.0,
        *,
        on_site: OnSite | None = None,
        latest: Callable[[str], Reading | None] = nothing_read,
        may_write: Callable[[], Awaitable[bool]] = always,
    ) -> None:
        """`latest` tells the poller's latest reading of a point, by which limits go; `may_write`,
        asked right before each device is written, whether it is still ours to write."""
        self._clock, self._latest, self._may_write = clock, latest, may_write
        self._tick_wall_s = max(TICK_S / speed, TICK_WALL_S)
        around = Surroundings(
            clock=clock,
            on_site=on_site if on_site is not None else OnSite(),
            latest=latest,
            step=timedelta(seconds=self._tick_wall_s * speed),
        )
        self._devices = {
            device.id: DeviceWriter(device, connections[key], around)
            for device in district.devices.values()
            if (key := connection_key(device)) in connections
        }
        self._away: dict[str, Sequence[Setpoint]] = {}
        self._returns_at_once = 0
        self._one_at_a_time = asyncio.Lock()
        self._stop = asyncio.Event()

    @property
    def held(self) -> frozenset[str]:
        """Ids of the devices that are under a command."""
        return frozenset(one.device.id for one in self._held())

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Dispatched, ...]:
        """Write the setpoints of a slot; what became of each, in their order."""
        by_device: dict[str, list[Setpoint]] = defaultdict(list)
        for setpoint in setpoints:
            by_device[setpoint.point.partition("/")[0]].append(setpoint)
        async with self._one_at_a_time:
            parts = await asyncio.gather(*(self._apply(k, part) for k, part in by_device.items()))
        found = {dispatched.setpoint.point: dispatched for part in parts for dispatched in part}
        return tuple(found[setpoint.point] for setpoint in setpoints)

    async def run(self) -> None:
        """Renew heartbeats and end leases until `stop`."""
        while not self._stop.is_set():
            await self.renew()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._tick_wall_s)

    def stop(self) -> None:
        """End `run`."""
        self._stop.set()

    async def renew(self) -> None:
        """Tend every held device, let go of those whose lease has ended, tell those that return."""
        async with self._one_at_a_time:
            if not await self._may_write():
                return
            now = self._clock.now()
            ended = [one for one in self._held() if one.hold and one.hold.until <= now]
            await self._each(ended, _let_go)
            await self._each(self._held(), _tended)
            await self._tell_returning()

    async def relinquish_all(self) -> tuple[str, ...]:
        """Let go of every held device; ids of those that could not be reached.

        What another instance leads by now is left to that one.
        """
        async with self._one_at_a_time:
            self._away.clear()
            if not await self._may_write():
                for one in self._held():
                    one.hold = None
            return await self._each(self._held(), _let_go)

    def _held(self) -> list[DeviceWriter]:
        return [one for one in self._devices.values() if one.hold is not None]

    async def _each(
        self, devices: Iterable[DeviceWriter], act: Callable[[DeviceWriter], Awaitable[bool]]
    ) -> tuple[str, ...]:
        """Act on all at once; ids of the devices where it failed."""
        all_of_them = list(devices)
        done = await asyncio.gather(*map(act, all_of_them))
        return tuple(one.device.id for one, ok in zip(all_of_them, done, strict=True) if not ok)

    async def _apply(self, device_id: str, setpoints: Sequence[Setpoint]) -> list[Dispatched]:
        device = self._devices.get(device_id)
        if device is None:
            log.warning("there is no device %s to write to", device_id)
            return [dispatched(s, Outcome.REJECTED, self._clock.now()) for s in setpoints]
        if device_id in self._away:
            self._away[device_id] = setpoints
            word = Outcome.DEFERRED if self._answers(setpoints) else Outcome.UNREACHABLE
            return [dispatched(s, word, self._clock.now()) for s in setpoints]
        return await self._tell(device, setpoints)

    async def _tell(self, device: DeviceWriter, setpoints: Sequence[Setpoint]) -> list[Dispatched]:
        if not await self._may_write():
            return [dispatched(s, Outcome.WITHHELD, self._clock.now()) for s in setpoints]
        done = await device.apply(setpoints)
        if any(one.outcome is Outcome.UNREACHABLE for one in done):
            self._away[device.device.id] = setpoints
        else:
            self._away.pop(device.device.id, None)
        return done

    async def _tell_returning(self) -> None:
        """Tell some of the devices that were away and answer again."""
        now = self._clock.now()
        for name, setpoints in list(self._away.items()):
            if max(s.slot.end for s in setpoints) + GRACE <= now:
                del self._away[name]
        returning = [name for name, part in self._away.items() if self._answers(part)]
        even = -(-len(returning) // RETURN_TICKS)
        self._returns_at_once = max(self._returns_at_once, even) if returning else 0
        now_due = returning[: self._returns_at_once]
        await asyncio.gather(*(self._tell(self._devices[n], self._away[n]) for n in now_due))

    def _answers(self, setpoints: Sequence[Setpoint]) -> bool:
        """Whether the poller hears a device again; also where nobody polls it."""
        readings = [self._latest(setpoint.point) for setpoint in setpoints]
        return any(r is None or r.quality.usable for r in readings)


async def _tended(one: DeviceWriter) -> bool:
    try:
        await one.tend()
    except DeviceError as error:
        log.debug("%s could not be tended: %s", one.device.id, error.message)
        return False
    return True


async def _let_go(one: DeviceWriter) -> bool:
    try:
        await one.let_go()
    except DeviceError as error:
        log.warning("%s could not be let go: %s", one.device.id, error.message)
        return False
    return True
