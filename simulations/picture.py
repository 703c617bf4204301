"""One picture of a closed loop: what all controllers drew, charged, heated and paid."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from numpy.typing import NDArray

from simulations.lived import Lived
from simulations.scenario import Scenario

COLOURS = {"baseline": "#b4b4b4", "rules": "#c98a1b", "ems": "#1f5f8b", "foresight": "#5aa27c"}
NAMES = {
    "baseline": "plain control",
    "rules": "good rules",
    "ems": "EMS",
    "foresight": "EMS, perfect foresight",
}


def draw(scenario: Scenario, lived: Mapping[str, Lived], path: Path) -> None:
    """Draw what all controllers did over the scenario's time into a PNG at `path`."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(6, 1, figsize=(13, 15), sharex=True, constrained_layout=True)
    starts = [start.astimezone(scenario.district.site.zone) for start in scenario.horizon.starts]
    for name, one in lived.items():
        for axis, values in zip(axes, one.curves, strict=False):
            axis.plot(starts, values, color=COLOURS[name], label=NAMES[name], linewidth=1.2)
    axes[0].axhline(scenario.district.tariff.subscribed_kw, color="#b03a2e", linewidth=0.8)
    axes[5].step(starts, _price(scenario) * 100, color="#444444", where="post")
    for axis, title in zip(axes, TITLES, strict=True):
        _dress(axis, title)
    axes[0].legend(loc="upper right", ncols=4, frameon=False)
    days = AutoDateLocator(tz=scenario.district.site.zone)  # type: ignore[no-untyped-call]
    axes[-1].xaxis.set_major_locator(days)
    names = ConciseDateFormatter(days, scenario.district.site.zone)  # type: ignore[no-untyped-call]
    axes[-1].xaxis.set_major_formatter(names)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


TITLES = (
    "import at the district's meter, kW (red: subscribed power)",
    "charge points, kW",
    "heat pumps, kW electric",
    "batteries, kW (+ charges)",
    "mean room temperature of the dwellings, °C",
    "import price, ct/kWh",
)


def _price(scenario: Scenario) -> NDArray[np.float64]:
    horizon, zone = scenario.horizon, scenario.district.site.zone
    return scenario.district.tariff.import_eur_per_kwh(
        horizon.slots, zone, scenario.prices(horizon)
    )


def _dress(axis: Axes, title: str) -> None:
    axis.set_title(title, loc="left", fontsize=10)
    axis.grid(visible=True, color="#dddddd", linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)
