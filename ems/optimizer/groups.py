"""Groups of alike rooms: a plan for 452 rooms that are planned as some forty.

Dwellings of a building go together when they look to the same side (sun or shade), are of one use
and their people chose about the same temperature; other zones when building and use are the same.
Within a group, dwellings are planned by how far they stand above their own floor, so that one plan
fits people who chose 20.0 and 20.5 °C.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from building_models import zone
from building_models.zone import ZoneParameters
from ems.domain.district import DeviceKind, District, Dwelling, Envelope, Use, UseProfile, Zone
from ems.domain.errors import PlanError

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

SUNNY_DEG = (90.0, 270.0)
"""A facade from east over south to west has sun."""
LEVEL_C = (18.5, 21.5)
"""Wishes are grouped by whole degrees between these."""
FEW = 4
"""Fewer dwellings than this don't make a group of their own facade."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Alike rooms of one building."""

    building: str
    """Where they are."""
    profile: UseProfile
    """What they are used for."""
    label: str
    """What people call it."""
    members: tuple[str, ...]
    """Dwellings or zones."""

    @property
    def is_dwellings(self) -> bool:
        """Whether people live in it and chose their own temperatures."""
        return self.profile.use in (Use.DWELLING, Use.RESIDENCE)


@dataclass(frozen=True, kw_only=True)
class RoomStock:
    """All rooms of the district with their groups; what doesn't change from plan to plan."""

    groups: tuple[Group, ...]
    """G of them."""
    members: tuple[str, ...]
    """Dwellings and zones; n of them."""
    devices: tuple[str, ...]
    """Their controllers. n of them."""
    group: Indices
    """Group of each member. Shape [n]."""
    building: Indices
    """Heated building of each group, by position. Shape [G]."""
    weight: Floats
    """Share of each member in the mean of its group. Shape [n]."""
    wish_c: Floats
    """Temperature that the people of a dwelling chose; zero for zones. Shape [n]."""
    solar_m2: Floats
    """Effective window area of each member. Shape [n]."""
    orientation_deg: Floats
    """Shape [n]."""
    area_m2: Floats
    """Of each group. Shape [G]."""
    heat_kw_max: Floats
    """Of each group. Shape [G]."""
    cool_kw_max: Floats
    """Of each group. Shape [G]."""
    comfort_eur_per_kh: Floats
    """Of each group, all members together. Shape [G]."""
    parameters: ZoneParameters = field(repr=False)
    """Of the groups."""

    def group_sum(self, values: Floats) -> Floats:
        """Sums of members' `values` [n] by group. Shape [G]."""
        return _sums(self.group, values, len(self.groups))

    def group_mean(self, values: Floats) -> Floats:
        """Weighted means of members' `values` [n, ...] by group, NaN left out. Shape [G, ...].

        NaN where no member has a value.
        """
        weight = self.weight.reshape((-1,) + (1,) * (values.ndim - 1)) * np.isfinite(values)
        sums = np.zeros((len(self.groups), *values.shape[1:]))
        weights = np.zeros_like(sums)
        np.add.at(sums, self.group, np.nan_to_num(values) * weight)
        np.add.at(weights, self.group, weight)
        with np.errstate(invalid="ignore", divide="ignore"):
            return sums / weights


def room_stock(district: District) -> RoomStock:
    """The rooms of `district` and their groups."""
    groups = _groups(district)
    rooms = [_room(district, member) for group in groups for member in group.members]
    group = np.repeat(np.arange(len(groups)), [len(g.members) for g in groups])
    members = zone.concatenate([_parameters(district, room) for room in rooms])
    area = np.array([room.area_m2 for room in rooms])
    heated = list(district.heated)
    cool = np.array([room.cool_kw_max if isinstance(room, Zone) else 0.0 for room in rooms])
    total = _sums(group, area, len(groups))
    return RoomStock(
        groups=groups,
        members=tuple(room.id for room in rooms),
        devices=tuple(_device(district, room) for room in rooms),
        group=group,
        building=np.array([heated.index(g.building) for g in groups], dtype=np.intp),
        weight=area / total[group],
        wish_c=np.array([r.heat_c if isinstance(r, Dwelling) else 0.0 for r in rooms]),
        solar_m2=area * np.array([_aperture(district, room) for room in rooms]),
        orientation_deg=np.array([room.orientation_deg for room in rooms]),
        area_m2=total,
        heat_kw_max=_sums(group, np.array([room.heat_kw_max for room in rooms]), len(groups)),
        cool_kw_max=_sums(group, cool, len(groups)),
        comfort_eur_per_kh=np.array(
            [len(g.members) * g.profile.comfort_eur_per_kh for g in groups]
        ),
        parameters=zone.grouped(members, group),
    )


def _sums(group: Indices, values: Floats, groups: int) -> Floats:
    return np.bincount(group, values, groups).astype(np.float64)


def _groups(district: District) -> tuple[Group, ...]:
    of_zones: dict[tuple[str, Use], list[str]] = {}
    for room in district.zones.values():
        of_zones.setdefault((room.building, room.use), []).append(room.id)
    zones = [
        Group(
            building=building,
            profile=district.uses[use],
            label=f"{building} {use.value}",
            members=tuple(members),
        )
        for (building, use), members in of_zones.items()
    ]
    return (*_dwelling_groups(district), *zones)


def _dwelling_groups(district: District) -> list[Group]:
    by_wish: dict[tuple[str, Use, int], list[Dwelling]] = {}
    for dwelling in district.dwellings.values():
        key = (dwelling.building, dwelling.use, _level(dwelling.heat_c))
        by_wish.setdefault(key, []).append(dwelling)
    groups = []
    for (building, use, level), dwellings in sorted(by_wish.items()):
        for side, members in _sides(dwellings):
            label = f"{building} {use.value}s {side}at {level} °C".replace("  ", " ")
            ids = tuple(d.id for d in members)
            profile = district.uses[use]
            groups.append(Group(building=building, profile=profile, label=label, members=ids))
    return groups


def _sides(dwellings: list[Dwelling]) -> list[tuple[str, list[Dwelling]]]:
    sunny = [d for d in dwellings if SUNNY_DEG[0] <= d.orientation_deg <= SUNNY_DEG[1]]
    shaded = [d for d in dwellings if d not in sunny]
    if min(len(sunny), len(shaded)) < FEW:
        return [("", dwellings)]
    return [("with sun ", sunny), ("in shade ", shaded)]


def _level(wish_c: float) -> int:
    return round(float(np.clip(wish_c, *LEVEL_C)))


def _room(district: District, member: str) -> Dwelling | Zone:
    return district.dwellings.get(member) or district.zones[member]


def _device(district: District, room: Dwelling | Zone) -> str:
    kind = DeviceKind.DWELLING if isinstance(room, Dwelling) else DeviceKind.ZONE
    device = district.device_of.get((kind, room.id))
    return device.id if device else ""


def _parameters(district: District, room: Dwelling | Zone) -> ZoneParameters:
    area, loss = np.array([room.area_m2]), np.array([room.loss_factor])
    return zone.parameters(_envelope(district, room), area, loss)


def _aperture(district: District, room: Dwelling | Zone) -> float:
    return _envelope(district, room).solar_aperture_m2_per_m2


def _envelope(district: District, room: Dwelling | Zone) -> Envelope:
    envelope = district.buildings[room.building].envelope
    if envelope is None:
        raise PlanError(
            f"{room.building} has rooms and no envelope", fix="describe it in buildings.yaml"
        )
    return envelope
