"""Districts so small that the best plan can be worked out by hand."""

from dataclasses import dataclass, replace

import numpy as np

from building_models import zone
from building_models.zone import ZoneParameters
from ems.domain.slots import SLOT_H
from ems.optimizer.agents import CARS, ROOMS, TANKS, agent_problem
from ems.optimizer.ladder import Best, Rung, best_answer
from ems.optimizer.problem import Batteries, Cars, Grid, PlanProblem, Plant, Rooms, Tanks
from ems.optimizer.structured.certificate import states, stored_kwh
from ems.optimizer.structured.solve import solve


def _no_rooms(blocks: int) -> Rooms:
    none = np.zeros((blocks, 0))
    return Rooms(
        names=(),
        labels=(),
        building=np.zeros(0, dtype=np.intp),
        cooled=np.zeros(0, dtype=bool),
        start_c=np.zeros((0, 2)),
        transfer=np.zeros((0, 2, 2)),
        per_kw=np.zeros((0, 2)),
        drift_c=np.zeros((blocks, 0, 2)),
        low_c=none,
        high_c=none,
        ceiling_c=none,
        power_kw_max=none,
        comfort_eur_per_kh=np.zeros(0),
        end_eur_per_k=np.zeros((0, 2)),
    )


def _no_tanks(blocks: int) -> Tanks:
    none, flat = np.zeros((blocks, 0)), np.zeros(0)
    return Tanks(
        names=(),
        building=np.zeros(0, dtype=np.intp),
        start_c=flat,
        keep=flat,
        per_kw=flat,
        drift_c=none,
        low_c=flat,
        high_c=flat,
        charge_kw_max=flat,
        shortage_eur_per_kh=flat,
        end_eur_per_k=flat,
    )


def _no_batteries() -> Batteries:
    flat = np.zeros(0)
    return Batteries(
        names=(),
        start_kwh=flat,
        low_kwh=flat,
        high_kwh=flat,
        power_kw_max=flat,
        efficiency_charge=flat,
        efficiency_discharge=flat,
        wear_eur_per_kwh=flat,
        end_eur_per_kwh=flat,
    )


def _no_cars(blocks: int) -> Cars:
    return Cars(
        names=(),
        group=np.zeros(0, dtype=np.intp),
        power_kw_max=np.zeros(0),
        wanted_kwh=np.zeros(0),
        present=np.zeros((blocks, 0)),
        late=np.zeros((blocks, 0)),
        shortfall_eur_per_kwh=1.5,
        groups=("G1",),
        group_kw_max=80.0,
        feeder_kw_max=np.full(blocks, 250.0),
    )


def hamlet(
    import_eur_per_kwh: list[float], *, base_kw: float = 0.0, pv_kw: list[float] | None = None
) -> PlanProblem:
    """A district of nothing but a meter, by the quarter hour; tests add what they speak of."""
    blocks = len(import_eur_per_kwh)
    flat = np.ones(blocks)
    return PlanProblem(
        rooms=_no_rooms(blocks),
        tanks=_no_tanks(blocks),
        plant=Plant(
            buildings=("A",),
            heat_kw_max=1000.0,
            cool_kw_max=1000.0,
            heating_cop=4 * flat,
            hot_water_cop=2.5 * flat,
            cooling_eer=5 * flat,
            shared_cop=4 * flat,
            shared_hot_cop=2 * flat,
            substation_heat_kw_max=np.array([500.0]),
            substation_cool_kw_max=np.array([500.0]),
        ),
        cars=_no_cars(blocks),
        batteries=_no_batteries(),
        grid=Grid(
            base_kw=base_kw * flat,
            pv_kw=np.array(pv_kw or 0 * flat, dtype=float),
            dwellings_kw=0 * flat,
            import_eur_per_kwh=np.array(import_eur_per_kwh),
            shared_eur_per_kwh=0.08 * flat,
            feed_in_eur_per_kwh=0.05 * flat,
            subscribed_kw=100.0,
            spread_kw=0 * flat,
            cap_kw=0 * flat,
            cap_eur_per_kwh=0 * flat,
            overrun_eur_per_kwh=2 * flat,
            far_kw=0 * flat,
            far_eur_per_kwh=0 * flat,
            peak_eur_per_kw=0.0,
            peak_kw_min=0.0,
        ),
        own_heat_kw=np.zeros((blocks, 1)),
        own_cool_kw=np.zeros((blocks, 1)),
    )


def with_battery(problem: PlanProblem, **changes: float) -> PlanProblem:
    """The same with a battery of 100 kWh, half full, 50 kW, without losses or wear."""
    values = {
        "start_kwh": 50.0,
        "low_kwh": 0.0,
        "high_kwh": 100.0,
        "power_kw_max": 50.0,
        "efficiency_charge": 1.0,
        "efficiency_discharge": 1.0,
        "wear_eur_per_kwh": 0.0,
        "end_eur_per_kwh": 0.0,
    } | changes
    arrays = {name: np.array([value]) for name, value in values.items()}
    return replace(problem, batteries=Batteries(names=("BAT",), **arrays))


