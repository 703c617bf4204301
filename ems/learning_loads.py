"""Load models learned from the store's history, every night in a process of its own.

A night's challenger is set against the champion (`ems.forecast.champions`); what came of it is kept
in the store's registry, with the span of its history, the program's version and its scores.
"""

import logging
from datetime import datetime
from importlib.metadata import version

import numpy as np

from ems.domain.district import District
from ems.domain.errors import ForecastError
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.forecast.champions import Champion, Verdict, challenge
from ems.forecast.cleaning import cleaned
from ems.forecast.local_time import QUARTERS, local_time
from ems.forecast.measured import Measured, MeasuredPoints, measured
from ems.forecast.model import Settings
from ems.forecast.packing import packed, unpacked
from ems.forecast.shapes import Calendar
from ems.learning import in_a_process
from ems.store.load_models import LoadModelRecord
from ems.store.store import Store

log = logging.getLogger("ems.learning")

HISTORY_DAYS = 400
SETTINGS = Settings(greatest_lead=2 * QUARTERS, lookback_days=28)


async def learn_loads(district: District, store: Store, now: datetime) -> Champion | None:
    """Learn anew, keep the outcome, and return the champion; None while the past is too short.

    Raises:
        ForecastError: there is no history, or the process that learns died.
    """
    past = await _past(district, store)
    former = await champion(store)
    verdict = await in_a_process(challenged, district, past, former)
    if verdict is None:
        return former
    for name in verdict.drifted:
        log.warning("%s: yesterday was far from what its model was ever wrong by", name)
    await store.add_load_model(_record(verdict, past.horizon, now))
    return verdict.champion


async def champion(store: Store) -> Champion | None:
    """The model in force, none before the first night that knew enough."""
    record = await store.load_champion()
    return None if record is None or record.body is None else unpacked(record.body)


async def drift(store: Store) -> str:
    """Which loads the newest night found far from their model, in a few words; empty: none."""
    newest = await store.load_models(1)
    scores = newest[0].scores if newest else {}
    names = [name for name, score in scores.items() if score.get("drifted")]
    return f"yesterday was far from the model of {', '.join(names)}" if names else ""


def challenged(district: District, past: QuarterHours, former: Champion | None) -> Verdict | None:
    """The night's work itself, without the store."""
    known = measured(MeasuredPoints(district), past, past.horizon)
    values = rows_of(known)
    begun = int(np.argmax(np.isfinite(values).any(axis=0)))
    time = local_time(past.horizon, district.site.zone)
    begun += int(np.argmax(time.quarter[begun:] == 0))
    calendar = Calendar(day=time.day[begun:], step=time.quarter[begun:], per_day=QUARTERS)
    believed = cleaned(values[:, begun:], QUARTERS).values
    return challenge(names_of(district), believed, calendar, SETTINGS, former)


def names_of(district: District) -> tuple[str, ...]:
    """The loads that are learned, as forecasts are named."""
    hot_water = (f"{building}/hot_water_kw" for building in district.heated)
    return ("district/base_load_kw", "district/dwellings_kw", *hot_water)


def rows_of(past: Measured) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Their past, in the same order. Shape [series, slots]."""
    return np.vstack([past.base_load_kw, past.dwellings_kw, past.hot_water_kw])


async def _past(district: District, store: Store) -> QuarterHours:
    """All days until the last local midnight."""
    last = await store.last_history_slot()
    if last is None:
        raise ForecastError("there is no history", fix="let the district be measured first")
    day = Horizon(last + (1 - QUARTERS), QUARTERS)
    midnight = np.flatnonzero(local_time(day, district.site.zone).quarter == 0)
    end = day.first + (int(midnight[-1]) if midnight.size else QUARTERS)
    window = Horizon(Slot(end.index - HISTORY_DAYS * QUARTERS), HISTORY_DAYS * QUARTERS)
    return await store.quarter_hours(MeasuredPoints(district).all, window)


def _record(verdict: Verdict, past: Horizon, now: datetime) -> LoadModelRecord:
    kept = verdict.champion
    figures = zip(kept.names, kept.errors, kept.profile_errors, kept.better, strict=True)
    scores = {
        name: {
            "error": _finite(error),
            "error of the profile": _finite(plain),
            "used": bool(used),
            "drifted": name in verdict.drifted,
        }
        for name, error, plain, used in figures
    }
    return LoadModelRecord(
        learned_at=now,
        past_from=past.first.start,
        past_to=(past.first + past.length).start,
        version=version("smartseille-ems"),
        replaced=verdict.replaced,
        scores=scores,
        body=packed(kept) if verdict.replaced else None,
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
