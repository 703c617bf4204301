"""Bounds that a field carries in its type: `Annotated[float, Between(0, 1)]`.

The check is plain Python, so that the domain needs no library; it also speaks pydantic's schema
language (plain dictionaries), so that a description read from files names the exact field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`, both included."""

    low: float = -inf
    high: float = inf

    def check(self, value: float) -> float:
        """`value` itself.

        Raises:
            ValueError: it lies outside, or is not a number.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{value:g} is not {self}")
        return value

    def __str__(self) -> str:
        if self.high == inf:
            return f"{self.low:g} or more"
        return f"between {self.low:g} and {self.high:g}"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": self.check},
            "schema": handler(source),
        }

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        bounds = {"minimum": self.low, "maximum": self.high}
        return {**handler(core_schema), **{k: v for k, v in bounds.items() if abs(v) != inf}}


Positive = Annotated[float, Between(1e-9)]
NonNegative = Annotated[float, Between(0)]
Share = Annotated[float, Between(0, 1)]
"""A part of a whole, 0 to 1."""
Percent = Annotated[float, Between(0, 100)]
TempC = Annotated[float, Between(-50, 120)]
Hour = Annotated[float, Between(0, 24)]
"""An hour of the local day, 0 to 24."""
