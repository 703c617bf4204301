"""`ems config check` counts what is described, and names each problem with its place and fix."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Ems = Callable[..., Result]


def test_smartseille_holds(ems: Ems) -> None:
    told = json.loads(ems("config", "check", "--json").stdout)
    assert told["ok"] is True
    assert told["problems"] == []
    counts = {name: told[name] for name in ("dwellings", "buildings", "devices")}
    assert counts == {"dwellings": 412, "buildings": 10, "devices": 548}
    assert told["points"] > 8000


def test_a_quarter_of_smartseille_holds(ems: Ems, quarter: Path) -> None:
    told = json.loads(ems("config", "check", "--json", "--config", quarter).stdout)
    assert told["ok"], told["problems"]
    assert told["buildings"] == 3


@pytest.mark.parametrize(
    ("what", "file", "before", "after", "place"),
    [
        ("a protocol that is none", "devices.csv", ",modbus,", ",mudbus,", "devices.csv:"),
        ("a map that is not there", "devices.csv", "loop-modbus", "loup-modbus", "devices.csv"),
        ("a map of another kind", "devices.csv", "loop-modbus", "meter-modbus", "devices.csv"),
        ("a number that is none", "tariff.yaml", "700", "much", "tariff.yaml:9"),
        ("a file that is no YAML", "uses.yaml", "dwelling:", "dwelling: [", "uses.yaml"),
    ],
)
def test_a_broken_copy_is_named(
    ems: Ems, copy_of_smartseille: Path, what: str, file: str, before: str, after: str, place: str
) -> None:
    path = copy_of_smartseille / file
    path.write_text(path.read_text().replace(before, after, 1))
    result = ems("config", "check", "--json", "--config", copy_of_smartseille)
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["ok"] is False
    assert told["problems"], what
    assert all(problem["where"].startswith(place) for problem in told["problems"]), what
    assert all(problem["fix"] for problem in told["problems"])


def test_a_person_reads_place_and_fix(ems: Ems, copy_of_smartseille: Path) -> None:
    (copy_of_smartseille / "zones.csv").unlink()
    result = ems("config", "check", "--config", copy_of_smartseille)
    assert result.exit_code == 1
    assert "zones.csv" in result.stderr
    assert "fix: add the file" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("devices", "list"),
        ("export", "plan", "--building", "D1"),
        ("export", "consumption", "--dwelling", "D1-0304"),
        ("devices", "read", "HP-1"),
        ("simulate", "--days", "1"),
        ("demo",),
        ("run",),
    ],
    ids=" ".join,
)
def test_every_command_tells_a_broken_description(
    ems: Ems, tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = ems(*words, "--config", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "is missing" in result.stderr
    assert "fix:" in result.stderr
