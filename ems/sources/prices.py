"""Day-ahead prices from a CSV file of the ENTSO-E transparency platform.

The platform writes local time. In spring the hour that does not exist stands there, blank; in
autumn the hour that happens twice stands there twice. Rows of an hour or of a quarter hour are
read, in the older form (`01.01.2023 00:00 - 01.01.2023 01:00`) and in the newer one, with slashes
and seconds. A blank price is unknown: NaN.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import SourceError
from ems.domain.slots import SLOT, Horizon, Slot
from ems.sources.table import Table, read_table

_TIME = r"(\d\d)[./](\d\d)[./](\d{4}) (\d\d):(\d\d)(?::\d\d)?(?: \((?:CET|CEST|UTC)\))?"
_ROW = re.compile(rf"{_TIME} - {_TIME}")
_CLOCKS = {"(CET/CEST)": "Europe/Paris", "(UTC)": "UTC"}
KNOWN_FROM_H = 13
"""Hour of the local day at which the prices of the next day are out (EPEX, about 12:45)."""
_LEAST, _GREATEST = -0.6, 5.0
"""Beyond these the market's own limits (-500 and 4000 EUR/MWh), with room."""


def read_prices(path: Path, zone: ZoneInfo, horizon: Horizon) -> NDArray[np.float64]:
    """Day-ahead prices over `horizon` [EUR/kWh], NaN where the file has none. Shape [slots].

    `zone` is the file's clock where its header does not name one.

    Raises:
        SourceError: the file is unusable, or has nothing for the horizon.
    """
    table = read_table(path)
    known = _by_slot(table, _clock(table, zone))
    prices = np.array([known.get(index, np.nan) for index in horizon.slots])
    if horizon.length and not any(index in known for index in horizon.slots):
        first, last = Slot(min(known)).start, Slot(max(known)).end
        raise SourceError(
            f"{table.name} covers {first:%Y-%m-%d} to {last:%Y-%m-%d} (UTC),"
            f" nothing of {horizon.first.start:%Y-%m-%d %H:%M} and after",
            fix="give the prices of these days, or none: the fixed tariff then applies",
        )
    return prices


def _clock(table: Table, zone: ZoneInfo) -> ZoneInfo:
    named = (ZoneInfo(key) for mark, key in _CLOCKS.items() if mark in table.header[0])
    return next(named, zone)


def _price_column(table: Table) -> int:
    names = [name for name in table.header if "price" in name.lower()]
    if not names:
        raise SourceError(
            f"{table.name}:1 has no column of prices; it has {', '.join(table.header)}",
            fix="export day-ahead prices from the transparency platform as CSV",
        )
    column = table.column(names[0])
    if table.find("Currency") is None and "EUR/MWh" not in names[0]:
        raise SourceError(
            f"{table.place(0, column)}: neither EUR/MWh nor a column Currency stands in the header",
            fix="give prices in EUR/MWh",
        )
    return column


def _check_currency(table: Table) -> None:
    column = table.find("Currency")
    if column is None:
        return
    for row in range(len(table.rows)):
        if table.cell(row, column) not in ("EUR", "EUR/MWh", ""):
            raise SourceError(
                f"{table.place(row, column)}: {table.cell(row, column)!r} is not EUR",
                fix="give prices in EUR/MWh",
            )


def _by_slot(table: Table, zone: ZoneInfo) -> dict[int, float]:
    """Prices by index of slot [EUR/kWh]; NaN where the cell is blank."""
    _check_currency(table)
    column = _price_column(table)
    prices = table.numbers(column) / 1000
    _check_prices(table, column, prices)
    known: dict[int, float] = {}
    for row, price in enumerate(prices):
        for index in _slots_of_row(table, row, float(price), zone, known):
            known[index] = float(price)
    return known


def credible(eur_per_kwh: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which prices lie within the market's limits; an unknown one does not. Shape as given."""
    return np.asarray((eur_per_kwh >= _LEAST) & (eur_per_kwh <= _GREATEST))


def _check_prices(table: Table, column: int, prices: NDArray[np.float64]) -> None:
    wrong = np.flatnonzero(~credible(prices) & np.isfinite(prices))
    if wrong.size:
        row = int(wrong[0])
        raise SourceError(
            f"{table.place(row, column)}: {table.cell(row, column)} EUR/MWh is not credible",
            fix=f"give EUR/MWh between {_LEAST * 1000:g} and {_GREATEST * 1000:g}",
        )


def _slots_of_row(
    table: Table, row: int, price: float, zone: ZoneInfo, known: dict[int, float]
) -> range:
    """The slots of a row; none for the hour that the clock skips."""
    found = _ROW.fullmatch(table.cell(row, 0))
    if found is None:
        raise SourceError(
            f"{table.place(row, 0)}: {table.cell(row, 0)!r} is not a span of time",
            fix="write it as 01.01.2023 00:00 - 01.01.2023 01:00",
        )
    begin, end = (_local(table, row, found.groups()[i : i + 5]) for i in (0, 5))
    slots, rest = divmod(end - begin, SLOT)
    if rest or not 1 <= slots <= 4:
        raise SourceError(
            f"{table.place(row, 0)}: the span lasts {end - begin}",
            fix="give rows of an hour or of a quarter hour",
        )
    first = _first_slot(begin, zone, known)
    if first is None:
        raise SourceError(
            f"{table.place(row, 0)}: this time has had its price already",
            fix="remove the row that stands twice",
        )
    if _exists(begin, zone):
        return range(first, first + slots)
    if np.isfinite(price):
        raise SourceError(
            f"{table.place(row, 0)}: the clock skips this time, yet it has a price",
            fix="leave the price blank, or export the file in local time",
        )
    return range(0)


def _local(table: Table, row: int, parts: tuple[str | None, ...]) -> datetime:
    day, month, year, hour, minute = (int(part or 0) for part in parts)
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the file has local time
    except ValueError as error:
        raise SourceError(
            f"{table.place(row, 0)}: {table.cell(row, 0)!r} is not in the calendar",
            fix="write day.month.year hour:minute",
        ) from error


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    aware = local.replace(tzinfo=zone)
    return aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local


def _first_slot(local: datetime, zone: ZoneInfo, known: dict[int, float]) -> int | None:
    """The slot that begins at a local time; the later one if the first has its price already."""
    for fold in (0, 1):
        index = Slot.containing(local.replace(tzinfo=zone, fold=fold)).index
        if index not in known:
            return index
    return None if _exists(local, zone) else 0


def last_known_day_end(issued_at: datetime, zone: ZoneInfo) -> datetime:
    """Until when day-ahead prices are known at `issued_at`, UTC."""
    local = issued_at.astimezone(zone)
    days = 2 if local.hour >= KNOWN_FROM_H else 1
    midnight = datetime.combine(local.date() + timedelta(days=days), datetime.min.time(), zone)
    return midnight.astimezone(UTC)
