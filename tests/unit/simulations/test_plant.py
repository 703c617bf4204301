"""The virtual district: closed balances, determinism, commands and their leases, faults."""

import copy
from datetime import timedelta

import numpy as np
import pytest

from ems.domain.district import DeviceKind
from ems.domain.slots import Horizon
from simulations.history import baseline_history, history_points, record
from simulations.people import People

HOUR = timedelta(hours=1)


def _room_c(plant):
    return plant.rooms.air_c[: plant.rooms.dwellings].copy()


def test_heat_into_and_out_of_rooms_balances_over_days(winter_plant):
    plant = winter_plant()
    before = plant.rooms.stored_kwh
    plant.advance(plant.now + timedelta(days=3))
    t = plant.totals
    given = t.heating_kwh - t.cooling_kwh + t.gains_kwh + t.sun_kwh
    stored = plant.rooms.stored_kwh - before
    assert given == pytest.approx(t.loss_kwh + t.ventilation_kwh + stored, rel=1e-9)


def test_heat_into_and_out_of_tanks_balances(winter_plant):
    plant = winter_plant()
    before = plant.substations.stored_kwh
    plant.advance(plant.now + timedelta(days=3))
    t = plant.totals
    stored = plant.substations.stored_kwh - before
    assert t.tank_charge_kwh == pytest.approx(t.hot_water_kwh + t.tank_loss_kwh + stored, rel=1e-9)


def test_the_connection_carries_what_everybody_uses(winter_plant):
    plant = winter_plant()
    plant.advance(plant.now + timedelta(days=1))
    t = plant.totals
    used = t.shared_kwh + t.heat_pump_kwh + t.pump_kwh + t.ev_kwh
    net = t.import_kwh - t.export_kwh
    assert net == pytest.approx(used + t.zones_kwh - t.pv_kwh, rel=0.01)
    counted = plant.image["M-HTA/import_energy_kwh"] - plant.image["M-HTA/export_energy_kwh"]
    assert net == pytest.approx(counted, rel=1e-9)


def test_the_same_seed_gives_the_same_numbers(winter_plant):
    one, two, other = winter_plant(), winter_plant(), winter_plant(seed=6)
    for plant in (one, two, other):
        plant.advance(plant.now + 6 * HOUR)
    np.testing.assert_array_equal(one.image.values, two.image.values)
    assert one.totals == two.totals
    assert other.totals != one.totals


def test_how_often_somebody_looks_changes_nothing(winter_plant):
    one, two = winter_plant(), winter_plant()
    one.advance(one.now + HOUR)
    for _ in range(12):
        two.advance(two.now + HOUR / 12)
    np.testing.assert_allclose(one.image.values, two.image.values, rtol=1e-12, atol=1e-12)


def test_short_and_long_steps_agree(winter_plant):
    fine, coarse = winter_plant(dt_s=60.0), winter_plant(dt_s=300.0)
    for plant in (fine, coarse):
        plant.advance(plant.now + 9 * HOUR)
    assert fine.totals.heating_kwh == pytest.approx(coarse.totals.heating_kwh, rel=0.01)
    assert np.abs(_room_c(fine) - _room_c(coarse)).max() < 0.2


def test_every_measured_point_has_a_finite_value(winter_plant):
    plant = winter_plant()
    plant.advance(plant.now + 9 * HOUR)
    assert np.isfinite(plant.image.values).all()


def test_without_commands_rooms_are_held_a_little_above_what_is_wished(winter_plant, hamlet):
    plant = winter_plant()
    plant.advance(plant.now + 2 * timedelta(days=1))
    wished = np.array([d.heat_c for d in hamlet.dwellings.values()])
    assert (_room_c(plant) > wished - 1.2).all()
    assert np.median(_room_c(plant) - wished) >= 0.15


