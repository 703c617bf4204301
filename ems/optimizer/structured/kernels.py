"""The sweeps of `sweeps.py`, compiled: the same formulas, agents innermost so that they vectorise.

Arrays and meaning are those of the reference; a test holds both to 1e-9. Agents are taken in lots
that stay in the cache while time is swept.
"""

import numpy as np

from ems.optimizer.structured.compiled import compiled, compiled_sums
from ems.optimizer.structured.fleet import Fleet
from ems.optimizer.structured.problem import Floats
from ems.optimizer.structured.sweeps import Factors

LOT = 32
"""Agents swept together."""


def factor(fleet: Fleet, on_control: Floats, on_state: Floats) -> Factors:
    """As `sweeps.factor`."""
    feedback = np.empty((fleet.steps, 2, fleet.count))
    inverse_pivot = np.empty((fleet.steps, fleet.count))
    _factor(
        fleet.transfer, fleet.gain, fleet.is_open, on_control, on_state, feedback, inverse_pivot
    )
    return Factors(feedback=feedback, inverse_pivot=inverse_pivot)


def solve(
    fleet: Fleet, factors: Factors, on_control: Floats, on_state: Floats, at_end: Floats
) -> tuple[Floats, Floats]:
    """As `sweeps.solve`."""
    control, response = np.empty_like(on_control), np.empty_like(on_control)
    _solve(
        fleet.transfer,
        fleet.gain,
        factors.feedback,
        factors.inverse_pivot,
        on_control,
        on_state,
        at_end,
        control,
        response,
    )
    return control, response


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


def summed_inverses(fleet: Fleet, factors: Factors) -> Floats:
    """As `sweeps.summed_inverses`."""
    result = np.zeros((fleet.starts.size - 1, fleet.steps, fleet.steps))
    _summed_inverses(
        fleet.transfer, fleet.gain, factors.feedback, factors.inverse_pivot, fleet.starts, result
    )
    return result


@compiled
def _factor(A, gain, is_open, on_control, on_state, feedback, inverse_pivot):  # type: ignore[no-untyped-def]
    S, n = on_control.shape
    period = gain.shape[0]
    P = np.empty((3, LOT))
    for first in range(0, n, LOT):
        m = min(LOT, n - first)
        P[:] = 0.0
        for t in range(S - 1, -1, -1):
            b = gain[t % period]
            for j in range(m):
                i = first + j
                D = on_control[t, i]
                p00, p01, p11 = P[0, j] + on_state[t, i], P[1, j], P[2, j]
                b0, b1 = b[0, i], b[1, i]
                a00, a01, a10, a11 = A[0, 0, i], A[0, 1, i], A[1, 0, i], A[1, 1, i]
                v0, v1 = p00 * b0 + p01 * b1, p01 * b0 + p11 * b1
                pivot = D + b0 * v0 + b1 * v1
                inverse = 1.0 / pivot if is_open[t, i] else 0.0
                k0, k1 = (v0 * a00 + v1 * a10) * inverse, (v0 * a01 + v1 * a11) * inverse
                f00, f01, f10, f11 = a00 - b0 * k0, a01 - b0 * k1, a10 - b1 * k0, a11 - b1 * k1
                q00, q01 = p00 * f00 + p01 * f10, p00 * f01 + p01 * f11
                q10, q11 = p01 * f00 + p11 * f10, p01 * f01 + p11 * f11
                P[0, j] = f00 * q00 + f10 * q10 + k0 * k0 * D
                P[1, j] = f00 * q01 + f10 * q11 + k0 * k1 * D
                P[2, j] = f01 * q01 + f11 * q11 + k1 * k1 * D
                feedback[t, 0, i] = k0
                feedback[t, 1, i] = k1
                inverse_pivot[t, i] = inverse


@compiled
def _solve(A, gain, K, inverse, on_control, on_state, at_end, control, response):  # type: ignore[no-untyped-def]
    S, n = on_control.shape
    period = gain.shape[0]
    x = np.empty((2, LOT))
    for first in range(0, n, LOT):
        m = min(LOT, n - first)
        for j in range(m):
            x[0, j], x[1, j] = -at_end[0, first + j], -at_end[1, first + j]
        for t in range(S - 1, -1, -1):
            b = gain[t % period]
            for j in range(m):
                i = first + j
                p0, p1 = x[0, j] - on_state[t, i], x[1, j]
                left = on_control[t, i] - b[0, i] * p0 - b[1, i] * p1
                control[t, i] = inverse[t, i] * left
                x[0, j] = A[0, 0, i] * p0 + A[1, 0, i] * p1 + K[t, 0, i] * left
                x[1, j] = A[0, 1, i] * p0 + A[1, 1, i] * p1 + K[t, 1, i] * left
        x[:] = 0.0
        for t in range(S):
            b = gain[t % period]
            for j in range(m):
                i = first + j
                x0, x1 = x[0, j], x[1, j]
                u = control[t, i] - K[t, 0, i] * x0 - K[t, 1, i] * x1
                control[t, i] = u
                x[0, j] = A[0, 0, i] * x0 + A[0, 1, i] * x1 + b[0, i] * u
                x[1, j] = A[1, 0, i] * x0 + A[1, 1, i] * x1 + b[1, i] * u
                response[t, i] = x[0, j]


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


