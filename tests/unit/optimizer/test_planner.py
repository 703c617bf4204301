"""Plans of the whole district."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.district import DeviceKind, District
from ems.domain.errors import ForecastError
from ems.domain.plans import Origin, Plan, ReasonCode, SetpointRow
from ems.domain.slots import SLOT_H
from ems.domain.snapshot import QuarterHours
from ems.domain.vocabulary import WRITTEN
from ems.optimizer import Planner
from ems.optimizer.sessions import sessions

RENEWED = ("heartbeat", "failsafe_s", "limit_timeout_s", "setpoint_timeout_s")
"""Points that the writer renews by itself."""


@pytest.fixture(scope="module")
def winter(planner: Planner, winter_day: Day) -> Plan:
    return winter_day.plan(planner)


@pytest.fixture(scope="module")
def summer(planner: Planner, summer_day: Day) -> Plan:
    return summer_day.plan(planner)


@pytest.fixture(params=["winter", "summer"])
def plan(request: pytest.FixtureRequest) -> Plan:
    made: Plan = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def day_of_plan(plan: Plan, winter: Plan, winter_day: Day, summer_day: Day) -> Day:
    return winter_day if plan is winter else summer_day


def rows(plan: Plan, name: str) -> dict[str, SetpointRow]:
    """The rows of all points called `name`, by device."""
    return {r.point.split("/")[0]: r for r in plan.setpoints if r.point.endswith(f"/{name}")}


def test_the_cost_is_proved(plan: Plan) -> None:
    assert plan.origin is Origin.OPTIMISED
    assert plan.report.bound_eur <= plan.report.cost_eur + 1e-6
    assert plan.report.bound_eur == pytest.approx(plan.report.cost_eur, rel=1.001e-3)


def test_electricity_balances_in_every_slot(plan: Plan) -> None:
    s = plan.series
    drawn = s["base_kw"] + s["heat_pump_kw"] + s["ev_kw"] + s["battery_kw"]
    net = drawn - s["pv_kw"] + s["curtailed_kw"]
    assert s["import_kw"] - s["export_kw"] == pytest.approx(net)
    assert (np.minimum(s["import_kw"], s["export_kw"]) == 0).all()


def test_buildings_and_tanks_add_up_to_the_plants_heat(plan: Plan, district: District) -> None:
    of_buildings = sum(plan.series[f"{name}/heat_kw"] for name in district.heated)
    assert of_buildings == pytest.approx(plan.series["heat_kw"] + plan.series["hot_water_kw"])
    for name, building in district.heated.items():
        assert building.substation
        assert plan.series[f"{name}/heat_kw"].max() <= building.substation.heat_kw_max + 1e-3


def test_cars_add_up_to_the_feeders_load(plan: Plan, district: District) -> None:
    cars = [values for name, values in plan.series.items() if name.endswith("/ev_kw")]
    assert sum(cars) == pytest.approx(plan.series["ev_kw"])
    assert plan.series["ev_kw"].max() <= district.car_park.feeder_kw + 1e-6


def test_the_batteries_energy_follows_their_power(winter: Plan, district: District) -> None:
    # rows are rounded to 0.1 kW, so the first hour's energy may err by 0.1 kWh
    for name, battery in district.batteries.items():
        stored = winter.series[f"{name}/soc_kwh"]
        power = rows(winter, "power_setpoint_kw")[name].values
        into = np.maximum(power, 0) * battery.efficiency_charge
        out = np.maximum(-power, 0) / battery.efficiency_discharge
        assert np.diff(stored)[:20] == pytest.approx((into - out)[1:21] * SLOT_H, abs=0.1)
        assert stored.min() >= battery.soc_low * battery.capacity_kwh - 1e-6
        assert stored.max() <= battery.soc_high * battery.capacity_kwh + 1e-6


def test_comfort_is_held(plan: Plan) -> None:
    assert plan.series["discomfort_k"].max() < 0.05


def test_import_stays_below_the_subscribed_power(plan: Plan, district: District) -> None:
    assert plan.series["import_kw"].max() <= district.tariff.subscribed_kw


def test_every_setpoint_is_finite_and_inside_its_bounds(plan: Plan) -> None:
    for row in plan.setpoints:
        assert np.isfinite(row.values).all(), row.point
        assert (row.values >= row.low).all(), row.point
        assert (row.values <= row.high).all(), row.point
        assert len(row.values) == len(row.reasons) == plan.horizon.length


def test_every_written_point_has_a_row_and_nothing_else(plan: Plan, district: District) -> None:
    uncooled = {z.id for z in district.zones.values() if z.cool_kw_max == 0}
    wanted = {
        f"{device.id}/{name}"
        for device in district.devices.values()
        for name in WRITTEN[device.kind]
        if name not in RENEWED and not (name == "cool_setpoint_c" and device.serves in uncooled)
    }
    points = [row.point for row in plan.setpoints]
    assert len(points) == len(set(points))
    assert set(points) == wanted


def test_cars_get_no_current_or_one_that_they_can_follow(plan: Plan, district: District) -> None:
    for row in rows(plan, "current_limit_a").values():
        current = row.values[row.values > 0]
        assert (current >= district.car_park.least_current_a).all()
        assert current == pytest.approx(np.round(current))


def test_the_limits_of_the_car_park_hold_with_the_cars_that_may_come(
    plan: Plan, day_of_plan: Day, district: District
) -> None:
    park, load = district.car_park, {"feeder": np.zeros(96)}
    groups = Counter(
        district.charge_points[d.serves].group
        for d in district.of_kind(DeviceKind.CHARGE_POINT)
        if day_of_plan.readings[f"{d.id}/state"] == 0
    )
    for device, row in rows(plan, "current_limit_a").items():
        point = district.charge_points[district.devices[device].serves]
        free = day_of_plan.readings[f"{device}/state"] == 0
        coming = max(2.0, groups[point.group] / 4) / groups[point.group] if free else 1.0
        power = row.values * point.phases * park.voltage_v / 1000 * min(1.0, coming)
        load["feeder"] += power
        load[point.group] = load.get(point.group, np.zeros(96)) + power
    assert load.pop("feeder").max() <= park.feeder_kw + 1e-6
    assert all(group.max() <= park.group_kw + 1e-6 for group in load.values())


def test_a_free_charge_point_lets_a_car_start(summer: Plan, summer_day: Day) -> None:
    free = [p for p in rows(summer, "current_limit_a") if summer_day.readings[f"{p}/state"] == 0]
    assert free
    started = [rows(summer, "current_limit_a")[p].values[-1] for p in free]
    assert min(started) >= 6


def test_dwellings_stand_between_their_floor_and_the_preheating(
    plan: Plan, district: District
) -> None:
    comfort = district.comfort
    for device, row in rows(plan, "setpoint_c").items():
        floor = district.dwellings[district.devices[device].serves].heat_c + comfort.margin_k
        assert row.values.min() >= floor - 0.051
        assert row.values.max() <= min(floor + comfort.preheat_k, row.high) + 0.051


def test_cooling_never_starts_below_heating(plan: Plan) -> None:
    heat, cool = rows(plan, "heat_setpoint_c"), rows(plan, "cool_setpoint_c")
    for device, row in cool.items():
        assert (row.values >= heat[device].values + 0.9).all()


def test_heat_pumps_are_left_to_run(plan: Plan) -> None:
    assert all((r.values == 1).all() for r in rows(plan, "enable").values())


def test_preheating_says_which_price_it_avoids(winter: Plan) -> None:
    price = winter.series["import_price_eur_per_kwh"]
    found = 0
    for row in rows(winter, "setpoint_c").values():
        for slot, reason in enumerate(row.reasons):
            if reason.code is ReasonCode.PREHEAT:
                found += 1
                assert reason.value in np.round(price[slot : slot + 24], 4)
    assert found


def test_a_car_that_cannot_be_served_is_named(planner: Planner, summer_day: Day) -> None:
    plan = summer_day.with_car("CP-01", wanted_kwh=30.0, hours=1.0).plan(planner)
    assert "CP-01: leaves with 22.6 kWh less" in plan.report.message
    assert plan.series["ev_shortfall_kwh"][0] > 22


def test_wishes_that_contradict_each_other_still_give_a_plan(
    planner: Planner, summer_day: Day, district: District
) -> None:
    base = summer_day.forecasts["district/base_load_kw"]
    plan = summer_day.with_series({"district/base_load_kw": base + 700}).plan(planner)
    subscribed = district.tariff.subscribed_kw
    assert f"above the subscribed {subscribed:.0f} kW" in plan.report.message
    assert "the subscribed power is full" not in plan.report.message, "cars come before overruns"
    assert plan.report.bound_eur == pytest.approx(plan.report.cost_eur, rel=1.001e-3)


def test_a_cold_district_without_two_units_says_who_is_cold(
    planner: Planner, any_day: Callable[..., Day]
) -> None:
    cold = any_day(datetime(2026, 1, 13, 4, tzinfo=UTC), outdoor_c=-12.0)
    plan = cold.with_readings({"HP-1/alarm": 1.0, "HP-2/alarm": float("nan")}).plan(planner)
    assert "K below comfort" in plan.report.message
    heat = plan.series["heat_kw"] + plan.series["hot_water_kw"]
    assert heat.max() <= cold.district.plant.heat_kw_per_unit + 1e-3


def test_a_silent_heat_pump_is_planned_without(planner: Planner, summer_day: Day) -> None:
    plan = summer_day.with_readings({"HP-3/alarm": float("nan")}).plan(planner)
    assert "HP-3 does not answer: planned without it" in plan.report.message


def test_a_battery_without_state_of_charge_rests(planner: Planner, winter_day: Day) -> None:
    plan = winter_day.with_readings({"BAT-1/soc_pct": float("nan")}).plan(planner)
    assert (rows(plan, "power_setpoint_kw")["BAT-1"].values == 0).all()
    assert (rows(plan, "setpoint_enable")["BAT-1"].values == 0).all()
    assert (rows(plan, "setpoint_enable")["BAT-2"].values == 1).all()
    assert "BAT-1: no state of charge" in plan.report.message


def test_a_silent_building_takes_what_is_comfortable(planner: Planner, summer_day: Day) -> None:
    hotel = {
        f"{device.id}/room_temp_c": float("nan")
        for device in summer_day.district.of_kind(DeviceKind.ZONE)
        if device.serves.startswith("A2")
    }
    plan = summer_day.with_readings(hotel).plan(planner)
    assert "A2 hotel: no room temperature of 6 rooms, 20 °C taken" in plan.report.message


@pytest.mark.parametrize(
    "name", ["price/import_eur_per_kwh", "B1/hot_water_kw", "weather/sea_temp_c"]
)
def test_a_missing_forecast_is_named(planner: Planner, winter_day: Day, name: str) -> None:
    series = {k: v for k, v in winter_day.forecasts.series.items() if k != name}
    lame = replace(winter_day, forecasts=replace(winter_day.forecasts, series=series))
    with pytest.raises(ForecastError, match=name):
        lame.plan(planner)


def test_a_forecast_that_is_not_finite_is_named(planner: Planner, winter_day: Day) -> None:
    lame = winter_day.with_series({"pv/available_kw": 50.0})
    lame.forecasts["pv/available_kw"][3] = np.nan
    with pytest.raises(ForecastError, match="pv/available_kw"):
        lame.plan(planner)


def test_forecasts_of_other_slots_are_refused(
    planner: Planner, winter_day: Day, summer_day: Day
) -> None:
    lame = replace(winter_day, forecasts=summer_day.forecasts)
    with pytest.raises(ForecastError, match="for a plan of"):
        lame.plan(planner)


@pytest.mark.parametrize(
    ("start", "slots"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 92),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 100),
        (datetime(2026, 1, 13, 7, tzinfo=UTC), 1),
        (datetime(2026, 1, 13, 7, tzinfo=UTC), 192),
    ],
    ids=["day of 23 hours", "day of 25 hours", "one slot", "two days"],
)
def test_horizons_of_any_length_are_planned(
    planner: Planner, any_day: Callable[..., Day], start: datetime, slots: int
) -> None:
    plan = any_day(start, slots=slots, outdoor_c=20.0, cars=5).plan(planner)
    assert all(len(row.values) == slots for row in plan.setpoints)
    assert all(values.shape == (slots,) for values in plan.series.values())


def test_a_plan_needs_no_history(planner: Planner, winter_day: Day) -> None:
    horizon = winter_day.history.horizon
    nothing = QuarterHours(points=(), horizon=horizon, values=np.zeros((0, horizon.length)))
    bare = replace(winter_day, history=nothing)
    assert bare.plan(planner).series["discomfort_k"].max() < 0.05


def test_the_same_inputs_give_the_same_plan(planner: Planner, summer_day: Day) -> None:
    first, second = summer_day.plan(planner), summer_day.plan(planner)
    for a, b in zip(first.setpoints, second.setpoints, strict=True):
        assert a.point == b.point
        assert a.values == pytest.approx(b.values)


def test_every_car_that_says_what_it_wants_is_seen(winter_day: Day) -> None:
    found, notes = sessions(winter_day.district, winter_day.snapshot, winter_day.horizon)
    assert len(found) == 60
    assert not notes


def test_what_a_car_takes_at_most_is_remembered_while_it_waits(
    planner: Planner, winter_day: Day
) -> None:
    charging = {"state": 2.0, "current_limit_a": 32.0, "current_l1_a": 16.0, "power_kw": 3.68}
    waiting = {"state": 1.0, "current_limit_a": 0.0, "current_l1_a": 0.0, "power_kw": 0.0}
    other = {"state": 2.0, "current_limit_a": 20.0, "current_l1_a": 20.0, "power_kw": 4.6}
    full = {"state": 2.0, "current_limit_a": 32.0, "current_l1_a": 32.0, "power_kw": 7.36}

    def seen(values: dict[str, float], previous: Plan | None) -> float:
        day = winter_day.with_car("CP-01", 20.0, 9.0)
        now = day.with_readings({f"CP-01/{name}": v for name, v in values.items()})
        found, _ = sessions(now.district, now.snapshot, now.horizon, previous)
        return found[0].own_kw

    day = winter_day.with_car("CP-01", 20.0, 9.0)
    plan = day.with_readings({f"CP-01/{k}": v for k, v in charging.items()}).plan(planner)
    assert seen(charging, None) == pytest.approx(3.68)
    assert seen(waiting, plan) == pytest.approx(3.68)
    assert np.isnan(seen(waiting, None))
    assert np.isnan(seen(other, plan)), "who takes more is another car"
    assert seen(full, None) == pytest.approx(7.36), "who takes all there is takes that much"


@pytest.mark.parametrize(
    ("wanted_kwh", "hours", "seen_kw", "at_once"),
    [
        pytest.param(5.0, 6.0, None, False, id="even 16 A leave it time in hand"),
        pytest.param(12.0, 5.0, None, True, id="late if it takes 16 A at most: tried at once"),
        pytest.param(12.0, 5.0, 7.36, False, id="seen to take 32 A, it can wait"),
        pytest.param(12.0, 5.0, 3.68, True, id="seen to take 16 A only, it can't"),
        pytest.param(25.0, 3.6, 7.36, True, id="needs nearly all of its stay"),
    ],
)
def test_a_car_without_time_in_hand_is_charged_at_once(
    planner: Planner,
    any_day: Callable[..., Day],
    wanted_kwh: float,
    hours: float,
    seen_kw: float | None,
    at_once: bool,
) -> None:
    amperes = (seen_kw or 0.0) / 0.23
    charging = {"state": 2.0, "current_limit_a": 32.0, "current_l1_a": amperes}
    now = any_day(datetime(2026, 1, 13, 17, tzinfo=UTC), outdoor_c=6.0, cars=0).with_car(
        "CP-01", wanted_kwh, hours
    )
    if seen_kw:
        charging |= {"power_kw": seen_kw}
        now = now.with_readings({f"CP-01/{name}": value for name, value in charging.items()})
    falling = np.where(np.arange(now.horizon.length) < 3, 0.6, 0.1)
    plan = now.with_series({"price/import_eur_per_kwh": falling}).plan(planner)
    current = rows(plan, "current_limit_a")["CP-01"].values
    assert (current[0] > 0) == at_once
