"""Runs that are kept come back as they were, and only whole."""

from dataclasses import fields
from pathlib import Path

import numpy as np

from simulations.kept import Kept
from simulations.kpis import Kpis
from simulations.lived import Lived


def test_days_lived_through_come_back_as_they_were(tmp_path: Path) -> None:
    figures = Kpis(**{field.name: n / 7 for n, field in enumerate(fields(Kpis))})
    curves = [np.arange(4.0) / 8 for _ in range(5)]
    lived = Lived(kpis=figures, planned_eur=12.5, cars=[["CP-1", "7"]], curves=curves)
    Kept(tmp_path / "runs").keep({"key": "a"} | lived.as_row())
    row = Kept(tmp_path / "runs").row("a")
    assert row is not None
    again = Lived.from_row(row)
    assert (again.kpis, again.planned_eur) == (figures, 12.5)
    assert [list(line) for line in again.cars] == [["CP-1", "7"]]
    np.testing.assert_array_equal(again.curves, curves)


def test_what_was_never_finished_is_not_there(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    (tmp_path / "a.part").write_text('{"key": ')
    assert kept.row("a") is None
