"""What the district's export gives to whom, quarter hour by quarter hour.

One producer, the district's connection: what it feeds in is what its roofs gave beyond the needs of
everything behind its meter. Participants are the dwellings, each behind a meter of its own. By a
static key all of them take part; the dynamic default key needs each one's quarter hours, and so
each one's consent.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ems.domain.allocation import Allocation, by_default, static
from ems.domain.slots import SLOT_H

_WH_PER_KWH = 1000


class Key(StrEnum):
    """How the common sun is shared."""

    DEFAULT = "default"
    """In proportion to what each one uses in the quarter hour."""
    STATIC = "static"
    """In equal parts, or as the organiser says."""


def shared_sun(
    import_kw: NDArray[np.float64],
    used_kw: NDArray[np.float64],
    takes_part: NDArray[np.bool_],
    key: Key = Key.DEFAULT,
) -> Allocation:
    """Share what was exported.

    Args:
        import_kw: mean net import at the district's meter, negative when it exports; NaN where it
            was not measured, when nothing is shared. Shape [slots].
        used_kw: mean power of each dwelling; NaN counts as nothing used. Shape [dwellings, slots].
        takes_part: who consents to their quarter hours being used for this. Shape [dwellings].
        key: how it is shared.
    """
    exported_wh = watt_hours(-import_kw)[None]
    if key is Key.STATIC:
        shares = np.full(len(used_kw), 1.0 / max(1, len(used_kw)))
        return static(exported_wh, watt_hours(used_kw), shares)
    return by_default(exported_wh, watt_hours(used_kw) * takes_part[:, None])


def watt_hours(power_kw: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole watt-hours of each quarter hour; none where power is negative or not known."""
    known = np.nan_to_num(np.maximum(power_kw, 0.0), nan=0.0)
    energy: NDArray[np.int64] = np.rint(known * SLOT_H * _WH_PER_KWH).astype(np.int64)
    return energy
