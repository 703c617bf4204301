"""The cars that left, one line for each."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ems.domain.errors import EmsError
from ems.domain.plans import Origin, Plan, SolveReport
from ems.domain.slots import Horizon, Slot
from simulations.cars import Departure, Session
from simulations.departures import COLUMNS, PlannedCars, Stay, cells, in_words, write_cars

MARSEILLE = ZoneInfo("Europe/Paris")
EVENING = datetime(2025, 1, 13, 18, tzinfo=UTC)


def departure(point: str = "CP-01", delivered_kwh: float = 8.0) -> Departure:
    """A car that came at 18:10 for three hours and wanted 10 kWh."""
    session = Session(
        charge_point=point,
        arrival=EVENING + timedelta(minutes=10),
        departure=EVENING + timedelta(minutes=190),
        energy_wanted_kwh=10.0,
        power_kw_max=7.36,
        capacity_kwh=60.0,
        charge_on_arrival=0.3,
    )
    return Departure(session=session, delivered_kwh=delivered_kwh)


def plan(slot: Slot, **charging_kw: float) -> Plan:
    """A plan of one slot with the charging of some cars."""
    return Plan(
        id="3f0c4f0e-0000-4000-8000-000000000001",
        issued_at=slot.start,
        horizon=Horizon(slot, 1),
        origin=Origin.OPTIMISED,
        report=SolveReport(solver="", wall_s=0.0, cost_eur=0.0, bound_eur=0.0, message=""),
        setpoints=(),
        series={f"{point}/ev_kw": np.array([kw]) for point, kw in charging_kw.items()},
    )


def test_a_stay_has_the_slots_in_which_plans_had_its_own_car_charge() -> None:
    first, planned = Slot.containing(EVENING), PlannedCars()
    for later, kw in {-1: 7.0, 0: 7.0, 1: 0.0, 4: 3.7, 20: 7.0}.items():
        planned.note(plan(first + later, **{"CP-01": kw, "CP-02": 7.0}), first + later)
    (stay,) = planned.stays([departure()])
    assert [slot - first.index for slot in stay.planned] == [0, 4]


@pytest.mark.parametrize(
    ("later", "words"),
    [
        ([], ""),
        ([0], "19:00-19:15"),
        ([0, 1, 2, 9], "19:00-19:45 21:15-21:30"),
        ([19, 20], "23:45-00:15"),
    ],
)
def test_slots_are_told_as_spans_of_local_time(later: list[int], words: str) -> None:
    first = Slot.containing(EVENING).index
    assert in_words([first + n for n in later], MARSEILLE) == words


def test_the_table_says_when_each_car_came_and_left_and_what_it_got(tmp_path: Path) -> None:
    full, short = (Stay(departure=departure(delivered_kwh=kwh), planned=()) for kwh in (10.0, 8.0))
    file = tmp_path / "cars.csv"
    by_controller = {"baseline": full, "ems": short}
    write_cars(file, (["a week", n, *cells(s, MARSEILLE)] for n, s in by_controller.items()))
    header, *lines = csv.reader(file.read_text().splitlines())
    assert tuple(header) == COLUMNS
    assert [(line[1], line[10]) for line in lines] == [("baseline", "0.000"), ("ems", "2.000")]
    assert lines[0][3:7] == [
        "2025-01-13T18:10+00:00",
        "2025-01-13T21:10+00:00",
        "2025-01-13T19:10+01:00",
        "2025-01-13T22:10+01:00",
    ]


def test_a_table_that_cant_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmsError, match="can't be written"):
        write_cars(tmp_path / "none" / "cars.csv", [])
