"""Agents as the solver sweeps them: states eliminated, agents fastest, groups side by side.

A fleet has S steps and n agents of two states; agents of one state carry a second that stays zero.
Batteries are a fleet too: each slot is two steps, first charging, then discharging, so that every
step has one control. A control's effect may therefore differ from step to step with a short period.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.optimizer.structured.problem import Batteries, DistrictProblem, Floats, Indices

SUBSTEPS = 2
"""Steps of a battery in a slot."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Agents in the solver's form. S steps, n agents."""

    transfer: Floats = field(repr=False)
    """Shape [2, 2, n]."""
    gain: Floats = field(repr=False)
    """Effect of a control on the states at step t: `gain[t % period]`. Shape [period, 2, n]."""
    free: Floats = field(repr=False)
    """First state after each step without any control. Shape [S, n]."""
    free_end: Floats = field(repr=False)
    """States after the last step without any control, less those at the start. Shape [2, n]."""
    greatest: Floats = field(repr=False)
    """Greatest control, kW. Shape [S, n]."""
    is_open: NDArray[np.bool_] = field(repr=False)
    """Whether there is a choice. Shape [S, n]."""
    low: Floats = field(repr=False)
    """Shape [S, n]."""
    high: Floats = field(repr=False)
    """Shape [S, n]."""
    low_price: Floats = field(repr=False)
    """Shape [S, n]."""
    high_price: Floats = field(repr=False)
    """Shape [S, n]."""
    end_value: Floats = field(repr=False)
    """Shape [2, n]."""
    cost: Floats = field(repr=False)
    """Shape [S, n]."""
    curvature: Floats = field(repr=False)
    """Shape [n]."""
    reference: Floats = field(repr=False)
    """Shape [S, n]."""
    starts: Indices
    """Where each group begins, and the end of the last. Shape [groups + 1]."""
    source: tuple[tuple[int, Indices], ...]
    """Kinds of the problem whose agents are here, and their columns."""
    states: int
    """How many numbers make a state; of two kept, the second is zero when it is one."""

    @property
    def steps(self) -> int:
        """S, how many steps."""
        return int(self.greatest.shape[0])

    @property
    def count(self) -> int:
        """n, how many agents."""
        return int(self.greatest.shape[1])

    @property
    def groups(self) -> Indices:
        """Group of each agent. Shape [n]."""
        return np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))

    def summed(self, of_agents: Floats) -> Floats:
        """Sums over the agents of each group. Shape [..., n] -> [..., groups]."""
        padded = np.concatenate([of_agents, np.zeros((*of_agents.shape[:-1], 1))], axis=-1)
        sums = np.add.reduceat(padded, self.starts[:-1], axis=-1)
        return np.where(np.diff(self.starts) > 0, sums, 0.0)


def fleet_of_agents(problem: DistrictProblem, states: int) -> Fleet:
    """All agents of `problem` with so many states as one fleet, by group."""
    of_kind = [k for k, kind in enumerate(problem.agents) if kind.states == states]
    kinds = [problem.agents[k] for k in of_kind]
    group = np.concatenate([np.zeros(0, np.intp), *(kind.group for kind in kinds)])
    order = np.argsort(group, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    ends = np.cumsum([kind.count for kind in kinds])[:-1]

    def joined(shape: tuple[int, ...], name: str) -> Floats:
        parts = [_padded(getattr(kind, name), shape) for kind in kinds]
        rows = np.empty((*shape, order.size))
        for part, at in zip(parts, np.split(place, ends) if kinds else (), strict=True):
            rows[..., at] = part
        return rows

    T = problem.slots
    transfer, gain = joined((2, 2), "transfer"), joined((2,), "gain")
    start = joined((2,), "start")
    free = free_course(transfer, start, joined((T, 2), "drift"))
    greatest = joined((T,), "power_kw_max")
    return Fleet(
        transfer=transfer,
        gain=gain[None],
        free=np.ascontiguousarray(free[:, 0]),
        free_end=free[-1] - start,
        greatest=greatest,
        is_open=greatest > 0,
        low=joined((T,), "low"),
        high=joined((T,), "high"),
        low_price=joined((T,), "low_price_eur"),
        high_price=joined((T,), "high_price_eur"),
        end_value=joined((2,), "end_value_eur"),
        cost=joined((T,), "cost_eur"),
        curvature=joined((), "curvature_eur"),
        reference=joined((T,), "reference_kw"),
        starts=np.searchsorted(group[order], np.arange(problem.groups.count + 1)),
        source=tuple(zip(of_kind, np.split(place, ends), strict=True)) if kinds else (),
        states=states,
    )


def fleet_of_batteries(batteries: Batteries, slots: int, slot_h: float) -> Fleet:
    """Batteries with two steps a slot: charging, then discharging."""
    n, S = batteries.count, SUBSTEPS * slots

    def by_step(charging: Floats | float, discharging: Floats | float) -> Floats:
        pair = np.stack([np.broadcast_to(charging, n), np.broadcast_to(discharging, n)])
        return np.tile(pair, (slots, 1))

    per_kw = by_step(
        slot_h * batteries.charge_efficiency, -slot_h / batteries.discharge_efficiency
    )[:SUBSTEPS]
    price = by_step(0.0, slot_h * batteries.outside_eur_per_kwh)
    greatest = by_step(batteries.charge_kw_max, batteries.discharge_kw_max)
    nothing = np.zeros(n)
    return Fleet(
        transfer=np.stack([[np.ones(n), nothing], [nothing, nothing]]),
        gain=np.stack([per_kw, np.zeros_like(per_kw)], axis=1),
        free=by_step(batteries.start_kwh, batteries.start_kwh),
        free_end=np.zeros((2, n)),
        greatest=greatest,
        is_open=greatest > 0,
        low=by_step(batteries.low_kwh, batteries.low_kwh),
        high=by_step(batteries.high_kwh, batteries.high_kwh),
        low_price=price,
        high_price=price,
        end_value=np.stack([batteries.end_value_eur_per_kwh, nothing]),
        cost=by_step(0.0, slot_h * batteries.wear_eur_per_kwh),
        curvature=nothing,
        reference=np.zeros((S, n)),
        starts=np.array([0, n]),
        source=((0, np.arange(n)),),
        states=1,
    )


def free_course(transfer: Floats, start: Floats, drift: Floats) -> Floats:
    """States after each step when nothing is controlled. Shape [S, 2, n]."""
    course = np.empty_like(drift)
    state = start
    for t, rise in enumerate(drift):
        state = np.einsum("ijn,jn->in", transfer, state) + rise
        course[t] = state
    return course


def _padded(values: Floats, shape: tuple[int, ...]) -> Floats:
    """`values` [..., n] with missing second states as zeros, so that it is [*shape, n]."""
    if values.shape[:-1] == shape:
        return values
    room = [(0, want - have) for want, have in zip(shape, values.shape[:-1], strict=True)]
    return np.pad(values, [*room, (0, 0)])
