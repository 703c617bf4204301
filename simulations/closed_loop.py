"""The closed loop in memory: the cycle drives the plant as fast as both can go.

The same `Cycle` as in the running district, with the store, the pollers and the writer replaced by
arrays. What is planned for a slot was issued some minutes before it, from the measurements of that
moment; the plant then does what its controllers make of the setpoints.
"""

import asyncio
import copy
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ems.cycle import Brain, Cycle
from ems.domain.cycle_record import CycleRecord
from ems.domain.plans import Origin
from ems.domain.slots import SLOT_S, Slot
from ems.domain.snapshot import QuarterHours
from simulations.damage import Damage
from simulations.departures import PlannedCars, Stay
from simulations.foresight import Foresight
from simulations.good_rules import GoodRules
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
from simulations.reference import DAY, planned_eur
from simulations.scenario import Scenario
from simulations.totals import Totals

LEAD = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one controller made of a scenario."""

    kpis: Kpis
    history: QuarterHours = field(repr=False)
    """The quarter hours that count."""
    records: tuple[CycleRecord, ...] = field(repr=False)
    """Of each cycle; empty for the baseline."""
    planned_eur: float | None = None
    """What the first plan of each day believed that the day would cost; none without plans."""
    stays: tuple[Stay, ...] = field(default=(), repr=False)
    """The cars that left, in the order in which they did."""


@dataclass(frozen=True)
class Start:
    """A plant that has lived through the past, that past, and the people in it."""

    plant: Plant
    history: QuarterHours
    people: People


Tell = Callable[[int], None]
"""Called after each slot with how many are done."""


def started(scenario: Scenario) -> Start:
    """The plant at the first slot that counts, after weeks of plain control."""
    people, past = scenario.people(), scenario.past
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
    return Start(plant, history, people)


def run_baseline(scenario: Scenario, start: Start, tell: Tell) -> Run:
    """Plain thermostats and plug-and-charge."""
    plant = copy.deepcopy(start.plant)
    damage = Damage(plant, scenario.faults, scenario.horizon.first.start)
    before = plant.totals
    began_s = time.process_time()
    pieces = []
    for done, index in enumerate(scenario.horizon.slots, 1):
        recorder = Recorder(plant, Slot(index))
        damage.advance(Slot(index).end)
        pieces.append(recorder.finish())
        tell(done)
    took_s = time.process_time() - began_s
    return _run_of(scenario, plant, before, pieces, (), took_s, PlannedCars())


def run_ems(scenario: Scenario, start: Start, brain: Brain, tell: Tell) -> Run:
    """The cycle in command, with forecasts that err."""
    outside = FileOutside(
        ForecastWeather(scenario.weather, scenario.seed, wrong=scenario.wrong),
        scenario.prices,
        scenario.district,
        scenario.price_source,
    )
    return _run_cycle(scenario, start, brain, outside, tell)


def run_rules(scenario: Scenario, start: Start, tell: Tell) -> Run:
    """Good rules in the planner's place."""
    return run_ems(scenario, start, GoodRules(scenario.district), tell)


def run_foresight(scenario: Scenario, start: Start, tell: Tell) -> Run:
    """The EMS told what will come."""
    weather = ForecastWeather(scenario.weather, scenario.seed, wrong=0.0)
    outside = FileOutside(
        weather, scenario.prices, scenario.district, scenario.price_source, all_prices=True
    )
    brain = Foresight(scenario.district, scenario.weather, start.people)
    return _run_cycle(scenario, start, brain, outside, tell)


def _run_cycle(
    scenario: Scenario, start: Start, brain: Brain, outside: FileOutside, tell: Tell
) -> Run:
    plant = copy.deepcopy(start.plant)
    return asyncio.run(_closed_loop(scenario, plant, start.history, brain, outside, tell))


async def _closed_loop(
    scenario: Scenario,
    plant: Plant,
    past: QuarterHours,
    brain: Brain,
    outside: FileOutside,
    tell: Tell,
) -> Run:
    clock = SimulatedClock(scenario.horizon.first.start - LEAD)
    damage = Damage(plant, scenario.faults, scenario.horizon.first.start)
    measurements = PlantMeasurements(plant.image, clock.now, [past], damage.seen)
    ledger = MemoryLedger()
    numbers = itertools.count(1)
    cycle = Cycle(
        clock=clock,
        measurements=measurements,
        outside=outside,
        brain=brain,
        ledger=ledger,
        dispatcher=ImageDispatcher(scenario.district, plant.image, clock.now, damage.write),
        new_plan_id=lambda: f"simulated-{next(numbers)}",
    )
    before = plant.totals
    began_s = time.process_time()
    pieces = []
    prepared = await cycle.prepare(scenario.horizon.first)
    mornings, planned = [prepared.plan], PlannedCars()
    for done, index in enumerate(scenario.horizon.slots, 1):
        slot = Slot(index)
        clock.moment = slot.start
        await cycle.dispatch(prepared)
        planned.note(prepared.plan, slot)
        recorder = Recorder(plant, slot)
        damage.advance(slot.end - LEAD)
        clock.moment = slot.end - LEAD
        prepared = await cycle.prepare(slot + 1)
        damage.advance(slot.end)
        pieces.append(recorder.finish())
        measurements.pieces.append(damage.seen_piece(pieces[-1]))
        if done % DAY == 0 and done < scenario.horizon.length:
            mornings.append(prepared.plan)
        tell(done)
    took_s = time.process_time() - began_s
    run = _run_of(scenario, plant, before, pieces, ledger.records, took_s, planned)
    optimised = all(plan.origin is Origin.OPTIMISED for plan in mornings)
    return replace(run, planned_eur=planned_eur(scenario, mornings) if optimised else None)


def _run_of(
    scenario: Scenario,
    plant: Plant,
    before: Totals,
    pieces: Sequence[QuarterHours],
    records: Sequence[CycleRecord],
    took_s: float,
    planned: PlannedCars,
) -> Run:
    history = joined(pieces, Slot(scenario.horizon.slots.stop))
    figures = kpis(
        scenario.district, history, plant.totals - before, scenario.prices(scenario.horizon)
    )
    figures = replace(figures, time_ratio=took_s / (scenario.horizon.length * SLOT_S))
    begin = scenario.horizon.first.start
    left = [one for one in plant.charging.departures if one.session.departure > begin]
    return Run(
        kpis=figures,
        history=history,
        records=tuple(records),
        stays=tuple(planned.stays(left)),
    )
