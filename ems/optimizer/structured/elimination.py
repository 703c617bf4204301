"""Blocks of capacities built, eliminated and solved with, compiled.

A capacity's rows hold its block M [T, T] and, to the right, its edges E [T, F T] to the faces it
touches. Row by row M = R' R becomes R and E becomes R'^-1 E, four rows at a time, so that those
below are read and written once for four. Inner loops run along whole rows, also left of the
diagonal, where nothing is used: only a loop from the first number on becomes vector instructions.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

import numpy as np

from building_models.compiled import compiled, compiled_sums

ROWS = 4
"""Rows that are eliminated together."""


@compiled
def add_blocks(span, starts, members, inverses, weights, on_diagonal, rows):
    """Writes each capacity's block and edges: sums of its members' inverses [G, T, T], weighed."""
    T = rows.shape[1]
    for c in range(span[0], span[1]):
        rows[c] = 0.0
        for k in range(starts[c], starts[c + 1]):
            g = members[k]
            for s in range(T):
                for t in range(s, T):
                    rows[c, s, t] += inverses[g, s, t]
            for f in range(weights.shape[1]):
                if weights[k, f].any():
                    first = (1 + f) * T
                    for s in range(T):
                        for t in range(T):
                            rows[c, s, first + t] += weights[k, f, t] * inverses[g, s, t]
        for s in range(T):
            rows[c, s, s] += on_diagonal[c, s]


@compiled
def eliminate(span, rows, failed):
    """Cholesky's factor of each block and what it leaves of the edges, in place.

    `failed` [n] becomes true for a block that is not positive definite to machine precision.
    """
    T = rows.shape[1]
    pivots = np.empty((ROWS, rows.shape[2]))
    for c in range(span[0], span[1]):
        for first in range(0, T, ROWS):
            end = min(first + ROWS, T)
            for k in range(first, end):
                failed[c] |= not _scaled(rows, c, first, k)
                for j in range(rows.shape[2]):
                    pivots[k - first, j] = rows[c, k, j]
            for i in range(end, T):
                _take_four(rows, c, pivots, i)


@compiled
def _scaled(rows, c, first, k):
    """Takes the eliminated rows from `first` on from row k, and scales it by its pivot's root.

    Returns:
        Whether the pivot is positive.
    """
    for p in range(first, k):
        _take_row(rows, c, p, k)
    pivot = rows[c, k, k]
    inverse = 1.0 / np.sqrt(pivot)
    for j in range(rows.shape[2]):
        rows[c, k, j] *= inverse
    return pivot > 0.0


@compiled
def _take_row(rows, c, p, k):
    """Takes the eliminated row p from row k."""
    by = rows[c, p, k]
    for j in range(rows.shape[2]):
        rows[c, k, j] -= by * rows[c, p, j]


@compiled
def _take_four(rows, c, pivots, k):
    """Takes the four eliminated rows `pivots` from row k."""
    by_0, by_1, by_2, by_3 = pivots[0, k], pivots[1, k], pivots[2, k], pivots[3, k]
    for j in range(rows.shape[2]):
        two = by_0 * pivots[0, j] + by_1 * pivots[1, j]
        rows[c, k, j] -= two + by_2 * pivots[2, j] + by_3 * pivots[3, j]


@compiled
def solve_down(span, rows, sides):
    """R'^-1 of each capacity's side [n, T], in place."""
    T = rows.shape[1]
    for c in range(span[0], span[1]):
        for k in range(T):
            sides[c, k] /= rows[c, k, k]
            by = sides[c, k]
            for t in range(k + 1, T):
                sides[c, t] -= by * rows[c, k, t]


@compiled_sums
def solve_up(span, rows, sides):
    """R^-1 of each capacity's side [n, T], in place."""
    T = rows.shape[1]
    for c in range(span[0], span[1]):
        for k in range(T - 1, -1, -1):
            known = 0.0
            for t in range(k + 1, T):
                known += rows[c, k, t] * sides[c, t]
            sides[c, k] = (sides[c, k] - known) / rows[c, k, k]
