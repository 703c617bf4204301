"""The coupling's Schur complement: one block per capacity, an arrow of upper capacities and meter.

Prices move loads by -H, the sum of the agents' inverse Hessians of each group. Capacities of
different buildings touch only through what stands above them, so each block is factored by itself,
and the arrow's block (upper capacities, then electricity) takes what they leave. All by LAPACK,
dense.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.linalg import blas, lapack

from building_models.compiled import compiled
from ems.optimizer.structured.problem import NONE, Floats, Groups, Indices


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """The factored complement."""

    blocks: list[Floats] = field(repr=False)
    """Lower Cholesky factor of each capacity's block. [T, T] each."""
    edges: list[tuple[list[int], Floats]] = field(repr=False)
    """Blocks of the tip that a capacity touches, and factor^-1 times its edge to them."""
    tip: Floats = field(repr=False)
    """Lower Cholesky factor of what is left of the arrow. [(V + 1) T, (V + 1) T]."""

    def solve(self, of_capacities: Floats, of_tip: Floats) -> tuple[Floats, Floats]:
        """Prices of capacities [C, T] and the tip [V + 1, T] for right-hand sides of that shape."""
        tip = of_tip.copy()
        halves = []
        for block, (rows, edge), side in zip(self.blocks, self.edges, of_capacities, strict=True):
            half = _forward(block, side)
            tip[rows] -= (edge.T @ half).reshape(len(rows), -1)
            halves.append(half)
        top = _backward(self.tip, _forward(self.tip, tip.ravel()))
        top = top.reshape(of_tip.shape)
        result = np.empty_like(of_capacities)
        for c, (block, (rows, edge)) in enumerate(zip(self.blocks, self.edges, strict=True)):
            result[c] = _backward(block, halves[c] - edge @ top[rows].ravel())
        return result, top


def arrow(
    groups: Groups,
    inverses: Floats,
    on_capacity: Floats,
    on_tip: Floats,
    meter: Floats,
) -> Arrow:
    """Factors the complement.

    `inverses` H [G, T, T]; `on_capacity` slack over price [C + V, T]; `on_tip` [V + 1, V + 1, T],
    what stands in each slot of the tip's own; `meter` [T, T], what batteries and peak add to it.

    Raises:
        numpy.linalg.LinAlgError: it is not positive definite to machine precision.
    """
    T = meter.shape[0]
    C, V = groups.capacity_kw.shape[0], groups.upper_kw.shape[0]
    tip = np.zeros(((V + 1) * T, (V + 1) * T), order="F")  # its lower triangle is all that counts
    for v, w in zip(*np.tril_indices(V + 1), strict=True):
        _block(tip, int(v), int(w), T)[np.diag_indices(T)] += on_tip[v, w]
    own, spare = np.array(meter, order="C"), np.empty((2, T, T))
    _weigh(
        np.flatnonzero(groups.capacity == NONE),
        inverses,
        groups.electric_per_kw,
        spare[0],
        spare[1],
        own,
    )
    for g in np.flatnonzero(groups.upper_per_kw.any(axis=1)):
        _add_to_rows(tip, groups, int(g), inverses[g].T, T)
    blocks, edges = [], []
    for c, members in enumerate(_members(groups.capacity, C)):
        block, edge = np.zeros((T, T)), np.zeros((T, T))
        _weigh(members, inverses, groups.electric_per_kw, block, edge, own)
        block[np.diag_indices(T)] += on_capacity[c]
        factor = _cholesky(block.T)
        rows = np.flatnonzero(groups.upper_per_kw[members].any(axis=0))
        if rows.size:
            solved = _forward(factor, _with_rows(groups, inverses, members, rows, edge.T))
            _take(tip, own, [*rows.tolist(), V], solved)
        else:
            solved = _forward(factor, edge.T)
            blas.dsyrk(-1.0, solved, 1.0, own.T, trans=1, lower=1, overwrite_c=1)
        blocks.append(factor)
        edges.append(([*rows.tolist(), V], solved))
    tip[V * T :, V * T :] += own.T
    return Arrow(blocks=blocks, edges=edges, tip=_cholesky(tip))


@compiled
def _weigh(  # type: ignore[no-untyped-def]
    members, inverses, weights, block, edge, own
):
    """Adds the members' inverses to a capacity's `block`, to its `edge` to electricity weighed
    with what a kW draws, and to electricity's `own` block weighed on both sides. [T, T] each."""
    for g in members:
        for s in range(block.shape[0]):
            by = weights[g, s]
            for t in range(block.shape[0]):
                entry = inverses[g, s, t]
                block[s, t] += entry
                edge[s, t] += by * entry
                own[s, t] += by * entry * weights[g, t]


def _members(capacity: Indices, count: int) -> list[Indices]:
    """The groups of each capacity."""
    order = np.argsort(capacity, kind="stable")
    ends = np.searchsorted(capacity[order], np.arange(count + 1))
    return [order[first:last] for first, last in pairwise(ends)]


def _with_rows(
    groups: Groups, inverses: Floats, members: Indices, rows: Indices, edge: Floats
) -> Floats:
    """A capacity's edge to rows above it and to electricity, in Fortran's order. [T, (R + 1) T]."""
    T = edge.shape[0]
    whole = np.empty((T, (rows.size + 1) * T), order="F")
    whole[:, -T:] = edge
    for at, row in enumerate(rows):
        counted = groups.upper_per_kw[members, row]
        whole[:, at * T : (at + 1) * T] = np.tensordot(counted, inverses[members], 1).T
    return whole


def _take(tip: Floats, own: Floats, rows: list[int], solved: Floats) -> None:
    """Takes what a capacity leaves of the tip's blocks; electricity's own is `own`."""
    T = own.shape[0]
    taken = blas.dsyrk(1.0, solved, trans=1, lower=1)
    for i, row in enumerate(rows):
        for j, column in enumerate(rows[: i + 1]):
            if column != rows[-1]:
                _block(tip, row, column, T)[:] -= _block(taken, i, j, T)
    own.T[:] -= _block(taken, len(rows) - 1, len(rows) - 1, T)


def _add_to_rows(tip: Floats, groups: Groups, group: int, H: Floats, T: int) -> None:
    """Adds a group's part in the rows above the capacities that it counts in."""
    counted = groups.upper_per_kw[group]
    rows = np.flatnonzero(counted)
    for at, row in enumerate(rows):
        weighed = counted[row] * groups.electric_per_kw[group][:, None] * H
        tip[-T:, row * T : (row + 1) * T] += weighed
        for column in rows[: at + 1]:
            _block(tip, int(row), int(column), T)[:] += counted[row] * counted[column] * H


def _block(matrix: Floats, row: int, column: int, T: int) -> Floats:
    return matrix[row * T : (row + 1) * T, column * T : (column + 1) * T]


def _cholesky(matrix: Floats) -> Floats:
    factor, failed = lapack.dpotrf(matrix, lower=True, overwrite_a=True)
    if failed:
        raise np.linalg.LinAlgError("not positive definite to machine precision")
    result: Floats = factor
    return result


def _forward(factor: Floats, side: Floats) -> Floats:
    solved, _ = lapack.dtrtrs(factor, side, lower=True, overwrite_b=side.ndim == 2)
    result: Floats = solved
    return result


def _backward(factor: Floats, side: Floats) -> Floats:
    solved, _ = lapack.dtrtrs(factor, side, lower=True, trans=1)
    result: Floats = solved
    return result
