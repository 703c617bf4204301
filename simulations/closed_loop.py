"""The closed loop in memory: the cycle drives the plant as fast as both can go.

The same `Cycle` as in the running district, with the store, the pollers and the writer replaced by
arrays. What is planned for a slot was issued some minutes before it, from the measurements of that
moment; the plant then does what its controllers make of the setpoints.
"""

import asyncio
import copy
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from ems.cycle import Brain, Cycle
from ems.domain.cycle_record import CycleRecord
from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Weather
from simulations.history import Recorder, record
from simulations.image import ProcessImage
from simulations.in_memory import (
    FileOutside,
    ImageDispatcher,
    MemoryLedger,
    PlantMeasurements,
    SimulatedClock,
    joined,
)
from simulations.kpis import Kpis, kpis
from simulations.outlook import ForecastWeather
from simulations.people import People
from simulations.plant import Plant
from simulations.totals import Totals

WARM_UP_DAYS = 28
LEAD = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a closed loop runs on."""

    district: District = field(repr=False)
    horizon: Horizon
    """The slots that count."""
    weather: Weather = field(repr=False)
    """The true weather, from 28 days before the horizon to a day after it."""
    day_ahead_eur_per_kwh: NDArray[np.float64] = field(repr=False)
    """Day-ahead prices over the weather's horizon; NaN: the tariff's own. Shape [slots]."""
    price_source: str
    """Where they come from, for people."""
    seed: int = 1
    """Of people and forecast errors."""

    @property
    def past(self) -> Horizon:
        """The slots before those that count, for forecasts to learn from."""
        first = self.horizon.first.index - WARM_UP_DAYS * 96
        return Horizon(Slot(first), WARM_UP_DAYS * 96)

    def prices(self, horizon: Horizon) -> NDArray[np.float64]:
        """The day-ahead prices of some slots. Shape [slots]."""
        begin = self.weather.horizon.offset(horizon.first)
        return self.day_ahead_eur_per_kwh[begin : begin + horizon.length]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one controller made of a scenario."""

    kpis: Kpis
    history: QuarterHours = field(repr=False)
    """The quarter hours that count."""
    records: tuple[CycleRecord, ...] = field(repr=False)
    """Of each cycle; empty for the baseline."""


@dataclass(frozen=True)
class Start:
    """A plant that has lived through the past, and that past."""

    plant: Plant
    history: QuarterHours


Tell = Callable[[int], None]
"""Called after each slot with how many are done."""


def started(scenario: Scenario) -> Start:
    """The plant at the first slot that counts, after weeks of plain control."""
    people = People.make(scenario.district, scenario.weather.horizon, scenario.seed)
    past = scenario.past
    plant = Plant(
        scenario.district,
        scenario.weather,
        people,
        ProcessImage.create(scenario.district),
        past.first.start,
        seed=scenario.seed,
        dt_s=300.0,
    )
    history = record(plant, past)
    plant.dt_s = 60.0
    return Start(plant, history)


def run_baseline(scenario: Scenario, start: Start, tell: Tell) -> Run:
    """Plain thermostats and plug-and-charge."""
    plant = copy.deepcopy(start.plant)
    before = plant.totals
    pieces = []
    for done, index in enumerate(scenario.horizon.slots, 1):
        pieces.append(record(plant, Horizon(Slot(index), 1)))
        tell(done)
    return _run_of(scenario, plant, before, pieces, ())


def run_ems(scenario: Scenario, start: Start, brain: Brain, tell: Tell) -> Run:
    """The cycle in command."""
    plant = copy.deepcopy(start.plant)
    return asyncio.run(_closed_loop(scenario, plant, start.history, brain, tell))


async def _closed_loop(
    scenario: Scenario, plant: Plant, past: QuarterHours, brain: Brain, tell: Tell
) -> Run:
    clock = SimulatedClock(scenario.horizon.first.start - LEAD)
    measurements = PlantMeasurements(plant.image, clock.now, [past])
    ledger = MemoryLedger()
    numbers = itertools.count(1)
    cycle = Cycle(
        clock=clock,
        measurements=measurements,
        outside=FileOutside(
            ForecastWeather(scenario.weather, scenario.seed),
            scenario.prices,
            scenario.district,
            scenario.price_source,
        ),
        brain=brain,
        ledger=ledger,
        dispatcher=ImageDispatcher(scenario.district, plant.image, clock.now),
        new_plan_id=lambda: f"simulated-{next(numbers)}",
    )
    before = plant.totals
    prepared = await cycle.prepare(scenario.horizon.first)
    for done, index in enumerate(scenario.horizon.slots, 1):
        slot = Slot(index)
        clock.moment = slot.start
        await cycle.dispatch(prepared)
        recorder = Recorder(plant, slot)
        plant.advance(slot.end - LEAD)
        clock.moment = slot.end - LEAD
        prepared = await cycle.prepare(slot + 1)
        plant.advance(slot.end)
        measurements.pieces.append(recorder.finish())
        tell(done)
    return _run_of(scenario, plant, before, measurements.pieces[1:], ledger.records)


def _run_of(
    scenario: Scenario,
    plant: Plant,
    before: Totals,
    pieces: Sequence[QuarterHours],
    records: Sequence[CycleRecord],
) -> Run:
    history = joined(pieces, Slot(scenario.horizon.slots.stop))
    figures = kpis(
        scenario.district, history, plant.totals - before, scenario.prices(scenario.horizon)
    )
    return Run(kpis=figures, history=history, records=tuple(records))
