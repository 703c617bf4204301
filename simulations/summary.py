"""What several runs amount to: weighted weeks as one, controllers beside each other.

Controllers are compared by what they cost with the worth of comfort and of cars that left short
(`valued_eur`), so that nobody saves by serving badly; the bare cost stands beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from simulations.kpis import Kpis

GREATEST = frozenset({"peak_kw", "pele_kw_per_m2"})
MEANS = frozenset(
    {
        "discomfort_kh_per_dwelling_day",
        "ev_served_share",
        "self_consumption",
        "autarky",
        "time_ratio",
    }
)
"""Weighted means; whatever is in neither set is summed."""
LEAST_SAVING = 0.005
"""Of the rules' cost: a smaller saving is not worth a share."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one controller made of all weeks of a scenario."""

    kpis: Kpis
    planned_eur: float | None
    """What the planning model believed that it would cost, each day at its start; none without
    plans."""

    cars: Sequence[Sequence[str]] = field(default=(), repr=False)
    """The cars that left, each as the cells of a line."""


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How much of the saving from good rules to perfect foresight the EMS took."""

    of_valued: float | None
    """With comfort and cars; none when foresight saves next to nothing."""

    of_cost: float | None
    """Of the bare cost."""


def weighted(parts: Sequence[tuple[Kpis, float]]) -> Kpis:
    """Figures of weeks, each with its weight, as those of the time that they stand for."""
    total = sum(weight for _, weight in parts)
    figures = {}
    for name in (figure.name for figure in fields(Kpis)):
        values = [(getattr(kpis, name), weight) for kpis, weight in parts]
        if name in GREATEST:
            figures[name] = max(value for value, _ in values)
            continue
        summed = sum(value * weight for value, weight in values)
        figures[name] = summed / total if name in MEANS else summed
    return Kpis(**figures)


def shares_taken(outcomes: Mapping[str, Outcome]) -> Shares | None:
    """The EMS between good rules and perfect foresight; None unless all three have run."""
    if not {"rules", "ems", "foresight"} <= set(outcomes):
        return None
    rules, ems, best = (outcomes[name].kpis for name in ("rules", "ems", "foresight"))
    return Shares(
        of_valued=_share(rules.valued_eur, ems.valued_eur, best.valued_eur),
        of_cost=_share(rules.cost_eur, ems.cost_eur, best.cost_eur),
    )


def _share(rules_eur: float, ems_eur: float, best_eur: float) -> float | None:
    possible = rules_eur - best_eur
    if possible < LEAST_SAVING * abs(rules_eur):
        return None
    return (rules_eur - ems_eur) / possible
