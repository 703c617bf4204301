"""The process image: one float per point of every device, where plant and protocol servers meet.

The plant writes what sensors measure and reads what the EMS has written; the protocol servers
serve reads out of it and put accepted writes into it. Every point has exactly one writer. The
image may lie in a memory-mapped file, so that servers in other processes see the same numbers;
an aligned float64 is written at once on every processor that matters, so no lock is needed.
"""

import mmap
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ems.devices.maps import map_of
from ems.domain.district import Device, DeviceKind, District
from ems.domain.points import point_id
from ems.domain.vocabulary import POINTS

_SHM = Path("/dev/shm")  # noqa: S108 the kernel's own folder for shared memory, not a temp file


class ProcessImage:
    """Values of all points of a district, and which devices do not answer.

    Made by `create` or `attach`; not directly.
    """

    index: Mapping[str, int]
    """Point id to position; devices in the district's order, points in the vocabulary's."""

    device_index: Mapping[str, int]
    """Device id to position in `silent`."""

    values: NDArray[np.float64]
    """In the points' units; NaN is a sensor without a value. Shape [points]."""

    silent: NDArray[np.uint8]
    """1 for a device that does not answer. Shape [devices]."""

    def __init__(self, district: District, buffer: bytearray | mmap.mmap, path: Path | None):
        self.index = _index(district)
        self.device_index = {device: place for place, device in enumerate(district.devices)}
        points = len(self.index)
        self.values = np.frombuffer(buffer, np.float64, count=points)
        self.silent = np.frombuffer(
            buffer, np.uint8, count=len(self.device_index), offset=8 * points
        )
        self._path = path
        self._devices: dict[DeviceKind, list[str]] = {
            kind: [device.id for device in district.of_kind(kind)] for kind in DeviceKind
        }

    @classmethod
    def create(cls, district: District, *, shared: str | None = None) -> Self:
        """A new image, all zeros; `shared` names the memory that others `attach` to.

        An older image of the same name stays with those who hold it, and is seen by no one else.
        """
        if shared is None:
            return cls(district, bytearray(_bytes(district)), None)
        path = _path(shared)
        path.unlink(missing_ok=True)
        path.write_bytes(bytes(_bytes(district)))
        return cls(district, _mapped(path), path)

    @classmethod
    def attach(cls, district: District, shared: str) -> Self:
        """The image that another process created under the name `shared`.

        Raises:
            FileNotFoundError: there is none.
        """
        path = _path(shared)
        return cls(district, _mapped(path), path)

    def close(self) -> None:
        """Let go of shared memory; the numbers stay readable here, but are no longer shared."""
        self.values = self.values.copy()
        self.silent = self.silent.copy()

    def unlink(self) -> None:
        """Remove the shared name; who is attached stays attached."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def columns(self, kind: DeviceKind, name: str) -> NDArray[np.intp]:
        """Positions of the point `name` of all devices of a kind, in the district's order."""
        places = [self.index[point_id(device, name)] for device in self._devices[kind]]
        return np.array(places, dtype=np.intp)

    def devices(self, kind: DeviceKind) -> NDArray[np.intp]:
        """Positions in `silent` of all devices of a kind, in the district's order."""
        places = [self.device_index[device] for device in self._devices[kind]]
        return np.array(places, dtype=np.intp)

    def __getitem__(self, point: str) -> float:
        return float(self.values[self.index[point]])

    def __setitem__(self, point: str, value: float) -> None:
        self.values[self.index[point]] = value


def _index(district: District) -> dict[str, int]:
    ids = [point_id(d.id, name) for d in district.devices.values() for name in _names(d)]
    return {point: place for place, point in enumerate(ids)}


def _names(device: Device) -> tuple[str, ...]:
    """The points of its kind, and those that its map has beyond them."""
    names = POINTS[device.kind]
    return (*names, *(name for name in map_of(device).points if name not in names))


def _bytes(district: District) -> int:
    points = sum(len(_names(device)) for device in district.devices.values())
    return 8 * points + max(8, len(district.devices))


def _path(shared: str) -> Path:
    folder = _SHM if _SHM.is_dir() else Path(tempfile.gettempdir())
    return folder / f"ems-image-{shared}"


def _mapped(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)
