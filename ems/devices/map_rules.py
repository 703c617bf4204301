"""What holds between the points of a device map."""

from collections.abc import Mapping

from ems.devices.point_spec import PointSpec
from ems.domain.district import Protocol


def check_protocol(protocol: Protocol, spec: PointSpec) -> None:
    """Each point has a place of its map's protocol.

    Raises:
        ValueError: not so; names the point.
    """
    wanted = {Protocol.MODBUS: "register", Protocol.BACNET: "object", Protocol.SUNSPEC: "sunspec"}
    if getattr(spec, wanted[protocol]) is None:
        raise ValueError(f"{spec.name}: a {protocol} map needs `{wanted[protocol]}`")


def check_places(points: Mapping[str, PointSpec]) -> None:
    """No two points lie in the same place.

    Raises:
        ValueError: not so; names the point.
    """
    taken: dict[tuple[str, int | str], str] = {}
    for spec in points.values():
        for place in _places(spec):
            if other := taken.get(place):
                raise ValueError(f"{spec.name} and {other} both lie at {place[0]} {place[1]}")
            taken[place] = spec.name


def check_single(points: Mapping[str, PointSpec]) -> None:
    """A point that is written register by register has one.

    Raises:
        ValueError: not so; names the point.
    """
    for spec in points.values():
        place = spec.write_register or spec.register
        if spec.writable and place is not None and place.type.registers > 1:
            raise ValueError(f"{spec.name}: a single write has one register")


def check_limits(points: Mapping[str, PointSpec]) -> None:
    """Limits name points of the map.

    Raises:
        ValueError: not so; names the point.
    """
    for spec in points.values():
        if unknown := [name for name in spec.limits.names if name not in points]:
            raise ValueError(f"{spec.name}: limits name {unknown[0]}, which is no point here")


def _places(spec: PointSpec) -> list[tuple[str, int | str]]:
    if spec.object is not None:
        return [(spec.object.type, spec.object.instance)]
    if spec.sunspec is not None:
        return [(f"model {spec.sunspec.model}", spec.sunspec.point)]
    registers = [r for r in (spec.register, spec.write_register) if r is not None]
    return [(r.table, address) for r in registers for address in range(r.address, r.end)]
