"""The quarter-hour plan: problem, linear programme, proof, setpoints and their reasons.

Pure: no input or output, no clock; `docs/optimizer.md` maps every symbol to its name here.
"""

from ems.optimizer.planner import Planner
from ems.optimizer.rules import carried_on, rule_plan
from ems.optimizer.statement import needed_series

__all__ = ["Planner", "carried_on", "needed_series", "rule_plan"]
