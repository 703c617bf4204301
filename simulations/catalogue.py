"""The scenarios that decide: typical weeks, hard days, and days on which something is broken.

Each is a change to the usual run of some days. Weather is the made-up climate of the seed, bent
where the scenario asks for it; a file given by the user is bent alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulations.faults import Fault, FaultKind
from simulations.scenario import Scenario

Floats = NDArray[np.float64]
Change = Callable[[Scenario], Scenario]


@dataclass(frozen=True, kw_only=True)
class Week:
    """Days that are lived through, and how much they count."""

    start: date
    """First day, local."""

    days: int
    """How many."""

    weight: float = 1.0
    """How often these days come in what the scenario stands for."""

    among_days: int | None = None
    """The days are the most typical ones of so many from `start`; None: those from `start`."""


@dataclass(frozen=True, kw_only=True)
class NamedScenario:
    """One entry of the catalogue."""

    name: str
    english: str
    """What it is, for `ems simulate --list`."""
    french: str
    weeks: tuple[Week, ...]
    change: Change = field(default=lambda scenario: scenario, repr=False)
    """What it does to the usual run of these days."""
    on_demand: bool = False
    """Too long to be run along with all others."""


def _around(scenario: Scenario, first_day: float, days: float, ramp_days: float = 0.5) -> Floats:
    """0 outside, 1 inside some days of the run, with ramps. Shape [slots of the weather]."""
    whole = scenario.weather.horizon
    day = (np.array(whole.slots) - scenario.horizon.first.index) / 96 - first_day
    return np.clip(np.minimum(day / ramp_days, (days - day) / ramp_days) + 1.0, 0.0, 1.0)


def _warmer(by_k: float, days: float, sunnier: float = 1.0) -> Change:
    def change(scenario: Scenario) -> Scenario:
        share, weather = _around(scenario, 0.0, days), scenario.weather
        brighter = 1.0 + (sunnier - 1.0) * share
        return replace(
            scenario,
            weather=replace(
                weather,
                outdoor_temp_c=weather.outdoor_temp_c + by_k * share,
                ghi_w_m2=weather.ghi_w_m2 * brighter,
                dni_w_m2=weather.dni_w_m2 * brighter,
                dhi_w_m2=weather.dhi_w_m2 * brighter,
                source=f"{weather.source}, {by_k:+g} K",
            ),
        )

    return change


def _mistral(scenario: Scenario) -> Scenario:
    """Two and a half days of wind; the sea falls 8 K within a day and a half and stays cold."""
    weather = scenario.weather
    blows = _around(scenario, 0.25, 2.5, 0.25)
    sea_k = 8.0 * _around(scenario, 1.5, 4.0, 1.5)
    return replace(
        scenario,
        weather=replace(
            weather,
            outdoor_temp_c=weather.outdoor_temp_c - 3.0 * blows,
            wind_m_per_s=weather.wind_m_per_s + 12.0 * blows,
            sea_temp_c=weather.sea_temp_c - np.minimum(sea_k, weather.sea_temp_c - 13.5),
            source=f"{weather.source}, mistral with upwelling",
        ),
    )


NEGATIVE_SUNDAY_EUR_PER_MWH = (
    *(16.45, 3.17, 0.01, 0.00, -0.03, -0.05, -0.05, -0.47, -2.75, -12.92, -23.01, -19.17),
    *(-23.78, -20.00, -55.66, -134.94, -79.44, -27.38, -0.01, 13.37, 71.04, 85.91, 94.90, 86.08),
    *(66.00, 43.50, 24.09, 10.26, 15.80, 54.00, 86.00, 110.89, 104.91, 72.25, 55.58, 52.32),
    *(50.10, 48.03, 33.38, 23.22, 25.30, 42.57, 91.81, 117.41, 126.14, 129.15, 122.00, 115.14),
)
"""France day-ahead, by local hour of Sunday, 2 July 2023, and of the Monday after it.

Source: ENTSO-E transparency platform."""


def _negative_prices(scenario: Scenario) -> Scenario:
    """Prices of Sunday and Monday on their own days; before and after them the tariff's."""
    prices = scenario.day_ahead_eur_per_kwh.copy()
    begin = scenario.weather.horizon.offset(scenario.horizon.first)
    prices[begin : begin + 192] = np.repeat(NEGATIVE_SUNDAY_EUR_PER_MWH, 4) / 1000
    return replace(scenario, day_ahead_eur_per_kwh=prices, price_source="day-ahead of 2 July 2023")


def _half_connection(scenario: Scenario) -> Scenario:
    tariff = scenario.district.tariff
    halved = replace(tariff, subscribed_kw=tariff.subscribed_kw / 2)
    return replace(scenario, district=replace(scenario.district, tariff=halved))


def _broken(*faults: Fault) -> Change:
    return lambda scenario: replace(scenario, faults=(*scenario.faults, *faults))


def _all_cars(scenario: Scenario) -> Scenario:
    return replace(scenario, all_cars_at_h=18.0)


def _wrong_forecast(scenario: Scenario) -> Scenario:
    return replace(scenario, wrong=4.0)


