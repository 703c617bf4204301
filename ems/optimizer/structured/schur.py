"""The coupling's Schur complement: one block per capacity, an arrow of upper capacities and meter.

Prices move loads by -H, the sum of the agents' inverse Hessians of each group. Capacities of
different buildings touch only through what stands above them, so each block is eliminated by
itself (`elimination.py`), and the arrow's block (upper capacities, then electricity) takes what
they leave, added up by face (`faces.py`) before it is weighed; that one is dense, by LAPACK.
Capacities whose groups show the same faces are a family and leave theirs as one product.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import lapack

from building_models.compiled import compiled
from ems.optimizer.structured.elimination import add_blocks, eliminate, solve_down, solve_up
from ems.optimizer.structured.faces import Faces, Family
from ems.optimizer.structured.parallel import even_spans, in_parallel
from ems.optimizer.structured.problem import Floats

CAPACITIES_IN_PART_MIN = 50
"""A part of a family, swept by a thread, has so many capacities at least."""
NOT_POSITIVE = "not positive definite to machine precision"
GROUPS_SHOWN_MIN = 200
"""With fewer groups, one thread adds up their faces."""


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """The factored complement; the families' rows hold it until the next one."""

    families: tuple[Family, ...] = field(repr=False)
    """Of all capacities, eliminated."""
    in_tip: Floats = field(repr=False)
    """Weight of each face in the parts of the tip. Shape [J, V + 1, T]."""
    tip: Floats = field(repr=False)
    """Lower Cholesky factor of what is left of the arrow. [(V + 1) T, (V + 1) T]."""

    def solve(self, of_capacities: Floats, of_tip: Floats) -> tuple[Floats, Floats]:
        """Prices of capacities [C, T] and the tip [V + 1, T] for right-hand sides of that shape."""
        T = of_tip.shape[1]
        taken, halves = np.zeros((self.in_tip.shape[0], T)), []
        for family in self.families:
            half = of_capacities[family.capacities]
            in_parallel(solve_down, _spans(family), family.rows, half)
            taken[family.faces] += (half.ravel() @ family.edges).reshape(family.faces.size, T)
            halves.append(half)
        tip = of_tip - (self.in_tip * taken[:, None]).sum(axis=0)
        top = _backward(self.tip, _forward(self.tip, tip.ravel())).reshape(of_tip.shape)
        shown = (self.in_tip * top).sum(axis=1)
        result = np.empty_like(of_capacities)
        for family, half in zip(self.families, halves, strict=True):
            half -= (family.edges @ shown[family.faces].ravel()).reshape(half.shape)
            in_parallel(solve_up, _spans(family), family.rows, half)
            result[family.capacities] = half
        return result, top


def arrow(
    faces: Faces, inverses: Floats, on_capacity: Floats, on_tip: Floats, meter: Floats
) -> Arrow:
    """Factors the complement.

    `inverses` H [G, T, T]; `on_capacity` slack over price [C + V, T]; `on_tip` [V + 1, V + 1, T],
    what stands in each slot of the tip's own; `meter` [T, T], what batteries and peak add to it.

    Raises:
        numpy.linalg.LinAlgError: it is not positive definite to machine precision.
    """
    T, J, P = meter.shape[0], *faces.in_tip.shape[:2]
    shown = np.zeros((J, J, T, T))
    slots = even_spans(T, T if inverses.shape[0] < GROUPS_SHOWN_MIN else 1)
    in_parallel(_show, slots, inverses, faces.of_groups, faces.shows, shown)
    for family in faces.families:
        _eliminate(family, inverses, on_capacity[family.capacities])
        _take(family.faces, family.edges.T @ family.edges, shown)
    tip = np.zeros((P * T, P * T), order="F")  # its lower triangle is all that counts
    _tip(shown, faces.in_tip, on_tip, meter, tip.T)
    return Arrow(families=faces.families, in_tip=faces.in_tip, tip=_cholesky(tip))


def _eliminate(family: Family, inverses: Floats, on_capacity: Floats) -> None:
    """The family's rows, built and eliminated; `on_capacity` [n, T] is what its slacks give."""
    spans, rows = _spans(family), family.rows
    built = (family.starts, family.members, inverses, family.weights, on_capacity, rows)
    in_parallel(add_blocks, spans, *built)
    failed = np.zeros(family.capacities.size, dtype=np.bool_)
    in_parallel(eliminate, spans, rows, failed)
    if failed.any():
        raise np.linalg.LinAlgError(NOT_POSITIVE)


def _spans(family: Family) -> list[tuple[int, int]]:
    return even_spans(family.capacities.size, CAPACITIES_IN_PART_MIN)


@compiled
def _show(span, inverses, weights, shows, shown):  # type: ignore[no-untyped-def]
    """Adds all groups' inverses, weighed on both sides, to pairs of faces [J, J, T, T], j <= i.

    Only rows of the slots in `span`; `shows` [G, J] says which faces a group has.
    """
    for g in range(weights.shape[0]):
        for i in range(weights.shape[1]):
            for j in range(i + 1):
                if shows[g, i] and shows[g, j]:
                    for s in range(span[0], span[1]):
                        by = weights[g, i, s]
                        for t in range(weights.shape[2]):
                            shown[i, j, s, t] += by * inverses[g, s, t] * weights[g, j, t]


@compiled
def _take(touched, taken, shown):  # type: ignore[no-untyped-def]
    """Takes from `shown` what capacities take of the faces they touch, [F T, F T]."""
    T = shown.shape[2]
    for i in range(touched.size):
        for j in range(i + 1):
            for s in range(T):
                for t in range(T):
                    shown[touched[i], touched[j], s, t] -= taken[i * T + s, j * T + t]


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


def _cholesky(matrix: Floats) -> Floats:
    factor, failed = lapack.dpotrf(matrix, lower=True, overwrite_a=True)
    if failed:
        raise np.linalg.LinAlgError(NOT_POSITIVE)
    result: Floats = factor
    return result


def _forward(factor: Floats, side: Floats) -> Floats:
    solved, _ = lapack.dtrtrs(factor, side, lower=True)
    result: Floats = solved
    return result


def _backward(factor: Floats, side: Floats) -> Floats:
    solved, _ = lapack.dtrtrs(factor, side, lower=True, trans=1)
    result: Floats = solved
    return result
