"""A plan in which what people on site hold stands as they have set it.

The planner already reckons with it where it matters; here the setpoints themselves follow, of every
origin, so that pages and exports show what will really stand there, and why.
"""

from dataclasses import replace

import numpy as np

from ems.domain.plans import Plan, Reason, ReasonCode, SetpointRow
from ems.domain.snapshot import Snapshot


def as_held(plan: Plan, snapshot: Snapshot) -> Plan:
    """`plan` with the held points of `snapshot` at their held values in every slot."""
    rows = tuple(_as_held(row, snapshot.held(row.point)) for row in plan.setpoints)
    changed = any(a is not b for a, b in zip(plan.setpoints, rows, strict=True))
    return replace(plan, setpoints=rows) if changed else plan


def _as_held(row: SetpointRow, value: float) -> SetpointRow:
    if not np.isfinite(value):
        return row
    return replace(
        row,
        low=min(row.low, value),
        high=max(row.high, value),
        values=np.full_like(row.values, value),
        reasons=(Reason(ReasonCode.ON_SITE),) * len(row.reasons),
    )
