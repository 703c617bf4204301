"""Weather from a file: a typical year (EPW, or hourly CSV in solar time), or dated measurements.

Three forms are read:

- EPW (EnergyPlus): hourly, local standard time, 8760 rows (29 February of an 8784-row file is left
  out); read by pvlib after each cell that is used has been looked at.
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
from pathlib import Path

import numpy as np
import pvlib
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


# EPW: the fields that are used (position, name, value that means "missing")
_EPW_FIELDS = {
    "temp_air_c": (6, "temp_air", 99.9),
    "ghi_w_m2": (13, "ghi", 9999.0),
    "dni_w_m2": (14, "dni", 9999.0),
    "dhi_w_m2": (15, "dhi", 9999.0),
    "wind_m_per_s": (21, "wind_speed", 999.0),
}
_EPW_HEADER_LINES = 8


def _epw(path: Path) -> Recording:
    rows = read_rows(path)
    if not rows or rows[0][1][0] != "LOCATION" or len(rows[0][1]) < 10:
        raise SourceError(
            f"{path.name}:1 does not begin with LOCATION and its ten fields",
            fix="give an EnergyPlus weather file",
        )
    body = rows[_EPW_HEADER_LINES:]
    lines = np.array([line for line, _ in body])
    for position, _, _ in _EPW_FIELDS.values():
        _check_epw_field(path.name, body, position)
    frame, place = pvlib.iotools.read_epw(path)
    leap_day = np.array([cells[1:3] == ["2", "29"] for _, cells in body], dtype=bool)
    if len(body) - leap_day.sum() != _HOURS:
        last = int(lines[-1]) if len(lines) else _EPW_HEADER_LINES
        raise _wrong_count(path.name, len(body) - int(leap_day.sum()), last)
    columns = {
        key: _present(frame[name].to_numpy(dtype=np.float64), missing)[~leap_day]
        for key, (_, name, missing) in _EPW_FIELDS.items()
    }
    return Recording(
        source=path.name,
        step_s=3600,
        ahead_s=float(place["TZ"]) * 3600,
        start_s=None,
        columns=columns,
        lines=lines[~leap_day],
    )


def _present(values: NDArray[np.float64], missing: float) -> NDArray[np.float64]:
    return np.where(values >= missing, np.nan, values)


def _check_epw_field(name: str, body: Sequence[tuple[int, list[str]]], position: int) -> None:
    for line, cells in body:
        try:
            float(cells[position])
        except (IndexError, ValueError) as error:
            raise SourceError(
                f"{name}:{line} field {position + 1}: there is no number",
                fix="write a number, or the format's own mark for a missing value",
            ) from error
