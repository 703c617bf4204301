"""What a written point must keep to beside its bounds: how fast, how long, apart from what, frost.

They stand in the device map, under `limits` of the point; `ems/devices/interlocks.py` keeps them.
"""

from dataclasses import dataclass

from ems.domain.bounds import NonNegative, Positive
from ems.domain.district import STRICT

DOCUMENTED = {**STRICT, "use_attribute_docstrings": True}
"""Strict, and the JSON schema says what each field is."""


@dataclass(frozen=True, kw_only=True)
class Above:
    """This point stays above another one of its device: cooling above heating."""

    __pydantic_config__ = DOCUMENTED

    point: str
    """The other one."""
    by: NonNegative
    """At least so far, in the point's unit."""


@dataclass(frozen=True, kw_only=True)
class Frost:
    """While a measured point lies below `below`, this one is at least `least`: before any plan."""

    __pydantic_config__ = DOCUMENTED

    point: str
    """What is measured."""
    below: float
    """In that point's unit."""
    least: float
    """In this point's unit."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How a written point may change."""

    __pydantic_config__ = DOCUMENTED

    ramp_per_min: Positive | None = None
    """Most that it changes in a minute; None: as much as it likes."""
    least_on_min: NonNegative = 0.0
    """Once above 0 it stays there so long: a compressor's least running time."""
    least_off_min: NonNegative = 0.0
    """Once 0 it stays there so long: a compressor's least pause."""
    above: Above | None = None
    """What it must stay above."""
    frost: Frost | None = None
    """What it does against frost; goes before every plan and every other limit."""

    @property
    def names(self) -> tuple[str, ...]:
        """The other points of the device that it goes by."""
        return tuple(other.point for other in (self.above, self.frost) if other is not None)

    @property
    def by_the_past(self) -> bool:
        """Whether it depends on what the point was before."""
        return bool(self.ramp_per_min or self.least_on_min or self.least_off_min or self.above)


UNLIMITED = Limits()
