"""Adding a model of device without touching the program: begin a map, fill it in, use it."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import Result

from ems.commands.demo import mapped
from ems.commands.doctor import Finding, examined
from ems.config import load_district
from ems.devices.map_check import UNIT_OF_SUFFIX, unit_of
from ems.devices.map_schema import map_schema, schema_path, schema_text
from ems.devices.map_template import complete_map
from ems.devices.maps import map_names, map_of, read_map
from ems.domain.district import DeviceKind, District, Protocol
from ems.domain.points import Unit
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.vocabulary import POINTS, WRITTEN

Ems = Callable[..., Result]
PACKAGED = Path(schema_path()).parent


def filled_in(text: str, protocol: Protocol) -> str:
    """A begun map with every point taken, each at a place of its own."""
    taken = re.sub(r"^  # (\w+: \{unit)", r"  \1", text, flags=re.M)
    taken = taken.replace('source: ""', "source: a manual").replace("# lease_s", "lease_s")
    taken = taken.replace("# heartbeat:", "heartbeat:")
    if protocol is not Protocol.MODBUS:
        places = iter(range(1000))
        return re.sub(r"instance: 0", lambda _: f"instance: {next(places)}", taken)
    places = iter(range(0, 1000, 2))
    located = re.sub(r"address: 0x0000", lambda _: f"address: {next(places)}", taken)
    return located.replace("type: uint16", "type: float32")


@pytest.mark.parametrize("protocol", [Protocol.MODBUS, Protocol.BACNET])
@pytest.mark.parametrize("kind", DeviceKind)
def test_a_begun_map_filled_in_offers_all_of_its_kind_and_is_good(
    ems: Ems, tmp_path: Path, kind: DeviceKind, protocol: Protocol
) -> None:
    result = ems(
        "devices", "maps", "new", "acme", "--kind", kind, "-p", protocol, "--into", tmp_path
    )
    assert result.exit_code == 0, result.output
    path = tmp_path / "acme.yaml"
    text = filled_in(path.read_text(), protocol)
    device_map = read_map("acme", text)
    assert set(device_map.points) == set(POINTS[kind])
    written = {name for name, spec in device_map.points.items() if spec.writable}
    assert written == set(WRITTEN[kind])
    path.write_text(text)
    assert ems("devices", "maps", "check", path).exit_code == 0


def test_a_map_is_never_overwritten(ems: Ems, tmp_path: Path) -> None:
    words = (
        "devices",
        "maps",
        "new",
        "acme",
        "--kind",
        "meter",
        "-p",
        "modbus",
        "--into",
        tmp_path,
    )
    assert ems(*words).exit_code == 0
    (tmp_path / "acme.yaml").write_text("my work")
    again = ems(*words)
    assert again.exit_code == 1
    assert "fix: give another name" in again.output
    assert (tmp_path / "acme.yaml").read_text() == "my work"
    assert ems(*words[:3], "../acme", *words[4:]).exit_code == 1


def test_a_begun_map_is_not_good_before_it_is_filled_in(ems: Ems, tmp_path: Path) -> None:
    ems("devices", "maps", "new", "acme", "--kind", "meter", "-p", "sunspec", "--into", tmp_path)
    result = ems("devices", "maps", "check", tmp_path / "acme.yaml")
    assert result.exit_code == 1
    assert "points: missing" in result.output


def test_all_maps_of_the_package_are_good(ems: Ems) -> None:
    result = ems("devices", "maps", "check", *PACKAGED.glob("*.yaml"), "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.output)) == len(map_names())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("unit: A, poll: normal", "unit: V, poll: normal", "the name says A"),
        ("high: 32, writable", "high: 70000, writable", "70000 does not fit uint16"),
        ("safe: 6, ", "", "not fail-safe"),
        ("address: 0x0302", "address: -1", "points.state.register.address"),
    ],
)
def test_what_is_wrong_is_named(
    ems: Ems, tmp_path: Path, before: str, after: str, said: str
) -> None:
    text = (PACKAGED / "charge-point-mennekes.yaml").read_text()
    assert before in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(before, after))
    result = ems("devices", "maps", "check", path)
    assert result.exit_code == 1
    assert said in result.output


def test_a_sunspec_point_that_no_model_has_is_a_fault(ems: Ems, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text((PACKAGED / "pv-sunspec.yaml").read_text().replace("point: DCW", "point: DCX"))
    assert "model 103 has no point DCX" in ems("devices", "maps", "check", path).output


def test_a_file_that_is_not_there_is_told(ems: Ems, tmp_path: Path) -> None:
    result = ems("devices", "maps", "check", tmp_path / "none.yaml")
    assert result.exit_code == 1
    assert "none.yaml" in result.output


def test_a_site_uses_a_map_that_lies_beside_its_description(
    ems: Ems, copy_of_smartseille: Path
) -> None:
    (copy_of_smartseille / "maps").mkdir()
    own = (PACKAGED / "meter-countis-e2x.yaml").read_text().replace("0xC568", "0xC000")
    (copy_of_smartseille / "maps" / "my-meter.yaml").write_text(own)
    _use_map(copy_of_smartseille / "devices.csv", "M-A1", "my-meter")
    meter = load_district(copy_of_smartseille).devices["M-A1"]
    register = map_of(meter).points["power_kw"].register
    assert register is not None
    assert register.address == 0xC000
    assert ems("config", "check", "--config", copy_of_smartseille).exit_code == 0
    listed = ems("devices", "maps", "list", "--config", copy_of_smartseille, "--json")
    wheres = {one["name"]: one["where"] for one in json.loads(listed.output)}
    assert (wheres["my-meter"], wheres["meter-modbus"]) == ("site", "package")


def test_a_map_that_lacks_what_is_needed_is_refused_where_it_is_used(
    ems: Ems, copy_of_smartseille: Path
) -> None:
    _use_map(copy_of_smartseille / "devices.csv", "HP-2", "heat-pump-stiebel-wpm")
    result = ems("config", "check", "--config", copy_of_smartseille)
    assert result.exit_code == 1
    assert "HP-2.map: map heat-pump-stiebel-wpm lacks electric_power_kw" in result.output
    _use_map(copy_of_smartseille / "devices.csv", "HP-2", "heat-pump-nibe-s1155")
    assert ems("config", "check", "--config", copy_of_smartseille).exit_code == 0


def test_a_past_that_the_devices_can_not_have_measured_is_left_out(district: District) -> None:
    few = replace(district.devices["HP-2"], map="heat-pump-nibe-s1155")
    past = QuarterHours(
        points=("HP-2/heat_power_kw", "HP-2/electric_power_kw"),
        horizon=Horizon(Slot(0), 2),
        values=np.array([[1.0, 1.0], [2.0, 2.0]]),
    )
    kept = mapped(past, district.with_devices([few]))
    assert kept.points == ("HP-2/electric_power_kw",)
    assert kept.values.tolist() == [[2.0, 2.0]]
    assert mapped(past, district) is past


def _use_map(path: Path, device: str, name: str) -> None:
    lines = path.read_text().splitlines()
    notes = [line for line in lines if line.startswith("#")]
    rows = list(csv.DictReader(line for line in lines if line not in notes))
    for row in rows:
        if row["id"] == device:
            row["map"] = name
    with path.open("w", newline="") as file:
        file.writelines(f"{note}\n" for note in notes)
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_the_schema_file_says_what_the_program_reads(ems: Ems) -> None:
    assert Path(schema_path()).read_text(encoding="utf-8") == schema_text()
    assert ems("devices", "maps", "schema").output == schema_text()


@pytest.mark.parametrize("path", sorted(PACKAGED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_map_conforms_to_the_schema(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    raw = json.loads(json.dumps(yaml.safe_load(path.read_text())))
    jsonschema.Draft202012Validator(map_schema()).validate(raw)
    raw["points"][next(iter(raw["points"]))]["hihg"] = 3
    assert list(jsonschema.Draft202012Validator(map_schema()).iter_errors(raw))


def test_every_kind_has_a_map_to_begin_from_and_names_say_their_units() -> None:
    for kind in DeviceKind:
        assert complete_map(kind).kind is kind
    assert unit_of("flow_m3_per_h") is Unit.CUBIC_METRE_PER_HOUR
    assert unit_of("mode") is None
    assert set(UNIT_OF_SUFFIX.values()) | {Unit.NONE} == set(Unit)


def test_a_device_that_nobody_brings_back_is_trouble_for_the_doctor(
    copy_of_smartseille: Path, tmp_path: Path
) -> None:
    def safe_state() -> Finding:
        return next(islice(examined(copy_of_smartseille, tmp_path, ""), 1, None))

    assert safe_state().ok
    (copy_of_smartseille / "maps").mkdir()
    text = (PACKAGED / "charge-point-mennekes.yaml").read_text().replace("safe: 6, ", "")
    (copy_of_smartseille / "maps" / "unsafe.yaml").write_text(text)
    _use_map(copy_of_smartseille / "devices.csv", "CP-03", "unsafe")
    found = safe_state()
    assert not found.ok
    assert "1 not fail-safe" in found.what
    assert found.fix.startswith("give CP-03 a heartbeat")
