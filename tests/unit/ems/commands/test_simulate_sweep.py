"""`ems simulate --sweep`: designs run by Dask, kept, gone on with and drawn."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet
from typer.testing import Result

Ems = Callable[..., Result]
SMALL = """\
scenario: winter-week
days: 1
controller: baseline
seeds: [1]
vary: {pv_kw: [100]}
build: {battery_eur_per_kwh: 450, pv_eur_per_kw: 1000, charge_point_eur: 0, assumption: round}
"""


def test_a_sweep_is_run_and_what_is_finished_is_kept(
    ems: Ems, quarter: Path, tmp_path: Path
) -> None:
    file, out = tmp_path / "sweep.yaml", tmp_path / "out"
    file.write_text(SMALL)
    asked = ("simulate", "--config", quarter, "--sweep", file, "--sweep-folder", out)
    assert ems(*asked).exit_code == 0
    [row] = parquet.read_table(out / "sweep.parquet").to_pylist()
    assert (row["design_pv_kw"], row["design_battery_kwh"], row["seed"]) == (100, None, 1)
    assert row["cost_eur"] > 0
    assert (out / "pareto.png").read_bytes().startswith(b"\x89PNG")

    file.write_text(SMALL.replace("pv_eur_per_kw: 1000", "pv_eur_per_kw: 2000"))
    nobody = ("--scheduler", "tcp://127.0.0.1:9")
    assert ems(*asked, *nobody).exit_code == 0, "a point that is kept is not run again"
    [dearer] = parquet.read_table(out / "sweep.parquet").to_pylist()
    assert dearer["investment_eur"] - row["investment_eur"] == pytest.approx(100 * 1000)
    assert dearer["cost_eur"] == row["cost_eur"]


def test_an_unknown_scenario_is_refused(ems: Ems, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(SMALL.replace("winter-week", "ice-age"))
    result = ems("simulate", "--sweep", tmp_path / "sweep.yaml", "--sweep-folder", tmp_path)
    assert result.exit_code == 1
    assert "sweep.yaml scenario: none is called ice-age" in result.stderr
