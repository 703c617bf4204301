"""What may be written: a setpoint brought into bounds and onto the device's steps.

Nothing outside the bounds of the setpoint or of the device map ever reaches a device, and no value
that is not a number.
"""

import math
from dataclasses import dataclass

from ems.devices.maps import PointSpec
from ems.domain.plans import Outcome, Setpoint

_HAIR = 1e-6
"""Steps that a value may lie under a step and still count as on it: binary fractions."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A setpoint ready for its device."""

    setpoint: Setpoint
    """What the plan wants."""

    spec: PointSpec
    """The point, as the device map has it."""

    value: float
    """What is to be written."""

    outcome: Outcome
    """OK, CLAMPED or ROUNDED, should the device take it."""


def command(setpoint: Setpoint, spec: PointSpec) -> Command | None:
    """The command for a setpoint; None when no value satisfies the point and the bounds."""
    low, high = max(setpoint.low, spec.low), min(setpoint.high, spec.high)
    if not (spec.writable and low <= high and math.isfinite(setpoint.value)):
        return None
    clamped = min(max(setpoint.value, low), high)
    value = _stepped(clamped, low, high, spec)
    if not low <= value <= high:
        return None
    outcome = Outcome.OK
    if abs(clamped - setpoint.value) > _HAIR:
        outcome = Outcome.CLAMPED
    elif abs(value - clamped) > max(_HAIR, spec.step * _HAIR):
        outcome = Outcome.ROUNDED
    return Command(setpoint=setpoint, spec=spec, value=value, outcome=outcome)


def _stepped(value: float, low: float, high: float, spec: PointSpec) -> float:
    """The nearest value towards zero that the device takes; the next one where that is too low."""
    if 0 < value < spec.zero_below:
        return 0.0 if low <= 0 else spec.zero_below
    if spec.step == 0:
        return value
    steps = math.trunc(value / spec.step + math.copysign(_HAIR, value))
    if steps * spec.step < low - _HAIR:
        steps += 1
    elif steps * spec.step > high + _HAIR:
        steps -= 1
    on_step = round(steps * spec.step, 9)
    return min(max(on_step, low), high) if abs(on_step - value) < _HAIR else on_step


def came_back(spec: PointSpec, written: float, read: float) -> bool:
    """Whether the value read back is the one written, as near as the map asks."""
    return abs(read - written) <= spec.tolerance + abs(spec.scale) / 2 + _HAIR