def test_a_dwelling_obeys_while_its_heartbeat_is_renewed(winter_plant, commander):
    plant = winter_plant()
    command = commander(plant)
    for _ in range(24):
        command.write(DeviceKind.DWELLING, "heartbeat", setpoint_c=16.0)
        plant.advance(plant.now + HOUR / 4)
    assert plant.control.heat_kw[: plant.rooms.dwellings].sum() < 5.0
    plant.advance(plant.now + timedelta(minutes=10))
    assert plant.control.heat_kw[: plant.rooms.dwellings].sum() < 5.0
    plant.advance(plant.now + timedelta(minutes=40))
    assert plant.control.heat_kw[: plant.rooms.dwellings].sum() > 20.0


def test_a_value_without_a_heartbeat_is_no_command(winter_plant):
    told, untold = winter_plant(), winter_plant()
    told.image.values[told.image.columns(DeviceKind.DWELLING, "setpoint_c")] = 10.0
    for plant in (told, untold):
        plant.advance(plant.now + 3 * HOUR)
    assert told.totals == untold.totals


def test_a_substation_keeps_its_heat_limit(winter_plant, commander):
    plant = winter_plant()
    command = commander(plant)
    for _ in range(8):
        command.write(DeviceKind.SUBSTATION, "heartbeat", heat_limit_kw=30.0)
        plant.advance(plant.now + HOUR / 4)
        assert plant.image["SST-D1/heating_power_kw"] <= 30.0 + 1e-9


def test_hygiene_comes_before_a_planned_tank(winter_plant, commander, hamlet):
    plant = winter_plant()
    command = commander(plant)
    low = hamlet.buildings["D1"].substation.tank.temp_low_c
    for _ in range(96):
        command.write(
            DeviceKind.SUBSTATION, "heartbeat", tank_setpoint_c=20.0, tank_charge_limit_kw=0.0
        )
        plant.advance(plant.now + HOUR / 4)
        # the morning draws more than a tank can be charged with
        assert plant.image["SST-D1/tank_top_temp_c"] > low - 3.0
    assert plant.totals.tank_charge_kwh > 0.9 * plant.totals.hot_water_kwh


@pytest.mark.parametrize("out", [["HP-1"], ["HP-1", "HP-2"], ["HP-1", "HP-2", "HP-3"]], ids=len)
def test_a_silent_heat_pump_gives_nothing(winter_plant, out):
    plant = winter_plant()
    for name in out:
        plant.image.silent[plant.image.device_index[name]] = 1
    plant.advance(plant.now + HOUR)
    for name in out:
        assert plant.image[f"{name}/heat_power_kw"] == 0.0
    if len(out) == 3:
        assert plant.totals.heating_kwh == 0.0
    else:
        assert plant.totals.heating_kwh > 10.0


def test_a_limited_heat_pump_keeps_its_limit(winter_plant, commander):
    plant = winter_plant()
    command = commander(plant)
    plant.image.silent[plant.image.devices(DeviceKind.HEAT_PUMP)[1:]] = 1
    for _ in range(4):
        command.write(DeviceKind.HEAT_PUMP, "heartbeat", enable=1.0, heat_limit_pct=3.0)
        plant.advance(plant.now + HOUR / 4)
        most = 0.03 * plant.district.plant.heat_kw_per_unit
        assert plant.image["HP-1/heat_power_kw"] == pytest.approx(most)


def test_electricity_of_heat_lies_between_carnot_and_a_poor_machine(winter_plant):
    plant = winter_plant()
    plant.advance(plant.now + timedelta(days=1))
    t = plant.totals
    cop = (t.heating_kwh + t.tank_charge_kwh + t.cooling_kwh) / t.heat_pump_kwh
    assert 2.3 < cop < 5.0


def test_a_battery_follows_its_setpoint_until_the_timeout(winter_plant, commander):
    plant = winter_plant()
    commander(plant).write(
        DeviceKind.BATTERY, "setpoint_timeout_s", power_setpoint_kw=100.0, setpoint_enable=1.0
    )
    plant.advance(plant.now + HOUR / 4)
    assert plant.image["BAT-1/power_kw"] == 100.0
    plant.advance(plant.now + HOUR)
    assert plant.image["BAT-1/power_kw"] == 0.0


