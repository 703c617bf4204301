"""What the plan decides in districts that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from small_districts import hamlet, solved, with_battery, with_cars, with_house, with_tank

CHEAP, DEAR = 0.10, 0.30


def about(values: object) -> object:
    """Equal as far as an interior point goes: it never stands quite at a bound."""
    return pytest.approx(values, rel=1e-3, abs=0.02)


def test_a_battery_shifts_between_two_prices_as_arithmetic_says() -> None:
    # a base load of 60 kW, two cheap slots, then eight dear ones; worth nothing when left over
    answer = solved(with_battery(hamlet([CHEAP] * 2 + [DEAR] * 8, base_kw=60)))
    assert answer.charge[:2, 0] == about([40, 40])  # the subscribed 100 kW hold
    assert answer.stored[1, 0] == about(50 + 2 * 40 / 4)
    assert answer.stored[-1, 0] == about(0)
    bill = 2 * 100 / 4 * CHEAP + (8 * 60 / 4 - 70) * DEAR
    assert answer.cost_eur == about(bill)


def test_a_battery_rests_when_losses_and_wear_cost_more_than_the_spread() -> None:
    lossy = with_battery(
        hamlet([0.20] * 2 + [0.24] * 2, base_kw=60),
        efficiency_charge=0.9,
        efficiency_discharge=0.9,
        wear_eur_per_kwh=0.02,
        end_eur_per_kwh=0.9 * 0.24,
    )
    answer = solved(lossy)
    assert answer.charge.sum() == about(0)
    assert answer.discharge.sum() == about(0)


def test_losses_are_paid_in_energy_stored() -> None:
    lossy = with_battery(
        hamlet([CHEAP, DEAR], base_kw=60),
        start_kwh=0.0,
        efficiency_charge=0.8,
        efficiency_discharge=0.5,
    )
    answer = solved(lossy)
    # 40 kW for a quarter hour store 8 kWh, which give 4: worth 1.2 EUR for 1.0 EUR
    assert answer.charge[0, 0] == about(40)
    assert answer.discharge[1, 0] / 4 == about(4)


def test_a_car_charges_in_the_cheapest_slots_before_it_leaves() -> None:
    prices = [0.30, 0.12, 0.20, 0.10, 0.05]
    answer = solved(with_cars(hamlet(prices), wanted_kwh=[3.0], slots=[4]))
    assert answer.car[:, 0] == about([0, 4, 0, 8, 0])
    assert answer.shortfall == about([0])


def test_of_equal_prices_a_car_takes_the_first() -> None:
    answer = solved(with_cars(hamlet([0.2] * 4), wanted_kwh=[2.0], slots=[4]))
    assert answer.car[:, 0] == about([8, 0, 0, 0])


def test_what_a_car_cannot_get_is_short_and_priced() -> None:
    answer = solved(with_cars(hamlet([0.2] * 4), wanted_kwh=[10.0], slots=[2]))
    assert answer.shortfall == about([6])
    assert answer.cost_eur == about(6 * 1.5 + 4 * 0.2)


def test_energy_dearer_than_the_wish_is_not_bought() -> None:
    answer = solved(with_cars(hamlet([1.6, 1.6]), wanted_kwh=[2.0], slots=[2]))
    assert answer.shortfall == about([2])


def test_two_cars_share_the_limit_of_their_group() -> None:
    problem = with_cars(hamlet([0.2] * 2), wanted_kwh=[2.0, 2.5], slots=[1, 2])
    tight = replace(problem, cars=replace(problem.cars, group_kw_max=10.0))
    answer = solved(tight)
    assert answer.car.sum(axis=1) == about([10, 8])
    assert answer.car[0] == about([8, 2])  # the one that leaves goes first
    assert answer.shortfall == about([0, 0])


def test_the_feeder_holds_all_groups_together() -> None:
    problem = with_cars(hamlet([0.2] * 2), wanted_kwh=[9.0] * 3, slots=[2] * 3)
    tight = replace(problem, cars=replace(problem.cars, feeder_kw_max=np.array([12.0, 20.0])))
    assert solved(tight).car.sum(axis=1) == about([12, 20])


def test_a_tank_is_heated_before_its_draw() -> None:
    # 100 kWh drawn in the last slot, 100 kW of charging: 25 kWh a slot, 10 kWh are a kelvin
    problem = with_tank(hamlet([0.2] * 4), draw_kw=[0, 0, 0, 200], start_c=55.0)
    answer = solved(problem)
    assert answer.tank_charge[:, 0].sum() / 4 == about(50)
    assert answer.tank.min() > 54.98


def test_a_tank_is_filled_when_electricity_is_cheap() -> None:
    problem = with_tank(hamlet([CHEAP, CHEAP, DEAR, DEAR]), draw_kw=[0, 0, 80, 80], start_c=56.0)
    answer = solved(problem)
    assert answer.tank_charge[:2, 0].sum() / 4 == about(30)  # 10 of the 40 are stored
    assert answer.tank_charge[2:, 0].sum() == about(0)


def test_a_house_is_preheated_before_a_price_peak() -> None:
    prices = [CHEAP] * 8 + [1.0] * 8
    answer = solved(with_house(hamlet(prices), outdoor_c=0, start_c=20.0, heat_kw_max=60))
    assert answer.air[7, 0] > 21.0
    assert answer.power[8:, 0].sum() < 0.5 * answer.power[:8, 0].sum()
    assert answer.under.max() == about(0)


def test_at_one_price_a_house_is_just_kept_comfortable() -> None:
    answer = solved(with_house(hamlet([0.2] * 16), outdoor_c=0, start_c=20.0, heat_kw_max=60))
    assert answer.air == about(np.full((16, 1), 20.0))
    assert answer.under.max() == about(0)


def test_comfort_gives_way_when_there_is_too_little_heat() -> None:
    answer = solved(with_house(hamlet([0.2] * 16), outdoor_c=-10, start_c=20.0, heat_kw_max=5))
    assert answer.power[:, 0] == about(np.full(16, 5.0))
    assert (np.diff(answer.under[:, 0]) > 0).all()


def test_rooms_and_tank_share_their_substation() -> None:
    cold = with_house(hamlet([0.2] * 8), outdoor_c=-10, start_c=18.0, heat_kw_max=60)
    both = with_tank(cold, draw_kw=[40] * 8, start_c=55.0)
    plant = replace(both.plant, substation_heat_kw_max=np.array([70.0]))
    answer = solved(replace(both, plant=plant))
    load = answer.power[:, 0] + answer.tank_charge[:, 0]
    assert load.max() <= 70 + 1e-6
    assert load[0] == about(70)


def test_the_plant_holds_what_its_living_units_give() -> None:
    cold = with_house(hamlet([0.2] * 4), outdoor_c=-10, start_c=18.0, heat_kw_max=60)
    weak = replace(cold, plant=replace(cold.plant, heat_kw_max=12.0))
    assert solved(weak).power[:, 0] == about(np.full(4, 12.0))


def test_import_stays_within_the_subscribed_power_when_it_can() -> None:
    problem = with_cars(hamlet([0.1, 0.3, 0.3], base_kw=96), wanted_kwh=[2.5], slots=[3])
    answer = solved(problem)
    assert answer.net.max() <= 100.02
    assert answer.car[:, 0] == about([4, 4, 2])


def test_an_overrun_that_nothing_avoids_is_paid() -> None:
    answer = solved(hamlet([0.2] * 2, base_kw=130))
    assert answer.cost_eur == about((130 * 0.2 + 30 * 2.0) / 2)


def test_an_unsure_load_keeps_its_distance_from_the_subscribed_power() -> None:
    problem = with_cars(hamlet([0.10, 0.15, 0.15], base_kw=88), wanted_kwh=[1.5], slots=[3])
    unsure = replace(problem, grid=replace(problem.grid, spread_kw=np.full(3, 8.0)))
    sure, careful = solved(problem), solved(unsure)
    assert sure.net.max() > 93.5
    assert careful.net.max() < 92.5
    assert careful.car.sum() == pytest.approx(sure.car.sum(), abs=0.1)
    assert careful.cost_eur > sure.cost_eur + 0.1


def test_an_event_moves_charging_out_of_its_slots() -> None:
    problem = with_cars(hamlet([0.1, 0.3, 0.3], base_kw=50), wanted_kwh=[2.0], slots=[3])
    cap, price = np.array([50.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])
    asked = replace(problem, grid=replace(problem.grid, cap_kw=cap, cap_eur_per_kwh=price))
    answer = solved(asked)
    assert solved(problem).car[0, 0] == about(8)
    assert answer.car[0, 0] == about(0)
    assert answer.car.sum() == about(8)


def test_surplus_sun_is_used_before_it_is_exported() -> None:
    problem = with_cars(hamlet([0.2] * 3, pv_kw=[0, 10, 0]), wanted_kwh=[2.0], slots=[3])
    answer = solved(problem)
    assert answer.car[:, 0] == about([0, 8, 0])
    assert answer.net == about([0, -2, 0])


def test_sun_is_curtailed_only_when_export_costs() -> None:
    problem = hamlet([0.2] * 2, base_kw=4, pv_kw=[10, 10])
    grid = replace(problem.grid, feed_in_eur_per_kwh=np.array([0.05, -0.05]))
    assert solved(replace(problem, grid=grid)).curtailed == about([0, 6])


def test_the_dwellings_share_of_export_earns_more() -> None:
    problem = hamlet([0.2], pv_kw=[10])
    answer = solved(replace(problem, grid=replace(problem.grid, dwellings_kw=np.array([6.0]))))
    assert answer.cost_eur == about(-(6 * 0.08 + 4 * 0.05) / 4)


def test_cold_that_is_wanted_anyway_heats_another_house() -> None:
    cold = with_house(hamlet([0.2] * 4), outdoor_c=0, start_c=20.0, heat_kw_max=60)
    rooms = cold.rooms
    # the same house, and one beside it that is far too warm and cooled
    both = replace(
        rooms,
        names=("house", "office"),
        labels=("A dwelling", "A office"),
        building=np.array([0, 0]),
        cooled=np.array([False, True]),
        start_c=np.array([[20.0, 20.0], [30.0, 30.0]]),
        transfer=np.repeat(rooms.transfer, 2, axis=0),
        per_kw=np.concatenate([rooms.per_kw, -rooms.per_kw]),
        drift_c=np.repeat(rooms.drift_c, 2, axis=1),
        low_c=np.repeat(rooms.low_c, 2, axis=1),
        high_c=np.repeat(rooms.high_c, 2, axis=1) + np.array([0, 4.5]),
        ceiling_c=np.repeat(rooms.ceiling_c, 2, axis=1).clip(max=26) + np.array([np.inf, 0]),
        power_kw_max=np.tile([60.0, 30.0], (4, 1)),
        comfort_eur_per_kh=np.array([10.0, 10.0]),
        end_eur_per_k=np.zeros((2, 2)),
    )
    answer = solved(replace(cold, rooms=both))
    heat, cool = answer.power.T
    assert answer.shared_heat == about(np.minimum(heat, cool / 0.75))
    assert answer.shared_heat.min() > 0.5


@pytest.mark.parametrize("slots", [1, 4, 92, 100], ids=lambda n: f"{n} slots")
def test_any_number_of_slots_is_planned(slots: int) -> None:
    problem = with_battery(with_cars(hamlet([0.2] * slots, base_kw=10), [1.0], [slots]))
    answer = solved(problem)
    assert answer.car.shape == (slots, 1)
    assert answer.shortfall == about([0])
    assert answer.bound_eur <= answer.cost_eur + 1e-6
