"""Events of demand response: entered, listed and taken back, and what plans are told of them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from ems.cli import app
from ems.config import load_district
from ems.domain.errors import PlanError, StoreError
from ems.domain.slots import Horizon, Slot
from ems.standing import StoreStanding
from ems.store import Store

EVENING = datetime(2026, 1, 13, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


def events(dsn: str, *words: str) -> Result:
    asked = ["event", words[0], "--dsn", dsn, *words[1:]]
    return CliRunner().invoke(app, asked, env={"COLUMNS": "200"})


def test_an_operator_enters_an_event_in_local_time_sees_it_and_takes_it_back(dsn: str) -> None:
    asked = ("--from", "2026-01-13T18:00", "--until", "2026-01-13T19:00", "--import-kw", "450")
    (added,) = json.loads(events(dsn, "add", *asked, "--json").output)
    assert added["from"] == EVENING.isoformat()
    assert added["eur_per_kwh"] == pytest.approx(2.0)
    assert "2026-01-13 18:00" in events(dsn, "list").output
    assert events(dsn, "remove", str(added["id"])).exit_code == 0
    assert json.loads(events(dsn, "list", "--json").output) == []
    again = events(dsn, "remove", str(added["id"]))
    assert again.exit_code == 1
    assert "see `ems event list`" in again.output
    assert asyncio.run(_trail(dsn)) == ["event removed", "event added"]


async def _trail(dsn: str) -> list[str]:
    async with Store.open(dsn) as store:
        return [entry.what["action"] for entry in await store.audit_trail()]


def test_an_event_that_can_not_be_asked_of_a_plan_is_refused_with_its_fix(dsn: str) -> None:
    ended = ("--from", "2026-01-13T18:00", "--until", "2026-01-13T18:00", "--import-kw", "450")
    assert "ends before it begins" in events(dsn, "add", *ended).output
    assert "is not a time" in events(dsn, "add", "--from", "6 pm", *ended[2:]).output


async def test_a_negative_cap_is_refused(store: Store) -> None:
    with pytest.raises(PlanError, match="-1 kW"):
        await store.add_import_event(EVENING, EVENING + HOUR, -1.0, 2.0, "ana")


async def test_a_plan_is_told_of_the_events_that_reach_into_it(store: Store) -> None:
    for hours in (-3, 1, 30):
        begins = EVENING + hours * HOUR
        await store.add_import_event(begins, begins + HOUR, 400.0 + hours, 2.0, "ana")
    horizon = Horizon(Slot.containing(EVENING), 96)
    told = await StoreStanding(store, load_district()).circumstances(horizon)
    assert [cap.import_kw[0] for cap in told.caps] == [401.0]


async def test_events_are_known_on_while_the_store_is_away(dsn: str) -> None:
    horizon = Horizon(Slot.containing(EVENING), 96)
    async with Store.open(dsn) as store:
        await store.add_import_event(EVENING, EVENING + HOUR, 400.0, 2.0, "ana")
        standing = StoreStanding(store, load_district())
        known = await standing.circumstances(horizon)
    assert known.caps
    assert await standing.circumstances(horizon) == known


async def test_an_unknown_event_cannot_be_taken_back(store: Store) -> None:
    with pytest.raises(StoreError, match="no event 7"):
        await store.remove_import_event(7, "ana")
