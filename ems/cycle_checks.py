"""What a plan must hold before anything of it is written, and the word for what is not written."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from ems.domain.plans import Dispatched, Outcome, Plan, Setpoint, SetpointRow


def checked(plan: Plan) -> Plan:
    """The plan with every value inside its bounds; a row that is not finite is left out.

    What leaves its bounds never reaches a device: a planner that breaks this is wrong, and the
    plan's message says so.
    """
    sound = [row for row in plan.setpoints if np.isfinite(row.values).all()]
    rows = tuple(_within_bounds(row) for row in sound)
    changed = sum(a is not b for a, b in zip(sound, rows, strict=True))
    faults = []
    if dropped := len(plan.setpoints) - len(sound):
        faults.append(f"{dropped} setpoints had no finite value and were left out")
    if changed:
        faults.append(f"{changed} setpoints left their bounds and were clamped")
    if not faults:
        return plan
    message = "; ".join(filter(None, [plan.report.message, *faults]))
    return replace(plan, setpoints=rows, report=replace(plan.report, message=message))


def _within_bounds(row: SetpointRow) -> SetpointRow:
    clamped = np.clip(row.values, row.low, row.high)
    return row if np.array_equal(clamped, row.values) else replace(row, values=clamped)


def withheld(setpoint: Setpoint, at: datetime) -> Dispatched:
    """A setpoint that is kept from being written."""
    nothing = float("nan")
    return Dispatched(
        setpoint=setpoint, outcome=Outcome.WITHHELD, written=nothing, read_back=nothing, at=at
    )
