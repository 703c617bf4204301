"""`ems forecast`: what the forecasts rest on; so far the rooms learned from their history."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from building_models.grey_box import FIGURES
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
from ems.domain.district import District, Dwelling, Zone
from ems.domain.errors import ForecastError
from ems.domain.slots import Horizon
from ems.forecast import calibration
from ems.forecast.calibration import DAYS, Calibration, calibrate
from ems.store.store import Store

SETTING = "calibration"
"""Where the store keeps the last one."""

app = typer.Typer(no_args_is_help=True, help="What the forecasts rest on.")


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
            await store.set_setting(SETTING, learned.as_dict(), getpass.getuser())
        return learned


async def nightly(district: District, store: Store, days: int = DAYS) -> Calibration:
    """What a night's job does: the rooms as the newest `days` of the store show them.

    Raises:
        ForecastError: there is no history, or too little weather in it.
    """
    last = await store.last_history_slot()
    if last is None:
        raise ForecastError("there is no history", fix="let the district be measured first")
    before = last + 1
    window = Horizon(before + -days * 96, days * 96)
    past = await store.quarter_hours(calibration.history_points(district), window)
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
