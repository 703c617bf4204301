"""What the operator should know of a plan: which wishes gave way, by how much, at which limit."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from ems.domain.slots import SLOT_H
from ems.optimizer.course import Course, shortfall_kwh
from ems.optimizer.reasons import FULL_SHARE, substation_full
from ems.optimizer.sessions import Session, cars_of
from ems.optimizer.statement import Statement

COLD_K, COLD_KH = 0.3, 0.5
"""Less than this below or above a band is not worth a word."""
SHORT_KWH = 0.5
OVERRUN_KW = 1.0
TANK_K = 0.3
MOST = 8
"""Wishes that are named; the others are counted."""


def message(statement: Statement, made: Course) -> str:
    """Wishes that gave way, then inputs that were missing; empty when all is well."""
    said = [*_connection(statement, made), *_cars(statement, made), *_tanks(statement, made)]
    said += [*_rooms(statement, made), *statement.notes]
    if len(said) > MOST:
        said = [*said[:MOST], f"and {len(said) - MOST} more"]
    return "; ".join(said)


def limits_kept_a_wish(statement: Statement, made: Course) -> bool:
    """Whether a room, a tank or a car that has the time was left short."""
    cold = (made.under_k.max(axis=0, initial=0.0) > COLD_K) & (
        SLOT_H * made.under_k.sum(axis=0) > COLD_KH
    )
    tank = (statement.problem.tanks.low_c - made.tank_c > TANK_K).any()
    cars = zip(cars_of(statement.sessions), shortfall_kwh(statement, made), strict=True)
    short = any(kwh > SHORT_KWH and _need_h(car) <= car.hours for car, kwh in cars)
    return bool(cold.any() or tank or short)


def _connection(statement: Statement, made: Course) -> Iterator[str]:
    yield from _events(statement, made)
    subscribed = statement.problem.grid.subscribed_kw
    excess = float(made.net_kw.max() - subscribed)
    if excess > OVERRUN_KW:
        hours = np.count_nonzero(made.net_kw > subscribed + OVERRUN_KW) / 4
        yield (
            f"import up to {subscribed + excess:.0f} kW for {hours:g} h, "
            f"{excess:.0f} kW above the subscribed {subscribed:.0f} kW"
        )


def _events(statement: Statement, made: Course) -> Iterator[str]:
    """What each event asks for, and whether it is kept."""
    grid, horizon = statement.problem.grid, statement.horizon
    slots = np.flatnonzero(grid.asked)
    jumps = (np.diff(slots) > 1) | (np.diff(grid.cap_kw[slots]) != 0)
    for run in np.split(slots, np.flatnonzero(jumps) + 1) if slots.size else ():
        begin, end = (horizon.first + int(run[0])).start, (horizon.first + int(run[-1])).end
        cap, most = float(grid.cap_kw[run[0]]), float(made.net_kw[run].max())
        over_kwh = float(np.maximum(made.net_kw[run] - cap, 0.0).sum() * SLOT_H)
        kept = "up to" if most <= cap + OVERRUN_KW else f"passed by {over_kwh:.0f} kWh with up to"
        yield (
            f"event {_local(statement, begin)} to {_local(statement, end)}: import of at most "
            f"{cap:.0f} kW is asked for, {kept} {max(most, 0.0):.0f} kW planned"
        )


def _local(statement: Statement, moment: datetime) -> str:
    return f"{moment.astimezone(statement.zone):%H:%M}"


def _cars(statement: Statement, made: Course) -> Iterator[str]:
    shortfalls = shortfall_kwh(statement, made)
    for session, short in zip(cars_of(statement.sessions), shortfalls, strict=True):
        if short > SHORT_KWH:
            cause = _why_short(session, statement, made)
            yield f"{session.point.id}: leaves with {short:.1f} kWh less than wanted, {cause}"


def _why_short(session: Session, statement: Statement, made: Course) -> str:
    need_h = _need_h(session)
    if need_h > session.hours:
        return (
            f"needs {need_h:.1f} h at {session.power_kw_max:.1f} kW and leaves in "
            f"{session.hours:.1f} h: {need_h - session.hours:.1f} h more would do"
        )
    stays = made.net_kw[: max(1, int(session.hours / SLOT_H))]
    grid = statement.problem.grid
    kept, overrun = grid.kept_kw[: len(stays)], grid.overrun_eur_per_kwh[: len(stays)]
    full = (stays >= FULL_SHARE * kept).any()
    gives_way = statement.problem.cars.shortfall_eur_per_kwh < overrun.max()
    return (
        "the subscribed power is full" if full and gives_way else "the limits of the car park bind"
    )


def _need_h(session: Session) -> float:
    return session.wanted_kwh / max(session.power_kw_max, 1e-6)


def _tanks(statement: Statement, made: Course) -> Iterator[str]:
    tanks = statement.problem.tanks
    short = (tanks.low_c - made.tank_c).max(axis=0, initial=0.0)
    for name, missing in zip(tanks.names, short, strict=True):
        if missing > TANK_K:
            yield f"{name} tank: up to {missing:.1f} K below what serves"


def _rooms(statement: Statement, made: Course) -> Iterator[str]:
    """Rooms outside their band, those of one building and use in one word."""
    rooms = statement.problem.rooms
    full = np.atleast_1d(substation_full(statement, made).any(axis=0))
    for off_k, word in ((made.under_k, "below"), (made.over_k, "above")):
        worst, total = off_k.max(axis=0, initial=0.0), SLOT_H * off_k.sum(axis=0)
        off = (worst > COLD_K) & (total > COLD_KH)
        labels = np.array(rooms.labels)
        for label in dict.fromkeys(labels[np.argsort(-total * off)][: np.count_nonzero(off)]):
            at = np.flatnonzero(off & (labels == label))
            building = rooms.building[at[0]]
            limit = statement.problem.plant.substation_heat_kw_max[building]
            cause = f", its substation gives all its {limit:.0f} kW"
            why = cause if word == "below" and full[building] else ""
            who = rooms.names[at[0]] if at.size == 1 else f"{label}: {at.size} rooms"
            yield f"{who} up to {worst[at].max():.1f} K {word} comfort{why}"
