"""Exports for building managers and residents."""

from ems.feeds.consumption import consumption, consumption_csv, consumption_json
from ems.feeds.reasons import REASON_TEXTS, reason_text
from ems.feeds.setpoint_plan import plan_csv, plan_json, plan_rows

__all__ = [
    "REASON_TEXTS",
    "consumption",
    "consumption_csv",
    "consumption_json",
    "plan_csv",
    "plan_json",
    "plan_rows",
    "reason_text",
]
