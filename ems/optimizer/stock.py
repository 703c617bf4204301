"""The rooms of the district, each planned on its own: what doesn't change from plan to plan."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from building_models import zone
from building_models.zone import ZoneParameters
from ems.domain.district import DeviceKind, District, Dwelling, Envelope, Use, UseProfile, Zone
from ems.domain.errors import PlanError

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class RoomStock:
    """Dwellings and other zones; n of them. Arrays have shape [n]."""

    names: tuple[str, ...]
    """Dwellings and zones."""
    devices: tuple[str, ...]
    """Their controllers; empty where there is none."""
    labels: tuple[str, ...]
    """Building and use, as people say it: rooms of one label are spoken of together."""
    profiles: tuple[UseProfile, ...]
    """What they are used for."""
    building: Indices
    """Heated building of each, by position."""
    is_dwelling: NDArray[np.bool_]
    """Whether people live there and chose their own temperature."""
    wish_c: Floats
    """Temperature that the people of a dwelling chose; zero for other zones."""
    solar_m2: Floats
    """Effective window area."""
    orientation_deg: Floats
    """Where the windows look."""
    area_m2: Floats
    """Floor."""
    heat_kw_max: Floats
    """Greatest heating."""
    cool_kw_max: Floats
    """Greatest cooling; zero where there is none."""
    comfort_eur_per_kh: Floats
    """Price of a kelvin-hour outside the band."""
    parameters: ZoneParameters = field(repr=False)
    """Thermal character."""

    @property
    def count(self) -> int:
        """How many rooms."""
        return len(self.names)

    def mean_of_building(self, values: Floats) -> Floats:
        """What the rooms of each one's building have on average, NaN left out. Shape of `values`.

        `values` has shape [n, ...]; NaN where no room of the building has a value.
        """
        known = np.isfinite(values)
        shape = (int(self.building.max(initial=0)) + 1, *values.shape[1:])
        sums, counts = np.zeros(shape), np.zeros(shape)
        np.add.at(sums, self.building, np.where(known, values, 0.0))
        np.add.at(counts, self.building, known)
        with np.errstate(invalid="ignore", divide="ignore"):
            means: Floats = (sums / counts)[self.building]
        return means

    def by_profile(self, columns: dict[Use, NDArray[np.float64]]) -> Floats:
        """A column for each room, that of its use. Shape [..., n]."""
        return np.stack([columns[profile.use] for profile in self.profiles], axis=-1)

    @property
    def uses(self) -> dict[Use, UseProfile]:
        """The profiles, each once."""
        return {profile.use: profile for profile in self.profiles}


def room_stock(district: District) -> RoomStock:
    """The rooms of `district`.

    Raises:
        PlanError: rooms without an envelope.
    """
    rooms: list[Dwelling | Zone] = [*district.dwellings.values(), *district.zones.values()]
    heated = list(district.heated)
    profiles = tuple(district.uses[room.use] for room in rooms)
    area = np.array([room.area_m2 for room in rooms])
    return RoomStock(
        names=tuple(room.id for room in rooms),
        devices=tuple(_device(district, room) for room in rooms),
        labels=tuple(f"{room.building} {room.use.value}" for room in rooms),
        profiles=profiles,
        building=np.array([heated.index(room.building) for room in rooms], dtype=np.intp),
        is_dwelling=np.array([isinstance(room, Dwelling) for room in rooms], dtype=bool),
        wish_c=np.array([r.heat_c if isinstance(r, Dwelling) else 0.0 for r in rooms]),
        solar_m2=area * np.array([_envelope(district, r).solar_aperture_m2_per_m2 for r in rooms]),
        orientation_deg=np.array([room.orientation_deg for room in rooms]),
        area_m2=area,
        heat_kw_max=np.array([room.heat_kw_max for room in rooms]),
        cool_kw_max=np.array([r.cool_kw_max if isinstance(r, Zone) else 0.0 for r in rooms]),
        comfort_eur_per_kh=np.array([profile.comfort_eur_per_kh for profile in profiles]),
        parameters=_parameters(district, rooms),
    )


def _device(district: District, room: Dwelling | Zone) -> str:
    kind = DeviceKind.DWELLING if isinstance(room, Dwelling) else DeviceKind.ZONE
    device = district.device_of.get((kind, room.id))
    return device.id if device else ""


def _parameters(district: District, rooms: Sequence[Dwelling | Zone]) -> ZoneParameters:
    return zone.concatenate(
        [
            zone.parameters(
                _envelope(district, room), np.array([room.area_m2]), np.array([room.loss_factor])
            )
            for room in rooms
        ]
    )


def _envelope(district: District, room: Dwelling | Zone) -> Envelope:
    envelope = district.buildings[room.building].envelope
    if envelope is None:
        raise PlanError(
            f"{room.building} has rooms and no envelope", fix="describe it in buildings.yaml"
        )
    return envelope
