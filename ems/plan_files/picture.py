"""One picture of a plan: power at the connection, what draws it, storage, and the price."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from ems.domain.district import District
from ems.domain.plans import Plan
from ems.plan_files.output import writing

DRAWN = {
    "base_kw": ("other consumption", "#b9b4a8"),
    "heat_pump_kw": ("heat pumps", "#c0603a"),
    "ev_kw": ("cars", "#3d7a5c"),
}
GREEN, BLUE, GREY, RED, YELLOW = "#3d7a5c", "#1f5f8b", "#444444", "#b03a2e", "#d9a514"


def write_picture(plan: Plan, district: District, folder: Path) -> list[Path]:
    """`plan.png`."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(4, 1, figsize=(12, 12), sharex=True, constrained_layout=True)
    starts = np.array([start.astimezone(district.site.zone) for start in plan.horizon.starts])
    _connection(axes[0], starts, plan, district)
    _consumption(axes[1], starts, plan)
    _heat_and_storage(axes[2], starts, plan, district)
    price = plan.series.get("import_price_eur_per_kwh", np.full(len(starts), np.nan))
    axes[3].step(starts, 100 * price, where="post", color=GREY)
    _title(axes[3], "import price, ct/kWh")
    days = AutoDateLocator(tz=district.site.zone)  # type: ignore[no-untyped-call]
    axes[-1].xaxis.set_major_locator(days)
    names = ConciseDateFormatter(days, district.site.zone)  # type: ignore[no-untyped-call]
    axes[-1].xaxis.set_major_formatter(names)
    path = folder / "plan.png"
    with writing(path):
        figure.savefig(path, dpi=110)
    plt.close(figure)
    return [path]


def _connection(axis: Axes, starts: np.ndarray, plan: Plan, district: District) -> None:
    axis.step(starts, plan.series["net_kw"], where="post", color=BLUE, label="import less export")
    axis.step(starts, plan.series["pv_kw"], where="post", color=YELLOW, label="sun available")
    axis.axhline(district.tariff.subscribed_kw, color=RED, linewidth=0.8, label="subscribed")
    axis.axhline(0.0, color=GREY, linewidth=0.5)
    axis.legend(loc="upper right", ncols=3, frameon=False)
    _title(axis, "at the district's meter, kW")


def _consumption(axis: Axes, starts: np.ndarray, plan: Plan) -> None:
    powers = [plan.series[name] for name in DRAWN]
    labels, colours = zip(*DRAWN.values(), strict=True)
    axis.stackplot(starts, *powers, labels=labels, colors=colours, step="post")
    axis.step(starts, plan.series["battery_kw"], where="post", color=BLUE, label="batteries")
    axis.legend(loc="upper right", ncols=4, frameon=False)
    _title(axis, "consumption, kW (batteries: + charge)")


def _heat_and_storage(axis: Axes, starts: np.ndarray, plan: Plan, district: District) -> None:
    stored = [plan.series[f"{name}/soc_kwh"] for name in district.batteries
              if f"{name}/soc_kwh" in plan.series]  # fmt: skip
    for name, label, colour in (
        ("heat_kw", "heat to rooms", RED),
        ("hot_water_kw", "heat to tanks", YELLOW),
        ("cool_kw", "cold to rooms", BLUE),
    ):
        axis.step(starts, plan.series[name], where="post", color=colour, label=label)
    axis.plot(starts, np.sum(stored, axis=0) + 0 * starts.size, color=GREEN, label="batteries, kWh")
    axis.legend(loc="upper right", ncols=4, frameon=False)
    _title(axis, "heat and cold, kW; energy in batteries, kWh")


def _title(axis: Axes, text: str) -> None:
    axis.set_title(text, loc="left", fontsize=10)
    axis.grid(visible=True, color="#dddddd", linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)
