"""Whether the data of a problem are sound: numbers, in ranges that do not contradict each other."""

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import PlanError

if TYPE_CHECKING:
    from ems.optimizer.structured.problem import DistrictProblem, Part


class ProblemError(PlanError):
    """The data of a problem contradict themselves."""


def check_finite(part: "Part") -> None:
    """Refuse a part of a problem with a value that is no number.

    Raises:
        ProblemError: there is one; it says which.
    """
    for item in fields(part):
        value = getattr(part, item.name)
        if isinstance(value, (np.ndarray, float)) and not np.isfinite(value).all():
            raise ProblemError(
                f"{type(part).__name__.lower()}: {item.name} holds a value that is no number",
                fix="fill missing forecasts and states before planning",
            )


def check_signs(problem: "DistrictProblem") -> None:
    """Refuse a problem whose limits or prices contradict each other.

    Raises:
        ProblemError: they do; it says which.
    """
    groups, meter = problem.groups, problem.meter
    shared = np.where(meter.shared_kw > 0, meter.shared_eur_per_kwh, meter.sell_eur_per_kwh)
    wrong = [
        (problem.slots < 1, "there is no slot"),
        ((groups.capacity_kw <= 0).any(), "a capacity is not positive"),
        (
            ((groups.upper_kw <= 0).any(axis=1) & ~_have_relief(problem)).any(),
            "a row above the capacities is not positive and has no relief",
        ),
        (
            (meter.sell_eur_per_kwh > meter.buy_eur_per_kwh).any(),
            "export is worth more than import",
        ),
        (
            ((shared < meter.sell_eur_per_kwh) | (shared > meter.buy_eur_per_kwh)).any(),
            "shared export is worth less than other export or more than import",
        ),
        ((meter.spread_kw < 0).any(), "an error of less than nothing is expected"),
        (any((lim.eur_per_kwh < 0).any() for lim in meter.limits), "a limit's price is negative"),
        ((meter.sun_kw < 0).any(), "the sun gives less than nothing"),
        ((meter.overrun_eur_per_kwh < 0).any(), "an overrun is rewarded"),
        (meter.peak_eur_per_kw < 0, "a peak is rewarded"),
        (
            any((agents.power_kw_max < 0).any() for agents in problem.agents),
            "a greatest power is negative",
        ),
        (any((a.low > a.high).any() for a in problem.agents), "a band's low end is above its high"),
    ]
    for is_wrong, why in wrong:
        if is_wrong:
            raise ProblemError(why, fix="correct the data of the district or the forecast")


def _have_relief(problem: "DistrictProblem") -> NDArray[np.bool_]:
    """Whether an exchange can relieve each row above the capacities. Shape [V]."""
    relief = (problem.exchanges.upper_per_kw < 0).any(axis=(0, 2))
    return np.broadcast_to(relief, problem.groups.upper_kw.shape[0])
