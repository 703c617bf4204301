"""A plan as files: JSON with everything, tables of setpoints and of series as CSV and Parquet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.plans import Plan
from ems.feeds.reasons import reason_text
from ems.feeds.table import Cell, csv_text, json_text, times

SETPOINT_COLUMNS = ("start_utc", "start_local", "point", "setpoint", "unit", "reason", "reason_en")
SCHEMA = "smartseille-ems/plan/1"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Makes the folder of `path`; a failure to write inside is told with its fix.

    Raises:
        EmsError: it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise EmsError(
            f"{path} can't be written: {error.strerror}", fix="give another folder"
        ) from error


def setpoint_rows(plan: Plan, district: District) -> Iterator[tuple[Cell, ...]]:
    """One row for each setpoint and slot, by point and then by time."""
    starts = [times(start, district.site.zone) for start in plan.horizon.starts]
    for row in plan.setpoints:
        for when, value, why in zip(starts, row.values, row.reasons, strict=True):
            code = why.code.name.lower()
            yield (*when, row.point, float(value), row.unit.value, code, reason_text(why, "en"))


def series_table(plan: Plan, district: District) -> tuple[list[str], list[list[Cell]]]:
    """Names of the columns and rows of what the plan expects, one row for each slot."""
    names = ["start_utc", "start_local", *plan.series]
    starts = [times(start, district.site.zone) for start in plan.horizon.starts]
    return names, [
        [*when, *(float(values[slot]) for values in plan.series.values())]
        for slot, when in enumerate(starts)
    ]


def plan_head(plan: Plan) -> dict[str, object]:
    """What a plan is, without its setpoints, as plain data."""
    report = plan.report
    return {
        "id": plan.id,
        "issued_at": plan.issued_at.isoformat(),
        "first_slot": plan.horizon.first.start.isoformat(),
        "slots": plan.horizon.length,
        "origin": plan.origin.value,
        "solver": report.solver,
        "wall_s": report.wall_s,
        "cost_eur": report.cost_eur,
        "bound_eur": report.bound_eur,
        "message": report.message,
        "degraded": list(plan.forecasts_degraded),
        "setpoints": len(plan.setpoints),
        "series": {name: values.tolist() for name, values in plan.series.items()},
    }


def write_json(plan: Plan, district: District, folder: Path) -> list[Path]:
    """`plan.json`: the plan with its proof, its series and every setpoint."""
    head = {"schema": SCHEMA, "site": district.site.id, **plan_head(plan)}
    text = json_text(head, SETPOINT_COLUMNS, setpoint_rows(plan, district))
    return [_written(folder / "plan.json", text)]


def write_csv(plan: Plan, district: District, folder: Path) -> list[Path]:
    """`setpoints.csv` and `series.csv`."""
    setpoints = csv_text(SETPOINT_COLUMNS, setpoint_rows(plan, district))
    return [
        _written(folder / "setpoints.csv", setpoints),
        _written(folder / "series.csv", csv_text(*series_table(plan, district))),
    ]


def write_parquet(plan: Plan, district: District, folder: Path) -> list[Path]:
    """`setpoints.parquet` and `series.parquet`, with the columns of the CSV files."""
    rows = list(setpoint_rows(plan, district))
    return [
        _stored(folder / "setpoints.parquet", list(SETPOINT_COLUMNS), rows),
        _stored(folder / "series.parquet", *series_table(plan, district)),
    ]


def _stored(path: Path, names: list[str], rows: list[tuple[Cell, ...]] | list[list[Cell]]) -> Path:
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    with writing(path):
        parquet.write_table(table, path)
    return path


def _written(path: Path, text: str) -> Path:
    with writing(path):
        path.write_text(text, encoding="utf-8")
    return path
