"""A plan as people judge it: each quarter with price, reasons and binding limits, beside another.

Pure: plans come in, frozen values go out. The cost is that of the import in the slots that both
plans cover, at the prices the newer one was made with: costs of whole plans have other horizons and
can't be set side by side.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ems.console.chart import Series, laid_over
from ems.domain.plan_life import PlanState
from ems.domain.plans import Mode, Origin, Plan, Reason, ReasonCode
from ems.domain.slots import SLOT_H
from ems.feeds.reasons import Language, reason_text
from ems.store.plan_standing import PlanStanding

LIMITS = frozenset(
    {
        ReasonCode.FEEDER_FULL,
        ReasonCode.CONNECTION_FULL,
        ReasonCode.CAPACITY_FULL,
        ReasonCode.GRID_EVENT,
    }
)
"""Reasons that name a limit which binds."""
SILENT = frozenset({ReasonCode.NOT_NEEDED, ReasonCode.UNLIMITED})
"""Reasons that explain nothing."""
REASONS_SHOWN = 4
DEVICES_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """Where one plan stands."""

    id: str
    """Its UUID."""
    issued_at: datetime
    """When it was made."""
    first: datetime
    """Start of its first slot."""
    until: datetime
    """End of its last one."""
    origin: Origin
    """Which step of the ladder it comes from."""
    mode: Mode
    """The mode when it was made."""
    state: PlanState
    """Where it stands in its life."""
    by: str
    """Who decided on it, or by whose word it is written; empty: nobody."""
    reason: str
    """What that person said."""
    expires_at: datetime | None
    """Until when it may be approved; None: it needs nobody's word."""
    cost_eur: float
    """Expected cost over its horizon; NaN for rules."""
    message: str
    """What its maker wants people to know."""


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """One slot of a plan."""

    start: datetime
    """When it begins."""
    net_kw: float
    """Import, negative when the district gives."""
    net_change_kw: float
    """Against the other plan; NaN where that one says nothing."""
    reasons: tuple[str, ...]
    """Why, the most frequent first, with the number of setpoints."""
    limits: tuple[str, ...]
    """What binds, with the devices that it holds back."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A plan against another, over the slots that both cover."""

    against: str
    """Id of the other one."""
    hours: float
    """How long both speak of."""
    import_kwh: float
    """Import more than in the other."""
    cost_eur: float
    """Cost of import more than in the other; NaN where a price is missing."""
    peak_kw: float
    """Highest import more than in the other."""


def plan_row(plan: PlanStanding) -> PlanRow:
    """Where `plan` stands, in a row."""
    return PlanRow(
        id=plan.id,
        issued_at=plan.issued_at,
        first=plan.horizon.first.start,
        until=(plan.horizon.first + plan.horizon.length).start,
        origin=plan.origin,
        mode=plan.mode,
        state=plan.state,
        by=plan.decided_by or plan.authority,
        reason=plan.decision_reason,
        expires_at=plan.expires_at,
        cost_eur=plan.report.cost_eur,
        message=plan.report.message,
    )


def plan_before(plans: Sequence[PlanStanding], plan: PlanStanding) -> str | None:
    """Id of the plan that `plan` is judged against: the live one, else the last one before it."""
    others = [one for one in plans if one.id != plan.id and one.state is not PlanState.REJECTED]
    live = [one.id for one in others if one.live and plan.state is not PlanState.SUPERSEDED]
    older = [one.id for one in others if one.issued_at < plan.issued_at]
    return next(iter(live + older), None)


def quarters(plan: Plan, other: Plan | None, language: Language) -> list[Quarter]:
    """Every slot of `plan`, with what it changes against `other`."""
    change_kw = net(plan) - net_over(other, plan)
    return [
        Quarter(
            start=start,
            net_kw=float(net(plan)[position]),
            net_change_kw=float(change_kw[position]),
            reasons=reasons(plan, position, language),
            limits=limits(plan, position, language),
        )
        for position, start in enumerate(plan.horizon.starts)
    ]


def reasons(plan: Plan, position: int, language: Language) -> tuple[str, ...]:
    """Why the setpoints of a slot are as they are: `Holds comfort: 412`."""
    counts = Counter(row.reasons[position].code for row in plan.setpoints)
    known = [(code, n) for code, n in counts.most_common() if code not in SILENT]
    return tuple(f"{reason_text(Reason(code), language)}: {n}" for code, n in known[:REASONS_SHOWN])


def limits(plan: Plan, position: int, language: Language) -> tuple[str, ...]:
    """The limits that bind in a slot, each with the devices that it holds back."""
    held: dict[str, list[str]] = {}
    for row in plan.setpoints:
        reason = row.reasons[position]
        if reason.code in LIMITS:
            held.setdefault(reason_text(reason, language), []).append(row.point.partition("/")[0])
    return tuple(f"{text}: {_named(devices)}" for text, devices in held.items())


def difference(plan: Plan, other: Plan | None, price_eur_per_kwh: Series) -> Difference | None:
    """What `plan` changes against `other`; None when they share no slot.

    `price_eur_per_kwh` has shape [slots of `plan`].
    """
    theirs_kw = net_over(other, plan)
    both = np.isfinite(theirs_kw) & np.isfinite(net(plan))
    if other is None or not both.any():
        return None
    ours_kw, theirs_kw = (np.maximum(values[both], 0.0) for values in (net(plan), theirs_kw))
    more_kwh = (ours_kw - theirs_kw) * SLOT_H
    return Difference(
        against=other.id,
        hours=float(both.sum() * SLOT_H),
        import_kwh=float(more_kwh.sum()),
        cost_eur=float((more_kwh * price_eur_per_kwh[both]).sum()),
        peak_kw=float(ours_kw.max() - theirs_kw.max()),
    )


def net(plan: Plan) -> NDArray[np.float64]:
    """Net import that a plan expects, kW; NaN when it doesn't say. Shape [slots of it]."""
    unknown = np.full(plan.horizon.length, np.nan)
    values: NDArray[np.float64] = plan.series.get("net_kw", unknown)
    return values


def net_over(other: Plan | None, plan: Plan) -> NDArray[np.float64]:
    """What `other` expects in the slots of `plan`; NaN where it says nothing."""
    if other is None:
        return np.full(plan.horizon.length, np.nan)
    return laid_over(net(other), other.horizon, plan.horizon)


def _named(devices: Sequence[str]) -> str:
    names = sorted(set(devices))
    more = f" +{len(names) - DEVICES_SHOWN}" if len(names) > DEVICES_SHOWN else ""
    return ", ".join(names[:DEVICES_SHOWN]) + more
