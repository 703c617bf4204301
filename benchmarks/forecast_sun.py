"""PV on the virtual district: our forecasts beside yesterday and the mean of seven days.

Stated first: the roofs' modules are 6 % dirtier than described, their inverters and the loop's sun
sensor are all that is seen of it. The weather is the built-in year of Marseille; its forecasts err
as `simulations/outlook.py` says (air 1.4 K, irradiance 25 % of the mean a day ahead) or, told
apart, not at all. Issued at local midnight for the coming day; the correction and its bands come
from the 28 issues before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from benchmarks.figures import Figure
from building_models import pv
from ems.config import load_district
from ems.domain.district import District
from ems.domain.errors import ForecastError
from ems.domain.slots import SLOT_H, Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Weather
from ems.forecast.backtest import simple
from ems.forecast.local_time import local_time
from ems.forecast.measured import MeasuredPoints
from ems.forecast.scores import coverage, mean_absolute_error
from ems.forecast.shapes import Floats, Ints
from ems.forecast.sun_correction import SunView, clear_sky, learned_correction
from ems.forecast.sun_learning import DAYS, ratios
from ems.forecast.sun_power import pv_ahead
from ems.sources import builtin_weather
from simulations.outlook import ForecastWeather

DIRT = 0.06
FIRST = Slot.containing(datetime(2025, 11, 20, tzinfo=UTC))
"""Of the past; two weeks later the roofs are learned, another four later the test begins."""
TEST_DAYS, QUICK_DAYS = 365, 30
BAND_DAYS = 28
GOAL = 0.7
"""Of the better simple method's error."""
DAY = 96


@dataclass(frozen=True, kw_only=True)
class Sun:
    """What the roofs gave, and what is seen of it."""

    district: District
    """As described."""
    weather: Weather = field(repr=False)
    """That came."""
    given_kw: Floats = field(repr=False)
    """All roofs together. Shape [slots]."""
    clear_kw: Floats = field(repr=False)
    """Under a clear sky; 0 at night. Shape [slots]."""
    history: QuarterHours = field(repr=False)
    issues: Ints = field(repr=False)
    """Local midnights, the first slot not known."""


def measure(quick: bool) -> list[Figure]:
    """With a wrong weather forecast and with the true one."""
    sun = _sun(QUICK_DAYS if quick else TEST_DAYS)
    stated = ForecastWeather(sun.weather, seed=1)
    told = {
        "forecast weather": stated,
        "perfect weather": ForecastWeather(sun.weather, seed=1, wrong=0.0),
    }
    wrong = Figure(
        name="PV: error of the irradiance forecast", value=_error(sun, stated), unit="of mean"
    )
    beside = [_beside(sun, service, name, quick) for name, service in told.items()]
    return [wrong, *(figure for figures in beside for figure in figures)]


def _sun(test_days: int) -> Sun:
    district = load_district()
    horizon = Horizon(FIRST, (DAYS + BAND_DAYS + test_days + 2) * DAY)
    weather = builtin_weather(district.site, district.loop, horizon, seed=5)
    points = MeasuredPoints(district)
    roofs = [district.devices[point.partition("/")[0]].serves for point in points.pv.points]
    given = [_given(district, roof, weather) for roof in roofs]
    peak_kw = sum(roof.peak_kw for roof in district.pv_roofs.values())
    quarter = local_time(horizon, district.site.zone).quarter
    midnights = np.flatnonzero(quarter == 0)
    history = QuarterHours(
        points=(*points.sky, *points.pv.points),
        horizon=horizon,
        values=np.array([weather.ghi_w_m2, weather.outdoor_temp_c, *given]),
    )
    return Sun(
        district=district,
        weather=weather,
        given_kw=np.sum(given, axis=0),
        clear_kw=peak_kw * clear_sky(district.site, horizon),
        history=history,
        issues=midnights[(midnights >= DAYS * DAY) & (midnights <= horizon.length - DAY)],
    )


