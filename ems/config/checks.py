"""What only shows between the parts of a description: references, devices, addresses."""

from collections.abc import Iterator, Mapping

from ems.config.documents import Document
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.errors import Problem
from ems.domain.modbus_address import modbus_address

_METERS = ("PLANT", "SHARED", "HTA")
"""Meters that belong to no building: the plant's, the common facilities' and the district's."""


def problems_between(district: District, documents: Mapping[str, Document]) -> list[Problem]:
    """All problems between parts that each hold by themselves."""
    return [
        *_unknown_buildings(district, documents),
        *_unheated(district, documents),
        *_devices_without_thing(district, documents),
        *_things_without_device(district, documents),
        *_shared_addresses(district, documents),
        *_lines_described_twice(district, documents),
    ]


def _problem(document: Document, entry: str, field: str, message: str, fix: str) -> Problem:
    return Problem(where=document.where((entry,)), field=field, message=message, fix=fix)


def _unknown_buildings(district: District, documents: Mapping[str, Document]) -> Iterator[Problem]:
    fix = f"name one of {', '.join(district.buildings)}"
    for part in ("dwellings", "zones", "pv_roofs", "batteries"):
        for thing in getattr(district, part).values():
            if thing.building not in district.buildings:
                message = f"{thing.id} names building {thing.building}, which is not described"
                yield _problem(documents[part], thing.id, "building", message, fix)


def _unheated(district: District, documents: Mapping[str, Document]) -> Iterator[Problem]:
    for part in ("dwellings", "zones"):
        for thing in getattr(district, part).values():
            building = district.buildings.get(thing.building)
            if building is not None and (building.envelope is None or building.substation is None):
                message = f"{thing.id} lies in {building.id}, which has no envelope or substation"
                fix = f"describe both in buildings.yaml under {building.id}"
                yield _problem(documents[part], thing.id, "building", message, fix)
    for zone in district.zones.values():
        if zone.use not in district.uses:
            message = f"{zone.id} is used as {zone.use}, which uses.yaml does not describe"
            yield _problem(documents["zones"], zone.id, "use", message, f"add {zone.use} there")


def things(district: District) -> dict[DeviceKind, list[str]]:
    """What a device of each kind may serve; each of these needs one, but for `_OPTIONAL`."""
    return {
        DeviceKind.DWELLING: list(district.dwellings),
        DeviceKind.ZONE: list(district.zones),
        DeviceKind.SUBSTATION: list(district.heated),
        DeviceKind.HEAT_PUMP: [f"plant-{n}" for n in range(1, district.plant.units + 1)],
        DeviceKind.LOOP: ["loop"],
        DeviceKind.CHARGE_POINT: list(district.charge_points),
        DeviceKind.PV_INVERTER: list(district.pv_roofs),
        DeviceKind.BATTERY: list(district.batteries),
        DeviceKind.METER: [*district.buildings, *_METERS],
        DeviceKind.HEAT_METER: list(district.heated),
    }


_OPTIONAL = frozenset({DeviceKind.HEAT_METER})
"""Kinds of which a thing may have none."""


def _devices_without_thing(
    district: District, documents: Mapping[str, Document]
) -> Iterator[Problem]:
    served = {kind: set(names) for kind, names in things(district).items()}
    for device in district.devices.values():
        if device.serves not in served[device.kind]:
            message = f"{device.id} serves {device.serves}, which is not described"
            fix = f"name what the {device.kind} belongs to"
            yield _problem(documents["devices"], device.id, "serves", message, fix)


def _things_without_device(
    district: District, documents: Mapping[str, Document]
) -> Iterator[Problem]:
    for kind, names in things(district).items():
        for name in names:
            if kind not in _OPTIONAL and (kind, name) not in district.device_of:
                message = f"no {kind} serves {name}"
                yield _problem(documents["devices"], "", "", message, "add a row for it")


def _shared_addresses(district: District, documents: Mapping[str, Document]) -> Iterator[Problem]:
    taken: dict[tuple[object, ...], Device] = {}
    for device in district.devices.values():
        address = _address(device)
        first = taken.setdefault(address, device)
        if first is not device:
            message = f"{device.id} has the address of {first.id}"
            fix = "give each its own host, port and unit"
            yield _problem(documents["devices"], device.id, "unit", message, fix)


def _address(device: Device) -> tuple[object, ...]:
    if device.protocol is Protocol.BACNET:
        return device.host, device.port, device.network, device.station
    return device.line, device.unit


def _lines_described_twice(
    district: District, documents: Mapping[str, Document]
) -> Iterator[Problem]:
    """Devices on one serial line or behind one port can't be reached in two ways."""
    first_on: dict[str, Device] = {}
    for device in district.devices.values():
        if device.protocol is not Protocol.BACNET:
            first = first_on.setdefault(device.line, device)
            if modbus_address(first.host, first.port) != modbus_address(device.host, device.port):
                message = f"{device.line} is described otherwise for {first.id}"
                fix = f"write the same for both, {first.host} or {device.host}"
                yield _problem(documents["devices"], device.id, "host", message, fix)
