"""A description is right as a whole, or each of its problems is named with place and fix."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from ems.config import SMARTSEILLE, check_district, load_district
from ems.domain.district import District
from ems.domain.errors import ConfigError
from ems.domain.vocabulary import POINTS, WRITTEN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Smartseille that a test may break."""
    return Path(shutil.copytree(SMARTSEILLE, tmp_path / "site"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_smartseille_is_as_described(district: District) -> None:
    kinds = Counter(device.kind.value for device in district.devices.values())
    assert kinds == {
        "dwelling_controller": 412,
        "zone_controller": 40,
        "substation": 9,
        "heat_pump": 3,
        "loop": 1,
        "charge_point": 60,
        "pv_inverter": 8,
        "battery": 2,
        "meter": 13,
    }
    assert Counter(d.building for d in district.dwellings.values()) == {
        "B1": 108,
        "B2": 94,
        "D1": 70,
        "D2": 70,
        "D3": 70,
    }
    assert sum(len(POINTS[d.kind]) for d in district.devices.values()) == 8070
    assert sum(len(WRITTEN[d.kind]) for d in district.devices.values()) == 1148
    assert sum(roof.peak_kw for roof in district.pv_roofs.values()) == 400


def test_each_thing_has_its_device_and_each_address_one_device(district: District) -> None:
    assert len(district.device_of) == len(district.devices) == 548


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "field", "says"),
    [
        ("buildings.yaml", "floors: 8", "floors: eight", "buildings.yaml:4", "A1.floors", "eight"),
        ("buildings.yaml", "floors: 8", "flors: 8", "buildings.yaml:4", "A1.flors", "known"),
        ("district.yaml", "latitude: 43.3285", "latitude: 143", "district.yaml:5", "", "143"),
        ("district.yaml", "  units: 3\n", "", "district.yaml:31", "plant.units", "missing"),
        ("district.yaml", "comfort:", "confort:", "district.yaml:11", "confort", "not known"),
        ("district.yaml", "    power_kw: 250", "   power_kw: 250", "district.yaml", "", "YAML"),
        ("dwellings.csv", ",58,", ",,", "dwellings.csv:4", "B1-0201.area_m2", "missing"),
        ("dwellings.csv", "B1-0202,B1", "B1-0201,B1", "dwellings.csv:5", "", "line 4"),
        ("dwellings.csv", "B1-0201,B1", "B1-0201,B9", "dwellings.csv:4", "building", "B9"),
        ("zones.csv", "A1-Z01,A1,office", "A1-Z01,A1,gym", "zones.csv:4", "A1-Z01.use", "gym"),
        ("pv_roofs.csv", "# assumption:", "# note:", "pv_roofs.csv:1", "", "come from"),
        ("devices.csv", "B1-0202,bacnet", "B1-9999,bacnet", "devices.csv:5", "serves", "B1-9999"),
        ("devices.csv", "100002,1001,2", "100002,1001,1", "devices.csv:5", "unit", "address of"),
        (
            "devices.csv",
            "127.20.6.1,1502",
            "rtu:/dev/ttyUSB0?baud=1,",
            "devices.csv:539",
            "M-A1",
            "baud=1 is none of",
        ),
        ("devices.csv", "127.20.6.1,1502", "127.20.6.1,", "devices.csv:539", "M-A1", "missing"),
        (
            "devices.csv",
            "D1-0102,modbus,127.20.1.1,1502",
            "D1-0102,modbus,rtu+tcp://127.20.1.1:1502,",
            "devices.csv",
            "host",
            "described otherwise for D1-0101",
        ),
        ("tariff.yaml", "P: 0.145, ", "", "tariff.yaml:1", "", "no price for P"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else None,
)
def test_a_problem_is_named_with_its_place_and_a_fix(
    folder: Path, file: str, old: str, new: str, where: str, field: str, says: str
) -> None:
    change(folder / file, old, new)
    _, problems = check_district(folder)
    found = [p for p in problems if p.where.startswith(where) and field in p.field]
    assert any(says in problem.message for problem in found), problems
    assert all(problem.fix for problem in problems)


def test_all_problems_are_reported_at_once(folder: Path) -> None:
    change(folder / "buildings.yaml", "floors: 8", "floors: eight")
    change(folder / "zones.csv", "A1-Z01,A1,office", "A1-Z01,A1,gym")
    (folder / "uses.yaml").unlink()
    with pytest.raises(ConfigError) as caught:
        load_district(folder)
    files = {problem.where.split(":")[0] for problem in caught.value.problems}
    assert files == {"buildings.yaml", "zones.csv", "uses.yaml"}


def test_a_block_without_source_or_assumption_is_refused(folder: Path) -> None:
    change(folder / "district.yaml", "  assumption: thermostats stand", "  # thermostats stand")
    _, problems = check_district(folder)
    assert any("neither `source` nor `assumption`" in problem.message for problem in problems)
