"""One device under command: what it is told, within its limits, and what came of it.

    what someone on site holds is left alone -> limits -> write what changed -> read back -> outcome

Between two plans it is tended: its heartbeat, the rest of a ramp, frost, and whether somebody has
meanwhile set another value by hand.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ems.devices.commands import Command, came_back, command
from ems.devices.connection import Connection, Values
from ems.devices.holds import Hold
from ems.devices.interlocks import Situation, Stood, permitted
from ems.devices.lookout import Lookout
from ems.devices.maps import PointSpec, map_of
from ems.devices.point_limits import UNLIMITED
from ems.devices.surroundings import Surroundings
from ems.domain.district import Device
from ems.domain.errors import DeviceError, DeviceRejectedError
from ems.domain.plans import Dispatched, Outcome, Setpoint
from ems.domain.points import Quality, point_id
from ems.domain.slots import SLOT

log = logging.getLogger("ems.devices")

GRACE = SLOT
"""How long a device is held after its last setpoint ended: one missed cycle."""

_NOTHING = (math.nan, Quality.COMM_FAIL)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What went over the wire."""

    values: Mapping[PointSpec, float]
    """By point, the heartbeat among them."""

    rejected: frozenset[str]
    """Names of those that the device refused."""


class DeviceWriter:
    """Writes to one device."""

    def __init__(self, device: Device, connection: Connection, around: Surroundings) -> None:
        self.device = device
        self.hold: Hold | None = None
        self._connection = connection
        self._around = around
        self._lookout = Lookout(device, connection, around)
        self._points = map_of(device).points
        self._stood: dict[str, Stood] = {}
        self._orders: dict[str, Command] = {}

    async def apply(self, setpoints: Sequence[Setpoint]) -> list[Dispatched]:
        """Write the setpoints of a slot; what became of each."""
        commands: list[Command] = []
        refused: list[Dispatched] = []
        for setpoint in setpoints:
            spec = self._points.get(setpoint.point.partition("/")[2])
            ready = command(setpoint, spec) if spec else None
            if ready is None:
                log.warning("%s: %s can't be written", setpoint.point, setpoint.value)
                refused.append(dispatched(setpoint, Outcome.REJECTED, self._now))
            else:
                commands.append(ready)
        return refused + (await self._carry_out(commands) if commands else [])

    async def tend(self) -> None:
        """Renew the heartbeat, look for hands on site, and go on with what limits held back.

        Raises:
            DeviceError: the device does not answer, or refuses.
        """
        if (hold := self.hold) is None:
            return
        if beat := hold.due_beat(self._now):
            await self._connection.write(self.device, beat)
            hold.beaten(beat, self._now)
        if suspects := self._lookout.suspects(hold):
            await self._lookout.look(hold, suspects)
        await self._go_on(hold)

    async def let_go(self) -> None:
        """Give the device back; what somebody on site has set in a register stays as it is.

        Raises:
            DeviceError: it can't be reached, or refuses.
        """
        hold, self.hold = self.hold, None
        self._orders.clear()
        if hold is None:
            return
        ours = [s for s in hold.touched if s.object is not None or not self._lookout.held(s)]
        self._stood = {}
        await self._connection.relinquish(self.device, ours)

    @property
    def _now(self) -> datetime:
        return self._around.now

    async def _carry_out(self, commands: Sequence[Command]) -> list[Dispatched]:
        until = max(c.setpoint.slot.end for c in commands) + GRACE
        hold = self.hold = self.hold or Hold(self.device, until)
        hold.extend(until)
        specs = [c.spec for c in commands]
        try:
            await self._lookout.look_before(hold, commands)
            ours = [c for c in commands if not self._lookout.waits(c.spec)]
            given = {c.spec: c for c in await self._permitted(ours)}
            written = await self._tell(hold, list(given.values()))
            read = await self._connection.read(self.device, specs)
        except DeviceError as error:
            log.debug("%s: %s", self.device.id, error.message)
            hold.touch(specs)
            return [dispatched(c.setpoint, Outcome.UNREACHABLE, self._now) for c in commands]
        self._orders = {c.spec.name: c for c in ours}
        return [self._verified(hold, given.get(c.spec, c), written, read) for c in commands]

    async def _permitted(self, commands: Sequence[Command]) -> list[Command]:
        """The commands within the limits of the map; the past is read where it is not known."""
        limited = [c.spec for c in commands if c.spec.limits.by_the_past]
        unknown = [spec for spec in limited if spec.name not in self._stood]
        if unknown:
            read = await self._connection.read(self.device, unknown)
            for spec in unknown:
                value, quality = read.get(spec.name, _NOTHING)
                if quality.usable:
                    self._stood[spec.name] = Stood.first(value, self._now)
        return self._within_limits(commands)

    def _within_limits(self, commands: Sequence[Command]) -> list[Command]:
        here = Situation(
            points=self._points,
            stood=self._stood,
            measured=self._measured,
            now=self._now,
            step=self._around.step,
        )
        return permitted(commands, here)

    def _measured(self, name: str) -> float:
        reading = self._around.latest(point_id(self.device.id, name))
        return reading.value if reading is not None and reading.quality.usable else math.nan

    async def _tell(self, hold: Hold, commands: Sequence[Command]) -> Written:
        """Write what changed, the heartbeat first."""
        now = self._now
        changed = {c.spec: c.value for c in commands if hold.needs(c.spec, c.value, now)}
        hold.touch(changed)
        beat = hold.due_beat(now)
        values = {**beat, **changed}
        rejected = await self._written(values) if values else frozenset()
        if not any(spec.name in rejected for spec in beat):
            hold.beaten(beat, now)
        return Written(values=values, rejected=rejected)

    async def _written(self, values: Mapping[PointSpec, float]) -> frozenset[str]:
        """Write at once, or one by one when the device refuses; names of the points refused."""
        try:
            await self._connection.write(self.device, values)
        except DeviceRejectedError as error:
            if len(values) > 1:
                parts = [await self._written({s: v}) for s, v in values.items()]
                return frozenset().union(*parts)
            log.info("%s: %s", self.device.id, error.message)
            return frozenset(spec.name for spec in values)
        return frozenset()

    def _verified(self, hold: Hold, one: Command, written: Written, read: Values) -> Dispatched:
        value, quality = read.get(one.spec.name, _NOTHING)
        if self._lookout.held(one.spec):
            return dispatched(one.setpoint, Outcome.OVERRIDDEN, self._now, read_back=value)
        if self._lookout.waits(one.spec):
            return dispatched(one.setpoint, Outcome.MISMATCH, self._now, read_back=value)
        if one.spec.name in written.rejected:
            return dispatched(one.setpoint, Outcome.REJECTED, self._now, read_back=value)
        outcome = one.outcome
        if came_back(one.spec, one.value, value):
            self._came_back(hold, one, fresh=one.spec in written.values)
        else:
            outcome = Outcome.OVERRIDDEN if quality is Quality.OVERRIDDEN else Outcome.MISMATCH
            if one.spec.object is None and one.spec not in written.values:
                self._lookout.seen(one.spec, one.value, value, self._now)
            else:
                hold.touch([one.spec])
        return dispatched(one.setpoint, outcome, self._now, written=one.value, read_back=value)

    def _came_back(self, hold: Hold, one: Command, *, fresh: bool) -> None:
        if fresh:
            hold.told(one.spec, one.value, self._now)
        if one.spec.limits != UNLIMITED:
            stood = self._stood.get(one.spec.name) or Stood.first(one.value, self._now)
            self._stood[one.spec.name] = stood.then(one.value, self._now)

    async def _go_on(self, hold: Hold) -> None:
        """Write what limits held back when it was commanded, as far as they allow by now."""
        orders = [c for c in self._orders.values() if not self._lookout.waits(c.spec)]
        due = [
            c
            for c in self._within_limits(orders)
            if c.spec.name in self._stood and self._stood[c.spec.name].value != c.value
        ]
        if not due:
            return
        values = {c.spec: c.value for c in due}
        hold.touch(values)
        await self._connection.write(self.device, values)
        for one in due:
            self._came_back(hold, one, fresh=True)


def dispatched(
    setpoint: Setpoint,
    outcome: Outcome,
    at: datetime,
    *,
    written: float = math.nan,
    read_back: float = math.nan,
) -> Dispatched:
    """What became of a setpoint."""
    return Dispatched(
        setpoint=setpoint, outcome=outcome, written=written, read_back=read_back, at=at
    )
