"""Rooms learned from the store's history, every night in a process of its own, kept for plans."""

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from ems.domain.district import District
from ems.domain.errors import EmsError, ForecastError
from ems.domain.learned_rooms import LearnedRooms, learned_rooms
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.forecast.calibration import DAYS, Calibration, calibrate, history_points
from ems.processes import end_with_parent
from ems.standing import LEARNED
from ems.store.store import Store

log = logging.getLogger("ems.learning")

T = TypeVar("T")

NICENESS = 15
"""Learning gives way to polling and planning."""


async def past_of(district: District, store: Store, days: int = DAYS) -> tuple[QuarterHours, Slot]:
    """The newest `days` that rooms are learned from, and the slot after them.

    Raises:
        ForecastError: there is no history.
    """
    last = await store.last_history_slot()
    if last is None:
        raise ForecastError("there is no history", fix="let the district be measured first")
    before = last + 1
    window = Horizon(before + -days * 96, days * 96)
    return await store.quarter_hours(history_points(district), window), before


async def keep(store: Store, learned: Calibration, by: str) -> LearnedRooms:
    """Let plans from now on know of what was learned; who is better off as described, stays so."""
    until = (learned.horizon.first + learned.horizon.length).start
    rooms = learned_rooms(until, learned.as_dict())
    await store.set_setting(LEARNED, rooms.kept(), by)
    return rooms


async def learn_tonight(district: District, store: Store) -> None:
    """Learn all rooms anew; a night without enough history changes nothing."""
    try:
        past, before = await past_of(district, store)
        rooms = await keep(store, await in_a_process(calibrate, district, past, before), "ems")
    except EmsError as error:
        log.warning("rooms stay as they were learned last: %s", error.message)
        return
    log.info("%d rooms learned until %s", len(rooms.factors), rooms.until)


async def in_a_process(work: Callable[..., T], *values: Any) -> T:
    """`work` of some values in a process that ends with it, and gives way to others.

    Raises:
        ForecastError: it died.
    """
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=_give_way)
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *values)
    except BrokenProcessPool as error:
        raise ForecastError("the process that learns died") from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _give_way() -> None:
    end_with_parent()
    os.nice(NICENESS)
