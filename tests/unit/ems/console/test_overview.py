"""What the overview says of the district, told without a server."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from console_in_memory import NOW, StoreInMemory, make_plan, plug_in

from ems.console.ageing import Ageing
from ems.console.figures import measured, total
from ems.console.levels import Level, levels
from ems.console.overview import Overview, Standing, gap_share, overview
from ems.domain.district import District
from ems.domain.plans import Mode, Origin
from ems.domain.points import Quality
from ems.domain.slots import Slot
from ems.domain.snapshot import Snapshot


def seen(store: StoreInMemory, now=NOW) -> Overview:
    marked = Ageing(store.district, speed=1.0).marked(
        Snapshot(taken_at=now, readings=dict(store.readings))
    )
    plan = store.plans[0] if store.plans else None
    return overview(store.district, marked, plan, Mode.AUTOMATIC, now)


def test_nothing_deserves_colour_when_all_is_well(store: StoreInMemory) -> None:
    state = seen(store)
    assert set(vars(levels(state)).values()) == {Level.QUIET}
    assert not state.degraded


def test_a_district_never_read_shows_no_zero(empty_store: StoreInMemory) -> None:
    state = seen(empty_store)
    figures = [state.connection.net_kw, state.pv_kw, state.heat_pump_kw, state.ev_kw, state.heat_kw]
    figures += [part for b in state.batteries for part in (b.soc_pct, b.power_kw)]
    assert {figure.value for figure in figures} == {None}
    assert state.connection.distance_kw is None
    assert (state.dwellings.known, state.dwellings.total) == (0, 412)
    assert state.charging.unknown == 60
    assert state.plan is None
    assert state.degraded
    assert levels(state).plan is Level.ALARM
    assert levels(state).data is Level.ALARM


def test_distance_to_the_subscribed_power(store: StoreInMemory, district: District) -> None:
    store.measure("M-HTA/power_kw", 612.0)
    connection = seen(store).connection
    assert connection.distance_kw == pytest.approx(district.tariff.subscribed_kw - 612.0)


@pytest.mark.parametrize(
    ("share_of_subscribed", "level"),
    [(0.5, Level.QUIET), (0.97, Level.CAUTION), (1.01, Level.ALARM)],
)
def test_import_near_and_above_the_subscribed_power(
    store: StoreInMemory, district: District, share_of_subscribed: float, level: Level
) -> None:
    store.measure("M-HTA/power_kw", share_of_subscribed * district.tariff.subscribed_kw)
    assert levels(seen(store)).connection is level


def test_the_highest_import_ahead_is_told_and_one_above_the_limit_is_a_caution(
    store: StoreInMemory, district: District
) -> None:
    plan = store.plans[0]
    net_kw = np.full(96, 300.0)
    net_kw[40] = district.tariff.subscribed_kw + 10
    store.plans = [replace(plan, series={**plan.series, "net_kw": net_kw})]
    state = seen(store)
    assert state.connection.peak_kw == pytest.approx(district.tariff.subscribed_kw + 10)
    assert state.connection.peak_at == Slot(plan.horizon.first.index + 40).start
    assert levels(state).connection is Level.CAUTION


def test_a_stale_meter_is_shown_but_not_reckoned_with(store: StoreInMemory) -> None:
    store.measure("M-HTA/power_kw", 612.0, at=NOW - timedelta(hours=1))
    connection = seen(store).connection
    assert connection.net_kw.value == 612.0
    assert not connection.net_kw.usable
    assert connection.distance_kw is None
    assert levels(seen(store)).connection is Level.CAUTION


def test_stale_inverters_are_left_out_of_the_sum_and_counted(store: StoreInMemory) -> None:
    before = seen(store).pv_kw
    store.measure("PV-A1/power_kw", 12.4, at=NOW - timedelta(hours=1))
    after = seen(store).pv_kw
    assert (before.left_out, after.left_out) == (0, 1)
    assert before.value == pytest.approx(8 * 12.4)
    assert after.value == pytest.approx(7 * 12.4)


def test_a_sum_of_nothing_usable_is_unknown_not_zero(store: StoreInMemory) -> None:
    store.measure("BAT-1/power_kw", 5.0, quality=Quality.COMM_FAIL)
    snapshot = Snapshot(taken_at=NOW, readings=store.readings)
    assert total(snapshot, ["BAT-1/power_kw"]).value is None
    assert measured(snapshot, "BAT-1/power_kw").value == 5.0


def test_dwellings_within_a_tenth_of_a_kelvin_are_warm_enough(store: StoreInMemory) -> None:
    first, second, third = list(store.district.dwellings.values())[:3]
    store.measure(f"{first.id}/room_temp_c", first.heat_c - 0.1)
    store.measure(f"{second.id}/room_temp_c", second.heat_c - 1.5)
    store.measure(f"{third.id}/room_temp_c", 12.0, quality=Quality.DEVICE_INVALID)
    tally = seen(store).dwellings
    assert (tally.good, tally.known, tally.total) == (410, 411, 412)
    assert tally.worst == (second.id,)
    assert tally.worst_by == pytest.approx(1.5)


def test_zones_are_judged_only_in_the_hours_of_their_use(store: StoreInMemory) -> None:
    office = next(z for z in store.district.zones.values() if z.use == "office")
    store.measure(f"{office.id}/room_temp_c", 15.0)
    night = NOW.replace(hour=1)
    assert office.id in seen(store).zones.worst
    assert office.id not in seen(store, night).zones.worst
    assert seen(store, night).zones.total < seen(store).zones.total


def test_a_zone_too_warm_is_out_of_its_band_as_well(store: StoreInMemory) -> None:
    office = next(z for z in store.district.zones.values() if z.use == "office")
    store.measure(f"{office.id}/room_temp_c", 29.0)
    assert office.id in seen(store).zones.worst


@pytest.mark.parametrize(
    ("situation", "charge_point", "wanted", "minutes", "missing"),
    [
        ("the plan gives it all in time", "CP-02", 14.0, 120.0, None),
        ("the plan gives 7.4 kW for an hour", "CP-02", 20.0, 60.0, 12.6),
        ("no plan speaks of it: the point's own power", "CP-03", 20.0, 60.0, 12.6),
        ("it leaves now", "CP-02", 3.0, 0.0, 3.0),
        ("only a rounding is missing", "CP-02", 7.8, 60.0, None),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_cars_that_would_leave_short(
    store: StoreInMemory,
    situation: str,
    charge_point: str,
    wanted: float,
    minutes: float,
    missing: float | None,
) -> None:
    plug_in(store, charge_point, wanted=wanted, charged=0.0, minutes=minutes)
    charging = seen(store).charging
    assert charging.connected == 1
    assert [car.missing_kwh for car in charging.short] == (
        [] if missing is None else [pytest.approx(missing)]
    )


def test_the_battery_stands_beside_its_plan(store: StoreInMemory) -> None:
    battery = seen(store).batteries[0]
    assert battery.soc_pct.value == 61.0
    assert battery.soc_pct.planned == pytest.approx(55.0)


@pytest.mark.parametrize(
    ("first", "standing"),
    [(0, Standing.IN_FORCE), (1, Standing.AHEAD), (-96, Standing.ENDED)],
)
def test_where_a_plan_stands(store: StoreInMemory, first: int, standing: Standing) -> None:
    store.plans = [make_plan(store.district, Slot.containing(NOW) + first)]
    state = seen(store)
    assert state.plan is not None
    assert state.plan.standing is standing
    assert state.degraded == (standing is not Standing.IN_FORCE)


@pytest.mark.parametrize(
    ("origin", "level"),
    [
        (Origin.OPTIMISED, Level.QUIET),
        (Origin.PREVIOUS, Level.CAUTION),
        (Origin.RULES, Level.ALARM),
    ],
)
def test_the_ladder_shows(store: StoreInMemory, origin: Origin, level: Level) -> None:
    store.plans = [replace(store.plans[0], origin=origin)]
    assert levels(seen(store)).plan is level


def test_the_gap_to_the_bound_needs_both_figures() -> None:
    assert gap_share(100.0, 99.0) == pytest.approx(0.01)
    assert gap_share(100.0, float("nan")) is None


def test_a_fast_clock_does_not_make_fresh_values_stale(district: District) -> None:
    real, fast = Ageing(district, speed=1.0), Ageing(district, speed=300.0)
    assert fast.limit_s("M-HTA/power_kw") == 60 * 300
    assert real.limit_s("M-HTA/power_kw") < 600
