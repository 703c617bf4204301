"""The bill and the figures, by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from simulations.kpis import kpis
from simulations.totals import Totals

HOUR = Horizon(Slot.containing(datetime(2025, 7, 14, 10, tzinfo=UTC)), 4)


def _history(district, net_kw, dwellings_kw=0.0):
    meter = "M-HTA/power_kw"
    homes = [f"{home}/electric_power_kw" for home in district.dwellings]
    each = dwellings_kw / len(homes)
    values = np.vstack([np.array(net_kw, dtype=float), np.full((len(homes), 4), each)])
    return QuarterHours(points=(meter, *homes), horizon=HOUR, values=values)


@pytest.fixture
def flat(district):
    """100 EUR/MWh to buy, 500 kW subscribed, an overrun at 2 EUR/kWh."""
    classes = district.tariff.energy_eur_per_kwh
    tariff = replace(
        district.tariff,
        energy_eur_per_kwh=dict.fromkeys(classes, 0.08),
        network_eur_per_kwh=dict.fromkeys(classes, 0.01),
        excise_eur_per_kwh=0.01,
        subscribed_kw=500.0,
        overrun_eur_per_kwh=2.0,
        shared_eur_per_kwh=0.15,
        feed_in_eur_per_kwh=0.05,
    )
    return replace(district, tariff=tariff)


@pytest.mark.parametrize(
    ("situation", "net_kw", "dwellings_kw", "cost_eur"),
    [
        ("400 kW for an hour", [400] * 4, 0, 40.0),
        ("100 kW above the subscribed power for a quarter", [600, 400, 400, 400], 0, 45.0 + 50.0),
        ("export that dwellings use", [-80] * 4, 100, -12.0),
        ("export beyond what they use", [-80] * 4, 20, -(20 * 0.15 + 60 * 0.05)),
    ],
)
def test_the_bill(flat, situation, net_kw, dwellings_kw, cost_eur):
    made = kpis(flat, _history(flat, net_kw, dwellings_kw), Totals(hours=1.0))
    assert made.cost_eur == pytest.approx(cost_eur), situation


def test_a_day_ahead_price_takes_the_place_of_the_fixed_one(flat):
    prices = np.array([0.2, np.nan, np.nan, np.nan])
    margin = flat.tariff.day_ahead_margin_eur_per_kwh
    made = kpis(flat, _history(flat, [400] * 4), Totals(hours=1.0), prices)
    assert made.cost_eur == pytest.approx(30.0 + 100 * (0.22 + margin))


def test_figures_of_people_and_peak(flat):
    totals = Totals(
        hours=24.0,
        dwelling_cold_kh=41.2,
        zone_cold_kh=2.0,
        zone_warm_kh=1.0,
        ev_servable_kwh=200.0,
        ev_shortfall_kwh=10.0,
    )
    made = kpis(flat, _history(flat, [100, 600, 200, 100]), totals)
    assert made.peak_kw == 600
    assert made.energy_kwh == 250
    assert made.discomfort_kh == pytest.approx(44.2)
    assert made.discomfort_kh_per_dwelling_day == pytest.approx(0.1)
    assert made.ev_served_share == pytest.approx(0.95)
    assert made.as_dict()["overrun_kwh"] == 25.0


def test_figures_of_a_time_are_the_difference_of_totals():
    early, late = Totals(hours=3.0, import_kwh=10.0), Totals(hours=5.0, import_kwh=16.0)
    assert late - early == Totals(hours=2.0, import_kwh=6.0)
