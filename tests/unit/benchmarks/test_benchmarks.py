"""One command measures, and prints figures of an agreed shape; nothing is measured here."""

import json
import sys

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks.cycle import STEPS, steps_of
from benchmarks.figures import Figure, Report
from ems.domain.cycle_record import CycleRecord
from ems.domain.plans import Origin
from ems.domain.slots import Slot

asked: list[tuple[str, bool]] = []


def report_of(name: str) -> Report:
    figures = [
        Figure(name="plan, mean of 2 slots", value=0.61, unit="s wall", goal=1.0),
        Figure(name="commit, mean of 2 slots", value=0.08, unit="s wall"),
    ]
    return Report(name=name, figures=figures, commit="0123abc+", machine="a processor, 2 cores")


@pytest.fixture(autouse=True)
def measured_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every benchmark answers at once."""

    def quickly(name: str):
        def measure(quick: bool) -> Report:
            asked.append((name, quick))
            return report_of(name)

        return measure

    asked.clear()
    for name in list(command.BENCHMARKS):
        monkeypatch.setitem(command.BENCHMARKS, name, quickly(name))


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
    command.main()


def test_a_report_for_a_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "cycle", "--quick", "--json")
    told = json.loads(capsys.readouterr().out)
    assert asked == [("cycle", True)]
    assert set(told) == {"name", "commit", "machine", "figures"}
    assert told["figures"] == [
        {"name": "plan, mean of 2 slots", "value": 0.61, "unit": "s wall", "goal": 1.0,
         "holds": True},
        {"name": "commit, mean of 2 slots", "value": 0.08, "unit": "s wall", "goal": None,
         "holds": None},
    ]  # fmt: skip


def test_a_report_for_a_person(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "cycle")
    told = capsys.readouterr().out
    assert asked == [("cycle", False)]
    assert "plan, mean of 2 slots" in told
    assert "0.61" in told


def test_all_of_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "all", "--json")
    lines = capsys.readouterr().out.splitlines()
    names = [name for name, _ in asked]
    assert {"cycle", "start"} <= set(names)
    assert [json.loads(line)["name"] for line in lines] == names


@pytest.mark.parametrize("words", [(), ("speed",)], ids=["none", "unknown"])
def test_what_can_be_measured_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, *words)
    assert ended.value.code == 2
    assert asked == []
    if words:
        assert "cycle" in capsys.readouterr().err


def test_a_report_says_where_it_was_measured() -> None:
    report = Report(name="cycle", figures=[])
    assert "cores, Python 3." in report.machine
    assert report.commit


@pytest.mark.parametrize(
    ("value", "goal", "holds"), [(0.9, 1, True), (1.1, 1, False), (9, None, None)]
)
def test_a_goal_is_at_most_so_much(value: float, goal: float | None, holds: bool | None) -> None:
    assert Figure(name="plan", value=value, unit="s", goal=goal).holds is holds


def test_every_step_of_the_cycle_has_its_mean_and_its_worst() -> None:
    records = [
        CycleRecord(
            slot=Slot(n), started_at=Slot(n).start, origin=Origin.OPTIMISED, plan_id=f"{n}",
            steps_s=dict.fromkeys(STEPS, n), stale_points=0, outcomes={"ok": 600, "rounded": 12},
            message="", missed=False,
        )
        for n in (1, 3)
    ]  # fmt: skip
    figures = {figure.name: figure for figure in steps_of(records, quick=True)}
    assert figures["plan, mean of 2 slots, quick"].value == 2
    assert figures["plan, worst of 2 slots, quick"].value == 3
    assert figures["setpoints in a slot"].value == 612
    assert figures["setpoints verified as written"].value == 600


def test_a_figure_out_of_numpy_is_plain_data() -> None:
    figure = Figure(name="plan", value=np.mean([0.5, 0.7]), unit="s", goal=1.0)
    assert json.loads(json.dumps(figure.as_dict()))["holds"] is True