def test_a_roof_is_curtailed_until_the_timeout(summer_plant, commander):
    summer_plant.advance(summer_plant.now + 11 * HOUR)
    full = summer_plant.roofs.power_kw.copy()
    command = commander(summer_plant)
    command.write(DeviceKind.PV_INVERTER, "limit_timeout_s", power_limit_pct=10.0, limit_enable=1.0)
    summer_plant.advance(summer_plant.now + HOUR / 4)
    inverters = [roof.inverter_kw for roof in summer_plant.district.pv_roofs.values()]
    np.testing.assert_allclose(summer_plant.roofs.power_kw, 0.1 * np.array(inverters))
    assert summer_plant.totals.pv_curtailed_kwh > 0
    summer_plant.advance(summer_plant.now + HOUR)
    assert (summer_plant.roofs.power_kw > 0.8 * full).all()


def test_shops_are_cooled_in_summer_and_flats_are_not_heated(summer_plant):
    summer_plant.advance(summer_plant.now + timedelta(days=1))
    t = summer_plant.totals
    assert t.cooling_kwh > 50
    assert t.heating_kwh == 0
    assert t.zone_warm_kh < 1.0


def test_a_faulty_sensor_shows_nothing(winter_plant):
    plant = winter_plant()
    plant.faults["D1-0304/room_temp_c"] = float("nan")
    plant.advance(plant.now + HOUR)
    assert np.isnan(plant.image["D1-0304/room_temp_c"])
    assert np.isfinite(plant.rooms.states.nodes_c).all()


def test_quarter_hour_means_carry_the_energy(winter_plant, winter):
    plant = winter_plant()
    day = Horizon(winter.horizon.first, 96)
    kept = record(plant, day)
    assert kept.points == history_points(plant.district)
    hta = kept.quarter_hours(["M-HTA/power_kw"], day)[0]
    assert hta.sum() / 4 == pytest.approx(plant.totals.import_kwh - plant.totals.export_kwh)
    heat = [p for p in kept.points if p.endswith("/heat_power_kw") and not p.startswith("HP")]
    assert kept.quarter_hours(heat, day).sum() / 4 == pytest.approx(plant.totals.heating_kwh)
    pumps = [f"HP-{unit}/heat_power_kw" for unit in (1, 2, 3)]
    both = plant.totals.heating_kwh + plant.totals.tank_charge_kwh
    assert kept.quarter_hours(pumps, day).sum() / 4 == pytest.approx(both)


def test_a_copied_plant_goes_its_own_way(winter_plant):
    plant = winter_plant()
    plant.advance(plant.now + HOUR)
    twin = copy.deepcopy(plant)
    twin.image["BAT-1/power_setpoint_kw"] = 50.0
    twin.image["BAT-1/setpoint_enable"] = 1.0
    twin.image["BAT-1/setpoint_timeout_s"] = 1800.0
    for each in (plant, twin):
        each.advance(each.now + HOUR / 4)
    assert twin.image["BAT-1/power_kw"] == 50.0
    assert plant.image["BAT-1/power_kw"] == 0.0
    assert twin.rooms.stored_kwh == plant.rooms.stored_kwh


def test_the_whole_district_on_a_winter_monday(district, winter):
    horizon = Horizon(winter.horizon.first, 96)
    people = People.make(district, horizon, 1)
    kept = baseline_history(district, winter, people, horizon, 1)
    assert np.isfinite(kept.values).all()
    net_kw = kept.quarter_hours(["M-HTA/power_kw"], horizon)[0]
    assert 600 < net_kw.max() < 1200
    for name, building in district.heated.items():
        passed = [f"SST-{name}/heating_power_kw", f"SST-{name}/tank_charge_kw"]
        most = building.substation.heat_kw_max
        assert kept.quarter_hours(passed, horizon).sum(axis=0).max() <= most + 1e-6
    tops = [f"SST-{name}/tank_top_temp_c" for name in district.heated]
    assert kept.quarter_hours(tops, horizon).min() > 53.0
