"""The integrator's point list: read as makers write it, and held against the description."""

from dataclasses import replace
from pathlib import Path

import pytest

from ems.devices.ede import TYPES, UNITS, Entry, compared, read_ede
from ems.devices.maps import map_of
from ems.domain.district import District
from ems.domain.errors import DeviceError

HEAD = """\
# Project;
PROJECT_NAME;Smartseille A1;;;;;;;;;;;;;;
VERSION_OF_REFERENCEFILE;3;;;;;;;;;;;;;;
TIMESTAMP_OF_LAST_CHANGE;2026-01-15;;;;;;;;;;;;;;
AUTHOR_OF_LAST_CHANGE;Intégrateur;;;;;;;;;;;;;;
VERSION_OF_LAYOUT;2.1;;;;;;;;;;;;;;
# mandatory;mandatory;mandatory;mandatory;mandatory;optional
# keyname;device obj.-instance;object-name;object-type;object-instance;description;\
present-value-default;min-present-value;max-present-value;settable;supports COV;hi-limit;\
low-limit;state-text-reference;unit-code;vendor-specific-address
"""
NUMBERS = {name: number for number, name in TYPES.items()}
CODES = {unit: code for code, unit in UNITS.items()}


def lines_of(district: District) -> list[str]:
    """What an integrator would list of every BACnet device, with the device objects themselves."""
    found = []
    for device in district.devices.values():
        found.append(f"k{device.unit};{device.unit};{device.id};8;{device.unit};Régulateur")
        for spec in map_of(device).points.values():
            assert spec.object is not None
            number, instance = NUMBERS[spec.object.type], spec.object.instance
            settable, unit = "Y" if spec.writable else "N", CODES.get(spec.unit, 95)
            place = f"{device.unit};{device.id} {spec.name};{number};{instance}"
            found.append(f"k;{place};;;;;{settable};N;;;;{unit};")
    return found


@pytest.fixture
def small(district: District) -> District:
    return district.with_devices(district.devices[name] for name in ("B1-0201", "A1-Z01"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_list_that_agrees_is_read_in_all_its_shapes(
    small: District, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "A1_EDE.csv"
    text = (HEAD + "\n".join(lines_of(small))).replace(";", delimiter)
    path.write_bytes(text.encode(encoding))
    entries = read_ede(path)
    assert len(entries) == 2 + sum(len(map_of(d).points) for d in small.devices.values())
    assert entries[0].type == "", "a device object is no point"
    assert compared(entries, small) == []


def changed(entries: list[Entry], name: str, **fields: object) -> list[Entry]:
    return [replace(e, **fields) if e.name == name else e for e in entries]  # type: ignore[arg-type]


@pytest.fixture
def entries(small: District, tmp_path: Path) -> list[Entry]:
    path = tmp_path / "A1_EDE.csv"
    path.write_text(HEAD + "\n".join(lines_of(small)), encoding="utf-8")
    return read_ede(path)


@pytest.mark.parametrize(
    ("point", "fields", "what"),
    [
        ("room_temp_c", {"instance": 99}, "analog-input 1 is not in the list"),
        ("setpoint_c", {"settable": False}, "is not settable"),
        ("room_temp_c", {"unit": 64}, ""),
        ("room_temp_c", {"unit": 63}, "is listed in K, mapped in °C"),
        ("heat_power_kw", {"unit": 19}, "is listed in kWh, mapped in kW"),
        ("setpoint_c", {"settable": None}, ""),
        ("heat_power_kw", {"unit": None}, ""),
    ],
)
def test_each_difference_is_named_with_its_point(
    small: District, entries: list[Entry], point: str, fields: dict[str, object], what: str
) -> None:
    found = compared(changed(entries, f"B1-0201 {point}", **fields), small)
    if not what:
        assert found == []
        return
    (one,) = found
    assert (one.device, one.point) == ("B1-0201", point)
    assert what in one.what
    assert one.fix


def test_devices_of_one_side_only_are_named(small: District, entries: list[Entry]) -> None:
    zone = small.devices["A1-Z01"]
    strangers = [replace(e, device=4711) if e.device == zone.unit else e for e in entries]
    found = {(one.device, one.what.split(",")[-1].strip()) for one in compared(strangers, small)}
    assert found == {
        ("A1-Z01", "not in the list"),
        ("instance 4711", "the device is not described"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#State text reference;1\n1;on;off\n", "lists no objects"),
        (HEAD, "lists no objects"),
        (HEAD + "k;12;Room;0;1;;;;;N;N;;;;°C;", "unit code '°C' is no number"),
    ],
    ids=["the state texts", "only a head", "units in words"],
)
def test_what_is_no_list_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeviceError, match=message):
        read_ede(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="No such file"):
        read_ede(tmp_path / "none.csv")
