"""`ems forecast models` and `learn`: the models that forecast loads, and learning one now."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from ems import learning_loads
from ems.clock import wall_clock
from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    JsonOption,
    out,
    print_json,
    told,
    with_store,
)
from ems.config import load_district
from ems.domain.district import District
from ems.domain.errors import ForecastError
from ems.store.load_models import LoadModelRecord
from ems.store.store import Store

NIGHTS = 30
"""How many of the newest are listed."""


def models(data: DataOption = None, dsn: DsnOption = "", json: JsonOption = False) -> None:
    """List what each night learned, the newest first; the champion is the model in force."""
    with told():
        records = with_store(dsn, data, lambda store: store.load_models(NIGHTS))
    _show(listed(records), json)


def learn(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    dsn: DsnOption = "",
    json: JsonOption = False,
) -> None:
    """Learn the loads anew from the store now, as every night does, and show the verdict.

    A running EMS takes a new champion up in its next night, or when it is started again.
    """
    with told():
        district = load_district(config)
        record = with_store(dsn, data, lambda store: _learned(district, store))
    _show(listed([record]), json)


async def _learned(district: District, store: Store) -> LoadModelRecord:
    before = await store.load_models(1)
    await learning_loads.learn_loads(district, store, wall_clock())
    after = await store.load_models(1)
    if after == before:
        raise ForecastError(
            "the past is too short to learn loads from",
            fix="learn when the district has been measured for four weeks",
        )
    return after[0]


def listed(records: Sequence[LoadModelRecord]) -> list[dict[str, Any]]:
    """A row for each night and series; the newest that replaced the model has the champion."""
    champion = next((record for record in records if record.replaced), None)
    return [
        {
            "learned": record.learned_at.isoformat(timespec="minutes"),
            "series": series,
            "since": record.past_from.date().isoformat(),
            "until": record.past_to.date().isoformat(),
            "error": score["error"],
            "profile": score["error of the profile"],
            "champion": record is champion,
            "used": score["used"],
            "drifted": score["drifted"],
            "version": record.version,
        }
        for record in records
        for series, score in record.scores.items()
    ]


def _show(rows: list[dict[str, Any]], json: bool) -> None:
    if json:
        print_json(rows)
        return
    table = Table(*(rows[0] if rows else ("learned", "series", "error")))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    out.print(table)
    if not rows:
        out.print("no night has learned a load yet: four weeks of history are needed")


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else ""
        case float():
            return f"{value:.3g}"
        case None:
            return "unknown"
    return str(value)
