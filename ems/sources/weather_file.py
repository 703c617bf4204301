"""Weather from a file: a typical year (EPW, or hourly CSV in solar time), or dated measurements.

Three forms are read:

- EPW (EnergyPlus): hourly, local standard time, 8760 rows whose months may come from several years
  (29 February of an 8784-row file is left out), in UTF-8 or Latin-1.
- CSV in true solar time: `hour_of_year` 0 to 8759 and `solar_time_mid_h`, the form of the French
  RT 2012 typical years.
- CSV with a column `time` (ISO 8601 with its UTC offset, the beginning of each interval), every 5,
  10, 15, 30 or 60 minutes. It is taken as what happened then; if the horizon lies elsewhere and
  the file holds a whole year, that year is laid on the horizon's calendar and `degraded` says so.

The last two have the columns `temp_air_c`, `ghi_w_m2`, `dni_w_m2`, `dhi_w_m2`, `wind_m_s`, and
perhaps `sea_temp_c`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import dropwhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import SeaLoop, Site
from ems.domain.errors import SourceError
from ems.domain.slots import Horizon
from ems.domain.weather import Weather
from ems.sources.calendar_year import covers, laid_out
from ems.sources.recording import YEAR_S, Recording, checked
from ems.sources.table import Table, read_rows, read_table

_NAMES = {
    "temp_air_c": ("temp_air_c", "outdoor_temp_c"),
    "ghi_w_m2": ("ghi_w_m2",),
    "dni_w_m2": ("dni_w_m2",),
    "dhi_w_m2": ("dhi_w_m2",),
    "wind_m_per_s": ("wind_m_s", "wind_m_per_s"),
}
_STEPS_S = (300, 600, 900, 1800, 3600)
_HOURS = 8760


def read_weather(path: Path, site: Site, loop: SeaLoop, horizon: Horizon) -> Weather:
    """The weather of a file over `horizon`; the sea from the calendar unless the file has it.

    Raises:
        SourceError: the file is unusable, or does not cover the horizon.
    """
    recording = checked(_epw(path) if path.suffix.lower() == ".epw" else _csv(path))
    if not covers(recording, horizon):
        recording = _as_typical_year(recording)
    return laid_out(recording, site, loop, horizon)


def _csv(path: Path) -> Recording:
    table = read_table(path)
    if table.find("solar_time_mid_h") is not None:
        return _solar_year(table)
    return _dated(table)


def _columns(table: Table) -> dict[str, NDArray[np.float64]]:
    columns = {key: table.numbers(table.column(*names)) for key, names in _NAMES.items()}
    if (sea := table.find("sea_temp_c")) is not None:
        columns["sea_temp_c"] = table.numbers(sea)
    return columns


def _solar_year(table: Table) -> Recording:
    hours = table.numbers(table.column("hour_of_year"))
    expected = np.arange(len(hours))
    wrong = np.flatnonzero(hours != expected)
    if wrong.size:
        row = int(wrong[0])
        raise SourceError(
            f"{table.place(row, table.column('hour_of_year'))}: hour {row} is expected here",
            fix="give the hours 0 to 8759 in their order, none left out",
        )
    if len(hours) != _HOURS:
        raise _wrong_count(table.name, len(hours), table.lines[-1])
    return Recording(
        source=table.name,
        step_s=3600,
        ahead_s=None,
        start_s=None,
        columns=_columns(table),
        lines=np.array(table.lines),
    )


def _wrong_count(name: str, rows: int, line: int) -> SourceError:
    return SourceError(
        f"{name}:{line}: the file ends after {rows} hours of {_HOURS}",
        fix="give a whole typical year of 8760 hours",
    )


def _dated(table: Table) -> Recording:
    column = table.column("time", "timestamp")
    begins = np.array([_moment(table, row, column) for row in range(len(table.rows))])
    step_s = _step(table, begins, column)
    positions = (begins - begins[0]) // step_s
    length = int(positions[-1]) + 1
    return Recording(
        source=table.name,
        step_s=step_s,
        ahead_s=0.0,
        start_s=float(begins[0]),
        columns={key: _spread(v, positions, length) for key, v in _columns(table).items()},
        lines=np.array(table.lines)[np.searchsorted(positions, np.arange(length), "right") - 1],
    )


def _moment(table: Table, row: int, column: int) -> int:
    text = table.cell(row, column)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SourceError(
            f"{table.place(row, column)}: {text!r} is not a time",
            fix="write it as 2026-01-31T13:00+01:00",
        ) from error
    if moment.tzinfo is None:
        raise SourceError(
            f"{table.place(row, column)}: {text!r} has no UTC offset",
            fix="write it as 2026-01-31T13:00+01:00, or with Z",
        )
    return int(moment.timestamp())


def _step(table: Table, begins: NDArray[np.int64], column: int) -> int:
    gaps = np.diff(begins)
    step_s = int(gaps.min()) if gaps.size else 0
    wrong = np.flatnonzero((gaps <= 0) | (gaps % max(step_s, 1) != 0))
    if wrong.size:
        raise SourceError(
            f"{table.place(int(wrong[0]) + 1, column)}: the time does not follow the one before",
            fix="order the rows by time, evenly spaced, each time once",
        )
    if step_s not in _STEPS_S or begins[0] % step_s:
        raise SourceError(
            f"{table.place(0, column)}: rows are {step_s} s apart",
            fix="give 5, 10, 15, 30 or 60 minutes, on the clock's marks",
        )
    return step_s


def _spread(
    values: NDArray[np.float64], positions: NDArray[np.int64], length: int
) -> NDArray[np.float64]:
    spread = np.full(length, np.nan)
    spread[positions] = values
    return spread


def _as_typical_year(recording: Recording) -> Recording:
    """The first whole year of dated measurements, rolled to begin on 1 January (UTC)."""
    intervals = YEAR_S // recording.step_s
    if recording.start_s is None or recording.length < intervals:
        raise SourceError(
            f"{recording.source} covers {recording.span}, not the days that are asked for",
            fix="give a file of these days, or one of a whole year",
        )
    year = datetime.fromtimestamp(recording.start_s, UTC).year
    into_year_s = recording.start_s - datetime(year, 1, 1, tzinfo=UTC).timestamp()
    shift = round(into_year_s / recording.step_s) % intervals
    note = f"{recording.span} laid on the calendar"
    return replace(
        recording,
        start_s=None,
        columns={key: np.roll(v[:intervals], shift) for key, v in recording.columns.items()},
        lines=np.roll(recording.lines[:intervals], shift),
        degraded="; ".join(filter(None, [recording.degraded, note])),
    )


# EPW: the fields that are used (position, value that means "missing")
_EPW_FIELDS = {
    "temp_air_c": (6, 99.9),
    "ghi_w_m2": (13, 9999.0),
    "dni_w_m2": (14, 9999.0),
    "dhi_w_m2": (15, 9999.0),
    "wind_m_per_s": (21, 999.0),
}
_EPW_TIME_ZONE = 8
_EPW_DAY, _EPW_HOUR = slice(1, 3), 3
_EPW_ENCODINGS = ("utf-8-sig", "latin-1")
"""Names of places in older files are in the second."""

Body = Sequence[tuple[int, list[str]]]
"""Line number and cells of each hour."""


def _epw(path: Path) -> Recording:
    rows = read_rows(path, _EPW_ENCODINGS)
    if not rows or rows[0][1][0] != "LOCATION" or len(rows[0][1]) < 10:
        raise SourceError(
            f"{path.name}:1 does not begin with LOCATION and its ten fields",
            fix="give an EnergyPlus weather file",
        )
    zone_h = _epw_numbers(path.name, rows[:1], _EPW_TIME_ZONE)[0]
    hours = list(dropwhile(lambda row: not row[1][0].strip().isdigit(), rows))
    days = [tuple(cell.strip().lstrip("0") for cell in cells[_EPW_DAY]) for _, cells in hours]
    body = [row for row, day in zip(hours, days, strict=True) if day != ("2", "29")]
    _check_epw_hours(path.name, body)
    if len(body) != _HOURS:
        last = body[-1][0] if body else rows[-1][0]
        raise _wrong_count(path.name, len(body), last)
    columns = {
        key: _present(_epw_numbers(path.name, body, position), missing)
        for key, (position, missing) in _EPW_FIELDS.items()
    }
    return Recording(
        source=path.name,
        step_s=3600,
        ahead_s=float(zone_h) * 3600,
        start_s=None,
        columns=columns,
        lines=np.array([line for line, _ in body]),
    )


def _present(values: NDArray[np.float64], missing: float) -> NDArray[np.float64]:
    return np.where(values >= missing, np.nan, values)


def _epw_numbers(name: str, body: Body, position: int) -> NDArray[np.float64]:
    numbers = []
    for line, cells in body:
        try:
            numbers.append(float(cells[position]))
        except (IndexError, ValueError) as error:
            raise SourceError(
                f"{name}:{line} field {position + 1}: there is no number",
                fix="write a number, or the format's own mark for a missing value",
            ) from error
    return np.array(numbers)


def _check_epw_hours(name: str, body: Body) -> None:
    """Hours are counted 1 to 24 by their ends; others are of another form, or some are missing."""
    hours = _epw_numbers(name, body, _EPW_HOUR)
    wrong = np.flatnonzero(hours != np.arange(len(hours)) % 24 + 1)
    if wrong.size:
        row = int(wrong[0])
        raise SourceError(
            f"{name}:{body[row][0]} field {_EPW_HOUR + 1}: hour {row % 24 + 1} is expected here",
            fix="give one row for each hour from 1 to 24 of each day",
        )
