"""Blocks of slots, the time grid of the plan: fine where it will be dispatched, coarse far ahead.

The first hours are planned by the quarter hour. What lies further ahead only has to weigh on the
present decision, and is planned again many times before it comes, so it is planned in blocks of two
and four slots. A plan is expanded back to slots before anyone sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import SLOT_H

FINE_SLOTS = 24
"""Slots planned one by one: six hours."""
MIDDLE_SLOTS = 24
"""Slots planned two by two after those: six hours."""


@dataclass(frozen=True)
class Blocks:
    """Consecutive blocks of one or more slots."""

    lengths: tuple[int, ...]
    """Slots in each block."""

    @classmethod
    def over(cls, slots: int, *, fine: int = FINE_SLOTS, middle: int = MIDDLE_SLOTS) -> Self:
        """Blocks of one slot, then of two, then of four, that cover `slots` exactly."""
        lengths: list[int] = []
        wanted = chain(repeat(1, fine), repeat(2, middle // 2), repeat(4))
        while (left := slots - sum(lengths)) > 0:
            lengths.append(min(next(wanted), left))
        return cls(tuple(lengths))

    @classmethod
    def of_slots(cls, slots: int) -> Self:
        """One block for each slot."""
        return cls((1,) * slots)

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def slots(self) -> int:
        """How many slots they cover."""
        return sum(self.lengths)

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """Length of each block, h. Shape [blocks]."""
        return np.array(self.lengths) * SLOT_H

    @cached_property
    def first(self) -> NDArray[np.intp]:
        """First slot of each block. Shape [blocks]."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.intp)

    @cached_property
    def of_slot(self) -> NDArray[np.intp]:
        """The block of each slot. Shape [slots]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over each block of `values` [slots, ...]. Shape [blocks, ...]."""
        counts = np.array(self.lengths, dtype=float).reshape((-1,) + (1,) * (values.ndim - 1))
        means: NDArray[np.float64] = np.add.reduceat(values, self.first, axis=0) / counts
        return means

    def greatest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Greatest value in each block of `values` [slots, ...]. Shape [blocks, ...]."""
        tops: NDArray[np.float64] = np.maximum.reduceat(values, self.first, axis=0)
        return tops

    def least(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Least value in each block of `values` [slots, ...]. Shape [blocks, ...]."""
        return -self.greatest(-values)

    def held(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Powers of blocks [blocks, ...] held over their slots. Shape [slots, ...]."""
        return values[self.of_slot]

    def between(self, start: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
        """Levels at the end of each slot, straight lines between the ends of blocks.

        `start` [...] is the level before the first block, `ends` [blocks, ...] those after each.
        Shape [slots, ...].
        """
        before = np.concatenate([start[None], ends[:-1]])
        passed = np.arange(self.slots) - self.first[self.of_slot] + 1
        share = passed / np.array(self.lengths)[self.of_slot]
        share = share.reshape((-1,) + (1,) * (ends.ndim - 1))
        levels: NDArray[np.float64] = (
            before[self.of_slot] * (1 - share) + ends[self.of_slot] * share
        )
        return levels


def same_lengths(lengths: Sequence[int]) -> dict[int, NDArray[np.intp]]:
    """Positions of the blocks of each length."""
    array = np.array(lengths)
    return {int(length): np.flatnonzero(array == length) for length in np.unique(array)}
