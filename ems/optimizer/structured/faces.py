"""The faces that groups of agents show to what stands above their capacities.

A tip of rows above the capacities and of electricity sees a group's load weighed: rows by a number,
electricity by one for each slot. Where groups of many buildings are seen alike, all heat to rooms
and all charging of tanks, it is cheaper to add them up by kind and to weigh the sums. Else each
part of the tip is a face by itself.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured.problem import NONE, Floats, Groups


@dataclass(frozen=True, kw_only=True)
class Faces:
    """J faces between G groups and a tip of V rows and electricity."""

    of_groups: Floats = field(repr=False)
    """Weight of a group's load in each face. Shape [G, J, T]."""
    in_tip: Floats = field(repr=False)
    """Weight of each face in the parts of the tip. Shape [J, V + 1, T]."""


def faces(groups: Groups) -> Faces:
    """Those with the least to solve for in the capacities' blocks."""
    by_part, by_kind = _by_part(groups), _by_kind(groups)
    return min(by_part, by_kind, key=lambda faces: _touched(groups, faces))


def _by_part(groups: Groups) -> Faces:
    upper, electric = groups.upper_per_kw[:, :, None], groups.electric_per_kw[:, None]
    T, parts = electric.shape[2], upper.shape[1] + 1
    rows = np.broadcast_to(upper, (groups.count, parts - 1, T))
    return Faces(
        of_groups=np.concatenate([rows, electric], axis=1),
        in_tip=np.repeat(np.eye(parts)[:, :, None], T, axis=2),
    )


def _by_kind(groups: Groups) -> Faces:
    V = groups.upper_per_kw.shape[1]
    seen = np.concatenate([groups.upper_per_kw, groups.electric_per_kw], axis=1)
    kinds, kind = np.unique(seen, axis=0, return_inverse=True)
    T = seen.shape[1] - V
    rows = np.broadcast_to(kinds[:, :V, None], (len(kinds), V, T))
    one = np.eye(len(kinds))[kind.ravel()]
    return Faces(
        of_groups=np.repeat(one[:, :, None], T, axis=2),
        in_tip=np.concatenate([rows, kinds[:, None, V:]], axis=1),
    )


def _touched(groups: Groups, of: Faces) -> int:
    """Faces of all capacities together."""
    touched = (of.of_groups != 0).any(axis=2)
    bound = np.flatnonzero(groups.capacity != NONE)
    of_capacities = np.zeros((groups.capacity_kw.shape[0], touched.shape[1]), dtype=np.bool_)
    np.logical_or.at(of_capacities, groups.capacity[bound], touched[bound])
    return int(of_capacities.sum())
