"""Faults at work: what they do to a plant, to its image, and to what the EMS reads and writes.

`Damage` stands between a plant and whoever moves it: it prepares each advance (hung controllers
keep their commands, valves stick), lets the plant move, and then spoils what its sensors show.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ems.devices.maps import map_of
from ems.domain.district import Device
from ems.domain.points import Quality, Reading
from ems.domain.snapshot import QuarterHours
from simulations.faults import Fault, FaultKind
from simulations.plant import Plant

ROOM_TEMP = "room_temp_c"


class Damage:
    """The faults of one run of a plant."""

    def __init__(self, plant: Plant, faults: tuple[Fault, ...], start: datetime) -> None:
        self._plant, self._start = plant, start
        self._struck = [
            (fault, device) for fault in faults for device in fault.struck(plant.district)
        ]
        homes, zones = list(plant.district.dwellings), list(plant.district.zones)
        self._rooms = {name: row for row, name in enumerate([*homes, *zones])}
        self._held: dict[str, NDArray[np.float64]] = {}
        self._beats = 0
        self._late: dict[str, float] = {}
        self._now_struck: tuple[datetime, dict[FaultKind, dict[str, float]]] | None = None

    def advance(self, to: datetime) -> None:
        """Move the plant, with what is broken at this moment."""
        active = self.active()
        self._break(active)
        self._hold(active)
        self._plant.advance(to)
        self._hold(active)
        self._drift(active)

    def active(self) -> list[tuple[Fault, Device]]:
        """Faults that hold now, with each device they strike."""
        hour = self._hour
        return [(fault, device) for fault, device in self._struck if fault.active(hour)]

    @property
    def _hour(self) -> float:
        return (self._plant.now - self._start) / timedelta(hours=1)

    def _break(self, active: list[tuple[Fault, Device]]) -> None:
        """Silence devices and stick valves, and mend those whose fault is over."""
        image, control = self._plant.image, self._plant.control
        for _, device in self._struck:
            image.silent[image.device_index[device.id]] = 0
            if device.serves in self._rooms:
                control.stuck_share[self._rooms[device.serves]] = np.nan
                control.sensor_error_k[self._rooms[device.serves]] = 0.0
        for fault, device in active:
            if fault.kind is FaultKind.DEAD:
                image.silent[image.device_index[device.id]] = 1
            row = self._rooms.get(device.serves)
            if row is not None and fault.kind is FaultKind.STUCK_VALVE:
                control.stuck_share[row] = np.clip(fault.size, 0.0, 1.0)
            if row is not None and fault.kind is FaultKind.DRIFT and fault.point == ROOM_TEMP:
                control.sensor_error_k[row] = self._drifted(fault)

    def _drifted(self, fault: Fault) -> float:
        return fault.size * (self._hour - fault.from_h) / 24

    def _hold(self, active: list[tuple[Fault, Device]]) -> None:
        """A hung controller keeps all its points, and its lease does not run out."""
        hung = [device for fault, device in active if fault.kind is FaultKind.FROZEN]
        self._beats += 1
        names = {device.id for device in hung}
        self._held = {name: held for name, held in self._held.items() if name in names}
        image = self._plant.image
        for device in hung:
            places = self._places(device)
            held = self._held.setdefault(device.id, image.values[places].copy())
            image.values[places] = held
            beat = map_of(device).heartbeat
            if beat is not None:
                image[f"{device.id}/{beat.point}"] = beat.first + self._beats % 2

    def _places(self, device: Device) -> NDArray[np.intp]:
        prefix = f"{device.id}/"
        index = self._plant.image.index
        return np.array([place for name, place in index.items() if name.startswith(prefix)])

    def _drift(self, active: list[tuple[Fault, Device]]) -> None:
        """Sensors of anything but rooms; those of rooms err in their controllers already."""
        image = self._plant.image
        for fault, device in active:
            point = f"{device.id}/{fault.point}"
            if fault.kind is FaultKind.DRIFT and fault.point != ROOM_TEMP and point in image.index:
                image[point] += self._drifted(fault)

    def seen(self, readings: dict[str, Reading]) -> dict[str, Reading]:
        """The readings as they reach the EMS: none of the dead, late and wrongly stamped ones."""
        silent = self.silent()
        if not silent and not self._struck:
            return readings
        kept = dict(readings)
        stamped, slow = self._by_device(FaultKind.WRONG_CLOCK), self._by_device(FaultKind.SLOW)
        for point, reading in readings.items():
            device = _device(point)
            if device in silent:
                kept[point] = replace(reading, value=float("nan"), quality=Quality.STALE)
            elif device in stamped:
                kept[point] = replace(reading, at=reading.at - timedelta(hours=stamped[device]))
            elif device in slow:
                kept[point] = replace(reading, at=reading.at - timedelta(minutes=slow[device]))
        return kept

    def seen_piece(self, piece: QuarterHours) -> QuarterHours:
        """The quarter hours as the store would hold them: spoiled values, gaps of the dead."""
        silent = self.silent()
        spoiled = {
            device.id
            for fault, device in self.active()
            if fault.kind in (FaultKind.DRIFT, FaultKind.FROZEN)
        }
        values = piece.values.copy()
        for row, point in enumerate(piece.points):
            device = _device(point)
            if device in silent:
                values[row] = np.nan
            elif device in spoiled and point in self._plant.image.index:
                values[row] = self._plant.image[point]
        return replace(piece, values=values)

    def silent(self) -> set[str]:
        """Devices that do not answer."""
        return set(self._by_device(FaultKind.DEAD))

    def write(self, point: str, value: float) -> bool:
        """Let a command reach its device, perhaps a slot late; False when it can't."""
        device = _device(point)
        if device in self.silent():
            return False
        image = self._plant.image
        if device in self._by_device(FaultKind.SLOW):
            value, self._late[point] = self._late.get(point, image[point]), value
        image[point] = value
        return True

    def _by_device(self, kind: FaultKind) -> dict[str, float]:
        """How much each device is struck by a kind of fault now."""
        now = self._plant.now
        if self._now_struck is None or self._now_struck[0] != now:
            sizes: dict[FaultKind, dict[str, float]] = {each: {} for each in FaultKind}
            for fault, device in self.active():
                sizes[fault.kind][device.id] = fault.size
            self._now_struck = (now, sizes)
        return self._now_struck[1][kind]


def _device(point: str) -> str:
    return point.partition("/")[0]
