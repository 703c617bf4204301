"""Day-ahead prices of the transparency platform: clock changes, blanks, and other years."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ems.domain.errors import SourceError
from ems.domain.slots import Horizon, Slot, slots_of_local_day
from ems.sources import read_prices
from ems.sources.prices import last_known_day_end

PARIS = ZoneInfo("Europe/Paris")
HEADER = ["MTU (CET/CEST)", "Day-ahead Price [EUR/MWh]", "Currency", "BZN|FR"]
SPRING, AUTUMN, PLAIN = date(2023, 3, 26), date(2023, 10, 29), date(2023, 5, 10)


def local_day(day: date) -> Horizon:
    slots = slots_of_local_day(day, PARIS)
    return Horizon(Slot(slots.start), len(slots))


def rows_of(day: date, minutes: int = 60) -> list[list[object]]:
    """A day as the platform writes it; the price is the number of the row."""
    begin = datetime(day.year, day.month, day.day)
    rows: list[list[object]] = []
    per_hour = 60 // minutes
    for step in range(24 * per_hour):
        start = begin + timedelta(minutes=minutes * step)
        end = start + timedelta(minutes=minutes)
        skipped = day == SPRING and start.hour == 2
        rows.append([f"{start:%d.%m.%Y %H:%M} - {end:%d.%m.%Y %H:%M}", "" if skipped else step])
        rows[-1].append("" if skipped else "EUR")
    if day == AUTUMN:
        hour = rows[2 * per_hour : 3 * per_hour]
        rows[3 * per_hour : 3 * per_hour] = [[row[0], 100 + int(row[1]), row[2]] for row in hour]
    return rows


@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize(
    ("day", "slots"), [(PLAIN, 96), (SPRING, 92), (AUTUMN, 100)], ids=["plain", "spring", "autumn"]
)
def test_every_slot_of_a_day_has_its_price(
    write_table, day: date, slots: int, minutes: int
) -> None:
    path = write_table("prices.csv", HEADER, rows_of(day, minutes))
    prices = read_prices(path, PARIS, local_day(day))
    assert prices.shape == (slots,)
    assert np.isfinite(prices).all()


def test_the_doubled_hour_keeps_both_prices(write_table) -> None:
    prices = read_prices(write_table("p.csv", HEADER, rows_of(AUTUMN)), PARIS, local_day(AUTUMN))
    assert prices[8:12] == pytest.approx([0.002] * 4)
    assert prices[12:16] == pytest.approx([0.102] * 4)
    assert prices[16] == pytest.approx(0.003)


def test_after_the_skipped_hour_the_clock_is_right(write_table) -> None:
    prices = read_prices(write_table("p.csv", HEADER, rows_of(SPRING)), PARIS, local_day(SPRING))
    assert prices[7] == pytest.approx(0.001)
    assert prices[8] == pytest.approx(0.003)


def test_the_newer_form_is_read(write_table) -> None:
    header = ["MTU (UTC)", "Area", "Sequence", "Day-ahead Price (EUR/MWh)"]
    row = ["10/05/2023 00:00:00 - 10/05/2023 00:15:00", "BZN|FR", "", "-12.5"]
    prices = read_prices(
        write_table("p.csv", header, [row]),
        PARIS,
        Horizon(Slot.containing(datetime(2023, 5, 10, tzinfo=UTC)), 2),
    )
    assert prices[0] == pytest.approx(-0.0125)
    assert np.isnan(prices[1])


def test_a_blank_price_is_unknown(write_table) -> None:
    rows = rows_of(PLAIN)
    rows[5][1] = ""
    prices = read_prices(write_table("p.csv", HEADER, rows), PARIS, local_day(PLAIN))
    assert np.flatnonzero(np.isnan(prices)).tolist() == [20, 21, 22, 23]


def test_another_year_is_refused_with_the_span(write_table) -> None:
    path = write_table("p.csv", HEADER, rows_of(PLAIN))
    with pytest.raises(SourceError, match="covers 2023-05-09 to 2023-05-10") as error:
        read_prices(path, PARIS, local_day(date(2026, 5, 10)))
    assert error.value.fix


@pytest.mark.parametrize(
    ("row", "column", "cell", "wrong"),
    [
        (3, 1, "cheap", r"p.csv:5 Day-ahead Price.*'cheap' is not a number"),
        (3, 1, "99999", r"p.csv:5 .*not credible"),
        (3, 2, "GBP", r"p.csv:5 Currency.*not EUR"),
        (3, 0, "at three", r"p.csv:5 MTU.*not a span of time"),
        (3, 0, "10.05.2023 02:00 - 10.05.2023 03:00", r"p.csv:5 MTU.*already"),
        (3, 0, "31.02.2023 02:00 - 31.02.2023 03:00", r"p.csv:5 MTU.*not in the calendar"),
        (3, 0, "10.05.2023 03:00 - 10.05.2023 09:00", r"p.csv:5 MTU.*lasts 6:00:00"),
    ],
    ids=["a word", "too dear", "pounds", "no time", "twice", "no such day", "too long"],
)
def test_an_error_names_the_cell(write_table, row: int, column: int, cell: str, wrong: str) -> None:
    rows = rows_of(PLAIN)
    rows[row][column] = cell
    with pytest.raises(SourceError, match=wrong):
        read_prices(write_table("p.csv", HEADER, rows), PARIS, local_day(PLAIN))


def test_a_price_in_the_skipped_hour_is_refused(write_table) -> None:
    rows = rows_of(SPRING)
    rows[2][1:3] = [50, "EUR"]
    with pytest.raises(SourceError, match="clock skips this time"):
        read_prices(write_table("p.csv", HEADER, rows), PARIS, local_day(SPRING))


def test_the_french_year_2023_is_read_whole(reference_data: Path) -> None:
    """8760 hours, mean 96.9 EUR/MWh. Skipped unless EMS_REFERENCE_DATA names the folder of data."""
    path = reference_data / "prices" / "entsoe_FR_dayahead_2023.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in EMS_REFERENCE_DATA")
    first = Slot.containing(datetime(2023, 1, 1, tzinfo=PARIS))
    prices = read_prices(path, PARIS, Horizon(first, 365 * 96))
    assert np.isfinite(prices).all()
    assert prices.mean() == pytest.approx(0.0969, abs=1e-4)
    assert (prices < 0).sum() == 147 * 4


@pytest.mark.parametrize(
    ("hour", "until"),
    [(12, datetime(2026, 6, 1, 22, tzinfo=UTC)), (13, datetime(2026, 6, 2, 22, tzinfo=UTC))],
)
def test_tomorrow_is_known_from_13_h_local(hour: int, until: datetime) -> None:
    assert last_known_day_end(datetime(2026, 6, 1, hour, tzinfo=PARIS), PARIS) == until
