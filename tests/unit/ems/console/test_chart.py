"""The chart's series: past as measured, future as planned, nothing invented in between."""

from dataclasses import replace

import numpy as np
import pytest
from console_in_memory import NOW, StoreInMemory, make_plan

from ems.console.chart import AHEAD_SLOTS, BACK_SLOTS, Chart, chart, measured_points, window
from ems.domain.district import District
from ems.domain.slots import Slot


@pytest.fixture
def drawn(store: StoreInMemory, district: District) -> Chart:
    return chart(district, store.past, store.plans, store.forecast, NOW)


def test_all_series_lie_over_the_same_two_days(drawn: Chart) -> None:
    length = BACK_SLOTS + AHEAD_SLOTS
    series = [*drawn.measured.values(), *drawn.planned.values(), drawn.price_eur_per_kwh]
    assert {len(values) for values in series} == {length}
    assert len(drawn.starts) == length
    assert drawn.starts[BACK_SLOTS] == Slot.containing(NOW).start


def test_the_past_is_measured_and_the_future_planned(drawn: Chart) -> None:
    for name in ("net_kw", "pv_kw", "ev_kw", "heat_pump_kw", "battery_kw", "soc_pct"):
        assert np.isfinite(drawn.measured[name][:BACK_SLOTS]).all(), name
        assert np.isnan(drawn.measured[name][BACK_SLOTS:]).all(), name
        assert np.isfinite(drawn.planned[name][BACK_SLOTS:]).all(), name
        assert np.isnan(drawn.planned[name][:BACK_SLOTS]).all(), name


def test_the_base_load_is_what_the_meters_leave(drawn: Chart) -> None:
    m = {name: values[:BACK_SLOTS] for name, values in drawn.measured.items()}
    np.testing.assert_allclose(
        m["base_kw"] + m["heat_pump_kw"] + m["ev_kw"] + m["battery_kw"] - m["pv_kw"], m["net_kw"]
    )


def test_a_sum_with_a_missing_part_is_empty_not_low(
    store: StoreInMemory, district: District
) -> None:
    values = store.past.values.copy()
    values[store.past.points.index("PV-A1/power_kw"), 10] = np.nan
    drawn = chart(district, replace(store.past, values=values), store.plans, None, NOW)
    assert np.isnan(drawn.measured["pv_kw"][10])
    assert np.isnan(drawn.measured["base_kw"][10])
    assert np.isfinite(drawn.measured["net_kw"][10])


def test_a_plan_that_waits_for_its_slot_takes_over_from_it(
    store: StoreInMemory, district: District
) -> None:
    first = Slot.containing(NOW)
    later = make_plan(district, first + 1)
    later = replace(later, series={**later.series, "net_kw": np.full(96, 1.0)})
    drawn = chart(district, store.past, [store.plans[0], later], None, NOW)
    assert drawn.planned["net_kw"][BACK_SLOTS] == store.plans[0].series["net_kw"][0]
    assert (drawn.planned["net_kw"][BACK_SLOTS + 1 :] == 1.0).all()


def test_the_band_holds_the_expected_value(drawn: Chart) -> None:
    for band in drawn.forecast.values():
        ahead = slice(BACK_SLOTS, None)
        assert (band.low[ahead] <= band.expected[ahead]).all()
        assert (band.expected[ahead] <= band.high[ahead]).all()


def test_past_prices_are_shown_only_when_the_tariff_fixes_them(
    store: StoreInMemory, district: District, drawn: Chart
) -> None:
    assert np.isfinite(drawn.price_eur_per_kwh).all()
    name = "price/import_eur_per_kwh"
    dear = replace(store.forecast.series[name], values=store.forecast[name] + 0.05)
    forecasts = replace(store.forecast, series={**store.forecast.series, name: dear})
    market = chart(district, store.past, store.plans, forecasts, NOW).price_eur_per_kwh
    assert np.isnan(market[:BACK_SLOTS]).all()


def test_without_plan_and_past_everything_is_empty(
    empty_store: StoreInMemory, district: District
) -> None:
    past = replace(make_empty(district), points=())
    drawn = chart(district, past, [], None, NOW)
    assert drawn.planned == {}
    assert all(np.isnan(values).all() for values in drawn.measured.values())


def make_empty(district: District):
    from ems.domain.snapshot import QuarterHours

    return QuarterHours(points=(), horizon=window(NOW), values=np.empty((0, 192)))


def test_the_points_of_the_past_exist(district: District) -> None:
    devices = {point.partition("/")[0] for point in measured_points(district)}
    assert devices <= set(district.devices)
