"""Plans from files: the guide's commands work, and what is wrong is named with its place."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from ems.cli import app
from ems.domain.district import District
from ems.domain.errors import SourceError
from ems.plan_files.example import write_example
from ems.plan_files.inputs import PlanInputs, read_inputs

GUIDE = Path(__file__).parents[4] / "docs" / "planning-on-files.md"
BLOCK = re.compile(r"```(sh|python)\n(.*?)```", re.DOTALL)


def ems(words: str) -> Result:
    return CliRunner().invoke(app, shlex.split(words)[1:])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the whole guide was followed."""
    folder, names = tmp_path_factory.mktemp("guide"), dict[str, object]()
    with chdir(folder):
        for language, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
            if language == "python":
                exec(compile(text, str(GUIDE), "exec"), names)  # noqa: S102 our own guide
                continue
            result = ems(text)
            assert result.exit_code == 0, f"{text}: {result.output}"
        yield folder


def test_the_guide_leaves_every_file_that_it_promises(lived: Path) -> None:
    promised = set(re.findall(r"`([a-z]+\.(?:json|csv|parquet|png))`", GUIDE.read_text()))
    assert promised <= {path.name for path in lived.rglob("*")}


def test_every_form_tells_the_same_plan(lived: Path) -> None:
    plan = json.loads((lived / "day/plan/plan.json").read_text())
    table = pd.read_csv(lived / "day/plan/setpoints.csv", keep_default_na=False)
    stored = pd.read_parquet(lived / "day/plan/setpoints.parquet")
    assert len(table) == len(stored) == len(plan["rows"]) == plan["setpoints"] * plan["slots"]
    assert list(stored["setpoint"]) == [row["setpoint"] for row in plan["rows"]]
    assert np.allclose(table["setpoint"], stored["setpoint"])
    assert plan["bound_eur"] <= plan["cost_eur"]


def test_a_dear_evening_is_avoided(lived: Path) -> None:
    before = pd.read_csv(lived / "day/plan/series.csv")
    after = pd.read_parquet(lived / "day/dear/series.parquet")
    local = pd.to_datetime(before["start_local"]).dt.tz_convert("Europe/Paris")
    evening = local.dt.hour.between(18, 20)
    assert after["import_kw"][evening].sum() < before["import_kw"][evening].sum()


def test_an_event_is_kept(lived: Path) -> None:
    before, after = (pd.read_csv(lived / "day" / name / "series.csv") for name in ("plan", "asked"))
    asked = pd.read_csv(lived / "day" / "event.csv")["time"]
    during = pd.to_datetime(before[before.columns[0]], utc=True).isin(
        pd.to_datetime(asked, utc=True)
    )
    assert during.sum() == 4
    assert before["import_kw"][during].max() > 450
    assert after["import_kw"][during].max() < 450


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory, district: District) -> Path:
    folder = tmp_path_factory.mktemp("example")
    write_example(district, folder)
    return folder


Changed = Callable[[str, str, str], PlanInputs]


@pytest.fixture
def changed(tmp_path: Path, example: Path, district: District) -> Changed:
    """Reads the example after the first match of a pattern in a file was replaced."""

    def read(name: str, pattern: str, instead: str) -> PlanInputs:
        files = {kind: example / f"{kind}.csv" for kind in ("state", "forecasts", "prices")}
        text, count = re.subn(pattern, instead, files[name].read_text(), count=1, flags=re.M)
        assert count == 1, "the test changes nothing"
        files[name] = tmp_path / f"{name}.csv"
        files[name].write_text(text)
        return read_inputs(district, **files)

    return read


@pytest.mark.parametrize(
    ("file", "pattern", "instead", "says", "fix"),
    [
        ("state", r"^D1-", "D9-", "there is no device 'D9-", "devices.csv"),
        ("state", r"/soc_pct", "/soc", "has no point 'soc'", "soc_pct"),
        ("state", r"/alarm,0.0", "/alarm,none", "'none' is not a number", "decimal point"),
        ("state", r"^point", "name", "has no column point", "add a column"),
        ("forecasts", r"T05:00:00Z", "T05:05:00Z", "does not begin a quarter hour", "offset"),
        ("forecasts", r"T05:00:00Z", "T05:00:00", "has no time zone", "offset"),
        ("forecasts", r"^2026-01-13T06:00.*\n", "", "06:00Z should follow", "without gaps"),
        ("forecasts", r"^(2026-01-13T06:00:00Z),[^,]*", r"\1,", "csv:10 weather/out", "fill"),
        ("forecasts", "pv/available_kw", "pv/kw", "no column pv/available_kw", "add pv/avail"),
        ("forecasts", "@0.9", "@high", "level of the quantile", "@0.9"),
        ("prices", "feed_in", "sold_in", "has no column feed_in", "add a column"),
        ("prices", r"^2026-01-14T03:45.*\n", "", "95 quarter hours", "of the forecasts"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_its_fix(
    changed: Changed, file: str, pattern: str, instead: str, says: str, fix: str
) -> None:
    with pytest.raises(SourceError, match=says) as told:
        changed(file, pattern, instead)
    assert f"{file}.csv" in told.value.message
    assert fix in told.value.fix


def test_json_says_the_same_as_csv(example: Path, tmp_path: Path, district: District) -> None:
    files = {}
    for kind in ("state", "forecasts"):
        entries = pd.read_csv(example / f"{kind}.csv").to_dict(orient="records")
        files[kind] = tmp_path / f"{kind}.json"
        files[kind].write_text(json.dumps(entries))
    told = read_inputs(district, **files)
    meant = read_inputs(district, **{k: example / f"{k}.csv" for k in files})
    assert told.snapshot == meant.snapshot
    assert told.horizon == meant.horizon
    for name in meant.forecasts.series:
        assert told.forecasts[name] == pytest.approx(meant.forecasts[name]), name


def test_without_prices_the_tariff_holds(example: Path, district: District) -> None:
    inputs = read_inputs(district, state=example / "state.csv", forecasts=example / "forecasts.csv")
    tariff = district.tariff.import_eur_per_kwh(inputs.horizon.slots, district.site.zone)
    assert inputs.forecasts["price/import_eur_per_kwh"] == pytest.approx(tariff)


def test_a_past_that_reaches_into_the_plan_is_refused(example: Path, district: District) -> None:
    with pytest.raises(SourceError, match="reaches into the plan"):
        read_inputs(
            district,
            state=example / "state.csv",
            forecasts=example / "forecasts.csv",
            history=example / "forecasts.csv",
        )


def test_a_state_without_forecasts_is_asked_for_them(example: Path) -> None:
    result = ems(f"ems plan --state {example / 'state.csv'}")
    assert result.exit_code == 1
