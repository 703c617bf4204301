"""States the problem of one plan from the snapshot, the history and the forecasts."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from ems.domain.circumstances import NOTHING_SPECIAL, Circumstances
from ems.domain.district import District
from ems.domain.errors import ForecastError
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Plan
from ems.domain.slots import Horizon
from ems.domain.snapshot import History, Snapshot
from ems.optimizer import connection, supply
from ems.optimizer.agents import AgentProblem, agent_problem
from ems.optimizer.gains import gains
from ems.optimizer.problem import PlanProblem
from ems.optimizer.room_state import RoomState, room_state
from ems.optimizer.rooms import RoomOutlook, room_outlook
from ems.optimizer.sessions import Session, cars, sessions
from ems.optimizer.steady import steadied
from ems.optimizer.stock import RoomStock

SERIES = (
    "weather/outdoor_temp_c",
    "weather/ghi_w_m2",
    "weather/dni_w_m2",
    "weather/dhi_w_m2",
    "weather/sea_temp_c",
    "price/import_eur_per_kwh",
    "price/shared_eur_per_kwh",
    "price/feed_in_eur_per_kwh",
    "grid/co2_kg_per_kwh",
    "district/base_load_kw",
    "district/dwellings_kw",
    "pv/available_kw",
    "car_park/future_kw",
)
"""Forecasts that every plan needs, beside the hot water of each heated building."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The problem, with what is needed to turn its answer into setpoints."""

    horizon: Horizon
    """The slots of the plan."""
    zone: ZoneInfo
    """Local time, in which people are spoken to."""
    problem: PlanProblem = field(repr=False)
    """As arrays over slots."""
    agents: AgentProblem = field(repr=False)
    """As the solver takes it."""
    rooms: RoomOutlook = field(repr=False)
    """All rooms, planned or not."""
    state: RoomState = field(repr=False)
    """Rooms as they stand."""
    sessions: tuple[Session, ...] = field(repr=False)
    """Every charge point as it stands."""
    notes: tuple[str, ...]
    """What was missing and what was taken instead."""


def needed_series(district: District) -> tuple[str, ...]:
    """Names of all forecasts that a plan of `district` needs."""
    return (*SERIES, *(f"{building}/hot_water_kw" for building in district.heated))


def check_inputs(district: District, horizon: Horizon, forecasts: Forecasts) -> None:
    """Refuses forecasts of other slots, missing series and values that are not finite.

    Raises:
        ForecastError: names the series.
    """
    if forecasts.horizon != horizon:
        raise ForecastError(
            f"forecasts of {forecasts.horizon.slots} for a plan of {horizon.slots}",
            fix="forecast over the horizon of the plan",
        )
    for name in needed_series(district):
        if not np.isfinite(forecasts[name]).all():
            raise ForecastError(f"{name} holds values that are not finite")


def state_problem(
    stock: RoomStock,
    district: District,
    *,
    horizon: Horizon,
    snapshot: Snapshot,
    history: History,
    forecasts: Forecasts,
    previous: Plan | None = None,
    co2_eur_per_kg: float = 0.0,
    circumstances: Circumstances = NOTHING_SPECIAL,
) -> Statement:
    """The problem of the plan over `horizon`, held near `previous`, the plan in force.

    Raises:
        ForecastError: an input is missing or not finite.
    """
    check_inputs(district, horizon, forecasts)
    plant, plant_notes = supply.plant(district, snapshot, forecasts)
    price = connection.usual_price(forecasts)
    warmth = gains(stock, district, forecasts)
    state = room_state(
        stock,
        district,
        first=horizon.first,
        snapshot=snapshot,
        history=history,
        gains=warmth,
        forecasts=forecasts,
    )
    heat_price = price / float(plant.heating_cop.mean())
    rooms = room_outlook(stock, state, district, forecasts, warmth, heat_price)
    water_price = price / float(plant.hot_water_cop.mean())
    tanks, tank_notes = supply.tanks(district, snapshot, forecasts, water_price)
    found, car_notes = sessions(district, snapshot, horizon, previous)
    batteries, battery_notes = connection.batteries(district, snapshot, forecasts)
    problem = PlanProblem(
        rooms=rooms.rooms,
        tanks=tanks,
        plant=plant,
        cars=cars(district, found, forecasts),
        batteries=batteries,
        grid=connection.grid(district, forecasts, co2_eur_per_kg, circumstances),
        own_heat_kw=rooms.of_buildings(rooms.own_heat_kw, len(plant.buildings)),
        own_cool_kw=rooms.of_buildings(rooms.own_cool_kw, len(plant.buildings)),
    )
    return Statement(
        horizon=horizon,
        zone=district.site.zone,
        problem=problem,
        agents=steadied(agent_problem(problem), problem, horizon, previous),
        rooms=rooms,
        state=state,
        sessions=found,
        notes=(
            *connection.notes(district, circumstances),
            *state.notes,
            *plant_notes,
            *tank_notes,
            *car_notes,
            *battery_notes,
        ),
    )
