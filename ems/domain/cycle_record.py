"""What one run of the cycle did, in figures: the story of a quarter hour in one row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ems.domain.plans import Origin
from ems.domain.slots import Slot


@dataclass(frozen=True, kw_only=True)
class CycleRecord:
    """One quarter hour, planned and dispatched."""

    slot: Slot
    """The slot that was dispatched."""

    started_at: datetime
    """When its planning began, district time."""

    origin: Origin
    """Which step of the ladder made the plan in force."""

    plan_id: str
    """The plan in force."""

    steps_s: Mapping[str, float]
    """Wall seconds of each step, in their order."""

    stale_points: int
    """Points without a usable value when the snapshot was taken."""

    outcomes: Mapping[str, int]
    """How many setpoints ended in each outcome."""

    message: str = ""
    """What went less well than usual; empty when nothing did."""

    missed: bool = False
    """Whether the plan came too late for its slot."""
