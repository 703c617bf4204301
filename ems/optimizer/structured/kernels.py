"""What the first iterate needs, compiled: response and adjoint of `sweeps.py`, wishes missed."""

import numpy as np

from building_models.compiled import compiled
from ems.optimizer.structured.fleet import Fleet
from ems.optimizer.structured.problem import Floats

HELD_SHARES = (0.02, 0.95)
"""Of what an agent can, where a power begins at least and at most."""


def respond(fleet: Fleet, control: Floats) -> tuple[Floats, Floats]:
    """As `sweeps.respond`."""
    response, end = np.empty_like(control), np.zeros((2, fleet.count))
    _respond(fleet.transfer, fleet.gain, control, response, end)
    return response, end


def adjoint(fleet: Fleet, on_state: Floats, at_end: Floats) -> Floats:
    """As `sweeps.adjoint`."""
    result = np.empty_like(on_state)
    _adjoint(fleet.transfer, fleet.gain, on_state, at_end, result)
    return result


def missed(fleet: Fleet, moved: Floats, shares: Floats) -> Floats:
    """What missing wishes costs at `shares` of a response `moved` [S, n]. Shape [shares, n]."""
    costs = np.zeros((shares.size, fleet.count))
    low, high = fleet.low, fleet.high
    _missed(fleet.free, low, high, fleet.low_price, fleet.high_price, moved, shares, costs)
    return costs


def held(fleet: Fleet, aim: float) -> tuple[Floats, Floats]:
    """Powers that hold states at `aim` of their bands' width, as a thermostat does.

    Between `HELD_SHARES` of what agents can.

    Returns:
        Powers [S, n], and what missing wishes costs then [n].
    """
    power, cost = np.empty_like(fleet.greatest), np.zeros(fleet.count)
    band = (fleet.low, fleet.high, fleet.low_price, fleet.high_price)
    limits = (aim, *HELD_SHARES)
    _held(fleet.transfer, fleet.gain, fleet.free, *band, fleet.greatest, limits, power, cost)
    return power, cost


@compiled
def _held(A, gain, free, low, high, low_price, high_price, most, limits, power, cost):  # type: ignore[no-untyped-def]
    S, n = most.shape
    period, (aim, least, greatest) = gain.shape[0], limits
    end = np.zeros((2, n))
    for t in range(S):
        b = gain[t % period]
        for i in range(n):
            x0, x1 = end[0, i], end[1, i]
            e0, e1 = A[0, 0, i] * x0 + A[0, 1, i] * x1, A[1, 0, i] * x0 + A[1, 1, i] * x1
            wanted = low[t, i]
            if low_price[t, i] == 0.0:
                wanted = high[t, i]
            elif high_price[t, i] > 0.0:
                wanted += aim * (high[t, i] - low[t, i])
            share = 0.0
            if most[t, i] > 0.0 and low_price[t, i] + high_price[t, i] > 0.0 and b[0, i] != 0.0:
                share = (wanted - free[t, i] - e0) / (b[0, i] * most[t, i])
            u = min(max(share, least), greatest) * most[t, i]
            e0, e1 = e0 + b[0, i] * u, e1 + b[1, i] * u
            power[t, i], end[0, i], end[1, i] = u, e0, e1
            under = max(low[t, i] - free[t, i] - e0, 0.0)
            over = max(free[t, i] + e0 - high[t, i], 0.0)
            cost[i] += low_price[t, i] * under + high_price[t, i] * over


@compiled
def _missed(free, low, high, low_price, high_price, moved, shares, costs):  # type: ignore[no-untyped-def]
    for t in range(free.shape[0]):
        for k in range(shares.size):
            for i in range(free.shape[1]):
                y = free[t, i] + shares[k] * moved[t, i]
                under, over = max(low[t, i] - y, 0.0), max(y - high[t, i], 0.0)
                costs[k, i] += low_price[t, i] * under + high_price[t, i] * over


@compiled
def _respond(A, gain, control, response, end):  # type: ignore[no-untyped-def]
    S, n = control.shape
    period = gain.shape[0]
    for t in range(S):
        b = gain[t % period]
        for i in range(n):
            x0, x1, u = end[0, i], end[1, i], control[t, i]
            end[0, i] = A[0, 0, i] * x0 + A[0, 1, i] * x1 + b[0, i] * u
            end[1, i] = A[1, 0, i] * x0 + A[1, 1, i] * x1 + b[1, i] * u
            response[t, i] = end[0, i]


@compiled
def _adjoint(A, gain, on_state, at_end, result):  # type: ignore[no-untyped-def]
    S, n = on_state.shape
    period = gain.shape[0]
    p = at_end.copy()
    for t in range(S - 1, -1, -1):
        b = gain[t % period]
        for i in range(n):
            p0, p1 = p[0, i] + on_state[t, i], p[1, i]
            result[t, i] = b[0, i] * p0 + b[1, i] * p1
            p[0, i] = A[0, 0, i] * p0 + A[1, 0, i] * p1
            p[1, i] = A[0, 1, i] * p0 + A[1, 1, i] * p1
