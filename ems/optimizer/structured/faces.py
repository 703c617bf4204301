"""The faces that groups of agents show to what stands above their capacities.

A tip of rows above the capacities and of electricity sees a group's load weighed: rows by a number,
electricity by one for each slot. Where groups of many buildings are seen alike, all heat to rooms
and all charging of tanks, it is cheaper to add them up by kind and to weigh the sums. Else each
part of the tip is a face by itself. Capacities whose groups show the same faces are a family.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ems.optimizer.structured.problem import NONE, Floats, Groups, Indices


@dataclass(frozen=True, kw_only=True)
class Family:
    """Capacities whose groups show the same faces, and room to eliminate their blocks in."""

    capacities: Indices
    """Which. Shape [n]."""
    faces: Indices
    """What their groups show. Shape [F]."""
    starts: Indices
    """Where each capacity's groups begin in `members`, and the end of the last. Shape [n + 1]."""
    members: Indices
    """Their groups."""
    weights: Floats = field(repr=False)
    """Weight of each of these in each of the faces. Shape [members, F, T]."""
    rows: Floats = field(repr=False)
    """Upper Cholesky factor R of each block, then R'^-1 times its edges; changes from step to step.
    Shape [n, T, (1 + F) T]."""

    @property
    def edges(self) -> Floats:
        """R'^-1 times the edges of all blocks, a view. Shape [n T, F T]."""
        n, T, width = self.rows.shape
        return self.rows.reshape(n * T, width)[:, T:]


@dataclass(frozen=True, kw_only=True)
class Faces:
    """J faces between G groups and a tip of V rows and electricity."""

    of_groups: Floats = field(repr=False)
    """Weight of a group's load in each face. Shape [G, J, T]."""
    in_tip: Floats = field(repr=False)
    """Weight of each face in the parts of the tip. Shape [J, V + 1, T]."""
    families: tuple[Family, ...] = ()
    """Of all capacities."""

    @cached_property
    def shows(self) -> NDArray[np.bool_]:
        """Whether a group shows a face. Shape [G, J]."""
        shows: NDArray[np.bool_] = (self.of_groups != 0).any(axis=2)
        return shows


def faces(groups: Groups) -> Faces:
    """Those with the least to solve for in the capacities' blocks, with their families."""
    ways = by_part(groups), by_kind(groups)
    return with_families(groups, min(ways, key=lambda way: int(_touched(groups, way).sum())))


def with_families(groups: Groups, found: Faces) -> Faces:
    """Faces with the capacities that touch them."""
    return replace(found, families=tuple(_families(groups, found)))


def _families(groups: Groups, faces: Faces) -> Iterator[Family]:
    order = np.argsort(groups.capacity, kind="stable")
    ends = np.searchsorted(groups.capacity[order], np.arange(groups.capacity_kw.shape[0] + 1))
    seen, kin = np.unique(_touched(groups, faces), axis=0, return_inverse=True)
    for k, touches in enumerate(seen):
        capacities, touched = np.flatnonzero(kin.ravel() == k), np.flatnonzero(touches)
        members = [order[ends[c] : ends[c + 1]] for c in capacities]
        of = np.concatenate(members)
        T = faces.of_groups.shape[2]
        yield Family(
            capacities=capacities,
            faces=touched,
            starts=np.cumsum([0, *(some.size for some in members)]),
            members=of,
            weights=np.ascontiguousarray(faces.of_groups[of][:, touched]),
            rows=np.zeros((capacities.size, T, (1 + touched.size) * T)),
        )


def by_part(groups: Groups) -> Faces:
    """Each part of the tip as a face."""
    upper, electric = groups.upper_per_kw[:, :, None], groups.electric_per_kw[:, None]
    T, parts = electric.shape[2], upper.shape[1] + 1
    rows = np.broadcast_to(upper, (groups.count, parts - 1, T))
    return Faces(
        of_groups=np.concatenate([rows, electric], axis=1),
        in_tip=np.repeat(np.eye(parts)[:, :, None], T, axis=2),
    )


def by_kind(groups: Groups) -> Faces:
    """Each kind of group that the tip sees as a face."""
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


def _touched(groups: Groups, faces: Faces) -> NDArray[np.bool_]:
    """Whether the groups of a capacity show a face. Shape [C, J]."""
    bound = np.flatnonzero(groups.capacity != NONE)
    touched = np.zeros((groups.capacity_kw.shape[0], faces.shows.shape[1]), dtype=np.bool_)
    np.logical_or.at(touched, groups.capacity[bound], faces.shows[bound])
    return touched
