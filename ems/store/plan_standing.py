"""Where a plan stands, without its setpoints: whether it is in force and what people said of it."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

from ems.domain.plan_life import PlanState
from ems.domain.plans import Mode, Origin, SolveReport
from ems.domain.slots import Horizon, Slot
from ems.store.database import Row

HEAD: LiteralString = """
select id, issued_at, first_slot, slots, origin, mode, status, decision, decided_by, decided_at,
  decision_reason, report, forecasts_degraded, plan.authority, expires_at from plan
"""
"""Reads what `standing_of` takes; a condition or an order follows."""


@dataclass(frozen=True, kw_only=True)
class PlanStanding:
    """A plan without its setpoints: where it stands."""

    id: str
    """A UUID."""

    issued_at: datetime
    """When it was made, district time, UTC."""

    horizon: Horizon
    """The slots it covers."""

    origin: Origin
    """Which step of the ladder."""

    mode: Mode
    """The mode when it was committed."""

    state: PlanState
    """Where it stands in its life."""

    decision: str
    """`approved`, `rejected`, `superseded`, or empty while nobody has decided."""

    decided_by: str
    """Who; empty while nobody has."""

    decided_at: datetime | None
    """When, wall time, UTC."""

    decision_reason: str
    """What that person said."""

    report: SolveReport
    """How it came about."""

    forecasts_degraded: tuple[str, ...]
    """Which inputs were less than usual, and why."""

    authority: str = ""
    """By whose word it is written: who approved it, or who set the mode; empty: nobody's."""

    expires_at: datetime | None = None
    """Until when it may be approved, district time; None: it needs nobody's word."""

    @property
    def live(self) -> bool:
        """Whether it is the one in force."""
        return self.state is PlanState.LIVE

    @property
    def approved(self) -> bool:
        """Whether an operator has approved it."""
        return self.decision == "approved"


def standing_of(row: Row) -> PlanStanding:
    """The standing in a row of `HEAD`."""
    (identity, issued_at, first_slot, slots, origin, mode, status, decision, decided_by,
     decided_at, decision_reason, report, degraded, authority, expires) = row  # fmt: skip
    return PlanStanding(
        id=str(identity),
        issued_at=issued_at.astimezone(UTC),
        horizon=Horizon(Slot(first_slot), slots),
        origin=Origin(origin),
        mode=Mode(mode),
        state=PlanState(status),
        decision=decision or "",
        decided_by=decided_by or "",
        decided_at=decided_at.astimezone(UTC) if decided_at else None,
        decision_reason=decision_reason,
        report=_report(report),
        forecasts_degraded=tuple(degraded),
        authority=authority,
        expires_at=expires.astimezone(UTC) if expires else None,
    )


def _report(kept: dict[str, Any]) -> SolveReport:
    figures: dict[str, Any] = {k: math.nan if v is None else v for k, v in kept.items()}
    return SolveReport(**figures)
