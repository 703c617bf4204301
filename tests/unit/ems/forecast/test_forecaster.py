"""All forecasts together: complete, finite, in order, and made of nothing from the future."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.errors import ForecastError
from ems.domain.forecasts import Forecasts
from ems.domain.points import Quality, Reading
from ems.domain.slots import Horizon, Slot, slots_of_local_day
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.forecast.forecaster import Forecaster
from ems.forecast.local_time import local_time
from ems.forecast.scores import coverage, mean_absolute_error

PARIS = ZoneInfo("Europe/Paris")
ISSUED = datetime(2026, 3, 18, 5, 10, tzinfo=UTC)
"""A Wednesday, thirty days into the made-up past."""
UNCERTAIN = (
    "district/base_load_kw",
    "district/dwellings_kw",
    "car_park/future_kw",
    "B1/hot_water_kw",
)


def readings_at(moment: datetime, values: dict[str, float]) -> dict[str, Reading]:
    return {key: Reading(key, value, Quality.GOOD, moment) for key, value in values.items()}


def same(one: Forecasts, other: Forecasts) -> bool:
    return all(
        np.array_equal(one[name], other[name])
        and all(
            np.array_equal(row, other.series[name].quantiles[level])
            for level, row in series.quantiles.items()
        )
        for name, series in one.series.items()
    )


def test_every_series_is_there(ask, district: District) -> None:
    names = set(ask(ISSUED).series)
    assert names >= {
        *(f"weather/{q}" for q in ("outdoor_temp_c", "ghi_w_m2", "dni_w_m2", "dhi_w_m2")),
        *(f"price/{q}_eur_per_kwh" for q in ("import", "shared", "feed_in")),
        *(f"{building}/hot_water_kw" for building in district.heated),
        *(f"{roof}/pv_kw" for roof in district.pv_roofs),
        "weather/sea_temp_c",
        "grid/co2_kg_per_kwh",
        "pv/available_kw",
        *UNCERTAIN,
    }


def test_quantiles_are_in_order_and_finite(ask) -> None:
    for series in ask(ISSUED).series.values():
        rows = [series.quantiles[level] for level in sorted(series.quantiles)]
        assert np.isfinite(rows).all()
        assert all((low <= high).all() for low, high in pairwise(rows))


def test_nothing_is_degraded_when_all_is_measured(ask) -> None:
    loop = readings_at(ISSUED, {"LOOP/outdoor_temp_c": 9.0, "LOOP/sea_temp_c": 12.5})
    forecasts = ask(ISSUED, snapshot=Snapshot(taken_at=ISSUED, readings=loop))
    assert forecasts.degraded == ()


def test_readings_that_cannot_be_true_are_left_out_and_told(ask, past) -> None:
    """A district meter that says a hundred times its load for an hour, and less than nothing."""
    over = Slot.containing(ISSUED).index - past.history.horizon.first.index

    def fail(values) -> None:
        row = values[past.history.points.index("M-HTA/power_kw")]
        row[over - 900 : over - 896] = 1e5
        row[over - 500 : over - 498] = -1e5

    told = ask(ISSUED, history=past.changed(fail).history).series["district/base_load_kw"]
    honest = ask(ISSUED).series["district/base_load_kw"]
    assert np.abs(told.values - honest.values).max() < 0.05 * honest.values.mean()
    assert told.source.endswith("6 impossible readings left out")
    assert "left out" not in honest.source


class TestNothingFromTheFuture:
    @pytest.mark.parametrize(
        "issued_at",
        [ISSUED, datetime(2026, 3, 18, 12, tzinfo=UTC), datetime(2026, 3, 28, 23, 59, tzinfo=UTC)],
        ids=["in a slot", "on a slot's edge", "before the clock changes"],
    )
    def test_history_after_the_issue_changes_nothing(self, ask, past, issued_at) -> None:
        over = Slot.containing(issued_at).index - past.history.horizon.first.index

        def scramble(values) -> None:
            values[:, over:] = 1e6 + np.arange(values.shape[1] - over)

        scrambled = past.changed(scramble).history
        assert same(ask(issued_at), ask(issued_at, history=scrambled))

    def test_the_last_whole_slot_does_count(self, ask, past) -> None:
        over = Slot.containing(ISSUED).index - past.history.horizon.first.index

        def raise_last_hour(values) -> None:
            values[past.history.points.index("M-HTA/power_kw"), over - 4 : over] += 100

        raised = ask(ISSUED, history=past.changed(raise_last_hour).history)
        lift = raised["district/base_load_kw"] - ask(ISSUED)["district/base_load_kw"]
        assert lift[0] > 50
        assert lift[0] > lift[12] > lift[48] >= 0

    def test_a_reading_after_the_issue_changes_nothing(self, ask) -> None:
        late = readings_at(
            ISSUED + timedelta(seconds=1), {"LOOP/outdoor_temp_c": 30.0, "CP-01/state": 2.0}
        )
        assert same(ask(ISSUED), ask(ISSUED, snapshot=Snapshot(taken_at=ISSUED, readings=late)))

    def test_each_series_says_when_it_was_made(self, ask) -> None:
        assert {series.issued_at for series in ask(ISSUED).series.values()} == {ISSUED}

    def test_a_horizon_that_is_over_is_refused(self, forecaster, past, district) -> None:
        with pytest.raises(ForecastError, match="before"):
            forecaster.forecast(
                horizon=Horizon(Slot.containing(ISSUED) + -1, 96),
                issued_at=ISSUED,
                history=past.history,
                snapshot=Snapshot(taken_at=ISSUED, readings={}),
                outlook=None,
            )


class TestClockChanges:
    @pytest.mark.parametrize("slots", [92, 96, 100])
    def test_a_day_has_the_length_that_is_asked(self, ask, slots: int) -> None:
        forecasts = ask(datetime(2026, 3, 28, 22, 50, tzinfo=UTC), slots=slots)
        assert forecasts["district/base_load_kw"].shape == (slots,)

    def test_offices_still_open_at_eight_local(self, ask) -> None:
        """Monday 30 March is an hour earlier in UTC than all Mondays before."""
        day = slots_of_local_day(date(2026, 3, 30), PARIS)
        issued_at = Slot(day.start).start - timedelta(minutes=5)
        base = ask(issued_at, slots=len(day))["district/base_load_kw"]
        assert base[30] < 330 < 400 < base[34]

    def test_the_short_day_itself(self, ask) -> None:
        day = slots_of_local_day(date(2026, 3, 29), PARIS)
        assert len(day) == 92
        forecasts = ask(Slot(day.start).start - timedelta(minutes=5), slots=len(day))
        hot_water = forecasts["B1/hot_water_kw"]
        local = local_time(forecasts.horizon, PARIS)
        evening = (local.quarter >= 73) & (local.quarter < 83)
        assert hot_water[evening].min() > 20 > hot_water[~evening][:60].max()


class TestMissingHistory:
    def test_none_at_all_names_the_description(self, ask, forecaster: Forecaster) -> None:
        empty = QuarterHours(
            points=(), horizon=Horizon(Slot.containing(ISSUED), 0), values=np.empty((0, 0))
        )
        forecasts = ask(ISSUED, history=empty)
        for name in UNCERTAIN:
            assert "description" in forecasts.series[name].degraded
            assert forecasts[name].max() > 0

    def test_one_meter_lost_touches_its_series_alone(self, ask, past) -> None:
        def silence(values) -> None:
            values[past.history.points.index("SST-B1/hot_water_draw_kw")] = np.nan

        degraded = ask(ISSUED, history=past.changed(silence).history).degraded
        assert [text for text in degraded if "hot_water" in text] == [
            "B1/hot_water_kw: no history: areas, people and hours of the description"
        ]
        assert not any("base_load" in text for text in degraded)

    def test_few_days_are_said(self, ask, past) -> None:
        begin = Slot.containing(ISSUED).index - past.history.horizon.first.index

        def keep_three_days(values) -> None:
            values[:, : begin - 3 * 96] = np.nan

        forecasts = ask(ISSUED, history=past.changed(keep_three_days).history)
        assert "days of history" in forecasts.series["district/base_load_kw"].degraded

    def test_a_few_silent_dwellings_are_stood_in_for(self, ask, past) -> None:
        rows = [i for i, point in enumerate(past.history.points) if point.startswith("D1-")]

        def silence(values) -> None:
            values[rows[:40]] = np.nan

        changed = ask(ISSUED, history=past.changed(silence).history)
        assert changed["district/dwellings_kw"] == pytest.approx(
            ask(ISSUED)["district/dwellings_kw"], rel=0.03
        )

    def test_a_lost_night_leaves_no_hole(self, ask, past) -> None:
        begin = Slot.containing(ISSUED).index - past.history.horizon.first.index

        def lose(values) -> None:
            values[:, begin - 30 : begin] = np.nan

        forecasts = ask(ISSUED, history=past.changed(lose).history)
        assert forecasts["district/base_load_kw"] == pytest.approx(
            ask(ISSUED)["district/base_load_kw"], abs=60
        )


class TestSun:
    def test_pv_is_zero_at_night_and_bounded_by_day(self, ask, district: District) -> None:
        forecasts = ask(ISSUED)
        local = local_time(forecasts.horizon, PARIS)
        night = (local.quarter < 24) | (local.quarter >= 80)
        for roof in district.pv_roofs.values():
            series = forecasts.series[f"{roof.id}/pv_kw"]
            assert (series.values[night] == 0).all()
            assert (series.quantiles[0.9][night] == 0).all()
            assert series.quantiles[0.9].max() <= roof.inverter_kw
            assert series.values.max() > 0

    def test_roofs_add_up(self, ask, district: District) -> None:
        forecasts = ask(ISSUED)
        roofs = sum(forecasts[f"{roof}/pv_kw"] for roof in district.pv_roofs)
        assert forecasts["pv/available_kw"] == pytest.approx(roofs)


class TestOutside:
    def test_a_warmer_sensor_lifts_the_next_hours(self, ask) -> None:
        plain = ask(ISSUED)["weather/outdoor_temp_c"]
        loop = readings_at(ISSUED, {"LOOP/outdoor_temp_c": plain[0] + 2, "LOOP/sea_temp_c": 13})
        lifted = ask(ISSUED, snapshot=Snapshot(taken_at=ISSUED, readings=loop))
        difference = lifted["weather/outdoor_temp_c"] - plain
        assert difference[0] == pytest.approx(2, abs=0.2)
        assert difference[-1] == pytest.approx(0, abs=0.01)

    def test_a_broken_sensor_is_not_believed(self, ask) -> None:
        loop = readings_at(ISSUED, {"LOOP/outdoor_temp_c": 55.0})
        broken = ask(ISSUED, snapshot=Snapshot(taken_at=ISSUED, readings=loop))
        assert broken["weather/outdoor_temp_c"] == pytest.approx(
            ask(ISSUED)["weather/outdoor_temp_c"]
        )

    def test_prices_not_yet_out_follow_the_known_level(self, ask, district: District) -> None:
        forecasts = ask(ISSUED)
        prices = forecasts["price/import_eur_per_kwh"]
        # issued at 6 h local: today is known until midnight, 71 slots
        assert "for 71 of 96 slots" in forecasts.series["price/import_eur_per_kwh"].source
        least = 0.08 + district.tariff.excise_eur_per_kwh
        assert (prices > least - 0.05).all()
        assert (prices < 0.3).all()

    def test_prices_are_sure_where_they_are_out_and_only_there(self, ask) -> None:
        rows = ask(ISSUED).series["price/import_eur_per_kwh"].quantiles
        width = rows[0.9] - rows[0.1]
        assert (width[:71] == 0).all()
        assert (width[71:] > 0.03).all()


def issue_times(number: int, step_h: int = 31) -> list[datetime]:
    return [ISSUED + timedelta(hours=step_h * k) for k in range(number)]


def test_it_beats_the_same_slot_of_yesterday(ask, past) -> None:
    """Weekday patterns: on Mondays and Saturdays yesterday misleads."""
    ours, yesterday = [], []
    for issued_at in issue_times(10):
        forecasts = ask(issued_at)
        first = past.history.horizon.offset(forecasts.horizon.first)
        truth = past.base_load_kw[first : first + 96]
        ours.append(mean_absolute_error(forecasts["district/base_load_kw"], truth))
        before = past.base_load_kw[first - 96 : first]
        yesterday.append(mean_absolute_error(before, truth))
    assert np.mean(ours) < 0.6 * np.mean(yesterday)


def test_most_of_the_truth_lies_between_the_quantiles(ask, past) -> None:
    shares = []
    for issued_at in issue_times(10):
        forecasts = ask(issued_at)
        first = past.history.horizon.offset(forecasts.horizon.first)
        truth = past.base_load_kw[first : first + 96]
        shares.append(coverage(forecasts.series["district/base_load_kw"].quantiles, truth))
    assert 0.68 < np.mean(shares) < 0.92
