"""The T x T blocks that agents add to the coupling: sums of their inverse Hessians, compiled.

The inverse is semiseparable (`sweeps.py`), so its lower triangle is taken in chunks of columns: the
triangle within a chunk step by step, all below it as one product of [S, m] by [m, CHUNK] numbers
over a group's agents.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

import numpy as np

from building_models.compiled import compiled, compiled_sums
from ems.optimizer.structured.layout import A00, FEEDBACK, INVERSE, LANES

CHUNK = 16
"""Columns of the inverse that are carried forward together."""


@compiled
def add_inverses(span, memory, starts, result, states, lanes):
    """Adds the sum of M^-1 over each group's agents to `result` [groups, S, S]."""
    rows, constants, gains = memory[:3]
    S, s = rows.shape[1], len(states)
    for g in range(span[0], span[1]):
        first, m = starts[g], (starts[g + 1] - starts[g]) * lanes
        if m == 0:
            continue
        factors, still = np.empty((S, s + 1, m)), np.empty((gains.shape[1] + s, s, m))
        _gather(first, rows, constants, gains, factors, still, lanes)
        left, carried = np.empty((S, s * m)), np.empty((CHUNK, s * m))
        spread, flow = np.zeros((3, m)), np.empty((s, s, m))
        below = np.empty((S, CHUNK))
        for begin in range(0, S, CHUNK):
            end = min(begin + CHUNK, S)
            _within(factors, still, begin, end, spread, carried, result[g], states)
            if end < S:
                _after(factors, still, end, flow, left, states)
                np.dot(left[end:], carried.T, below[end:])
                for t in range(end, S):
                    for i in range(CHUNK):
                        result[g, t, begin + i] += below[t, i]
                for i in range(CHUNK):
                    for t in range(end, S):
                        result[g, begin + i, t] += below[t, i]


@compiled
def _gather(first, rows, constants, gains, factors, still, lanes):
    """A group's factors [S, s + 1, m]; its transfer and gains [s + period, s, m]."""
    s = factors.shape[1] - 1
    period = gains.shape[1]
    for i in range(factors.shape[2] // lanes):
        for t in range(factors.shape[0]):
            for j in range(lanes):
                factors[t, s, i * lanes + j] = rows[first + i, t, INVERSE + j]
                for k in range(s):
                    factors[t, k, i * lanes + j] = rows[first + i, t, FEEDBACK + k * LANES + j]
        for j in range(lanes):
            for k in range(s):
                for h in range(s):
                    still[k, h, i * lanes + j] = constants[first + i, A00 + (2 * k + h) * LANES + j]
                for p in range(period):
                    still[s + p, k, i * lanes + j] = gains[first + i, p, k * LANES + j]


@compiled_sums
def _within(factors, still, begin, end, spread, carried, H, states):
    """The chunk's own triangle; leaves its columns at its end in `carried` [CHUNK, s m]."""
    m, s = factors.shape[2], len(states)
    two = s == 2
    closed = np.empty((6, m))
    for t in range(begin, end):
        own, width, p = 0.0, t - begin, s + (t & (still.shape[0] - s - 1))
        for j in range(m):
            v, k0, b0 = factors[t, s, j], factors[t, 0, j], still[p, 0, j]
            f00, s00 = still[0, 0, j] - b0 * k0, spread[0, j]
            if two:
                k1, b1 = factors[t, 1, j], still[p, 1, j]
                f01 = still[0, 1, j] - b0 * k1
                f10, f11 = still[1, 0, j] - b1 * k0, still[1, 1, j] - b1 * k1
                s01, s11 = spread[1, j], spread[2, j]
                w0, w1 = s00 * k0 + s01 * k1, s01 * k0 + s11 * k1
                own += v + k0 * w0 + k1 * w1
                q00, q01 = f00 * s00 + f01 * s01, f00 * s01 + f01 * s11
                q10, q11 = f10 * s00 + f11 * s01, f10 * s01 + f11 * s11
                spread[0, j] = q00 * f00 + q01 * f01 + b0 * b0 * v
                spread[1, j] = q00 * f10 + q01 * f11 + b0 * b1 * v
                spread[2, j] = q10 * f10 + q11 * f11 + b1 * b1 * v
                closed[1, j], closed[2, j], closed[3, j], closed[5, j] = f01, f10, f11, k1
                carried[width, j] = b0 * v - f00 * w0 - f01 * w1
                carried[width, m + j] = b1 * v - f10 * w0 - f11 * w1
            else:
                own += v + k0 * k0 * s00
                spread[0, j] = f00 * f00 * s00 + b0 * b0 * v
                carried[width, j] = b0 * v - f00 * k0 * s00
            closed[0, j], closed[4, j] = f00, k0
        H[t, t] += own
        for i in range(width):
            entry = _stepped(closed, carried[i], states)
            H[t, begin + i] += entry
            H[begin + i, t] += entry


@compiled_sums
def _stepped(closed, column, states):
    """The entry of a column [s m] in the present row; the column goes on one step."""
    entry, m = 0.0, closed.shape[1]
    for j in range(m):
        c0 = column[j]
        if len(states) == 2:
            c1 = column[m + j]
            entry -= closed[4, j] * c0 + closed[5, j] * c1
            column[j] = closed[0, j] * c0 + closed[1, j] * c1
            column[m + j] = closed[2, j] * c0 + closed[3, j] * c1
        else:
            entry -= closed[4, j] * c0
            column[j] = closed[0, j] * c0
    return entry


@compiled
def _after(factors, still, end, flow, left, states):
    """-K[t] F[t-1] ... F[end] for every later t, in `left` [S, s m]; `flow` is the product."""
    S, m, s = factors.shape[0], factors.shape[2], len(states)
    for k in range(s):
        for h in range(s):
            flow[k, h, :] = 1.0 if k == h else 0.0
    for t in range(end, S):
        p = s + (t & (still.shape[0] - s - 1))
        for j in range(m):
            k0, b0, a00, p00 = factors[t, 0, j], still[p, 0, j], still[0, 0, j], flow[0, 0, j]
            if len(states) == 2:
                k1, b1, a01 = factors[t, 1, j], still[p, 1, j], still[0, 1, j]
                p01, p10, p11 = flow[0, 1, j], flow[1, 0, j], flow[1, 1, j]
                a10, a11 = still[1, 0, j], still[1, 1, j]
                r0, r1 = k0 * p00 + k1 * p10, k0 * p01 + k1 * p11
                left[t, j] = -r0
                left[t, m + j] = -r1
                flow[0, 0, j] = a00 * p00 + a01 * p10 - b0 * r0
                flow[0, 1, j] = a00 * p01 + a01 * p11 - b0 * r1
                flow[1, 0, j] = a10 * p00 + a11 * p10 - b1 * r0
                flow[1, 1, j] = a10 * p01 + a11 * p11 - b1 * r1
            else:
                r0 = k0 * p00
                left[t, j] = -r0
                flow[0, 0, j] = a00 * p00 - b0 * r0