_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS = tuple(
    Week(start=date(2023, month, 1), days=length) for month, length in enumerate(_MONTH_DAYS, 1)
)
_TWELVE_WEEKS = tuple(
    replace(month, days=7, weight=month.days / 7, among_days=month.days) for month in _MONTHS
)


def _days(month: int, day: int, days: int) -> tuple[Week, ...]:
    return (Week(start=date(2023, month, day), days=days),)


CATALOGUE = (
    NamedScenario(
        name="winter-week",
        english="a typical week of January",
        french="une semaine ordinaire de janvier",
        weeks=_days(1, 16, 7),
    ),
    NamedScenario(
        name="spring-week",
        english="a typical week of April",
        french="une semaine ordinaire d'avril",
        weeks=_days(4, 17, 7),
    ),
    NamedScenario(
        name="summer-week",
        english="a typical week of July",
        french="une semaine ordinaire de juillet",
        weeks=_days(7, 10, 7),
    ),
    NamedScenario(
        name="autumn-week",
        english="a typical week of October",
        french="une semaine ordinaire d'octobre",
        weeks=_days(10, 16, 7),
    ),
    NamedScenario(
        name="cold-snap",
        english="three days 7 K colder than usual in February",
        french="trois jours de février, 7 K plus froids que d'ordinaire",
        weeks=_days(2, 6, 3),
        change=_warmer(-7.0, 3.0),
    ),
    NamedScenario(
        name="heat-wave",
        english="three days 6 K warmer than usual in July, under a clear sky",
        french="trois jours de juillet, 6 K plus chauds que d'ordinaire, ciel clair",
        weeks=_days(7, 17, 3),
        change=_warmer(6.0, 3.0, 1.03),
    ),
    NamedScenario(
        name="mistral",
        english="strong mistral in August; the sea falls by 8 K in a day and a half",
        french="fort mistral en août ; la mer perd 8 K en un jour et demi",
        weeks=_days(8, 7, 3),
        change=_mistral,
    ),
    NamedScenario(
        name="negative-sunday",
        english="a Sunday with negative prices, down to -135 EUR/MWh (2 July 2023)",
        french="un dimanche à prix négatifs, jusqu'à -135 EUR/MWh (2 juillet 2023)",
        weeks=_days(7, 2, 1),
        change=_negative_prices,
    ),
    NamedScenario(
        name="evs-at-18",
        english="a car comes to every charge point at 18:00 and wants 16 kWh by 7:30",
        french="une voiture à chaque borne à 18 h, qui veut 16 kWh pour 7 h 30",
        weeks=_days(1, 17, 2),
        change=_all_cars,
    ),
    NamedScenario(
        name="half-connection",
        english="the connection is cut to half its subscribed power, in January",
        french="le raccordement réduit à la moitié de la puissance souscrite, en janvier",
        weeks=_days(1, 17, 2),
        change=_half_connection,
    ),
    NamedScenario(
        name="heat-pump-lost",
        english="one heat pump of three is lost from 6:00 on a cold day of February",
        french="une pompe à chaleur sur trois perdue à 6 h un jour froid de février",
        weeks=_days(2, 6, 2),
        change=lambda scenario: _broken(Fault(kind=FaultKind.DEAD, devices="HP-1", from_h=6.0))(
            _warmer(-5.0, 2.0)(scenario)
        ),
    ),
    NamedScenario(
        name="substation-frozen",
        english="the substation of B1 hangs from 5:00 to 17:00 and holds its last command",
        french="la sous-station de B1 se fige de 5 h à 17 h et garde sa dernière consigne",
        weeks=_days(1, 17, 2),
        change=_broken(Fault(kind=FaultKind.FROZEN, devices="SST-B1", from_h=5.0, for_h=12.0)),
    ),
    NamedScenario(
        name="building-silent",
        english="no communication with B1 (dwellings and substation) for 18 hours",
        french="plus de communication avec B1 (logements et sous-station) pendant 18 heures",
        weeks=_days(1, 17, 2),
        change=_broken(
            Fault(kind=FaultKind.DEAD, devices="B1-*", from_h=4.0, for_h=18.0),
            Fault(kind=FaultKind.DEAD, devices="SST-B1", from_h=4.0, for_h=18.0),
        ),
    ),
    NamedScenario(
        name="forecast-wrong",
        english="weather forecasts four times as wrong as usual, in April",
        french="des prévisions météo quatre fois plus fausses que d'ordinaire, en avril",
        weeks=_days(4, 17, 2),
        change=_wrong_forecast,
    ),
    NamedScenario(
        name="year-in-twelve-weeks",
        english="a year as twelve weeks, the most typical of each month, weighted",
        french="une année en douze semaines pondérées, la plus typique de chaque mois",
        weeks=_TWELVE_WEEKS,
    ),
    NamedScenario(
        name="whole-year",
        english="a year, month by month (not among `all`)",
        french="une année entière, mois par mois (pas dans `all`)",
        weeks=_MONTHS,
        on_demand=True,
    ),
)
"""In the order in which they are listed."""

BY_NAME = {entry.name: entry for entry in CATALOGUE}