CHUNK = 8
"""Columns of the inverse that are carried forward together."""


@compiled_sums
def _summed_inverses(A, gain, K, inverse, starts, result):  # type: ignore[no-untyped-def]
    """Sums by group; a chunk's columns as one product [S, 2 m] x [2 m, CHUNK] over m agents."""
    S = K.shape[0]
    for g in range(starts.size - 1):
        first, m = starts[g], starts[g + 1] - starts[g]
        if m == 0:
            continue
        rows, carried = np.empty((S, 2 * m)), np.empty((CHUNK, 2 * m))
        spread, closed, flow = np.zeros((3, m)), np.empty((6, m)), np.empty((4, m))
        for begin in range(0, S, CHUNK):
            end = min(begin + CHUNK, S)
            _within_chunk(
                A, gain, K, inverse, first, m, begin, end, spread, closed, carried, result[g]
            )
            if end < S:
                _after_chunk(A, gain, K, first, m, end, flow, rows)
                below = np.dot(rows[end:], carried.T)
                for t in range(end, S):
                    for s in range(end - begin):
                        result[g, t, begin + s] = below[t - end, s]
                        result[g, begin + s, t] = below[t - end, s]


@compiled_sums
def _within_chunk(A, gain, K, inverse, first, m, begin, end, spread, closed, carried, H):  # type: ignore[no-untyped-def]
    """The chunk's own triangle; leaves its columns at its end in `carried` [CHUNK, 2 m]."""
    period = gain.shape[0]
    for t in range(begin, end):
        b = gain[t % period]
        own = 0.0
        width = t - begin
        for j in range(m):
            i = first + j
            k0, k1, v = K[t, 0, i], K[t, 1, i], inverse[t, i]
            b0, b1 = b[0, i], b[1, i]
            f00, f01 = A[0, 0, i] - b0 * k0, A[0, 1, i] - b0 * k1
            f10, f11 = A[1, 0, i] - b1 * k0, A[1, 1, i] - b1 * k1
            s00, s01, s11 = spread[0, j], spread[1, j], spread[2, j]
            w0, w1 = s00 * k0 + s01 * k1, s01 * k0 + s11 * k1
            own += v + k0 * w0 + k1 * w1
            q00, q01 = f00 * s00 + f01 * s01, f00 * s01 + f01 * s11
            q10, q11 = f10 * s00 + f11 * s01, f10 * s01 + f11 * s11
            spread[0, j] = q00 * f00 + q01 * f01 + b0 * b0 * v
            spread[1, j] = q00 * f10 + q01 * f11 + b0 * b1 * v
            spread[2, j] = q10 * f10 + q11 * f11 + b1 * b1 * v
            closed[0, j], closed[1, j], closed[2, j], closed[3, j] = f00, f01, f10, f11
            closed[4, j], closed[5, j] = k0, k1
            carried[width, j] = b0 * v - f00 * w0 - f01 * w1
            carried[width, m + j] = b1 * v - f10 * w0 - f11 * w1
        H[t, t] = own
        for s in range(width):
            entry = 0.0
            for j in range(m):
                c0, c1 = carried[s, j], carried[s, m + j]
                entry -= closed[4, j] * c0 + closed[5, j] * c1
                carried[s, j] = closed[0, j] * c0 + closed[1, j] * c1
                carried[s, m + j] = closed[2, j] * c0 + closed[3, j] * c1
            H[t, begin + s] = entry
            H[begin + s, t] = entry


@compiled
def _after_chunk(A, gain, K, first, m, end, flow, rows):  # type: ignore[no-untyped-def]
    """-K[t] F[t-1] ... F[end] for every later t, in `rows` [S, 2 m]; `flow` is the product."""
    S, period = K.shape[0], gain.shape[0]
    flow[0, :], flow[1, :], flow[2, :], flow[3, :] = 1.0, 0.0, 0.0, 1.0
    for t in range(end, S):
        b = gain[t % period]
        for j in range(m):
            i = first + j
            k0, k1 = K[t, 0, i], K[t, 1, i]
            p00, p01, p10, p11 = flow[0, j], flow[1, j], flow[2, j], flow[3, j]
            r0, r1 = k0 * p00 + k1 * p10, k0 * p01 + k1 * p11
            rows[t, j] = -r0
            rows[t, m + j] = -r1
            flow[0, j] = A[0, 0, i] * p00 + A[0, 1, i] * p10 - b[0, i] * r0
            flow[1, j] = A[0, 0, i] * p01 + A[0, 1, i] * p11 - b[0, i] * r1
            flow[2, j] = A[1, 0, i] * p00 + A[1, 1, i] * p10 - b[1, i] * r0
            flow[3, j] = A[1, 0, i] * p01 + A[1, 1, i] * p11 - b[1, i] * r1
