"""The writer brings setpoints to devices and says what became of each.

    clamp and step -> skip what someone on site holds -> write what changed -> read back -> outcome

A command is a lease. A device that took one is *held*: its heartbeat is renewed every five minutes
of district time, its values are written again now and then, and one slot after the last setpoint
ended it is let go - as it is at shutdown - to its safe values or, on BACnet, to whoever comes next
in the priority array. Should the EMS die, the heartbeat stops and the device returns to its own
control by itself.
"""

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from ems.devices.commands import Command, came_back, command
from ems.devices.connection import Connection, Values, connection_key
from ems.devices.holds import Hold
from ems.devices.maps import PointSpec, map_of
from ems.domain.district import Device, District
from ems.domain.errors import DeviceError, DeviceRejectedError
from ems.domain.plans import Dispatched, Outcome, Setpoint
from ems.domain.points import Quality
from ems.domain.slots import SLOT, Clock

log = logging.getLogger("ems.devices")

GRACE = SLOT
"""How long a device is held after its last setpoint ended: one missed cycle."""
TICK_S = 60.0
"""District seconds between two looks at the holds."""
TICK_WALL_S = 0.5
"""Wall seconds between them, at least."""

_NOTHING = (math.nan, Quality.COMM_FAIL)


class Writer:
    """Writes setpoints through the connections of a district."""

    def __init__(
        self,
        district: District,
        connections: Mapping[str, Connection],
        clock: Clock,
        speed: float = 1.0,
    ) -> None:
        self._devices = district.devices
        self._connections = connections
        self._clock, self._speed = clock, speed
        self._holds: dict[str, Hold] = {}
        self._one_at_a_time = asyncio.Lock()
        self._stop = asyncio.Event()

    @property
    def held(self) -> frozenset[str]:
        """Ids of the devices that are under a command."""
        return frozenset(self._holds)

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
                wait_s = max(TICK_S / self._speed, TICK_WALL_S)
                await asyncio.wait_for(self._stop.wait(), wait_s)

    def stop(self) -> None:
        """End `run`."""
        self._stop.set()

    async def renew(self) -> None:
        """Change every heartbeat that is due, and let go of devices whose lease has ended."""
        async with self._one_at_a_time:
            now = self._clock.now()
            ended = [hold for hold in self._holds.values() if hold.until <= now]
            await self._each(ended, self._let_go)
            await self._each(self._holds.values(), self._beat)

    async def relinquish_all(self) -> tuple[str, ...]:
        """Let go of every held device; ids of those that could not be reached."""
        async with self._one_at_a_time:
            return await self._each(self._holds.values(), self._let_go)

    async def _each(
        self, holds: Iterable[Hold], act: Callable[[Hold], Awaitable[bool]]
    ) -> tuple[str, ...]:
        """Act on all at once; ids of the devices where it failed."""
        all_of_them = list(holds)
        done = await asyncio.gather(*map(act, all_of_them))
        return tuple(h.device.id for h, ok in zip(all_of_them, done, strict=True) if not ok)

    async def _beat(self, hold: Hold) -> bool:
        now = self._clock.now()
        if not (beat := hold.due_beat(now)):
            return True
        try:
            await self._connection(hold.device).write(hold.device, beat)
        except DeviceError as error:
            log.debug("heartbeat of %s: %s", hold.device.id, error.message)
            return False
        hold.beaten(beat, now)
        return True

    async def _let_go(self, hold: Hold) -> bool:
        try:
            await self._connection(hold.device).relinquish(hold.device, hold.touched)
        except DeviceError as error:
            log.warning("%s could not be let go: %s", hold.device.id, error.message)
            return False
        finally:
            self._holds.pop(hold.device.id, None)
        return True

    def _connection(self, device: Device) -> Connection:
        return self._connections[connection_key(device)]

    async def _apply(self, device_id: str, setpoints: Sequence[Setpoint]) -> list[Dispatched]:
        device = self._devices.get(device_id)
        specs = map_of(device).points if device else {}
        commands: list[Command] = []
        refused: list[Dispatched] = []
        for setpoint in setpoints:
            spec = specs.get(setpoint.point.partition("/")[2])
            ready = command(setpoint, spec) if spec else None
            if ready is None:
                log.warning("%s: %s can't be written", setpoint.point, setpoint.value)
                refused.append(self._dispatched(setpoint, Outcome.REJECTED))
            else:
                commands.append(ready)
        done = await self._carry_out(device, commands) if device and commands else []
        return refused + done

    async def _carry_out(self, device: Device, commands: Sequence[Command]) -> list[Dispatched]:
        until = max(c.setpoint.slot.end for c in commands) + GRACE
        hold = self._holds.setdefault(device.id, Hold(device, until))
        hold.extend(until)
        connection, specs = self._connection(device), [c.spec for c in commands]
        try:
            on_site = await connection.held_on_site(device, specs)
            ours = [c for c in commands if c.spec.name not in on_site]
            rejected = await self._tell(connection, hold, ours)
            read = await connection.read(device, specs)
        except DeviceError as error:
            log.debug("%s: %s", device.id, error.message)
            hold.touch(specs)
            return [self._dispatched(c.setpoint, Outcome.UNREACHABLE) for c in commands]
        return [self._verified(hold, c, on_site, rejected, read) for c in commands]

    async def _tell(
        self, connection: Connection, hold: Hold, commands: Sequence[Command]
    ) -> frozenset[str]:
        """Write what changed, the heartbeat first; names of the points that were refused."""
        now = self._clock.now()
        changed = {c.spec: c.value for c in commands if hold.needs(c.spec, c.value, now)}
        hold.touch(changed)
        beat = hold.due_beat(now)
        values = {**beat, **changed}
        rejected = await _written(connection, hold.device, values) if values else frozenset()
        if not any(spec.name in rejected for spec in beat):
            hold.beaten(beat, now)
        return rejected

    def _verified(
        self,
        hold: Hold,
        command: Command,
        on_site: frozenset[str],
        rejected: frozenset[str],
        read: Values,
    ) -> Dispatched:
        value, quality = read.get(command.spec.name, _NOTHING)
        if command.spec.name in on_site:
            return self._dispatched(command.setpoint, Outcome.OVERRIDDEN, read_back=value)
        if command.spec.name in rejected:
            return self._dispatched(command.setpoint, Outcome.REJECTED, read_back=value)
        outcome = command.outcome
        if not came_back(command.spec, command.value, value):
            hold.touch([command.spec])
            outcome = Outcome.OVERRIDDEN if quality is Quality.OVERRIDDEN else Outcome.MISMATCH
        elif hold.needs(command.spec, command.value, self._clock.now()):
            hold.told(command.spec, command.value, self._clock.now())
        return self._dispatched(command.setpoint, outcome, written=command.value, read_back=value)

    def _dispatched(
        self,
        setpoint: Setpoint,
        outcome: Outcome,
        *,
        written: float = math.nan,
        read_back: float = math.nan,
    ) -> Dispatched:
        return Dispatched(
            setpoint=setpoint,
            outcome=outcome,
            written=written,
            read_back=read_back,
            at=self._clock.now(),
        )


async def _written(
    connection: Connection, device: Device, values: Mapping[PointSpec, float]
) -> frozenset[str]:
    """Write at once, or one by one when the device refuses; names of the points refused."""
    try:
        await connection.write(device, values)
    except DeviceRejectedError as error:
        if len(values) > 1:
            parts = [await _written(connection, device, {s: v}) for s, v in values.items()]
            return frozenset().union(*parts)
        log.info("%s: %s", device.id, error.message)
        return frozenset(spec.name for spec in values)
    return frozenset()
