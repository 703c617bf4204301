"""Plans: the setpoints of the coming slots, each with its reason, and how good the whole is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from ems.domain.points import Unit
from ems.domain.slots import Horizon, Slot


class Mode(StrEnum):
    """Who decides what is written."""

    AUTOMATIC = "automatic"
    """Every plan is written."""
    ADVISORY = "advisory"
    """A plan is written once an operator has approved it."""
    SHADOW = "shadow"
    """Nothing is ever written; the difference is shown."""
    MANUAL = "manual"
    """People write; the plan is only made."""


class Origin(StrEnum):
    """Which step of the ladder a plan comes from, best first."""

    OPTIMISED = "optimised"
    PREVIOUS = "previous"
    """The last good plan, carried on because the new one failed."""
    RULES = "rules"
    """Plain thermostats and plug-and-charge."""


class ReasonCode(IntEnum):
    """Why a setpoint is what it is; the texts stand in the catalogues of `ems/i18n`."""

    COMFORT = 1
    """Holds the comfort band."""
    PREHEAT = 2
    """Heats ahead of a dearer or fuller time; the value is the price ahead, EUR/kWh."""
    COAST = 3
    """Lets the building's mass carry the room; the value is the present price, EUR/kWh."""
    CHEAP = 4
    """Uses a cheap time; the value is its price, EUR/kWh."""
    DEAR = 5
    """Waits, as the time is dear; the value is its price, EUR/kWh."""
    SOLAR = 6
    """Uses surplus sun; the value is the surplus, kW."""
    DEPARTURE = 7
    """The car leaves soon; the value is hours left."""
    FEEDER_FULL = 8
    """A feeder or group limit binds; the value is the limit, kW."""
    CONNECTION_FULL = 9
    """The subscribed power binds; the value is the limit, kW."""
    CAPACITY_FULL = 10
    """The substation or plant limit binds; the value is the limit, kW."""
    HYGIENE = 11
    """Hot-water storage is heated for hygiene."""
    NOT_NEEDED = 12
    """Nothing is asked of it."""
    RULE = 13
    """A plain rule, because no plan is in force."""
    SHARED_HEAT = 14
    """Uses heat that cooling rejects; the value is that heat, kW."""
    UNLIMITED = 15
    """No limit is needed."""
    ON_SITE = 16
    """A person on site has set it."""
    GRID_EVENT = 17
    """The grid asks for less import; the value is the cap, kW."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, with the figure that matters."""

    code: ReasonCode
    """The kind of reason."""

    value: float = float("nan")
    """The figure that goes with it, in the unit that the code names; NaN when there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setpoint:
    """One value for one point in one slot."""

    point: str
    """`<device>/<name>`."""

    slot: Slot
    """The slot for which it holds."""

    value: float
    """In the point's unit."""

    unit: Unit
    """Unit of the value and of the bounds."""

    low: float
    """Least value that may ever reach the device."""

    high: float
    """Greatest value that may ever reach the device."""

    reason: Reason
    """Why."""


@dataclass(frozen=True, kw_only=True)
class SetpointRow:
    """The values of one point over the horizon of a plan."""

    point: str
    """`<device>/<name>`."""

    unit: Unit
    """Unit of the values and of the bounds."""

    low: float
    """Least value that may ever reach the device."""

    high: float
    """Greatest value that may ever reach the device."""

    values: NDArray[np.float64] = field(repr=False)
    """Shape [slots of the plan]."""

    reasons: tuple[Reason, ...] = field(repr=False)
    """One for each slot."""

    def at(self, slot: Slot, horizon: Horizon) -> Setpoint:
        """The setpoint for one slot of `horizon`."""
        position = horizon.offset(slot)
        return Setpoint(
            point=self.point,
            slot=slot,
            value=float(self.values[position]),
            unit=self.unit,
            low=self.low,
            high=self.high,
            reason=self.reasons[position],
        )


@dataclass(frozen=True, kw_only=True)
class SolveReport:
    """How a plan came about."""

    solver: str
    """Name and version, or the rule."""

    wall_s: float
    """How long it took, seconds of wall time."""

    cost_eur: float
    """Expected cost over the horizon, EUR; NaN for rules."""

    bound_eur: float
    """No plan of this model can cost less, EUR; NaN when there is no proof."""

    message: str = ""
    """What the operator should know: which wish gave way, or why the step above failed."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What each device is to do in the coming slots."""

    id: str
    """A UUID."""

    issued_at: datetime
    """When it was made, UTC."""

    horizon: Horizon
    """The slots it covers."""

    origin: Origin
    """Which step of the ladder."""

    report: SolveReport
    """How it came about."""

    setpoints: tuple[SetpointRow, ...] = field(repr=False)
    """One row for each written point."""

    series: Mapping[str, NDArray[np.float64]] = field(repr=False)
    """What is expected to happen, by name (`import_kw`, `pv_kw`, ...). Shape [slots] each."""

    forecasts_degraded: tuple[str, ...] = ()
    """Which inputs were less than usual, and why."""

    def setpoints_at(self, slot: Slot) -> tuple[Setpoint, ...]:
        """All setpoints of one slot.

        Raises:
            IndexError: the plan does not cover `slot`.
        """
        return tuple(row.at(slot, self.horizon) for row in self.setpoints)


class Outcome(StrEnum):
    """What became of a setpoint at its device."""

    OK = "ok"
    CLAMPED = "clamped"
    """Beyond its bounds, ramp, running times or frost limit; the nearest allowed was written."""
    ROUNDED = "rounded"
    """The device takes steps; the nearest below was written."""
    OVERRIDDEN = "overridden"
    """Someone on site holds the point; nothing was written."""
    MISMATCH = "mismatch"
    """The value read back is another one."""
    REJECTED = "rejected"
    """The device refused."""
    UNREACHABLE = "unreachable"
    """No answer."""
    DEFERRED = "deferred"
    """The device is back after an outage and takes its turn within some minutes."""
    WITHHELD = "withheld"
    """The mode forbids writing; shown, not written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispatched:
    """A setpoint and what the device really took."""

    setpoint: Setpoint
    """What was wanted."""

    outcome: Outcome
    """What became of it."""

    written: float
    """The value sent; NaN when none was."""

    read_back: float
    """The value read after; NaN when none was."""

    at: datetime
    """When, UTC."""
