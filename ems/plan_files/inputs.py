"""What a plan is made of, out of files: the state of the devices, forecasts, prices, the past."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ems.domain.demand_response import ImportCap
from ems.domain.district import District
from ems.domain.errors import SourceError
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.points import Quality, Reading
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.domain.vocabulary import POINTS
from ems.optimizer import needed_series
from ems.plan_files.entries import read_entries
from ems.sources.table import Table

Floats = NDArray[np.float64]

PRICES = ("import_eur_per_kwh", "shared_eur_per_kwh", "feed_in_eur_per_kwh")
"""Columns of the file of prices."""
CAP, CAP_PRICE = "import_kw", "eur_per_kwh"
"""Columns of the file of an event."""
LEVEL = "@"
"""Between a series and the level of a quantile: `district/base_load_kw@0.9`."""
STATE_COLUMNS = ("point", "value")


@dataclass(frozen=True, kw_only=True)
class PlanInputs:
    """Everything that a plan is made of."""

    horizon: Horizon
    """The slots to plan: those of the forecasts."""

    snapshot: Snapshot = field(repr=False)
    """The devices as they stand."""

    history: QuarterHours = field(repr=False)
    """The past; empty when no file tells of it."""

    forecasts: Forecasts = field(repr=False)
    """Forecasts and prices."""

    event: ImportCap | None = None
    """A cap on import that the grid asks for."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Columns over consecutive slots."""

    table: Table
    """Where they stand."""

    horizon: Horizon
    """Their slots."""

    values: Mapping[str, Floats] = field(repr=False)
    """By column; NaN where a cell is empty. Shape [slots] each."""


def read_inputs(
    district: District,
    *,
    state: Path,
    forecasts: Path,
    prices: Path | None = None,
    history: Path | None = None,
    event: Path | None = None,
) -> PlanInputs:
    """The inputs in these files; without `prices`, those of the tariff hold.

    Raises:
        SourceError: a file does not hold; names file, line, column and fix.
    """
    expected = read_series(forecasts)
    first = expected.horizon.first
    return PlanInputs(
        horizon=expected.horizon,
        snapshot=_snapshot(district, read_entries(state), first.start),
        history=_history(district, read_series(history) if history else None, first),
        forecasts=_forecasts(district, expected, prices),
        event=_event(district, read_series(event)) if event else None,
    )


def _event(district: District, asked: Series) -> ImportCap:
    """The cap on import, at the price of an overrun unless the file says another."""
    cap = asked.table.column(CAP)
    kw = asked.values[asked.table.header[cap]]
    price = asked.values.get(CAP_PRICE, np.full(kw.size, district.tariff.overrun_eur_per_kwh))
    wrong = np.flatnonzero(~(np.isfinite(kw) & (kw >= 0) & (price >= 0)))
    if wrong.size:
        raise SourceError(
            f"{asked.table.place(int(wrong[0]), cap)}: a cap or its price is missing or negative",
            fix=f"give {CAP} (kW) and, if you like, {CAP_PRICE} in every row",
        )
    return ImportCap(horizon=asked.horizon, import_kw=kw, eur_per_kwh=price)


def read_series(path: Path) -> Series:
    """Columns over consecutive quarter hours, each row named by its start in `time`.

    Raises:
        SourceError: a row is out of its place, or a cell is no number.
    """
    table = read_entries(path)
    clock = table.column("time")
    first = _slot(table, 0, clock)
    for row in range(len(table.rows)):
        slot = _slot(table, row, clock)
        if slot != first + row:
            raise SourceError(
                f"{table.place(row, clock)}: {(first + row).start:%Y-%m-%dT%H:%MZ} should follow",
                fix="give each quarter hour once, in order, without gaps",
            )
    names = [name for name in table.header if name != "time"]
    return Series(
        table=table,
        horizon=Horizon(first, len(table.rows)),
        values={name: table.numbers(table.column(name)) for name in names},
    )


def _slot(table: Table, row: int, column: int) -> Slot:
    text = table.cell(row, column)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SourceError(
            f"{table.place(row, column)}: {text!r} is not a time",
            fix="write it as 2026-01-13T05:00:00+01:00",
        ) from error
    if moment.tzinfo is None or Slot.containing(moment).start != moment:
        what = "has no time zone" if moment.tzinfo is None else "does not begin a quarter hour"
        raise SourceError(
            f"{table.place(row, column)}: {text!r} {what}",
            fix="write the start of each quarter hour with its offset, 2026-01-13T05:00:00Z",
        )
    return Slot.containing(moment)


