"""The coupling's Schur complement: one block per capacity, an arrow of upper capacities and meter.

Prices move loads by -H, the sum of the agents' inverse Hessians of each group. Capacities of
different buildings touch only through what stands above them, so each block is factored by itself,
and the arrow's block (upper capacities, then electricity) takes what they leave. All by LAPACK,
dense.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import blas, lapack

from ems.optimizer.structured.problem import NONE, Floats, Groups


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
    tip[V * T :, V * T :] = meter
    for v, w in zip(*np.tril_indices(V + 1), strict=True):
        _block(tip, int(v), int(w), T)[np.diag_indices(T)] += on_tip[v, w]
    for g in np.flatnonzero(groups.capacity == NONE):
        _add_to_tip(tip, groups, int(g), inverses[g].T, T)
    blocks, edges = [], []
    for c in range(C):
        block, edge, rows = _capacity(groups, inverses, c, tip)
        block[np.diag_indices(T)] += on_capacity[c]
        factor = _cholesky(block)
        solved = _forward(factor, edge)
        taken = blas.dsyrk(1.0, solved, trans=1, lower=1)
        for i, row in enumerate(rows):
            for j, column in enumerate(rows[: i + 1]):
                _block(tip, row, column, T)[:] -= _block(taken, i, j, T)
        blocks.append(factor)
        edges.append((rows, solved))
    return Arrow(blocks=blocks, edges=edges, tip=_cholesky(tip))


def _capacity(
    groups: Groups, inverses: Floats, capacity: int, tip: Floats
) -> tuple[Floats, Floats, list[int]]:
    """A capacity's own block, its edge to the tip, and the blocks of the tip it touches.

    What its groups add to the tip themselves is added on the way. All in Fortran's order, as LAPACK
    has it; inverses are symmetric.
    """
    members = np.flatnonzero(groups.capacity == capacity)
    electricity, T = groups.upper_kw.shape[0], inverses.shape[1]
    touched = [*np.flatnonzero(groups.upper_per_kw[members].any(axis=0)).tolist(), electricity]
    block = np.zeros((T, T), order="F")
    edge = np.zeros((T, len(touched) * T), order="F")
    for g in members:
        H = inverses[g].T
        block += H
        edge[:, -T:] += _add_to_tip(tip, groups, int(g), H, T)
        for at, row in enumerate(touched[:-1]):
            edge[:, at * T : (at + 1) * T] += groups.upper_per_kw[g, row] * H
    return block, edge, touched


def _add_to_tip(tip: Floats, groups: Groups, group: int, H: Floats, T: int) -> Floats:
    """Adds a group's own part; its H times what a kW draws."""
    weights, counted = groups.electric_per_kw[group], groups.upper_per_kw[group]
    weighed: Floats = H * weights
    tip[-T:, -T:] += weights[:, None] * weighed
    rows = np.flatnonzero(counted)
    for at, row in enumerate(rows):
        tip[-T:, row * T : (row + 1) * T] += counted[row] * weighed.T
        for column in rows[: at + 1]:
            _block(tip, int(row), int(column), T)[:] += counted[row] * counted[column] * H
    return weighed


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
