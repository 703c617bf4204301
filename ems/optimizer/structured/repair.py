"""What round-off leaves outside bounds is taken back, so that every state stands inside its own.

An interior point and, more so, a general solver leave states outside by 1e-7 to 1e-5. Forward in
time each such state is moved inside by its own control, as far as the control and the capacities
have room; what is further outside is a wish that gave way, and stays.
"""

from dataclasses import replace

import numpy as np

from ems.optimizer.structured.answer import Controls
from ems.optimizer.structured.certificate import loads_kw
from ems.optimizer.structured.feasible import within_rows
from ems.optimizer.structured.problem import Agents, DistrictProblem, Floats

ROUND_OFF = 1e-3
"""A state further outside (K or kWh) is not round-off."""
INSIDE = 1e-9
"""How far inside a state is put."""


def repaired(problem: DistrictProblem, controls: Controls) -> Controls:
    """`controls` with every state inside its bounds that round-off alone had left outside."""
    inside = [
        np.clip(power, 0.0, agents.power_kw_max)
        for agents, power in zip(problem.agents, controls.power_kw, strict=True)
    ]
    started = replace(controls, power_kw=tuple(inside))
    shares = _shares_kw(problem, started)
    powers = tuple(
        _agents(agents, power, shares[agents.group].T)
        for agents, power in zip(problem.agents, inside, strict=True)
    )
    moved = _batteries(problem, replace(started, power_kw=powers))
    return replace(moved, exchanged_kw=_exchanged_kw(problem, moved))


def _agents(agents: Agents, power_kw: Floats, share_kw: Floats) -> Floats:
    """Powers [T, n] that keep states inside; none rises by more than `share_kw` [T, n]."""
    power, state = power_kw.copy(), agents.start
    gain = np.where(agents.gain[0] == 0, np.inf, agents.gain[0])
    for t in range(power.shape[0]):
        free = np.einsum("ijn,jn->in", agents.transfer, state) + agents.drift[t]
        first = free[0] + agents.gain[0] * power[t]
        short = np.where(agents.low_price_eur[t] > 0, agents.low[t] - first, 0.0)
        over = np.where(agents.high_price_eur[t] > 0, first - agents.high[t], 0.0)
        off = np.where(short > 0, short + INSIDE, np.where(over > 0, -over - INSIDE, 0.0))
        by = np.where(np.abs(off) <= ROUND_OFF, off, 0.0) / gain
        room = np.minimum(share_kw[t], agents.power_kw_max[t] - power[t])
        power[t] += np.clip(by, -power[t], np.maximum(room, 0.0))
        state = free + agents.gain * power[t]
    return power


def _shares_kw(problem: DistrictProblem, controls: Controls) -> Floats:
    """What an agent of each group may take more in a slot, capacities shared evenly. [G, T]."""
    groups, loads = problem.groups, loads_kw(problem, controls)
    count = np.zeros(groups.count)
    for agents in problem.agents:
        np.add.at(count, agents.group, 1.0)
    share = np.full_like(loads, np.inf)
    for c, limit in enumerate(groups.capacity_kw):
        members = groups.capacity == c
        left = limit - loads[members].sum(axis=0)
        share[members] = np.minimum(share[members], left / max(count[members].sum(), 1.0))
    for counted, limit in zip(groups.upper_per_kw.T, groups.upper_kw, strict=True):
        members = counted > 0
        left = limit - counted @ loads
        share[members] = np.minimum(share[members], left / max(count[members].sum(), 1.0))
    result: Floats = np.maximum(share, 0.0)
    return result


def _batteries(problem: DistrictProblem, controls: Controls) -> Controls:
    """A slot's charge or discharge gives way by what a battery would be outside."""
    batteries, h = problem.batteries, problem.slot_h
    stored = batteries.start_kwh
    charge, discharge = controls.charge_kw.copy(), controls.discharge_kw.copy()
    gain, loss = h * batteries.charge_efficiency, h / batteries.discharge_efficiency
    for t in range(problem.slots):
        low, high = batteries.low_kwh - stored, batteries.high_kwh - stored
        too_much = np.maximum(charge[t] * gain - discharge[t] * loss - high, 0.0)
        charge[t] = np.maximum(charge[t] - too_much / gain, 0.0)
        too_little = np.maximum(low - charge[t] * gain + discharge[t] * loss, 0.0)
        discharge[t] = np.maximum(discharge[t] - too_little / loss, 0.0)
        stored = stored + charge[t] * gain - discharge[t] * loss
    return replace(controls, charge_kw=charge, discharge_kw=discharge)


def _exchanged_kw(problem: DistrictProblem, controls: Controls) -> Floats:
    """Exchanges that the rows still hold after loads moved. Shape [X, T]."""
    exchanges, groups = problem.exchanges, problem.groups
    left = groups.upper_kw - groups.upper_per_kw.T @ loads_kw(problem, controls)
    shape = (exchanges.count, *groups.upper_kw.shape)
    on_upper = np.broadcast_to(exchanges.upper_per_kw, shape)
    return within_rows(controls.exchanged_kw, exchanges.kw_max, on_upper, left, np.zeros_like(left))
