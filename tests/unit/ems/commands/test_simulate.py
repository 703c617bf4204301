"""`ems simulate` compares controllers, and refuses what it can't rely on."""

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from simulations.catalogue import CATALOGUE

Ems = Callable[..., Result]
FIGURES = {"cost_eur", "energy_kwh", "co2_kg", "peak_kw", "discomfort_kh", "ev_shortfall_kwh"}
YEAR_H = 8760
Rows = list[list[object]]


@pytest.fixture
def weather_file(tmp_path: Path) -> Callable[[Callable[[Rows], None]], Path]:
    """Writes a typical year in UTC after something has been done to its rows."""

    def write(change: Callable[[Rows], None]) -> Path:
        rows: Rows = [[hour, hour + 0.5, 0, 0, 0, 5.0, 3.0] for hour in range(YEAR_H)]
        change(rows)
        header = "hour_of_year,solar_time_mid_h,dni_w_m2,dhi_w_m2,ghi_w_m2,temp_air_c,wind_m_s"
        path = tmp_path / "year.csv"
        path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]))
        return path

    return write


def of_six_hours(rows: Rows) -> None:
    for row in rows[400:406]:
        row[5] = ""


def of_text(rows: Rows) -> None:
    rows[400][5] = "mild"


def of_fire(rows: Rows) -> None:
    rows[400][5] = 451


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (of_six_hours, "year.csv:402 temp_air_c: nothing for 6 h from here"),
        (of_text, "year.csv:402 temp_air_c: 'mild' is not a number"),
        (of_fire, "year.csv:402 temp_air_c: 451 is not between -50 and 60"),
    ],
)
def test_weather_that_cant_be_relied_on(
    ems: Ems,
    tmp_path: Path,
    weather_file: Callable[[Callable[[Rows], None]], Path],
    change: Callable[[Rows], None],
    says: str,
) -> None:
    file = weather_file(change)
    result = ems("simulate", "--weather", file, "--picture", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stderr.count("fix:") == 1


@pytest.mark.parametrize(
    ("first", "hours", "says"),
    [
        (datetime(2023, 1, 1), 16 * 24, "no price for some of the days from 2023-01"),
        (datetime(2022, 6, 1), 48, "covers 2022-05-31 to 2022-06-02"),
    ],
    ids=["they end within the days", "they are of another year"],
)
def test_prices_that_do_not_cover_the_days(
    ems: Ems, tmp_path: Path, first: datetime, hours: int, says: str
) -> None:
    file = tmp_path / "prices.csv"
    moments = [first + timedelta(hours=hour) for hour in range(hours)]
    spans = [f"{m:%d.%m.%Y %H:%M} - {m + timedelta(hours=1):%d.%m.%Y %H:%M}" for m in moments]
    rows = [f'"{span}","100.0","EUR"' for span in spans]
    file.write_text('"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency"\n' + "\n".join(rows))
    result = ems("simulate", "--prices", file, "--picture", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stderr.count("fix:") == 1


@pytest.mark.parametrize("option", ["--weather", "--prices"])
def test_a_file_that_is_not_there(ems: Ems, tmp_path: Path, option: str) -> None:
    result = ems("simulate", option, tmp_path / "none.csv", "--picture", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert "none.csv" in result.stderr
    assert result.stderr.count("fix:") == 1


@pytest.mark.parametrize("option", ["--picture", "--cars"])
def test_a_file_that_cant_be_written_is_told_before_the_days_are_lived_through(
    ems: Ems, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    words = {"--picture": tmp_path / "picture.png", option: tmp_path / "file" / "out"}
    result = ems("simulate", *(word for pair in words.items() for word in pair))
    assert result.exit_code == 1
    assert f"fix: give another with {option}" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--scenario", "winter"), "no scenario is called winter"),
        (("--controllers", "ems,magic"), "no controller is called magic"),
        (("--faults", "none.yaml"), "none.yaml"),
    ],
)
def test_what_there_is_not(ems: Ems, tmp_path: Path, words: tuple[str, str], says: str) -> None:
    result = ems("simulate", *words, "--picture", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stderr.count("fix:") == 1


def test_the_list_describes_every_scenario_in_both_languages(ems: Ems) -> None:
    text = ems("simulate", "--list", "--json").stdout
    listed = json.loads(text)["scenarios"]
    assert [row["name"] for row in listed] == [entry.name for entry in CATALOGUE]
    assert len(listed) == 16
    assert all(row["english"] and row["french"] for row in listed)


def test_the_made_up_world_is_compared_with_what_is_published(
    ems: Ems, quarter: Path, tmp_path: Path
) -> None:
    result = ems("simulate", "--validate", tmp_path, "--config", quarter)
    assert result.exit_code == 0, result.stderr
    page = (tmp_path / "validation.html").read_text()
    assert page.count("<tr>") == 1 + 15
    for picture in ("climate.png", "forecasts.png", "people.png"):
        assert picture in page
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.timeout(1200)
def test_a_day_of_a_quarter_under_all_controllers(ems: Ems, quarter: Path, tmp_path: Path) -> None:
    """The slow one: two times four weeks of plain control, and 192 plans."""
    picture, folder = tmp_path / "out" / "picture.png", tmp_path / "report"
    cars = tmp_path / "cars.csv"
    asked = (
        "simulate", "--days", "1", "--json", "--config", quarter, "--picture", picture,
        "--report", folder, "--cars", cars, "--controllers", "baseline,rules,ems,foresight",
    )  # fmt: skip
    result = ems(*asked)
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    controllers = told["controllers"]
    assert list(controllers) == ["baseline", "rules", "ems", "foresight"]
    assert all(set(figures) >= FIGURES for figures in controllers.values())
    plain, planned = controllers["baseline"], controllers["ems"]
    assert planned["cost_eur"] < plain["cost_eur"]
    assert planned["discomfort_kh"] < plain["discomfort_kh"] + 5
    assert controllers["foresight"]["valued_eur"] < plain["valued_eur"]
    assert set(told["saving_taken"]) == {"of_valued", "of_cost"}
    assert told["reference"]["model_bound_eur"] > 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert_lines_of_cars(cars, controllers)
    page = (folder / "week.html").read_text()
    assert "perfect foresight" in page
    assert "week.html" in (folder / "index.html").read_text()
    assert "cut to 1 of 7 days" in page
    assert json.loads((folder / "week.json").read_text())["controllers"] == controllers
    again = ems(*asked)
    assert json.loads(again.stdout) == told
    assert "of processor" in result.stderr
    assert "of processor" not in again.stderr, "what is kept is not run again"


def assert_lines_of_cars(file: Path, controllers: dict[str, dict[str, float]]) -> None:
    """Each controller's cars are the same ones, and what they left without is its shortfall."""
    lines = list(csv.DictReader(file.read_text().splitlines()))
    came: dict[str, set[tuple[str, str]]] = {name: set() for name in controllers}
    for one in lines:
        came[one["controller"]].add((one["charge_point"], one["arrival_utc"]))
    assert len({frozenset(cars) for cars in came.values()}) == 1
    assert len(lines) == len(controllers) * len(came["ems"]) > 0
    for name, figures in controllers.items():
        short = sum(float(one["short_kwh"]) for one in lines if one["controller"] == name)
        assert short == pytest.approx(figures["ev_shortfall_kwh"], abs=0.01)
    planned = {one["controller"] for one in lines if one["planned_local"]}
    assert planned == {"ems", "foresight"}


def test_all_scenarios_need_a_folder(ems: Ems) -> None:
    result = ems("simulate", "--scenario", "all")
    assert result.exit_code == 1
    assert "fix: give one with --report" in result.stderr
