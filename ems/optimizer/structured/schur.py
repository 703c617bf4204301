"""The coupling's Schur complement: one block per capacity, an arrow of upper capacities and meter.

Prices move loads by -H, the sum of the agents' inverse Hessians of each group. Capacities of
different buildings touch only through what stands above them, so each block is factored by itself,
and the arrow's block (upper capacities, then electricity) takes what they leave, added up by face
(`faces.py`) before it is weighed. All by LAPACK, dense.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.linalg import blas, lapack

from building_models.compiled import compiled
from ems.optimizer.structured.faces import Faces
from ems.optimizer.structured.problem import Floats, Groups, Indices


@dataclass(frozen=True, kw_only=True)
class Block:
    """A capacity's block, factored."""

    factor: Floats = field(repr=False)
    """Lower Cholesky factor. Shape [T, T]."""
    faces: Indices
    """What its groups show. Shape [F]."""
    edge: Floats = field(repr=False)
    """factor^-1 times its edge to them. Shape [T, F T]."""


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """The factored complement."""

    blocks: list[Block] = field(repr=False)
    """Of each capacity."""
    in_tip: Floats = field(repr=False)
    """Weight of each face in the parts of the tip. Shape [J, V + 1, T]."""
    tip: Floats = field(repr=False)
    """Lower Cholesky factor of what is left of the arrow. [(V + 1) T, (V + 1) T]."""

    def solve(self, of_capacities: Floats, of_tip: Floats) -> tuple[Floats, Floats]:
        """Prices of capacities [C, T] and the tip [V + 1, T] for right-hand sides of that shape."""
        taken = np.zeros((self.in_tip.shape[0], of_tip.shape[1]))
        halves = []
        for block, side in zip(self.blocks, of_capacities, strict=True):
            half = _forward(block.factor, side)
            taken[block.faces] += (half @ block.edge).reshape(block.faces.size, -1)
            halves.append(half)
        tip = of_tip - (self.in_tip * taken[:, None]).sum(axis=0)
        top = _backward(self.tip, _forward(self.tip, tip.ravel())).reshape(of_tip.shape)
        shown = (self.in_tip * top).sum(axis=1)
        result = np.empty_like(of_capacities)
        for c, (block, half) in enumerate(zip(self.blocks, halves, strict=True)):
            result[c] = _backward(block.factor, half - block.edge @ shown[block.faces].ravel())
        return result, top


def arrow(
    groups: Groups,
    faces: Faces,
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
    T, J, P = meter.shape[0], *faces.in_tip.shape[:2]
    shown = np.zeros((J, J, T, T))
    _show(inverses, faces.of_groups, shown)
    blocks: list[Block] = []
    left: dict[tuple[int, ...], Floats] = {}
    for c, members in enumerate(_members(groups.capacity, groups.capacity_kw.shape[0])):
        of = faces.of_groups[members]
        touched = np.flatnonzero(of.any(axis=(0, 2)))
        block, edge = np.zeros((T, T)), np.zeros((touched.size, T, T))
        _weigh(inverses, members, of[:, touched], block, edge)
        block[np.diag_indices(T)] += on_capacity[c]
        factor = _cholesky(block.T)
        solved = _forward(factor, edge.reshape(-1, T).T)
        blocks.append(Block(factor=factor, faces=touched, edge=solved))
        size, key = solved.shape[1], tuple(touched.tolist())
        taken = left.setdefault(key, np.zeros((size, size), order="F"))
        blas.dsyrk(-1.0, solved, 1.0, taken, trans=1, lower=1, overwrite_c=1)
    for key, taken in left.items():
        _take(np.array(key, dtype=np.intp), taken, shown)
    tip = np.zeros((P * T, P * T), order="F")  # its lower triangle is all that counts
    _tip(shown, faces.in_tip, on_tip, meter, tip.T)
    return Arrow(blocks=blocks, in_tip=faces.in_tip, tip=_cholesky(tip))


@compiled
def _show(inverses, weights, shown):  # type: ignore[no-untyped-def]
    """Adds all groups' inverses, weighed on both sides, to pairs of faces [J, J, T, T], j <= i."""
    for g in range(weights.shape[0]):
        for i in range(weights.shape[1]):
            for j in range(i + 1):
                if weights[g, i].any() and weights[g, j].any():
                    for s in range(weights.shape[2]):
                        by = weights[g, i, s]
                        for t in range(weights.shape[2]):
                            shown[i, j, s, t] += by * inverses[g, s, t] * weights[g, j, t]


@compiled
def _weigh(inverses, members, weights, block, edge):  # type: ignore[no-untyped-def]
    """Adds the members' inverses to a capacity's `block` [T, T], and weighed [F, T, T]."""
    for k in range(members.size):
        g = members[k]
        for s in range(block.shape[0]):
            for t in range(block.shape[0]):
                block[s, t] += inverses[g, s, t]
        for f in range(edge.shape[0]):
            if weights[k, f].any():
                for s in range(block.shape[0]):
                    by = weights[k, f, s]
                    for t in range(block.shape[0]):
                        edge[f, s, t] += by * inverses[g, s, t]


@compiled
def _take(touched, taken, shown):  # type: ignore[no-untyped-def]
    """Adds what capacities leave of the faces they touch, a lower triangle, to `shown`."""
    T = shown.shape[2]
    for i in range(touched.size):
        for j in range(i + 1):
            for s in range(T):
                for t in range(T):
                    row, column = i * T + s, j * T + t
                    entry = taken[row, column] if row >= column else taken[column, row]
                    shown[touched[i], touched[j], s, t] += entry


@compiled
def _mirror(shown):  # type: ignore[no-untyped-def]
    """Fills in pairs of faces [j, i] for j < i."""
    for i in range(shown.shape[0]):
        for j in range(i):
            shown[j, i] = shown[i, j].T


@compiled
def _add_weighed(pair, left, right, block):  # type: ignore[no-untyped-def]
    for s in range(block.shape[0]):
        for t in range(block.shape[1]):
            block[s, t] += left[s] * pair[s, t] * right[t]


@compiled
def _tip(shown, in_tip, on_tip, meter, upper):  # type: ignore[no-untyped-def]
    """Weighs faces in the tip, and adds what is its own; in the `upper` triangle's blocks."""
    _mirror(shown)
    J, P, T = in_tip.shape
    for p in range(P):
        for q in range(p + 1):
            block = upper[q * T : (q + 1) * T, p * T : (p + 1) * T]
            for i in range(J):
                for j in range(J):
                    if in_tip[i, p].any() and in_tip[j, q].any():
                        _add_weighed(shown[j, i], in_tip[j, q], in_tip[i, p], block)
            for t in range(T):
                block[t, t] += on_tip[p, q, t]
    block += meter


def _members(capacity: Indices, count: int) -> list[Indices]:
    """The groups of each capacity."""
    order = np.argsort(capacity, kind="stable")
    ends = np.searchsorted(capacity[order], np.arange(count + 1))
    return [order[first:last] for first, last in pairwise(ends)]


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
