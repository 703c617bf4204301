"""The days that `ems simulate` is asked for, with their weather, prices and faults."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.errors import SourceError
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.sources import builtin_weather, read_prices, read_weather
from simulations.catalogue import NamedScenario, Week
from simulations.faults import drawn_faults, read_faults
from simulations.scenario import WARM_UP_DAYS, Scenario
from simulations.typical_weeks import days_of, typical_start


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the options say of every run."""

    district: District = field(repr=False)
    weather: Path | None = None
    """None: the built-in climate."""
    prices: Path | None = None
    """None: the tariff."""
    seed: int = 1
    faults: Path | None = None
    """None: nothing breaks but what the scenario says."""
    fault_seed: int | None = None
    """None: no faults are drawn."""


def weeks_of(
    entry: NamedScenario, asked: Asked, start: datetime | None, days: int | None
) -> list[Week]:
    """The scenario's days, or those asked for; a shorter week counts more often.

    Raises:
        SourceError: the weather's file does not hold, or not for a span to choose from.
    """
    weeks = [_chosen(asked, week) for week in entry.weeks]
    if start is not None:
        weeks = [replace(weeks[0], start=start.date(), weight=1.0)]
    if days is None:
        return weeks
    if len(weeks) == 1:
        return [replace(weeks[0], days=days)]
    return [replace(w, days=days, weight=w.weight * w.days / days) for w in weeks]


def _chosen(asked: Asked, week: Week) -> Week:
    if week.among_days is None:
        return week
    weather = _weather(asked, days_of(week.start, week.among_days))
    return replace(week, start=typical_start(week.start, week.among_days, weather))


def scenario_of(asked: Asked, week: Week) -> Scenario:
    """The run of some days as the options ask for it, before a scenario changes it.

    Raises:
        SourceError: a file does not hold, or does not cover the days.
    """
    district = asked.district
    horizon = _between(week.start, week.days, district)
    begin = horizon.first.index - WARM_UP_DAYS * 96
    whole = Horizon(Slot(begin), horizon.slots.stop + 2 * 96 - begin)
    faults = read_faults(asked.faults) if asked.faults else ()
    if asked.fault_seed is not None:
        faults += drawn_faults(district, horizon, asked.fault_seed)
    return Scenario(
        district=district,
        horizon=horizon,
        weather=_weather(asked, whole),
        day_ahead_eur_per_kwh=_prices(asked, horizon, whole),
        price_source=asked.prices.name if asked.prices else district.tariff.name,
        seed=asked.seed,
        faults=faults,
    )


def _between(day: date, days: int, district: District) -> Horizon:
    zone = district.site.zone
    first = datetime.combine(day, datetime.min.time(), zone)
    last = datetime.combine(day + timedelta(days=days), datetime.min.time(), zone)
    begin = Slot.containing(first.astimezone(UTC))
    return Horizon(begin, Slot.containing(last.astimezone(UTC)).index - begin.index)


def _weather(asked: Asked, whole: Horizon) -> Weather:
    district = asked.district
    if asked.weather is None:
        return builtin_weather(district.site, district.loop, whole, asked.seed)
    return read_weather(asked.weather, district.site, district.loop, whole)


def _prices(asked: Asked, horizon: Horizon, whole: Horizon) -> NDArray[np.float64]:
    """Prices over the whole span; the tariff stands in before and after the days that count."""
    if asked.prices is None:
        return np.full(whole.length, np.nan)
    prices = read_prices(asked.prices, asked.district.site.zone, whole)
    begin = horizon.first.index - whole.first.index
    if np.isnan(prices[begin : begin + horizon.length]).any():
        days = f"{horizon.first.start:%Y-%m-%d}"
        raise SourceError(
            f"{asked.prices.name} has no price for some of the days from {days}",
            fix="choose days that the file covers",
        )
    return prices
