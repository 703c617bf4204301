"""What a device may be told at this moment, by what it was told before and what it measures.

    least times    what was switched on stays on, and off stays off, for a while: compressors
    ramp           no faster than so much a minute; the rest follows minute by minute
    apart          cooling stays above heating, so that no zone ever heats and cools at once
    frost          last and over everything: a cold room is heated, whatever the plan says

Pure: commands, the past and the present come in, the commands that may be given now go out, in the
order in which they are safe to write.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ems.devices.commands import Command, command
from ems.devices.point_limits import Above
from ems.devices.point_spec import PointSpec
from ems.domain.plans import Outcome

Measured = Callable[[str], float]
"""The value last measured of a point of the device, by name; NaN when there is none to believe."""


@dataclass(frozen=True, kw_only=True)
class Stood:
    """What a point was, as far as the EMS knows."""

    value: float
    """In the point's unit."""

    at: datetime
    """When it was told or read so."""

    switched_at: datetime
    """When it last went between 0 and more; when it was first seen, if it never did."""

    @classmethod
    def first(cls, value: float, at: datetime) -> "Stood":
        """Seen for the first time."""
        return cls(value=value, at=at, switched_at=at)

    def then(self, value: float, at: datetime) -> "Stood":
        """It is `value` from now on."""
        switched = (value > 0) != (self.value > 0)
        return Stood(value=value, at=at, switched_at=at if switched else self.switched_at)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the limits of one device go by."""

    points: Mapping[str, PointSpec]
    """All points of its map."""

    stood: Mapping[str, Stood]
    """What its limited points were, by name."""

    measured: Measured
    """What it measures."""

    now: datetime
    """District time."""

    step: timedelta
    """How long it is between two steps of a ramp; one of them may be gone at once."""


def permitted(commands: Sequence[Command], here: Situation) -> list[Command]:
    """The commands for one device as they may be given now."""
    given = {c.spec.name: _in_time(c, here) for c in commands}
    for spec in here.points.values():
        if (above := spec.limits.above) is not None:
            _keep_apart(given, spec.name, above, here.measured)
    against_frost = [_against_frost(c, here.measured) for c in given.values()]
    return sorted(against_frost, key=lambda c: _turn(c, here.stood))


def _in_time(wanted: Command, here: Situation) -> Command:
    """`wanted`, held back by least times and ramp."""
    limits, stood = wanted.spec.limits, here.stood.get(wanted.spec.name)
    if stood is None or stood.value == wanted.value:
        return wanted
    if (wanted.value > 0) != (stood.value > 0):
        least_min = limits.least_off_min if wanted.value > 0 else limits.least_on_min
        if here.now - stood.switched_at < timedelta(minutes=least_min):
            return _limited(wanted, stood.value)
    if limits.ramp_per_min is None:
        return wanted
    gone = min(max(here.now - stood.at, timedelta()), here.step)
    most = limits.ramp_per_min * gone / timedelta(minutes=1)
    near = min(max(wanted.value, stood.value - most), stood.value + most)
    return wanted if near == wanted.value else _limited(wanted, near)


def _keep_apart(given: dict[str, Command], upper: str, above: Above, measured: Measured) -> None:
    """Raise a point above its neighbour, or lower the neighbour where it can't be raised."""
    lower = given.get(above.point)
    if upper in given:
        least = (lower.value if lower else measured(above.point)) + above.by
        if least > given[upper].value:
            given[upper] = _limited(given[upper], least)
    ceiling = (given[upper].value if upper in given else measured(upper)) - above.by
    if lower is not None and lower.value > ceiling:
        given[above.point] = _limited(lower, ceiling)


def _limited(wanted: Command, value: float) -> Command:
    """The command for `value` instead, inside the same bounds and on the device's steps."""
    other = command(replace(wanted.setpoint, value=value), wanted.spec)
    ready = wanted if other is None else other
    return replace(ready, setpoint=wanted.setpoint, outcome=Outcome.CLAMPED)


def _against_frost(wanted: Command, measured: Measured) -> Command:
    frost = wanted.spec.limits.frost
    if frost is None or not measured(frost.point) < frost.below or wanted.value >= frost.least:
        return wanted
    return replace(wanted, value=frost.least, outcome=Outcome.CLAMPED)


def _turn(one: Command, stood: Mapping[str, Stood]) -> int:
    """Of two that stay apart, the one that moves away is written first."""
    if one.spec.limits.above is None:
        return 1
    before = stood[one.spec.name].value if one.spec.name in stood else math.nan
    return 0 if one.value >= before else 2
