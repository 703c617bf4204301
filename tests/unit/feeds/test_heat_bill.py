"""Bills of heat add up to the building's cost, and what was not read is estimated and marked."""

import csv
import io
from datetime import UTC, date, datetime

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.feeds.heat_bill import COMMON, HeatBill, estimated, heat_bills, heat_bills_csv

JANUARY = date(2026, 1, 1)
START = datetime(2025, 12, 31, 23, tzinfo=UTC)


class Counters:
    """Each dwelling's counter rises by 1 kWh a slot times its place; the third is never read."""

    def __init__(self, district: District) -> None:
        self.place = {
            f"{d.id}": number for number, d in enumerate(district.dwellings_of("D1"), start=1)
        }

    async def quarter_hours(self, points: tuple[str, ...], horizon: Horizon) -> QuarterHours:
        slots = np.array(horizon.slots) - Slot.containing(START).index
        values = np.array([slots * 0.01 * self.place[p.split("/")[0]] for p in points]) + 5000.0
        values[2] = np.nan
        values[3] = np.where(slots > 400, 12.0, values[3])  # exchanged in the month
        return QuarterHours(points=tuple(points), horizon=horizon, values=values)


@pytest.fixture
async def bills(district: District) -> tuple[HeatBill, ...]:
    return await heat_bills(
        Counters(district), district, "D1", JANUARY, heat_eur=4000.0, hot_water_eur=900.0
    )


def test_the_bills_add_up_to_the_cost(bills: tuple[HeatBill, ...]) -> None:
    assert sum(bill.heat_eur for bill in bills) == pytest.approx(4000.0)
    assert sum(bill.hot_water_eur for bill in bills) == pytest.approx(900.0)


def test_what_was_counted_is_told_and_the_rest_is_marked(bills: tuple[HeatBill, ...]) -> None:
    slots = 31 * 96
    assert bills[0].heat.energy_kwh == pytest.approx(0.01 * slots)
    assert bills[9].heat.energy_kwh == pytest.approx(0.1 * slots)
    assert [i for i, bill in enumerate(bills) if bill.heat.estimated] == [2, 3]


def test_a_part_goes_by_floor_area(bills: tuple[HeatBill, ...], district: District) -> None:
    dwellings = district.dwellings_of("D1")
    used = sum(bill.heat.energy_kwh for bill in bills)
    area_m2 = sum(dwelling.area_m2 for dwelling in dwellings)
    for bill, dwelling in zip(bills, dwellings, strict=True):
        by_area = COMMON * dwelling.area_m2 / area_m2
        by_meter = (1 - COMMON) * bill.heat.energy_kwh / used
        assert bill.heat_eur == pytest.approx(4000.0 * (by_area + by_meter))


def test_an_estimate_is_the_mean_of_the_read_meters_per_square_metre() -> None:
    found = estimated(np.array([100.0, np.nan, 200.0]), np.array([50.0, 80.0, 100.0]))

    assert [one.energy_kwh for one in found] == [100.0, 160.0, 200.0]
    assert [one.estimated for one in found] == [False, True, False]


def test_a_month_without_any_reading_is_refused() -> None:
    with pytest.raises(EmsError, match="no meter was read"):
        estimated(np.array([np.nan, np.nan]), np.array([50.0, 80.0]))


async def test_a_building_without_dwellings_is_said(district: District) -> None:
    with pytest.raises(EmsError, match="A1 has no dwellings"):
        await heat_bills(
            Counters(district), district, "A1", JANUARY, heat_eur=1.0, hot_water_eur=1.0
        )


def test_the_sheet_says_the_same(bills: tuple[HeatBill, ...]) -> None:
    rows = list(csv.DictReader(io.StringIO(heat_bills_csv(bills, JANUARY))))

    assert [row["heat_estimated"] for row in rows[:5]] == ["0", "0", "1", "1", "0"]
    assert sum(float(row["heat_eur"]) for row in rows) == pytest.approx(4000, abs=1)
