"""One point of a device map: unit, believable range, poll class, and its place on the wire."""

from dataclasses import dataclass
from typing import Annotated, Literal

from ems.devices.point_limits import DOCUMENTED, UNLIMITED, Limits
from ems.devices.registers import SENTINELS, Register, RegisterType
from ems.domain.bounds import Between, NonNegative
from ems.domain.points import Unit

PollClass = Literal["fast", "normal", "slow"]


@dataclass(frozen=True, kw_only=True)
class BacnetObject:
    """A BACnet object whose present value is the point."""

    __pydantic_config__ = DOCUMENTED

    type: Literal[
        "analog-input", "analog-output", "analog-value", "binary-input", "binary-output",
        "binary-value", "multi-state-input", "multi-state-output", "multi-state-value",
    ]  # fmt: skip
    instance: Annotated[int, Between(0, 4194302)]
    priority: Annotated[int, Between(1, 16)] | None = None
    """Where a plan's command stands in the priority array; only for written points."""
    cov: Literal["confirmed", "unconfirmed"] | None = None
    """Whether the device is to tell when it changes (COV), and whether that is acknowledged."""


@dataclass(frozen=True, kw_only=True)
class SunspecPoint:
    """A point of a SunSpec model; address, type and scale factor come from the model."""

    __pydantic_config__ = DOCUMENTED

    model: Annotated[int, Between(1, 65535)]
    point: str


@dataclass(frozen=True, kw_only=True, eq=False)
class PointSpec:
    """One point of a device map. Compared by identity: a map is read once."""

    __pydantic_config__ = DOCUMENTED

    name: str
    unit: Unit
    poll: PollClass
    """How often it is read; `district.polling` says what that means."""
    low: float
    """Least believable value; for a written point also the least that is ever written."""
    high: float
    """Greatest believable value."""
    writable: bool = False
    scale: Annotated[float, Between(-1e9, 1e9)] = 1.0
    """Value in the point's unit = number on the wire x scale + offset."""
    offset: float = 0.0
    invalid: tuple[float, ...] | None = None
    """Numbers on the wire that mean "no value"; None: the usual ones of the type."""
    translate: tuple[tuple[int, int], ...] = ()
    """Codes: (number on the wire, our number); of several for one of ours the first is written."""
    safe: float | None = None
    """Value to leave behind when the EMS lets go."""
    tolerance: NonNegative = 0.0
    """How far a value read back may lie from the one written."""
    step: NonNegative = 0.0
    """The device takes multiples of this; 0: any value."""
    zero_below: NonNegative = 0.0
    """The device takes 0 or at least this."""
    limits: Limits = UNLIMITED
    """How it may change, and what it must keep away from."""
    register: Register | None = None
    write_register: Register | None = None
    """Where it is written, when that is another place than where it is read."""
    scale_register: Register | None = None
    """Where the device says by which power of ten the number is multiplied further."""
    object: BacnetObject | None = None
    sunspec: SunspecPoint | None = None
    assumption: str = ""
    """Why this point is supposed to lie here, when the maker does not say."""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError("low must be less than high")
        if self.scale == 0:
            raise ValueError("scale must not be 0")
        if sum(place is not None for place in (self.register, self.object, self.sunspec)) != 1:
            raise ValueError("needs exactly one of register, object, sunspec")
        if self.safe is not None and not self.low <= self.safe <= self.high:
            raise ValueError("safe lies outside low and high")
        if self.limits != UNLIMITED and not self.writable:
            raise ValueError("only a written point has limits")
        if (frost := self.limits.frost) is not None and not self.low <= frost.least <= self.high:
            raise ValueError("limits.frost.least lies outside low and high")
        written = self.write_register or self.register
        if self.writable and written is not None and written.table in ("input", "discrete"):
            raise ValueError("a written point needs a holding register or a coil")
        if self.scale_register is not None and self.scale_register.type is not RegisterType.INT16:
            raise ValueError("scale_register holds a power of ten, so its type is int16")
        if self.writable and self.object is not None and self.object.priority is None:
            raise ValueError("a written object needs a priority")

    @property
    def sentinels(self) -> tuple[float, ...]:
        """Numbers on the wire that mean "no value"."""
        if self.invalid is not None:
            return self.invalid
        return SENTINELS[self.register.type] if self.register is not None else ()
