"""`ems forecast`: what the forecasts rest on, and how good they would have been."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from building_models.grey_box import FIGURES
from ems import learning
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
from ems.commands.forecast_backtest import backtest
from ems.commands.forecast_models import learn, models
from ems.config import load_district
from ems.domain.district import District, Dwelling, Zone
from ems.forecast.calibration import DAYS, Calibration, calibrate
from ems.learning import past_of
from ems.store.store import Store

app = typer.Typer(no_args_is_help=True, help="What the forecasts rest on.")
app.command("backtest")(backtest)
app.command("models")(models)
app.command("learn")(learn)


@app.callback()
def _app() -> None:
    """What the forecasts rest on."""


@app.command("calibrate")
def calibrate_rooms(
    days: Annotated[int, typer.Option(min=7, help="How far to look back.")] = DAYS,
    keep: Annotated[bool, typer.Option(help="Keep what was learned in the store.")] = True,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Learn each room from its history in the store, and show what was learned.

    The last three days judge: a room whose free run over them is no better stays as described.
    """
    with told():
        district = load_district(config)
        learned = asyncio.run(_learned(district, dsn, data, days, keep))
        if json:
            print_json(learned.as_dict())
        else:
            out.print(table_of(district, learned))


async def _learned(
    district: District, dsn: str, data: Path | None, days: int, keep: bool
) -> Calibration:
    async with opened_store(dsn, data) as store:
        learned = await nightly(district, store, days)
        if keep:
            await learning.keep(store, learned, getpass.getuser())
        return learned


async def nightly(district: District, store: Store, days: int = DAYS) -> Calibration:
    """The rooms as the newest `days` of the store show them.

    Raises:
        ForecastError: there is no history, or too little weather in it.
    """
    past, before = await past_of(district, store, days)
    return calibrate(district, past, before, days=days)


def table_of(district: District, learned: Calibration) -> Table:
    """By building: factors on the description, and the error of a free day before and after."""
    title = f"rooms learned from {learned.horizon.length // 96} days"
    columns = [*FIGURES[:-1], "unmeasured W/m²", "described K", "learned K"]
    table = Table("building", "rooms", "learned", *columns, title=title)
    rooms: list[Dwelling | Zone] = [*district.dwellings.values(), *district.zones.values()]
    for building in district.heated:
        rows = [row for row, room in enumerate(rooms) if room.building == building]
        figures = np.column_stack([learned.fit.factors, learned.fit.figures[:, -1]])[rows]
        spread = np.median(learned.fit.spread[rows], axis=0)
        middle = np.median(figures, axis=0)
        table.add_row(
            building,
            str(len(rows)),
            str(int(learned.fit.known[rows].sum())),
            *(f"{m:.2f} ± {s * m:.2f}" for m, s in zip(middle[:-1], spread[:-1], strict=True)),
            f"{middle[-1]:.1f} ± {spread[-1]:.1f}",
            f"{np.nanmedian(learned.described_k[rows]):.2f}",
            f"{np.nanmedian(learned.learned_k[rows]):.2f}",
        )
    return table
