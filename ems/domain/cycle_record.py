"""What one run of the cycle did: the story of a quarter hour in one row, or in one line."""

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

    mode: str = ""
    """Who decided what was written; empty: nothing was dispatched."""

    authority: str = ""
    """The person by whose word it was written; empty: nobody's."""

    epoch: int = 0
    """Which leadership wrote it; 0 where there is but one instance."""

    late_s: float = 0.0
    """District seconds after the slot's start that writing began."""

    cut: tuple[str, ...] = ()
    """Steps that took too long and were cut."""

    @property
    def story(self) -> str:
        """The quarter hour in one line, for the log."""
        steps = " ".join(f"{name} {seconds:.2f} s" for name, seconds in self.steps_s.items())
        outcomes = " ".join(f"{name} {count}" for name, count in self.outcomes.items())
        parts = [
            f"plan {self.plan_id[:8] or 'none'} {self.mode} by {self.authority or 'nobody'}",
            steps,
            outcomes or "nothing written",
            f"{self.late_s:.1f} s after its start",
            f"{self.stale_points} points without value",
            f"cut: {', '.join(self.cut)}" if self.cut else "",
            f"leadership {self.epoch}" if self.epoch else "",
            self.message,
        ]
        missed = " MISSED" if self.missed else ""
        return f"slot {self.slot.start:%Y-%m-%d %H:%M} {self.origin}{missed}: " + "; ".join(
            filter(None, parts)
        )