def _given(district: District, roof: str, weather: Weather) -> Floats:
    described = district.pv_roofs[roof]
    dirty = replace(described, loss_share=1 - (1 - described.loss_share) * (1 - DIRT))
    return pv.power_in(dirty, district.site, weather)


def _error(sun: Sun, service: ForecastWeather) -> float:
    """Root mean square error of the day-ahead irradiance over its daylight mean."""
    pairs = [
        (service.outlook(ahead, ahead.first.start).ghi_w_m2, sun.weather.over(ahead).ghi_w_m2)
        for ahead in _days(sun)
    ]
    told, truth = (np.array(rows) for rows in zip(*pairs, strict=True))
    light = truth > 0
    return float(np.sqrt(np.square(told - truth)[light].mean()) / truth[light].mean())


def _days(sun: Sun) -> Iterator[Horizon]:
    return (Horizon(FIRST + int(issue), DAY) for issue in sun.issues)


def _beside(sun: Sun, service: ForecastWeather, name: str, quick: bool) -> list[Figure]:
    told = np.array([_told(sun, service, ahead) for ahead in _days(sun)])
    truth = sun.given_kw[sun.issues[:, None] + np.arange(DAY)]
    others = {
        way: rows[0] for way, rows in simple(sun.given_kw[None], sun.issues, DAY, DAY).items()
    }
    tested = slice(BAND_DAYS, None)
    plain = {way: mean_absolute_error(rows[tested], truth[tested]) for way, rows in others.items()}
    way = min(("yesterday", "mean of 7 days"), key=lambda each: plain[each])
    values, inside = _corrected(sun, told, others["mean of 7 days"], truth)
    size, title = float(truth[tested].mean()), f"PV, {name}"
    goal = None if quick else GOAL * plain[way] / size
    physics = mean_absolute_error(told[tested], truth[tested]) / size
    ours = mean_absolute_error(values, truth[tested]) / size
    return [
        Figure(name=f"{title}: {way}", value=plain[way] / size, unit="of mean"),
        Figure(name=f"{title}: physics and own inverter alone", value=physics, unit="of mean"),
        Figure(name=title, value=ours, unit="of mean", goal=goal),
        Figure(name=f"{title}: P10-P90 by day", value=inside, unit="of truth"),
    ]


def _told(sun: Sun, service: ForecastWeather, ahead: Horizon) -> Floats:
    """All roofs as they are forecast at the midnight at which `ahead` begins."""
    past = Horizon(ahead.first + -DAYS * DAY, DAYS * DAY)
    learned = ratios(sun.district, MeasuredPoints(sun.district), sun.history, past)
    weather = service.outlook(ahead, ahead.first.start)
    return pv_ahead(sun.district, weather, _leads_h(), learned)["pv/available_kw"].values


def _leads_h() -> Floats:
    return np.asarray((np.arange(DAY) + 0.5) * SLOT_H)


def _corrected(sun: Sun, told: Floats, usual: Floats, truth: Floats) -> tuple[Floats, float]:
    """Tested issues, each set right by those before it, and the share of days inside the bands."""
    clear = sun.clear_kw[sun.issues[:, None] + np.arange(DAY)]
    leads, values, inside = np.broadcast_to(_leads_h(), told.shape), [], []
    limit_kw = sum(roof.inverter_kw for roof in sun.district.pv_roofs.values())
    for issue in range(BAND_DAYS, len(told)):
        before, now = (
            SunView(told_kw=told[at], usual_kw=usual[at], clear_kw=clear[at], leads_h=leads[at])
            for at in (slice(issue - BAND_DAYS, issue), issue)
        )
        correction = learned_correction(before, truth[issue - BAND_DAYS : issue])
        if correction is None:
            raise ForecastError("28 days of the virtual year taught nothing about the sun")
        values.append(correction.values(now, limit_kw))
        by_day = np.where(clear[issue] > 0, truth[issue], np.nan)
        inside.append(coverage(correction.quantiles(now, limit_kw), by_day))
    return np.array(values), float(np.mean(inside))
