"""The cycle in command of the plant: sound setpoints, the same figures from the same seed."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ems.brain import LocalBrain
from ems.cycle import PlanRequest
from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Origin, Plan
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Outlook
from ems.sources import builtin_weather
from simulations.closed_loop import Run, Start, run_baseline, run_ems, started
from simulations.scenario import WARM_UP_DAYS, Scenario

TUESDAY_AT_5 = datetime(2025, 1, 14, 4, tzinfo=UTC)
MORNING, HOUR = 12, 4


def scenario_of(district: District, slots: int, seed: int = 1) -> Scenario:
    first = Slot.containing(TUESDAY_AT_5)
    begin = Slot(first.index - WARM_UP_DAYS * 96)
    whole = Horizon(begin, WARM_UP_DAYS * 96 + slots + 2 * 96)
    return Scenario(
        district=district,
        horizon=Horizon(first, slots),
        weather=builtin_weather(district.site, district.loop, whole, seed),
        day_ahead_eur_per_kwh=np.full(whole.length, np.nan),
        price_source="tariff",
        seed=seed,
    )


@dataclass
class Watched(LocalBrain):
    """A brain whose plans, and what they were made of, are kept."""

    district: District
    plans: list[Plan] = field(default_factory=list)
    requests: list[tuple[PlanRequest, Outlook]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.district)

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        self.requests.append((request, outlook))
        return await super().forecast(request, outlook)

    async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        self.plans.append(await super().plan(request, forecasts))
        return self.plans[-1]


@dataclass(frozen=True)
class Morning:
    """What a building and the car park did from five to eight on a winter Tuesday."""

    scenario: Scenario
    brain: Watched
    run: Run
    ticks: list[int]


@pytest.fixture(scope="module")
def start(hamlet: District) -> Start:
    """Where every run begins; runs copy it."""
    return started(scenario_of(hamlet, MORNING))


@pytest.fixture(scope="module")
def morning(hamlet: District, start: Start) -> Morning:
    scenario = scenario_of(hamlet, MORNING)
    brain, ticks = Watched(hamlet), []
    run = run_ems(scenario, start, brain, ticks.append)
    return Morning(scenario, brain, run, ticks)


@pytest.fixture(scope="module")
def hour(hamlet: District) -> Scenario:
    return replace(
        scenario_of(hamlet, MORNING), horizon=Horizon(Slot.containing(TUESDAY_AT_5), HOUR)
    )


def test_every_quarter_hour_has_its_own_optimised_plan(morning: Morning) -> None:
    assert [record.slot.index for record in morning.run.records] == list(
        morning.scenario.horizon.slots
    )
    assert {record.origin for record in morning.run.records} == {Origin.OPTIMISED}
    assert not any(record.missed for record in morning.run.records)
    assert morning.ticks == list(range(1, MORNING + 1))


def test_no_setpoint_leaves_its_bounds(morning: Morning) -> None:
    for plan in morning.brain.plans:
        for row in plan.setpoints:
            assert (row.values >= row.low).all(), row.point
            assert (row.values <= row.high).all(), row.point
    assert not any("bounds" in record.message for record in morning.run.records)


def test_every_device_takes_what_it_is_told(morning: Morning) -> None:
    for record in morning.run.records:
        assert set(record.outcomes) <= {"ok", "rounded"}
        assert sum(record.outcomes.values()) > len(morning.scenario.district.dwellings)


def test_a_plan_is_issued_before_its_slot_and_sees_nothing_later(morning: Morning) -> None:
    for request, _ in morning.brain.requests:
        assert request.issued_at < request.horizon.first.start
        assert request.snapshot.taken_at == request.issued_at
        ahead = Horizon(Slot.containing(request.issued_at), 4)
        assert np.isnan(request.history.quarter_hours(["M-HTA/power_kw"], ahead)).all()


def test_the_weather_that_is_planned_with_is_not_the_weather_that_comes(morning: Morning) -> None:
    request, outlook = morning.brain.requests[0]
    truth = morning.scenario.weather.over(request.horizon).outdoor_temp_c
    missed_k = np.abs(outlook.weather.outdoor_temp_c - truth)
    assert missed_k[-24:].mean() > missed_k[:4].mean()
    assert missed_k[-24:].mean() > 0.1


def test_what_was_measured_covers_the_slots_that_count(morning: Morning) -> None:
    assert morning.run.history.horizon == morning.scenario.horizon
    power_kw = morning.run.history.quarter_hours(["M-HTA/power_kw"], morning.scenario.horizon)
    assert np.isfinite(power_kw).all()
    assert morning.run.kpis.as_dict()["peak_kw"] == pytest.approx(power_kw.max())


def test_the_same_seed_gives_the_same_figures(
    hamlet: District, hour: Scenario, start: Start
) -> None:
    once, again = (run_ems(hour, start, LocalBrain(hamlet), int) for _ in range(2))
    assert once.kpis == again.kpis
    np.testing.assert_array_equal(once.history.values, again.history.values)


def test_a_run_leaves_its_start_as_it_was(hour: Scenario, start: Start) -> None:
    now, values = start.plant.now, start.plant.image.values.copy()
    run_baseline(hour, start, int)
    assert start.plant.now == now
    np.testing.assert_array_equal(start.plant.image.values, values)


def test_plain_control_has_no_cycles(hour: Scenario, start: Start) -> None:
    run = run_baseline(hour, start, int)
    assert run.records == ()
    assert run.history.horizon == hour.horizon
