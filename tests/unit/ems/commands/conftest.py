"""A quarter of Smartseille as a folder of its own, for commands that live through days."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from ems.cli import app
from ems.config import SMARTSEILLE

KEPT = ("D1", "E1", "P1")
"""A building of dwellings, one of offices, and the car park."""
FIRST_OF_A_FLOOR = "01"
"""Of D1's seventy dwellings: plans are as many and as sound, and take a third of the time."""
POINTS_KEPT = 8

Ems = Callable[..., Result]


@pytest.fixture
def ems() -> Ems:
    """Runs `ems` with some words; nothing but a clear exit may come out of it."""

    def run(*words: object) -> Result:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), words
        return result

    return run


@pytest.fixture
def copy_of_smartseille(tmp_path: Path) -> Path:
    """The description in a folder where it may be broken."""
    return Path(shutil.copytree(SMARTSEILLE, tmp_path / "description"))


@pytest.fixture(scope="session")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Part of D1, E1, the car park with eight charge points, and the plant that heats them."""
    folder = Path(shutil.copytree(SMARTSEILLE, tmp_path_factory.mktemp("q") / "quarter"))
    gone = _thin_out(folder)
    _keep_rows(folder / "devices.csv", lambda row: row["serves"] not in gone)
    return folder


def _thin_out(folder: Path) -> set[str]:
    """Keep what belongs to the quarter: the ids of everything else."""
    gone = set()
    for name in ("dwellings.csv", "zones.csv", "pv_roofs.csv"):
        gone |= _keep_rows(folder / name, lambda row: row["building"] in KEPT)
    gone |= _keep_rows(folder / "dwellings.csv", lambda row: row["id"].endswith(FIRST_OF_A_FLOOR))
    few = {f"CP-{n:02}" for n in range(1, POINTS_KEPT + 1)}
    gone |= _keep_rows(folder / "charge_points.csv", lambda row: row["id"] in few)
    return gone | _keep_entries(folder / "buildings.yaml")


def _keep_rows(path: Path, wanted: Callable[[dict[str, str]], bool]) -> set[str]:
    lines = path.read_text().splitlines()
    notes = [line for line in lines if line.startswith("#")]
    rows = list(csv.DictReader(line for line in lines if line not in notes))
    with path.open("w", newline="") as file:
        file.writelines(f"{note}\n" for note in notes)
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row for row in rows if wanted(row))
    return {row["id"] for row in rows if not wanted(row)}


def _keep_entries(path: Path) -> set[str]:
    held = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({key: held[key] for key in KEPT}, allow_unicode=True))
    return set(held) - set(KEPT)
