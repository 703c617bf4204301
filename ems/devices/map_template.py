"""A device map to begin with: every point of its kind, commented out, with what is known of it.

Unit, poll class and believable range are taken from a map of the package that offers all of them;
the place - register, object or SunSpec point - is what the integrator fills in.
"""

import json
import re

from ems.devices.map_schema import schema_path
from ems.devices.maps import DeviceMap, PointSpec, load_map, map_names
from ems.domain.district import DeviceKind, Protocol
from ems.domain.errors import DeviceError
from ems.domain.vocabulary import NEEDED, POINTS

_PLACES = {
    Protocol.MODBUS: "register: {table: holding, address: 0x0000, type: uint16}",
    Protocol.BACNET: "object: {type: analog-value, instance: 0%s}",
    Protocol.SUNSPEC: "sunspec: {model: 103, point: W}",
}

_HEAD = """\
# yaml-language-server: $schema={schema}
# A {kind} on {protocol}. Take the # off the points that the device has, correct range and place,
# and remove the rest. See docs/device-maps.md, and look at it with: ems devices maps check FILE
title: {name}
# Where the places are published (the maker's manual, its page), or why they are supposed so:
source: ""
kind: {kind}
protocol: {protocol}
{lease}points:
  # value in the point's unit = number on the wire x scale + offset
"""

_LEASE = """\
# If the device drops commands that are not renewed, say after how long and which point renews them;
# else give each written point a safe value, and the EMS's guard leaves that behind:
# lease_s: 1800
# heartbeat: {{point: {beat}, first: 1, last: 60000}}
"""


def template(name: str, kind: DeviceKind, protocol: Protocol) -> str:
    """The text of a map to begin with.

    Raises:
        DeviceError: the name does not suit a file.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise DeviceError(f"{name!r} is no name for a map", fix="small letters, digits and hyphens")
    whole = complete_map(kind)
    beat = whole.heartbeat.point if whole.heartbeat else ""
    head = _HEAD.format(
        schema=schema_path(),
        kind=kind.value,
        protocol=protocol.value,
        name=name,
        lease=_LEASE.format(beat=beat) if beat else "",
    )
    return head + "".join(_line(whole.points[point], protocol, kind) for point in POINTS[kind])


def complete_map(kind: DeviceKind) -> DeviceMap:
    """A map of the package that offers every point of the kind."""
    maps = (load_map(name) for name in map_names())
    return next(m for m in maps if m.kind is kind and not m.missing)


def _line(spec: PointSpec, protocol: Protocol, kind: DeviceKind) -> str:
    fields = {
        "unit": f'"{spec.unit.value}"',
        "poll": spec.poll,
        "low": f"{spec.low:.12g}",
        "high": f"{spec.high:.12g}",
    }
    if spec.writable:
        fields["writable"] = "true"
        for field in ("safe", "step", "tolerance", "zero_below"):
            if value := getattr(spec, field):
                fields[field] = json.dumps(value)
        if spec.safe == 0:
            fields["safe"] = "0"
    place = _PLACES[protocol]
    if protocol is Protocol.BACNET:
        place %= ", priority: 12" if spec.writable else ""
    words = ", ".join(f"{key}: {value}" for key, value in fields.items())
    needed = "    # the EMS needs it" if spec.name in NEEDED[kind] else ""
    return f"  # {spec.name}: {{{words}, {place}}}{needed}\n"
