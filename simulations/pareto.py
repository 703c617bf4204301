"""Which designs are worth building: none other costs less and asks for less at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from simulations.designs import Design
from simulations.kept import Row

AXES = {"investment_eur": "investment, EUR", "co2_kg": "CO2 of imports, kg"}
UNITS = {
    "battery_kwh": "kWh",
    "pv_kw": "kWp",
    "charge_points": "points",
    "subscribed_kw": "kW subscribed",
    "energy_price": "times the price",
}
"""Of what a design may vary, for people."""


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A design's means over all seeds."""

    design: Design
    valued_eur: float
    """Cost of the days, with comfort and cars."""
    investment_eur: float
    co2_kg: float


def means(rows: Sequence[Row]) -> list[Mean]:
    """Designs in the order in which they come."""
    of_design: dict[Design, list[Row]] = {}
    for row in rows:
        of_design.setdefault(Design.of_columns(row), []).append(row)
    return [
        Mean(
            design=design,
            valued_eur=_mean(found, "valued_eur"),
            investment_eur=_mean(found, "investment_eur"),
            co2_kg=_mean(found, "co2_kg"),
        )
        for design, found in of_design.items()
    ]


def _mean(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([row[name] for row in rows]))


def not_beaten(one: Sequence[float], other: Sequence[float]) -> NDArray[np.bool_]:
    """Where no pair is as small in both figures and smaller in one. Shape [n]."""
    a, b = np.array(one), np.array(other)
    as_small = (a <= a[:, None]) & (b <= b[:, None])
    smaller = (a < a[:, None]) | (b < b[:, None])
    beaten: NDArray[np.bool_] = np.any(as_small & smaller, axis=1)
    return ~beaten


def draw_pareto(designs: Sequence[Mean], path: Path) -> None:
    """Cost of the days against investment and against CO2 into a PNG at `path`."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(12, 5), constrained_layout=True)
    cost = [mean.valued_eur for mean in designs]
    names = named([mean.design for mean in designs])
    for axis, (name, title) in zip(axes, AXES.items(), strict=True):
        across = [getattr(mean, name) for mean in designs]
        held = np.flatnonzero(not_beaten(across, cost)).tolist()
        best = sorted(held, key=across.__getitem__)
        axis.scatter(across, cost, color="#b4b4b4")
        axis.plot(np.array(across)[best], np.array(cost)[best], "o-", color="#1f5f8b")
        for place in best:
            at = (across[place], cost[place])
            axis.annotate(names[place], at, (6, 6), textcoords="offset points", fontsize=7)
        axis.margins(0.2)
        axis.set_xlabel(title)
        axis.set_ylabel("cost of the days with comfort and cars, EUR")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def named(designs: Sequence[Design]) -> list[str]:
    """Each by what it does not share with all others."""
    varied = [name for name in UNITS if len({getattr(design, name) for design in designs}) > 1]
    return [
        ", ".join(f"{getattr(design, name):g} {UNITS[name]}" for name in varied)
        for design in designs
    ]
