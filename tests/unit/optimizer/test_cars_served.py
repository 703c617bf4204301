"""Cars at charge points that the planner commands: who could have been charged leaves charged.

The car park lives minute by minute; all else of the district is a meter with a price. What is
planned three minutes before each slot holds for that slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from small_districts import hamlet

from ems.domain.district import District
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.plans import Origin, Plan, SolveReport
from ems.domain.points import Quality, Reading
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import Snapshot
from ems.optimizer.agents import CARS, agent_problem
from ems.optimizer.currents import car_currents_a, welcome_currents_a
from ems.optimizer.ladder import RUNGS, best_answer
from ems.optimizer.sessions import Plug, cars, cars_of, own_limit_series, sessions
from ems.optimizer.sessions import Session as Seen
from simulations.cars import Session
from simulations.charging import Charging
from simulations.image import ProcessImage

EVENING = datetime(2025, 1, 13, 18, tzinfo=UTC)
LEAD = timedelta(minutes=3)
ONE, THREE = "CP-01", "CP-60"
"""Charge points of one phase and of three."""
PRICE = np.repeat([0.25, 0.15, 0.25], [4, 8, 12])
"""EUR/kWh from the evening on, cheap from the second hour to the third. Shape [24]."""


def car(
    point: str,
    *,
    comes_min: float,
    hours: float,
    wants_kwh: float,
    takes_kw: float,
    charge: float = 0.3,
) -> Session:
    """A car of 77 kWh that comes some minutes after the evening began."""
    arrival = EVENING + timedelta(minutes=comes_min)
    return Session(
        charge_point=point,
        arrival=arrival,
        departure=arrival + timedelta(hours=hours),
        energy_wanted_kwh=wants_kwh,
        power_kw_max=takes_kw,
        capacity_kwh=77.0,
        charge_on_arrival=charge,
    )


@dataclass
class CommandedPark:
    """Some charge points under the planner's currents."""

    district: District
    come: Sequence[Session]
    previous: Plan | None = None
    image: ProcessImage = field(init=False)
    charging: Charging = field(init=False)

    def __post_init__(self) -> None:
        self.image = ProcessImage.create(self.district)
        self.charging = Charging(self.district, self.image, tuple(self.come), EVENING)
        self.charging.publish(EVENING)

    def short_kwh(self, hours: int) -> float:
        """What all cars that leave within `hours` leave without."""
        slot = Slot.containing(EVENING)
        currents = self._planned(slot, EVENING)
        for _ in range(4 * hours):
            for device, current in currents.items():
                self.image[f"{device}/current_limit_a"] = current
            late = slot.end - LEAD
            self._live(slot.start, late)
            currents = self._planned(slot + 1, late)
            self._live(late, slot.end)
            slot += 1
        assert self.charging.departed == len(self.come)
        return float(self.charging.shortfall_kwh)

    def _live(self, begin: datetime, end: datetime) -> None:
        self.charging.run(begin, 1 / 60, round((end - begin) / timedelta(minutes=1)))
        self.charging.publish(end)

    def _planned(self, slot: Slot, at: datetime) -> dict[str, float]:
        """The currents of `slot` by device, as they are planned `at` a moment before it."""
        horizon, park = Horizon(slot, len(PRICE)), self.district.car_park
        found, _ = sessions(self.district, self._seen(at), horizon, self.previous)
        began = (slot.start - EVENING) // timedelta(minutes=15)
        problem = hamlet(list(np.roll(PRICE, -began)))
        problem = replace(problem, cars=cars(self.district, found, nothing_to_come(horizon)))
        agents = agent_problem(problem).problem
        best = best_answer(agents, RUNGS, time_limit_s=12.0)
        price = best.prices.electricity[:, None] + agents.agents[CARS].cost_eur
        wanting = cars_of(found)
        current, left = car_currents_a(
            best.controls.power_kw[CARS], problem.cars.present, wanting, park, price
        )
        free = [one for one in found if one.plug is Plug.FREE]
        welcome = welcome_currents_a(free, left, park)
        self.previous = remembering(found, horizon)
        told = {one.device: 0.0 for one in found}
        told |= {one.device: float(current[0, c]) for c, one in enumerate(wanting)}
        return told | {one.device: float(welcome[0, p]) for p, one in enumerate(free)}

    def _seen(self, at: datetime) -> Snapshot:
        points = (p for p in self.image.index if p.split("/")[0] in self.district.charge_points)
        readings = {p: Reading(p, self.image[p], Quality.GOOD, at) for p in points}
        return Snapshot(taken_at=at, readings=readings)


def nothing_to_come(horizon: Horizon) -> Forecasts:
    """Forecasts of no further cars."""
    at, name = horizon.first.start, "car_park/future_kw"
    none = Forecast(
        name=name, horizon=horizon, issued_at=at, source="made", values=np.zeros(horizon.length)
    )
    return Forecasts(horizon=horizon, issued_at=at, series={name: none})


def remembering(found: Sequence[Seen], horizon: Horizon) -> Plan:
    """A plan that remembers what was seen of the cars."""
    known = [one for one in found if np.isfinite(one.own_kw)]
    at = horizon.first.start
    report = SolveReport(solver="", wall_s=0.0, cost_eur=0.0, bound_eur=0.0, message="")
    return Plan(
        id="3f0c4f0e-0000-4000-8000-000000000001",
        issued_at=at,
        horizon=horizon,
        origin=Origin.OPTIMISED,
        report=report,
        setpoints=(),
        series={
            own_limit_series(one.point.id): np.full(horizon.length, one.own_kw) for one in known
        },
    )


@pytest.fixture(scope="module")
def two_points(district: District) -> District:
    """A charge point of one phase and one of three, and nothing else that is commanded."""
    points = {name: district.charge_points[name] for name in (ONE, THREE)}
    devices = [device for device in district.devices.values() if device.serves in points]
    return replace(district, charge_points=points).with_devices(devices)


@pytest.mark.parametrize(
    "come",
    [
        pytest.param(
            [car(THREE, comes_min=12, hours=4.6, wants_kwh=7.6, takes_kw=7.4, charge=0.89)],
            id="nearly full on three phases: takes less than 6 A of each in the end",
        ),
        pytest.param(
            [car(ONE, comes_min=12, hours=4.6, wants_kwh=4.6, takes_kw=3.7, charge=0.93)],
            id="nearly full on one phase: takes less than 6 A in the end",
        ),
        pytest.param(
            [
                car(ONE, comes_min=2, hours=1.18, wants_kwh=3.0, takes_kw=7.4),
                car(ONE, comes_min=81, hours=2.5, wants_kwh=18.2, takes_kw=7.36),
            ],
            id="comes in the slot in which one that is done leaves, and has no time to lose",
        ),
        pytest.param(
            [
                car(ONE, comes_min=2, hours=1.2, wants_kwh=3.0, takes_kw=7.4),
                car(ONE, comes_min=80, hours=2.5, wants_kwh=18.2, takes_kw=7.36),
            ],
            id="comes after one that left between the plan and its slot",
        ),
    ],
)
def test_who_could_have_been_charged_leaves_charged(
    two_points: District, come: list[Session]
) -> None:
    assert CommandedPark(two_points, come).short_kwh(5) == pytest.approx(0.0, abs=0.05)