def _snapshot(district: District, table: Table, at: datetime) -> Snapshot:
    column, values = table.column(STATE_COLUMNS[0]), table.numbers(table.column(STATE_COLUMNS[1]))
    readings: dict[str, Reading] = {}
    for row, value in enumerate(values):
        point = table.cell(row, column)
        _check_point(district, table.place(row, column), point)
        if point in readings:
            raise SourceError(
                f"{table.place(row, column)}: {point} stands twice", fix="remove one of them"
            )
        quality = Quality.GOOD if np.isfinite(value) else Quality.COMM_FAIL
        readings[point] = Reading(point, float(value), quality, at)
    return Snapshot(taken_at=at, readings=readings)


def _check_point(district: District, place: str, point: str) -> None:
    name, _, quantity = point.partition("/")
    device = district.devices.get(name)
    if device is None:
        raise SourceError(
            f"{place}: there is no device {name!r}", fix="use an id of devices.csv, CP-01/state"
        )
    if quantity not in POINTS[device.kind]:
        raise SourceError(
            f"{place}: a {device.kind.value} has no point {quantity!r}",
            fix=f"one of {', '.join(POINTS[device.kind])}",
        )


def _history(district: District, past: Series | None, first: Slot) -> QuarterHours:
    if past is None:
        before = Horizon(first + -96, 96)
        return QuarterHours(points=(), horizon=before, values=np.zeros((0, 96)))
    if past.horizon.slots.stop > first.index:
        raise SourceError(
            f"{past.table.name} reaches into the plan, which begins at "
            f"{first.start:%Y-%m-%dT%H:%MZ}",
            fix="end the past with the quarter hour before the first forecast",
        )
    for point in past.values:
        _check_point(district, f"{past.table.name}:1", point)
    values = np.stack(list(past.values.values())) if past.values else np.zeros((0, 96))
    return QuarterHours(points=tuple(past.values), horizon=past.horizon, values=values)


def _forecasts(district: District, expected: Series, prices: Path | None) -> Forecasts:
    horizon = expected.horizon
    made = {
        name: _forecast(expected, name, values)
        for name, values in expected.values.items()
        if LEVEL not in name
    }
    made |= _file_prices(prices, horizon) if prices else {}
    made |= _of_tariff(district, made, horizon)
    missing = [name for name in needed_series(district) if name not in made]
    if missing:
        raise SourceError(
            f"{expected.table.name}:1 has no column {missing[0]}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""),
            fix=f"add {', '.join(missing)}",
        )
    return Forecasts(horizon=horizon, issued_at=horizon.first.start, series=made)


def _forecast(of: Series, name: str, values: Floats, rename: str = "") -> Forecast:
    gap = np.flatnonzero(~np.isfinite(values))
    if gap.size:
        place = of.table.place(int(gap[0]), of.table.column(name))
        raise SourceError(f"{place}: the value is missing", fix="fill the cell with a number")
    levels = {
        _level(of, column): of.values[column]
        for column in of.values
        if column.partition(LEVEL)[0] == name and LEVEL in column
    }
    return Forecast(
        name=rename or name,
        horizon=of.horizon,
        issued_at=of.horizon.first.start,
        source=of.table.name,
        values=values,
        quantiles=levels,
    )


def _level(of: Series, column: str) -> float:
    try:
        return float(column.partition(LEVEL)[2])
    except ValueError as error:
        raise SourceError(
            f"{of.table.name}:1 {column}: the level of the quantile is no number",
            fix="name it as district/base_load_kw@0.9",
        ) from error


def _file_prices(path: Path, horizon: Horizon) -> dict[str, Forecast]:
    given = read_series(path)
    if given.horizon != horizon:
        raise SourceError(
            f"{given.table.name} has {given.horizon.length} quarter hours from "
            f"{given.horizon.first.start:%Y-%m-%dT%H:%MZ}, the forecasts {horizon.length} from "
            f"{horizon.first.start:%Y-%m-%dT%H:%MZ}",
            fix="give prices over the quarter hours of the forecasts",
        )
    for name in PRICES:
        given.table.column(name)
    return {
        f"price/{name}": _forecast(given, name, given.values[name], f"price/{name}")
        for name in PRICES
    }


def _of_tariff(
    district: District, held: Mapping[str, Forecast], horizon: Horizon
) -> dict[str, Forecast]:
    """Prices and CO2 of the tariff for those that the files do not hold."""
    tariff, zone = district.tariff, district.site.zone
    known = {
        "price/import_eur_per_kwh": tariff.import_eur_per_kwh(horizon.slots, zone),
        "price/shared_eur_per_kwh": np.full(horizon.length, tariff.shared_eur_per_kwh),
        "price/feed_in_eur_per_kwh": np.full(horizon.length, tariff.feed_in_eur_per_kwh),
        "grid/co2_kg_per_kwh": tariff.co2_kg_per_kwh(horizon.slots, zone),
    }
    return {
        name: Forecast(
            name=name,
            horizon=horizon,
            issued_at=horizon.first.start,
            source=tariff.name,
            values=values,
        )
        for name, values in known.items()
        if name not in held
    }
