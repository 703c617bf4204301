"""A backtest of a CSV file: what it reads, what it leaves out, and the page it makes."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ems.commands.backtest_series import of_csv
from ems.commands.forecast import app
from ems.domain.errors import SourceError

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Forty days over the change of clocks in spring, hourly, one absurd reading, one gap."""
    moments = pd.date_range("2026-02-23", periods=40 * 24, freq="h", tz="Europe/Paris")
    rng = np.random.default_rng(1)
    evening = 1 + 2 * np.exp(-(((moments.hour.to_numpy() - 19) / 2) ** 2))
    load = evening * rng.uniform(0.8, 1.2, moments.size)
    load[300] = -7
    table = pd.DataFrame({"house": load}, index=moments.map(lambda moment: moment.isoformat()))
    path = tmp_path / "house.csv"
    table.drop(table.index[500:510]).to_csv(path)
    return path


def test_the_evening_stays_at_seven_over_the_change_of_clocks(file: Path) -> None:
    series = of_csv(file, PARIS)
    by_hour = [np.nanmean(series.values[0][series.calendar.step == hour]) for hour in range(24)]
    assert int(np.argmax(by_hour)) == 19
    assert np.bincount(series.calendar.day - series.calendar.day[0])[34] == 23


def test_what_cannot_be_is_left_out_and_said(file: Path) -> None:
    series = of_csv(file, PARIS)
    assert np.isnan(series.values[0]).sum() == 11
    assert series.marks == ("1 impossible readings left out",)


def test_the_page_and_the_figures_are_written(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    asked = ["backtest", "--csv", str(file), "--test-days", "6", "--report", str(folder), "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    scores = json.loads((folder / "backtest.json").read_text())
    methods = scores["series"]["house"]["methods"]
    assert methods["model"]["error"] < methods["yesterday"]["error"]
    assert methods["yesterday"]["skill against yesterday"] == 0
    assert list(methods["model"]["error by lead"]) == ["0-1 h", "1-3 h", "3-8 h", "8-24 h"]
    assert "data:image/png" in (folder / "index.html").read_text()


def test_a_file_without_times_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("time,b\n2026-13-45,1\n2026-13-46,2\n")
    with pytest.raises(SourceError, match="can't be read"):
        of_csv(path, PARIS)
