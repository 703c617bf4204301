"""Overruns of the subscribed power: ten-minute means, the law's month, prices for a plan."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.config import load_district
from ems.domain.overruns import (
    Drawn,
    drawn_so_far,
    ended_in,
    month_until,
    overrun_prices,
)
from ems.domain.slots import SLOT_H, Horizon, Slot
from ems.domain.tariff import TimeClass

DISTRICT = load_district()
TARIFF, ZONE = DISTRICT.tariff, DISTRICT.site.zone
NOON = Slot.containing(datetime(2026, 1, 14, 11, tzinfo=UTC))
JANUARY = (2026, 1)
SUBSCRIBED_KW = TARIFF.subscribed_kw


def readings(slot: Slot, kw_by_minute: list[float]) -> tuple[list[datetime], np.ndarray]:
    """A reading a minute from ten minutes before `slot`."""
    begin = slot.start - timedelta(minutes=10)
    return [begin + timedelta(minutes=m) for m in range(len(kw_by_minute))], np.array(kw_by_minute)


def test_a_short_peak_counts_by_its_ten_minutes_and_not_by_its_quarter_hour() -> None:
    at, kw = readings(NOON, [0.0] * 10 + [SUBSCRIBED_KW + 100] * 10 + [SUBSCRIBED_KW - 400] * 5)
    overrun, peak = ended_in(NOON, at, kw, SUBSCRIBED_KW)
    assert (overrun, peak) == pytest.approx((100.0, SUBSCRIBED_KW + 100))


def test_ten_minutes_across_two_slots_belong_to_the_one_in_which_they_end() -> None:
    later = NOON + 1
    at, kw = readings(NOON, [0.0] * 20 + [SUBSCRIBED_KW + 60] * 10 + [0.0] * 10)
    assert ended_in(NOON, at[:25], kw[:25], SUBSCRIBED_KW)[0] == 0.0
    assert ended_in(later, at[20:], kw[20:], SUBSCRIBED_KW)[0] == pytest.approx(60.0)


def test_export_earns_no_discount_on_what_is_drawn_and_silence_is_no_zero() -> None:
    at, kw = readings(NOON, [0.0] * 10 + [-500.0, 900.0] * 5)
    assert ended_in(NOON, at, kw, SUBSCRIBED_KW)[1] == pytest.approx(450.0)
    assert np.isnan(ended_in(NOON, [], np.array([]), SUBSCRIBED_KW)).all()


def test_a_month_costs_what_the_law_says_by_class() -> None:
    month = Horizon(NOON, 8)  # 12:00 to 14:00, the class HPH
    overrun = np.array([30.0, 40.0, 0, 0, 0, 0, np.nan, 0])
    drawn = drawn_so_far(TARIFF, ZONE, month, overrun, 600 + overrun)
    assert drawn.month == JANUARY
    assert drawn.squares_kw2 == {TimeClass.HIGH_FULL: pytest.approx(2500.0)}
    assert drawn.peak_kw == 640.0
    assert drawn.cost_eur(TARIFF) == pytest.approx(0.04 * 14.85 * 50.0)


def test_a_new_month_begins_at_local_midnight_with_nothing_drawn() -> None:
    last = Slot.containing(datetime(2026, 1, 31, 22, 45, tzinfo=UTC))
    assert month_until(last + 1, ZONE).length == 31 * 96
    assert month_until(last + 2, ZONE) == Horizon(last + 1, 1)
    used = Drawn(month=JANUARY, squares_kw2=dict.fromkeys(TimeClass, 1e4))
    over_night = overrun_prices(TARIFF, Horizon(last, 2), ZONE, used)
    assert over_night.eur_per_kwh[1] > 2 * over_night.eur_per_kwh[0]


def test_where_no_month_is_known_the_plain_price_holds() -> None:
    plain = overrun_prices(TARIFF, Horizon(NOON, 4), ZONE, None)
    np.testing.assert_array_equal(plain.eur_per_kwh, TARIFF.overrun_eur_per_kwh)
    np.testing.assert_array_equal(plain.far_eur_per_kwh, 0.0)


@given(
    before=st.floats(0, 400),
    over=st.lists(st.floats(0, 500), min_size=1, max_size=8),
)
def test_a_plan_never_pays_less_for_overruns_than_the_law_will(
    before: float, over: list[float]
) -> None:
    horizon, x = Horizon(NOON, len(over)), np.array(over)  # all of one class
    drawn = Drawn(month=JANUARY, squares_kw2={TimeClass.HIGH_FULL: before**2})
    after = Drawn(month=JANUARY, squares_kw2={TimeClass.HIGH_FULL: before**2 + 1.5 * float(x @ x)})
    prices = overrun_prices(TARIFF, horizon, ZONE, drawn)
    far = np.maximum(x - prices.far_kw, 0.0)
    paid = SLOT_H * float(prices.eur_per_kwh @ x + prices.far_eur_per_kwh @ far)
    assert paid >= after.cost_eur(TARIFF) - drawn.cost_eur(TARIFF) - 1e-9


def test_one_overrun_as_large_as_the_month_s_costs_the_plan_exactly_the_law_s_price() -> None:
    drawn = Drawn(month=JANUARY, squares_kw2={TimeClass.HIGH_FULL: 1.5 * 80.0**2})
    prices = overrun_prices(TARIFF, Horizon(NOON, 1), ZONE, drawn)
    assert prices.far_kw[0] == pytest.approx(80.0)
    again = Drawn(month=JANUARY, squares_kw2={TimeClass.HIGH_FULL: 3.0 * 80.0**2})
    law = again.cost_eur(TARIFF) - drawn.cost_eur(TARIFF)
    assert SLOT_H * prices.eur_per_kwh[0] * 80.0 == pytest.approx(law)
