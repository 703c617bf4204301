"""Sweeps over time, all agents at once: the reference in NumPy for the compiled kernels.

Along time an agent's barrier Hessian is M = D + B' W B, with D on its controls, W on its first
state, and B the response of the states. A backward Riccati sweep factors it: with P the cost to go,

    S = D + b' P b,   K = b' P A / S,   F = A - b K,   P <- F' P F + K' D K

with W added to P's first entry before each step (Joseph's form, which stays positive however large
D and W are). M^-1 is the covariance of the
controls u = k - K x driven by noise k of variance 1/S, so its lower triangle is semiseparable:
M^-1[t, s] = -K[t] F[t-1] ... F[s+1] g[s].
"""

from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured.fleet import Fleet
from ems.optimizer.structured.problem import Floats


@dataclass(frozen=True, kw_only=True)
class Factors:
    """The factored Hessian of every agent of a fleet."""

    feedback: Floats = field(repr=False)
    """K. Shape [S, 2, n]."""
    inverse_pivot: Floats = field(repr=False)
    """1/S, zero where there is no choice. Shape [S, n]."""


def factor(fleet: Fleet, on_control: Floats, on_state: Floats) -> Factors:
    """Factors of D + B' W B from D = `on_control` and W = `on_state`, both [S, n]."""
    A, period = fleet.transfer, fleet.gain.shape[0]
    feedback = np.zeros((fleet.steps, 2, fleet.count))
    inverse_pivot = np.zeros((fleet.steps, fleet.count))
    P = np.zeros_like(A)
    for t in range(fleet.steps - 1, -1, -1):
        b, D = fleet.gain[t % period], on_control[t]
        P[0, 0] += on_state[t]
        Pb = np.einsum("ijn,jn->in", P, b)
        pivot = D + (b * Pb).sum(axis=0)
        inverse = np.where(fleet.is_open[t], 1.0 / np.where(fleet.is_open[t], pivot, 1.0), 0.0)
        K = np.einsum("in,ijn->jn", Pb, A) * inverse
        F = A - b[:, None] * K[None]
        P = np.einsum("kin,kln,ljn->ijn", F, P, F) + K[:, None] * K[None] * D
        feedback[t], inverse_pivot[t] = K, inverse
    return Factors(feedback=feedback, inverse_pivot=inverse_pivot)


def solve(
    fleet: Fleet, factors: Factors, on_control: Floats, on_state: Floats, at_end: Floats
) -> tuple[Floats, Floats]:
    """M^-1 (r + B' v) and the first state's response to it.

    `on_control` r and `on_state` v have shape [S, n], `at_end` (v on both states after the last
    step) [2, n]; so have both results [S, n].
    """
    A, K, period = fleet.transfer, factors.feedback, fleet.gain.shape[0]
    pull = np.empty_like(on_control)
    p = -at_end
    for t in range(fleet.steps - 1, -1, -1):
        p = np.stack([p[0] - on_state[t], p[1]])
        left = on_control[t] - (fleet.gain[t % period] * p).sum(axis=0)
        pull[t] = factors.inverse_pivot[t] * left
        p = np.einsum("ijn,in->jn", A, p) + K[t] * left
    control, response = np.empty_like(pull), np.empty_like(pull)
    x = np.zeros_like(p)
    for t in range(fleet.steps):
        control[t] = pull[t] - (K[t] * x).sum(axis=0)
        x = np.einsum("ijn,jn->in", A, x) + fleet.gain[t % period] * control[t]
        response[t] = x[0]
    return control, response


def respond(fleet: Fleet, control: Floats) -> tuple[Floats, Floats]:
    """B u: the first state after each step [S, n], and both states at the end [2, n]."""
    response = np.empty_like(control)
    x = np.zeros((2, fleet.count))
    for t in range(fleet.steps):
        x = np.einsum("ijn,jn->in", fleet.transfer, x)
        x = x + fleet.gain[t % fleet.gain.shape[0]] * control[t]
        response[t] = x[0]
    return response, x


def adjoint(fleet: Fleet, on_state: Floats, at_end: Floats) -> Floats:
    """B' v for v = `on_state` [S, n] on the first state and `at_end` [2, n]. Shape [S, n]."""
    result = np.empty_like(on_state)
    p = at_end
    for t in range(fleet.steps - 1, -1, -1):
        p = np.stack([p[0] + on_state[t], p[1]])
        result[t] = (fleet.gain[t % fleet.gain.shape[0]] * p).sum(axis=0)
        p = np.einsum("ijn,in->jn", fleet.transfer, p)
    return result


def summed_inverses(fleet: Fleet, factors: Factors) -> Floats:
    """The sum of M^-1 over the agents of each group. Shape [groups, S, S]."""
    S, n = fleet.steps, fleet.count
    A, period = fleet.transfer, fleet.gain.shape[0]
    result = np.zeros((fleet.starts.size - 1, S, S))
    carried = np.zeros((S, 2, n))
    spread = np.zeros((2, 2, n))
    for t in range(S):
        K, inverse, b = factors.feedback[t], factors.inverse_pivot[t], fleet.gain[t % period]
        F = A - b[:, None] * K[None]
        before = -np.einsum("in,sin->sn", K, carried[:t])
        result[:, t, :t] = fleet.summed(before).T
        result[:, :t, t] = result[:, t, :t]
        result[:, t, t] = fleet.summed(inverse + np.einsum("in,ijn,jn->n", K, spread, K))
        carried[:t] = np.einsum("ijn,sjn->sin", F, carried[:t])
        carried[t] = b * inverse - np.einsum("ijn,jkn,kn->in", F, spread, K)
        spread = np.einsum("ijn,jkn,lkn->iln", F, spread, F) + b[:, None] * b[None] * inverse
    return result
