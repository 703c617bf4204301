"""The devices of one kind in the process image, in the order of what they serve.

The plant computes by dwelling, building or charge point; the image holds devices, of which a test
may have left some out. A panel goes between the two.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from simulations.image import ProcessImage

Floats = NDArray[np.float64]


class Panel:
    """Reads and writes one kind's points for `served` things, whether or not each has a device."""

    def __init__(
        self, image: ProcessImage, district: District, kind: DeviceKind, served: Sequence[str]
    ) -> None:
        rows = {name: row for row, name in enumerate(served)}
        self._image = image
        self._kind = kind
        self._count = len(served)
        self._rows = np.array([rows[d.serves] for d in district.of_kind(kind)], dtype=np.intp)
        self._devices = image.devices(kind)
        self._in_order = np.array_equal(self._rows, np.arange(len(served)))
        self._columns: dict[str, NDArray[np.intp]] = {}

    def read(self, name: str, default: Floats | float) -> Floats:
        """Values of a point [served]; `default` where there is no device or no number."""
        values = self._image.values[self._places(name)]
        total = float(values.sum())
        if self._in_order and total == total:  # false for NaN
            return values
        known = np.isfinite(values)
        result = np.full(self._count, default, dtype=np.float64)
        result[self._rows[known]] = values[known]
        return result

    def write(self, name: str, values: Floats | float) -> None:
        """Put values [served], or one for all, into a point of every device."""
        places = self._places(name)
        self._image.values[places] = (
            values[self._rows] if isinstance(values, np.ndarray) else values
        )

    def silent(self) -> NDArray[np.bool_]:
        """Which do not answer. Shape [served]."""
        result = np.zeros(self._count, dtype=np.bool_)
        result[self._rows] = self._image.silent[self._devices] != 0
        return result

    def _places(self, name: str) -> NDArray[np.intp]:
        if name not in self._columns:
            self._columns[name] = self._image.columns(self._kind, name)
        return self._columns[name]
