"""What the made-up world is compared with, and how far off it is: one page with pictures.

Weather against the typical years of both neighbours, forecast errors against published scores,
households, hot water and cars against the sources that they are drawn from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.sources import builtin_weather
from simulations.appliances import NF_C_14_100, coincidence, rusck
from simulations.climate import Climate, climate_of
from simulations.climate_references import CARPENTRAS, NICE
from simulations.outlook import ForecastWeather
from simulations.people import People
from simulations.report import render

Floats = NDArray[np.float64]

YEAR = Horizon(Slot.containing(datetime(2023, 1, 1, tzinfo=UTC)), 365 * 96)
WEEKS = Horizon(Slot.containing(datetime(2023, 1, 9, tzinfo=UTC)), 28 * 96)
SIZES = (1, 2, 4, 9, 19, 29, 49, 100, 200, 400)
LEADS_H = np.array([1, 3, 6, 12, 18, 24, 36, 48, 60, 71])


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One figure beside what is published."""

    what: str
    ours: str
    published: str
    source: str


def validate(district: District, folder: Path) -> Path:
    """Compare, draw, and write `validation.html` into a folder; where it stands."""
    folder.mkdir(parents=True, exist_ok=True)
    years = [builtin_weather(district.site, district.loop, YEAR, seed) for seed in range(3)]
    people = People.make(district, WEEKS, 1)
    climates = [climate_of(year, district.site) for year in years]
    errors = forecast_errors(years[0])
    rows = [*_climate_rows(climates), *_error_rows(errors), *_people_rows(district, people)]
    draw(folder / "climate.png", _climate_charts(climates))
    draw(folder / "forecasts.png", _error_charts(errors))
    draw(folder / "people.png", _people_charts(people))
    page = folder / "validation.html"
    page.write_text(render("validation.html", rows=rows))
    return page


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Root mean square errors of forecasts by lead. Shape [leads]."""

    air_k: Floats
    sun_share: Floats
    """Of the mean irradiance of the same hours by day."""


def forecast_errors(truth: Weather) -> Errors:
    """Errors of forecasts issued twice a day over a year, at `LEADS_H`."""
    service = ForecastWeather(truth, seed=1)
    air, sun, came = [], [], []
    for issue in range(0, 360 * 96, 44):
        horizon = Horizon(truth.horizon.first + issue, 72 * 4)
        forecast, true = service.outlook(horizon, horizon.first.start), truth.over(horizon)
        air.append((forecast.outdoor_temp_c - true.outdoor_temp_c)[LEADS_H * 4])
        sun.append((forecast.ghi_w_m2 - true.ghi_w_m2)[LEADS_H * 4])
        came.append(true.ghi_w_m2[LEADS_H * 4])
    day = np.array(came) > 0
    square = np.where(day, np.square(sun), 0.0).sum(axis=0) / day.sum(axis=0)
    mean = np.where(day, came, 0.0).sum(axis=0) / day.sum(axis=0)
    return Errors(
        air_k=np.sqrt(np.square(air).mean(axis=0)), sun_share=np.asarray(np.sqrt(square) / mean)
    )


_RT2012 = "typical years of the RT 2012: Nice, Carpentras"


def _climate_rows(climates: list[Climate]) -> list[Comparison]:
    def row(what: str, of: Callable[[Climate], float], form: str) -> Comparison:
        ours = float(np.mean([of(climate) for climate in climates]))
        ends = f"{of(NICE):{form}} and {of(CARPENTRAS):{form}}"
        return Comparison(what=what, ours=f"{ours:{form}}", published=ends, source=_RT2012)

    return [
        row("air, mean of the year, °C", lambda c: float(np.mean(c.temp_c)), ".1f"),
        row("range of a day, K", lambda c: float(np.mean(c.temp_range_k)), ".1f"),
        row("spread of daily means around the season, K", lambda c: c.temp_spread_k, ".2f"),
        row("its correlation from day to day", lambda c: c.temp_memory, ".2f"),
        row("global irradiance, kWh/m2 a year", lambda c: sum(c.ghi_kwh_m2), ".0f"),
        row("spread of its days", lambda c: float(np.mean(c.ghi_spread)), ".2f"),
        row("correlation of its days", lambda c: c.sun_memory, ".2f"),
        row("share of clear hours", lambda c: c.clear_share, ".2f"),
        row("diffuse share", lambda c: c.diffuse_share, ".2f"),
        row("wind, m/s", lambda c: c.wind_m_per_s, ".1f"),
    ]


def _error_rows(errors: Errors) -> list[Comparison]:
    day_ahead = LEADS_H.searchsorted(24)
    return [
        Comparison(
            what="air forecast a day ahead, root mean square, K",
            ours=f"{errors.air_k[day_ahead]:.1f}",
            published="1 to 2 (assumption)",
            source="no published table was at hand",
        ),
        Comparison(
            what="irradiance forecast a day ahead, of the mean",
            ours=f"{errors.sun_share[day_ahead]:.2f}",
            published="0.20 to 0.35 in Spain, 0.40 to 0.60 in Central Europe",
            source="Lorenz and others 2009, doi:10.4229/24thEUPVSEC2009-5BV.2.50",
        ),
    ]


def _people_rows(district: District, people: People) -> list[Comparison]:
    persons = np.array([float(home.occupants) for home in district.dwellings.values()])
    lived_in = persons > 0
    litres = people.draws_l_per_h[lived_in].mean(axis=1) * 24 / persons[lived_in]
    zone = district.site.zone
    at_work = [s for s in people.sessions if s.arrival.astimezone(zone).hour < 16]
    low, middle, high = np.quantile([s.energy_wanted_kwh for s in at_work], [0.1, 0.5, 0.9])
    stay_h = np.median([(s.departure - s.arrival).total_seconds() / 3600 for s in at_work])
    return [
        Comparison(
            what="hot water, L per person and day at 40 °C",
            ours=f"{litres.mean():.0f} ± {litres.std():.0f}",
            published="56 ± 23",
            source="ADEME and COSTIC 2016",
        ),
        Comparison(
            what="a car at work wants, kWh (one in ten below, half, one in ten above)",
            ours=f"{low:.1f}, {middle:.1f}, {high:.1f}",
            published="7.9, 21.4, 44.5",
            source="25,697 sessions at SAP Mougins, 2017 to 2021",
        ),
        Comparison(
            what="it stays, h (median)",
            ours=f"{stay_h:.1f}",
            published="3.7",
            source="25,697 sessions at SAP Mougins, 2017 to 2021",
        ),
    ]


Chart = Callable[[Axes], None]
BETWEEN = "between Nice and Carpentras"


def draw(path: Path, charts: list[Chart]) -> None:
    """Draw charts side by side into a PNG."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(charts), figsize=(13, 4), constrained_layout=True)
    for axis, chart in zip(axes, charts, strict=True):
        chart(axis)
        axis.grid(visible=True, color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(framealpha=0.8, edgecolor="none", fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _climate_charts(climates: list[Climate]) -> list[Chart]:
    months = np.arange(1, 13)

    def chart(name: str, title: str) -> Chart:
        def on(axis: Axes) -> None:
            ends = np.array([getattr(NICE, name), getattr(CARPENTRAS, name)])
            low, high = ends.min(axis=0), ends.max(axis=0)
            axis.fill_between(months, low, high, color="#5aa27c", alpha=0.3, label=BETWEEN)
            for number, climate in enumerate(climates):
                label = "made up, three years" if number == 0 else None
                axis.plot(months, getattr(climate, name), color="#1f5f8b", lw=1, label=label)
            axis.set_title(title, loc="left", fontsize=10)
            axis.set_xlabel("month")

        return on

    return [
        chart("temp_c", "air, °C"),
        chart("ghi_kwh_m2", "global irradiance, kWh/m2"),
        chart("ghi_spread", "spread of daily irradiance, of its mean"),
    ]


def _error_charts(errors: Errors) -> list[Chart]:
    def air(axis: Axes) -> None:
        axis.plot(LEADS_H, errors.air_k, "o-", color="#1f5f8b", label="made up")
        axis.axhspan(1.0, 2.0, color="#5aa27c", alpha=0.2, label="assumed, to two days")
        axis.set_title("air forecast, root mean square error, K", loc="left", fontsize=10)
        axis.set_xlabel("hours ahead")

    def sun(axis: Axes) -> None:
        axis.plot(LEADS_H, errors.sun_share, "o-", color="#1f5f8b", label="made up")
        axis.axhspan(0.2, 0.35, color="#5aa27c", alpha=0.2, label="Spain, Lorenz and others 2009")
        axis.set_title("irradiance forecast, of the mean", loc="left", fontsize=10)
        axis.set_xlabel("hours ahead")

    return [air, sun]


def _people_charts(people: People) -> list[Chart]:
    rng = np.random.default_rng(1)
    sizes = tuple(size for size in SIZES if size <= len(people.appliances_kw))
    counts = np.array(sizes, dtype=np.float64)

    def electricity(axis: Axes) -> None:
        axis.semilogx(counts, coincidence(people.appliances_kw, sizes, rng), "o-", color="#1f5f8b",
                      label="made up, 28 days")  # fmt: skip
        axis.fill_between(counts, rusck(counts, 0.10), rusck(counts, 0.25), color="#5aa27c",
                          alpha=0.3, label="Rusck, 0.10 to 0.25")  # fmt: skip
        axis.step([*NF_C_14_100, 400], [*NF_C_14_100.values(), 0.38], color="#b03a2e", lw=1,
                  where="pre", label="NF C 14-100, for design")  # fmt: skip
        axis.set_title("electricity: peak of a group over the sum of its peaks", loc="left",
                       fontsize=10)  # fmt: skip
        axis.set_xlabel("dwellings")

    def water(axis: Axes) -> None:
        axis.semilogx(counts, coincidence(people.draws_l_per_h, sizes, rng), "o-", color="#1f5f8b",
                      label="hot water, quarter hours")  # fmt: skip
        axis.set_title("hot water: the same", loc="left", fontsize=10)
        axis.set_xlabel("dwellings")

    return [electricity, water]
