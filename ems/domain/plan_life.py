"""The life of a plan: which states it passes through, and who lets it.

    automatic, shadow, manual   a new plan is live at once; whether it is written is the mode's word
    advisory                    proposed -> approved by a person -> live at its first slot

At most one plan is live and at most one is approved. A plan that another takes the place of, or
whose time is over, is superseded; one that a person refuses is rejected. Neither comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ems.domain.plans import Mode, Plan
from ems.domain.slots import Slot

PROPOSAL_STANDS = timedelta(hours=1)
"""How long after its first slot has begun a proposal may still be approved."""


class PlanState(StrEnum):
    """Where a plan stands in its life."""

    PROPOSED = "proposed"
    """Made, and waiting for a person's word."""
    APPROVED = "approved"
    """A person has said yes; it waits for its first slot."""
    LIVE = "live"
    """The one in force."""
    SUPERSEDED = "superseded"
    """Another one took its place, or its time is over."""
    REJECTED = "rejected"
    """A person has said no."""


FOLLOWING: Mapping[PlanState, frozenset[PlanState]] = {
    PlanState.PROPOSED: frozenset({PlanState.APPROVED, PlanState.REJECTED, PlanState.SUPERSEDED}),
    PlanState.APPROVED: frozenset({PlanState.LIVE, PlanState.REJECTED, PlanState.SUPERSEDED}),
    PlanState.LIVE: frozenset({PlanState.REJECTED, PlanState.SUPERSEDED}),
    PlanState.SUPERSEDED: frozenset(),
    PlanState.REJECTED: frozenset(),
}
"""What may follow each state."""


def first_state(mode: Mode) -> PlanState:
    """The state in which a plan that is made in `mode` begins."""
    return PlanState.PROPOSED if mode is Mode.ADVISORY else PlanState.LIVE


def expires_at(plan: Plan) -> datetime:
    """Until when a proposal may be approved, UTC."""
    return plan.horizon.first.start + PROPOSAL_STANDS


class Refusal(StrEnum):
    """Why nothing of a slot is written."""

    NO_PLAN = "no plan is in force"
    """Devices go by their own control."""
    TAKEN = "the slot was dispatched before"
    """What was written then stays."""
    FENCED = "another instance leads"
    """Devices are that one's affair."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to dispatch one slot, given once; or the word why not."""

    slot: Slot
    """The slot."""

    plan_id: str
    """The live plan, of which every command of the slot comes; empty: nothing is to be written."""

    authority: str = ""
    """The person by whose word it is written: who approved it, or who set the automatic mode."""

    epoch: int = 0
    """Number of the instance's leadership; 0 where there is but one."""

    refused: Refusal | None = None
    """Why nothing is to be written; None: the claim is given."""

    @property
    def of_another(self) -> bool:
        """Whether what the devices hold is not ours to change."""
        return self.refused in (Refusal.TAKEN, Refusal.FENCED)
