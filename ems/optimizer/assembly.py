"""A linear programme put together from blocks of columns, rows and coefficients.

    minimise  cost'x + offset   subject to   row_low <= A x <= row_high,  low <= x <= high

Columns are asked for in the shape of the thing they stand for (`[blocks, groups]`), and come back
as indices of that shape, so that equations are written with array slices.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csc_array

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class LinearProgram:
    """The programme, as a solver takes it."""

    cost: Floats
    """Shape [columns]."""
    offset: float
    """Constant part of the cost."""
    low: Floats
    """Shape [columns]."""
    high: Floats
    """Shape [columns]."""
    row_low: Floats
    """Shape [rows]."""
    row_high: Floats
    """Shape [rows]."""
    matrix: csc_array
    """Shape [rows, columns]."""


@dataclass
class _Table:
    """Bounds of columns or rows, and how many there are so far."""

    count: int = 0
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)

    def grow(self, shape: tuple[int, ...], low: ArrayLike, high: ArrayLike) -> Indices:
        size = int(np.prod(shape))
        self.low.append(_spread(low, shape))
        self.high.append(_spread(high, shape))
        self.count += size
        return np.arange(self.count - size, self.count, dtype=np.intp).reshape(shape)


class Assembly:
    """Grows a linear programme piece by piece."""

    def __init__(self) -> None:
        self._columns = _Table()
        self._rows = _Table()
        self._cost: list[Floats] = []
        self._extra: list[tuple[Indices, Floats]] = []
        self._entries: list[tuple[Indices, Indices, Floats]] = []
        self.offset = 0.0

    def columns(
        self, *shape: int, low: ArrayLike = 0.0, high: ArrayLike = np.inf, cost: ArrayLike = 0.0
    ) -> Indices:
        """New columns of `shape`; bounds and cost are broadcast to it."""
        self._cost.append(_spread(cost, shape))
        return self._columns.grow(shape, low, high)

    def rows(self, *shape: int, low: ArrayLike = -np.inf, high: ArrayLike = np.inf) -> Indices:
        """New rows of `shape`."""
        return self._rows.grow(shape, low, high)

    def equal(self, *shape: int, to: ArrayLike = 0.0) -> Indices:
        """New rows whose two sides are the same."""
        return self.rows(*shape, low=to, high=to)

    def put(self, rows: Indices, columns: Indices, values: ArrayLike = 1.0) -> None:
        """Coefficients `values` at `rows` and `columns`; the three are broadcast together."""
        r, c, v = np.broadcast_arrays(rows, columns, np.asarray(values, dtype=float))
        self._entries.append((r.ravel(), c.ravel(), v.ravel()))

    def charge(self, columns: Indices, cost: ArrayLike) -> None:
        """Adds `cost` to that of `columns`, each of which is named once."""
        self._extra.append((columns, _spread(cost, columns.shape)))

    def build(self) -> LinearProgram:
        """The finished programme; coefficients put twice at a place add up."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        shape = (self._rows.count, self._columns.count)
        kept = values != 0.0
        matrix = coo_array((values[kept], (rows[kept], columns[kept])), shape=shape).tocsc()
        cost = np.concatenate(self._cost)
        for at, extra in self._extra:
            cost[at.ravel()] += extra
        return LinearProgram(
            cost=cost,
            offset=self.offset,
            low=np.concatenate(self._columns.low),
            high=np.concatenate(self._columns.high),
            row_low=np.concatenate(self._rows.low),
            row_high=np.concatenate(self._rows.high),
            matrix=matrix,
        )


def _spread(values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(np.asarray(values, dtype=float), shape).ravel()
