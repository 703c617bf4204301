"""Rows of setpoints: values with their bounds, rounded as devices take them."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ems.domain.plans import Reason, SetpointRow
from ems.domain.points import Unit, point_id
from ems.optimizer.problem import Floats


def row(
    device: str,
    name: str,
    values: ArrayLike,
    reasons: Sequence[Reason],
    *,
    unit: Unit,
    low: float,
    high: float,
    decimals: int = 1,
) -> SetpointRow:
    """A row for one point; `values` are broadcast over the slots of `reasons`.

    Values are rounded to `decimals` and kept within `low` and `high`.
    """
    wanted = np.broadcast_to(np.asarray(values, dtype=float), (len(reasons),))
    return SetpointRow(
        point=point_id(device, name),
        unit=unit,
        low=low,
        high=high,
        values=np.clip(np.round(wanted, decimals), low, high),
        reasons=tuple(reasons),
    )


def rows(
    points: Sequence[str],
    values: Floats,
    reasons: Sequence[Sequence[Reason]],
    *,
    unit: Unit,
    low: float,
    high: float,
) -> Iterator[SetpointRow]:
    """A row for each point, `values` [slots, points] to a tenth and within `low` and `high`."""
    settled = np.ascontiguousarray(np.clip(np.round(values, 1), low, high).T)
    for point, its, why in zip(points, settled, reasons, strict=True):
        yield SetpointRow(
            point=point, unit=unit, low=low, high=high, values=its, reasons=tuple(why)
        )


def raised(values: Floats, step: float) -> Floats:
    """`values` rounded up to multiples of `step`."""
    return np.ceil(values / step - 1e-6) * step
