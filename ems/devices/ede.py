"""The BACnet trade's point list: an EDE file, held against the description.

EDE (Engineering Data Exchange, BIG-EU, layout 2.x) is a table with one line for each object: lines
beginning with # are remarks, some lines of the project come first, and the columns have fixed
places - `keyname`, device instance, object name, type, instance, description, default, least and
greatest value, settable, COV, limits, state texts, unit code. Makers write it with semicolons,
commas or tabs, in UTF-8 or Windows-1252.

    not in the list     a mapped object that the controller is not said to have
    not described       a device of the list that the description does not know
    not settable        a point that the EMS writes, and the controller does not let it
    other unit          a unit code that says something else than the map
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ems.devices.maps import PointSpec, map_of
from ems.domain.district import Device, District, Protocol
from ems.domain.errors import DeviceError
from ems.domain.points import Unit

TYPES = {
    0: "analog-input", 1: "analog-output", 2: "analog-value", 3: "binary-input",
    4: "binary-output", 5: "binary-value", 13: "multi-state-input", 14: "multi-state-output",
    19: "multi-state-value",
}  # fmt: skip
"""Object types that can be points, by their numbers in ASHRAE 135."""

UNITS = {
    3: Unit.AMPERE, 5: Unit.VOLT, 19: Unit.KILOWATT_HOUR, 27: Unit.HERTZ, 48: Unit.KILOWATT,
    55: Unit.BAR, 62: Unit.CELSIUS, 63: Unit.KELVIN, 71: Unit.HOUR, 72: Unit.MINUTE,
    73: Unit.SECOND, 80: Unit.CUBIC_METRE, 96: Unit.PPM, 98: Unit.PERCENT,
    135: Unit.CUBIC_METRE_PER_HOUR,
}  # fmt: skip
"""Engineering units that points have, by their numbers there."""

_LEAST_COLUMNS = 5
_DEVICE, _NAME, _TYPE, _INSTANCE, _SETTABLE, _UNIT = 1, 2, 3, 4, 9, 14


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One object of the list."""

    line: int
    """In the file, counted from 1."""

    device: int
    """Device instance."""

    name: str
    """The object's name."""

    type: str
    """`analog-input`; empty for objects that can't be points."""

    instance: int

    settable: bool | None
    """Whether it can be written; None: not said."""

    unit: int | None
    """Unit code; None: not said."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Where list and description do not agree."""

    device: str
    """Id in the description, or `instance 1234` of a stranger."""

    point: str
    """Its name in the map; empty for a whole device."""

    what: str
    fix: str


def read_ede(path: Path) -> list[Entry]:
    """The objects of an EDE file.

    Raises:
        DeviceError: it can't be read, or holds no objects.
    """
    text = _text(path)
    found = [
        _entry(path, line, row)
        for line, row in enumerate(csv.reader(text.splitlines(), delimiter=_delimiter(text)), 1)
        if _is_object(row)
    ]
    if not found:
        raise DeviceError(f"{path} lists no objects", fix="give the EDE file, not its state texts")
    return found


def compared(entries: Sequence[Entry], district: District) -> list[Difference]:
    """Where `entries` and the BACnet devices of `district` do not agree; bare when they do."""
    by_device: dict[int, dict[tuple[str, int], Entry]] = {}
    for entry in entries:
        by_device.setdefault(entry.device, {})[entry.type, entry.instance] = entry
    known = {d.unit: d for d in district.devices.values() if d.protocol is Protocol.BACNET}
    differences = [
        difference
        for number, device in known.items()
        for difference in _of_device(device, by_device.get(number))
    ]
    return differences + [
        Difference(
            device=f"instance {number}",
            point="",
            what=f"{len(by_device[number])} objects listed, the device is not described",
            fix="add it to devices.csv, or leave it to others",
        )
        for number in by_device
        if number not in known
    ]


def _of_device(device: Device, listed: dict[tuple[str, int], Entry] | None) -> Iterator[Difference]:
    if listed is None:
        what, fix = "not in the list", "compare its instance with the integrator's list"
        yield Difference(device=device.id, point="", what=what, fix=fix)
        return
    for spec in map_of(device).points.values():
        for what, fix in _of_point(spec, listed):
            yield Difference(device=device.id, point=spec.name, what=what, fix=fix)


def _of_point(spec: PointSpec, listed: dict[tuple[str, int], Entry]) -> Iterator[tuple[str, str]]:
    if spec.object is None:
        return
    place = f"{spec.object.type} {spec.object.instance}"
    entry = listed.get((spec.object.type, spec.object.instance))
    if entry is None:
        yield f"{place} is not in the list", "correct the map, or have the object added"
        return
    if spec.writable and entry.settable is False:
        yield f"{place} ({entry.name}) is not settable", "have it made commandable"
    said = UNITS.get(entry.unit) if entry.unit is not None else None
    if said is not None and said is not spec.unit:
        what = f"{place} ({entry.name}) is listed in {said}, mapped in {spec.unit or 'no unit'}"
        yield what, "compare the value with the controller's display; correct unit and scale"


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DeviceError(f"{path}: {error.strerror}", fix="give an EDE file") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    return max(";,\t", key=text.count)


def _is_object(row: Sequence[str]) -> bool:
    numbers = [*row[_DEVICE:_NAME], *row[_TYPE : _INSTANCE + 1]]
    if len(row) < _LEAST_COLUMNS or row[0].startswith("#"):
        return False
    return all(word.strip().isdigit() for word in numbers)


def _entry(path: Path, line: int, row: Sequence[str]) -> Entry:
    def word(place: int) -> str:
        return row[place].strip() if len(row) > place else ""

    unit = word(_UNIT)
    if unit and not unit.isdigit():
        raise DeviceError(
            f"{path} line {line}: unit code {unit!r} is no number", fix="export it anew as EDE 2"
        )
    settable = {"y": True, "n": False}.get(word(_SETTABLE).lower())
    return Entry(
        line=line,
        device=int(row[_DEVICE]),
        name=word(_NAME),
        type=TYPES.get(int(row[_TYPE]), ""),
        instance=int(row[_INSTANCE]),
        settable=settable,
        unit=int(unit) if unit else None,
    )