def with_cars(
    problem: PlanProblem, wanted_kwh: list[float], slots: list[int], **changes: object
) -> PlanProblem:
    """The same with cars of 8 kW that stay for so many slots."""
    blocks = problem.slots
    cars = replace(
        problem.cars,
        names=tuple(f"CP-{n}" for n in range(len(wanted_kwh))),
        group=np.zeros(len(wanted_kwh), dtype=np.intp),
        power_kw_max=np.full(len(wanted_kwh), 8.0),
        wanted_kwh=np.array(wanted_kwh),
        present=(np.arange(blocks)[:, None] < np.array(slots)).astype(float),
        late=np.zeros((blocks, len(slots))),
    )
    return replace(problem, cars=replace(cars, **changes))


def with_tank(problem: PlanProblem, draw_kw: list[float], *, start_c: float) -> PlanProblem:
    """The same with a tank of 10 kWh/K that keeps its heat: serves from 55, full at 60 °C."""
    per_kw = SLOT_H / 10
    tanks = Tanks(
        names=("A",),
        building=np.array([0]),
        start_c=np.array([start_c]),
        keep=np.ones(1),
        per_kw=np.full(1, per_kw),
        drift_c=-per_kw * np.array(draw_kw, dtype=float)[:, None],
        low_c=np.array([55.0]),
        high_c=np.array([60.0]),
        charge_kw_max=np.array([100.0]),
        shortage_eur_per_kh=np.array([20.0]),
        end_eur_per_k=np.array([0.0]),
    )
    return replace(problem, tanks=tanks)


def with_house(
    problem: PlanProblem, *, outdoor_c: float, start_c: float, heat_kw_max: float
) -> PlanProblem:
    """The same with 1,000 m² of rooms, band 20 to 21.5 °C."""
    blocks = problem.slots
    area = np.array([1000.0])
    parameters = ZoneParameters(
        loss_kw_per_k=0.7e-3 * area,
        coupling_kw_per_k=5e-3 * area,
        capacity_air_kwh_per_k=area * 15 / 3600,
        capacity_mass_kwh_per_k=area * 200 / 3600,
    )
    step = zone.discretise(parameters, SLOT_H)
    band = np.full((blocks, 1), 20.0)

    rooms = Rooms(
        names=("house",),
        labels=("A dwelling",),
        building=np.array([0]),
        cooled=np.array([False]),
        start_c=np.array([[start_c, start_c]]),
        transfer=step.a,
        per_kw=step.b[..., 0],
        drift_c=np.repeat((step.b[..., 2] * outdoor_c)[None], blocks, axis=0),
        low_c=band,
        high_c=band + 1.5,
        ceiling_c=band + np.inf,
        power_kw_max=np.full((blocks, 1), heat_kw_max),
        comfort_eur_per_kh=np.array([10.0]),
        end_eur_per_k=np.array([[0.0, 0.0]]),
    )
    return replace(problem, rooms=rooms)


FINE = (Rung(name="to the last cent", solve=lambda problem, _: solve(problem, gap=1e-7)),)


@dataclass(frozen=True)
class Answer:
    """A solved small district, in the words of its tests. Powers have shape [slots, things]."""

    problem: PlanProblem
    best: Best

    @property
    def cost_eur(self) -> float:
        return self.best.proof.cost_eur

    @property
    def bound_eur(self) -> float:
        return self.best.proof.bound_eur

    @property
    def power(self) -> np.ndarray:
        """Heat or cold to rooms."""
        return self.best.controls.power_kw[ROOMS]

    @property
    def tank_charge(self) -> np.ndarray:
        return self.best.controls.power_kw[TANKS]

    @property
    def car(self) -> np.ndarray:
        return self.best.controls.power_kw[CARS]

    @property
    def shortfall(self) -> np.ndarray:
        return self.problem.cars.wanted_kwh - self.car.sum(axis=0) * SLOT_H

    @property
    def charge(self) -> np.ndarray:
        return self.best.controls.charge_kw

    @property
    def discharge(self) -> np.ndarray:
        return self.best.controls.discharge_kw

    @property
    def stored(self) -> np.ndarray:
        agents = agent_problem(self.problem).problem
        return stored_kwh(agents.batteries, SLOT_H, self.best.controls)

    @property
    def air(self) -> np.ndarray:
        return self._states(ROOMS)

    @property
    def tank(self) -> np.ndarray:
        return self._states(TANKS)

    @property
    def under(self) -> np.ndarray:
        """Kelvin below comfort."""
        return np.maximum(self.problem.rooms.low_c - self.air, 0.0)

    @property
    def curtailed(self) -> np.ndarray:
        return self.best.controls.curtailed_kw

    @property
    def shared_heat(self) -> np.ndarray:
        return self.best.controls.exchanged_kw.sum(axis=0)

    @property
    def net(self) -> np.ndarray:
        """Import less export, without what heat takes."""
        grid, controls = self.problem.grid, self.best.controls
        flow = self.car.sum(axis=1) + (controls.charge_kw - controls.discharge_kw).sum(axis=1)
        return grid.base_kw + flow - grid.pv_kw + controls.curtailed_kw

    def _states(self, kind: int) -> np.ndarray:
        agents = agent_problem(self.problem).problem.agents[kind]
        return states(agents, self.best.controls.power_kw[kind])[:, 0]


def solved(problem: PlanProblem) -> Answer:
    """The best of a small district."""
    return Answer(problem, best_answer(agent_problem(problem).problem, FINE, time_limit_s=5.0))
