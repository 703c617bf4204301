"""Rooms, their state and their bands."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from synthetic_day import Day

from building_models import zone
from ems.domain.district import District, Use
from ems.domain.slots import SLOT_H, Horizon, Slot
from ems.optimizer import Planner
from ems.optimizer.course import course
from ems.optimizer.gains import Gains, gains
from ems.optimizer.ladder import best_answer
from ems.optimizer.occupancy import occupied
from ems.optimizer.past_day import PAST_SLOTS, PastDay, mass_course_c, unexplained_kw
from ems.optimizer.room_state import room_state
from ems.optimizer.rooms import Dynamics, room_bands, room_outlook
from ems.optimizer.statement import state_problem
from ems.optimizer.stock import RoomStock, room_stock

SUN = ("ghi_w_m2", "dni_w_m2", "dhi_w_m2")


@pytest.fixture(scope="module")
def stock(district: District) -> RoomStock:
    return room_stock(district)


def test_every_room_is_planned_once_and_by_itself(stock: RoomStock, district: District) -> None:
    assert sorted(stock.names) == sorted([*district.dwellings, *district.zones])


def test_rooms_lose_as_much_heat_as_they_are_described_to(
    stock: RoomStock, district: District
) -> None:
    rooms = [*district.dwellings.values(), *district.zones.values()]
    loss = 0.0
    for room in rooms:
        envelope = district.buildings[room.building].envelope
        assert envelope
        loss += envelope.loss_w_per_k_m2 * room.area_m2 * room.loss_factor / 1000
    assert stock.parameters.loss_kw_per_k.sum() == pytest.approx(loss)


def _state(stock: RoomStock, day: Day):  # type: ignore[no-untyped-def]
    return room_state(
        stock,
        day.district,
        first=day.horizon.first,
        snapshot=day.snapshot,
        history=day.history,
        gains=gains(stock, day.district, day.forecasts),
        forecasts=day.forecasts,
    )


def test_the_mass_is_found_from_a_day_of_air(stock: RoomStock) -> None:
    # let the model itself live a day, and look at its air alone
    rng = np.random.default_rng(11)
    step = zone.discretise(stock.parameters, SLOT_H)
    groups = stock.count
    state = np.column_stack([np.full(groups, 19.0), np.full(groups, 21.0)])
    into_mass = 0.004 * stock.area_m2[:, None] * rng.random((groups, 96))
    air = np.empty((groups, 96))
    for slot in range(96):
        heat = 0.02 * stock.area_m2 * rng.random(groups)
        before = state
        state = zone.step(step, state, np.column_stack([heat, into_mass[:, slot], 5 + 0 * heat]))
        air[:, slot] = (before[:, 0] + state[:, 0]) / 2
    found = mass_course_c(stock, air, into_mass, state[:, 0])[:, -1]
    assert np.abs(found - state[:, 1]).max() < 0.35


@pytest.mark.parametrize("watts_per_m2", [0.0, -3.0, 5.0])
def test_heat_that_no_model_explains_is_found(stock: RoomStock, watts_per_m2: float) -> None:
    # every room at rest at 20 °C, 10 °C outside: heat and the unknown make up for the loss
    groups, flat = stock.count, np.ones((stock.count, PAST_SLOTS))
    unknown = watts_per_m2 / 1000 * stock.area_m2
    heat = (stock.parameters.loss_kw_per_k * 10 - unknown)[:, None] * flat
    nothing = np.zeros((PAST_SLOTS, groups))
    past = PastDay(
        air_c=20 * flat,
        heat_kw=heat,
        cool_kw=0 * flat,
        gains=Gains(people_kw=nothing, sun_kw=nothing),
        outdoor_c=np.full(PAST_SLOTS, 10.0),
    )
    found = unexplained_kw(stock, past, 20 * flat)
    assert found == pytest.approx(0.8 * unknown)


def test_without_history_the_mass_stands_where_sun_and_people_hold_it(stock: RoomStock) -> None:
    groups = stock.count
    nothing, idle = np.full((groups, 96), np.nan), np.zeros((groups, 96))
    course = mass_course_c(stock, nothing, idle, np.full(groups, 20.5))
    assert course == pytest.approx(np.full((groups, 96), 20.5))


def test_a_residents_own_change_moves_their_floor(stock: RoomStock, winter_day: Day) -> None:
    home = stock.names[0]
    warmer = _state(stock, winter_day.with_readings({f"{home}/resident_offset_k": 1.0}))
    usual = _state(stock, winter_day)
    assert warmer.floor_c[0] - usual.floor_c[0] == pytest.approx(1.0)


def test_a_silent_room_takes_its_buildings_mean_and_an_absurd_one_too(
    stock: RoomStock, winter_day: Day
) -> None:
    homes = [n for n, b in zip(stock.names, stock.building, strict=True) if b == stock.building[0]]
    lame = {f"{homes[0]}/room_temp_c": float("nan"), f"{homes[1]}/room_temp_c": 99.0}
    state, usual = _state(stock, winter_day.with_readings(lame)), _state(stock, winter_day)
    at = [stock.names.index(home) for home in homes]
    mean = usual.start_c[at[2:], 0].mean()
    assert state.start_c[at[:2], 0] == pytest.approx([mean, mean])
    assert "no room temperature of 2 rooms" in state.notes[0]


def test_a_zone_too_cold_at_dawn_and_too_warm_at_noon_is_held_by_its_thermostat(
    stock: RoomStock,
) -> None:
    hours = np.arange(96) / 4
    sun = 0.2 * stock.area_m2 * np.clip(np.sin((hours - 8) / 8 * np.pi), 0, None)[:, None]
    moved = Dynamics.of(
        stock, Gains(people_kw=0 * sun, sun_kw=sun), np.zeros(stock.count), np.full(96, 5.0)
    )
    low, ceiling = np.full((96, stock.count), 20.0), np.full((96, stock.count), 25.0)
    heat, cool = moved.by_thermostat(stock, np.full((stock.count, 2), 20.0), low, ceiling)
    zones = stock.cool_kw_max > 0
    air = moved.with_powers(heat, cool).free_c(np.full((stock.count, 2), 20.0))[:, zones]
    strong = (cool < stock.cool_kw_max)[:, zones] & (heat < stock.heat_kw_max)[:, zones]
    assert heat[:, zones].any()
    assert cool[:, zones].any()
    assert air[strong].min() > 20 - 1e-6
    assert air[strong].max() < 25 + 1e-6


def test_offices_have_their_band_only_when_used(stock: RoomStock, winter_day: Day) -> None:
    monday = Horizon(Slot.containing(datetime(2026, 1, 11, 23, tzinfo=UTC)), 96)
    bands = room_bands(stock, _state(stock, winter_day), winter_day.district, monday)
    office = next(n for n, p in enumerate(stock.profiles) if p.use is Use.OFFICE)
    used = slice(8 * 4, 19 * 4)
    assert bands.low_c[used, office] == pytest.approx(20.2)
    assert bands.low_c[: 8 * 4 - 1, office] == pytest.approx(16)  # ready a slot before
    assert bands.ceiling_c[used, office] == pytest.approx(25.8)
    assert (bands.low_c < bands.high_c).all()
    assert (bands.high_c <= bands.ceiling_c).all()


@pytest.mark.parametrize(
    ("day", "slots", "hours_used"),
    [
        (datetime(2026, 3, 27, 23, tzinfo=UTC), 96, 0),
        (datetime(2026, 3, 29, 22, tzinfo=UTC), 96, 11),
        (datetime(2026, 10, 25, 23, tzinfo=UTC), 96, 11),
    ],
    ids=["Saturday", "first day of summer time", "first day of winter time"],
)
def test_hours_of_use_follow_the_local_clock(
    district: District, day: datetime, slots: int, hours_used: float
) -> None:
    horizon = Horizon(Slot.containing(day), slots)
    used = occupied(district.uses[Use.OFFICE], horizon, district.site.zone)
    assert used.sum() / 4 == hours_used
    if hours_used:
        assert int(np.flatnonzero(used)[0]) == 8 * 4


def test_on_a_mild_day_few_rooms_need_planning(
    stock: RoomStock, any_day: Callable[..., Day], winter_day: Day
) -> None:
    def planned(day: Day) -> int:
        outlook = room_outlook(
            stock,
            _state(stock, day),
            day.district,
            day.forecasts,
            gains(stock, day.district, day.forecasts),
            0.04,
        )
        return len(outlook.planned)

    mild = any_day(datetime(2026, 5, 12, 4, tzinfo=UTC), outdoor_c=19.0)
    warm_rooms = {k: 22.5 for k in mild.readings if k.endswith("/room_temp_c")}
    assert planned(mild.with_readings(warm_rooms)) < 0.5 * planned(winter_day)


def test_a_zone_that_needs_heat_and_cold_on_one_day_never_has_both_at_once(
    stock: RoomStock, any_day: Callable[..., Day], planner: Planner
) -> None:
    # a cold spring morning before a day of strong sun
    start = datetime(2026, 4, 14, 3, tzinfo=UTC)
    day = any_day(start, outdoor_c=14.0)
    swing = day.forecasts["weather/outdoor_temp_c"] + 9 * np.cos(
        (np.arange(96) / 4 + 5 - 15) / 12 * np.pi
    )
    sun = {f"weather/{n}": 2.2 * day.forecasts[f"weather/{n}"] for n in SUN}
    day = day.with_series({"weather/outdoor_temp_c": swing, **sun})
    day = day.with_readings(
        {p: 18.0 for p in day.readings if p.endswith("/room_temp_c") and "Z" in p}
    )
    statement = state_problem(
        stock,
        day.district,
        horizon=day.horizon,
        snapshot=day.snapshot,
        history=day.history,
        forecasts=day.forecasts,
    )
    planned = statement.rooms.planned
    own = (statement.rooms.own_heat_kw + statement.rooms.own_cool_kw)[:, planned]
    assert (own > 0.5).any()
    assert (statement.problem.rooms.power_kw_max[own > 0.01] == 0).all()
    best = best_answer(statement.agents.problem, time_limit_s=30.0)
    made = course(statement, day.district, best.controls, best.prices)
    both = (made.heat_kw.max(axis=0) > 0.5) & (made.cool_kw.max(axis=0) > 0.5)
    assert both.any(), "the day must ask some zone for both"
    assert np.minimum(made.heat_kw, made.cool_kw).max() < 0.01
    set_to = {row.point: row.values for row in day.plan(planner).setpoints}
    for point, cool in set_to.items():
        if point.endswith("/cool_setpoint_c"):
            heat = set_to[point.replace("cool_", "heat_")]
            assert (cool >= heat + 0.9).all(), point
