"""`ems forecast backtest`: how good forecasts would have been, by lead, beside simple methods."""

import asyncio
import json as plain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from ems.commands.backtest_page import as_dict, page
from ems.commands.backtest_series import PUBLIC, Series, of_csv, of_store
from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    JsonOption,
    opened_store,
    out,
    print_json,
    told,
)
from ems.config import load_district
from ems.domain.district import District
from ems.domain.errors import EmsError, ForecastError
from ems.forecast import rivals
from ems.forecast.backtest import roll
from ems.forecast.model import Settings
from ems.forecast.shapes import Calendar, Ints

HISTORY_DAYS = 400
_LEARNED_DAYS = 21
"""Days that the first issue looks back on, at least."""


def backtest(
    csv: Annotated[
        Path | None, typer.Option(help="A CSV with a header, the time first, a column a series.")
    ] = None,
    public: Annotated[
        str, typer.Option(help=f"A public series, fetched by pip: {' or '.join(PUBLIC)}.")
    ] = "",
    test_days: Annotated[int, typer.Option(min=1, help="Newest days that are the test.")] = 28,
    hours: Annotated[int, typer.Option(min=1, max=48, help="How far each forecast goes.")] = 24,
    issued_h: Annotated[int, typer.Option(min=0, max=23, help="Local hour of the issue.")] = 0,
    report: Annotated[Path, typer.Option(help="Folder for the page and the JSON.")] = Path(
        "out/backtest"
    ),
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Forecast the past, issue by issue, and compare with what came.

    Without --csv or --public, the loads in the district's store. Beside persistence, last week and
    the mean of 7 days stand LightGBM and AutoETS where they are installed (extra `backtest`).
    """
    with told():
        district = load_district(config)
        series = _series(district, csv, public, dsn, data)
        rolled = roll(
            series.values,
            series.calendar,
            _issues(series.calendar, test_days, hours, issued_h),
            Settings(greatest_lead=hours * series.calendar.per_day // 24),
            rivals=rivals.found(),
            names=series.names,
        )
        scores = as_dict(rolled, series.marks)
        _write(report, page(rolled, scores), scores)
    if json:
        print_json(scores)
    else:
        out.print(_table(scores))
        out.print(f"page: {report / 'index.html'}; figures: {report / 'backtest.json'}")


def _series(
    district: District, csv: Path | None, public: str, dsn: str, data: Path | None
) -> Series:
    if csv is not None:
        return of_csv(csv, district.site.zone)
    if public:
        if public not in PUBLIC:
            raise ForecastError(
                f"no public series is called {public}", fix=f"choose among {', '.join(PUBLIC)}"
            )
        return PUBLIC[public]()
    return asyncio.run(_stored(district, dsn, data))


async def _stored(district: District, dsn: str, data: Path | None) -> Series:
    async with opened_store(dsn, data) as store:
        return await of_store(district, store, HISTORY_DAYS)


def _issues(calendar: Calendar, days: int, hours: int, issued_h: int) -> Ints:
    """One a day at a local hour, of the newest days whose truth is known.

    Raises:
        ForecastError: the past is too short.
    """
    ahead = hours * calendar.per_day // 24
    at = np.flatnonzero(calendar.step == issued_h * calendar.per_day // 24)
    at = at[(at >= _LEARNED_DAYS * calendar.per_day) & (at + ahead <= len(calendar.step))]
    if not at.size:
        raise ForecastError(
            f"there is no day after {_LEARNED_DAYS} days of learning", fix="give a longer past"
        )
    return np.asarray(at[-days:])


def _write(folder: Path, text: str, scores: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(text, encoding="utf-8")
        (folder / "backtest.json").write_text(plain.dumps(scores, indent=1), encoding="utf-8")
    except OSError as error:
        raise EmsError(
            f"{folder} can't be written: {error.strerror}", fix="give another with --report"
        ) from error


def _table(scores: dict[str, Any]) -> Table:
    methods = list(next(iter(scores["series"].values()))["methods"])
    title = f"mean absolute error over mean, {scores['issues']} issues"
    table = Table("series", *methods, "P10-P90", title=title)
    for name, each in scores["series"].items():
        errors = (f"{each['methods'][method]['error']:.4f}" for method in methods)
        table.add_row(name, *errors, f"{each['P10-P90']:.1%}")
    return table
