"""`ems devices alarms` over a store: what it lists, and whose word goes to the device."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

from typer.testing import CliRunner, Result

from ems.cli import app
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.store import Store

WRONG = DeviceAlarm(
    device="A1-Z01", item="alarm", state=AlarmState.HIGH_LIMIT, priority=40, text="[too] warm",
    since=datetime(2026, 1, 12, 11, tzinfo=UTC), wants_acknowledgement=True,
)  # fmt: skip


def alarms(dsn: str, *words: object) -> Result:
    asked = ["devices", "alarms", "--dsn", dsn, *map(str, words)]
    return CliRunner().invoke(app, asked, env={"COLUMNS": "200"})


async def _keep(dsn: str, *said: DeviceAlarm) -> None:
    async with Store.open(dsn) as store:
        for alarm in said:
            await store.keep_alarm(alarm)


def test_what_is_wrong_is_listed_the_most_urgent_first(dsn: str) -> None:
    urgent = replace(WRONG, device="HP-1", priority=3, wants_acknowledgement=False)
    asyncio.run(_keep(dsn, WRONG, urgent))
    assert [one["device"] for one in json.loads(alarms(dsn, "--json").output)] == ["HP-1", "A1-Z01"]
    shown = alarms(dsn).output
    assert "[too] warm" in shown
    assert "12.01. 12:00:00" in shown  # the district's time
    assert "2 alarms, 1 of them wait to be seen" in shown


def test_without_a_service_the_device_is_not_said_to_know(dsn: str) -> None:
    asyncio.run(_keep(dsn, WRONG))
    ((number,),) = [[one["id"]] for one in json.loads(alarms(dsn, "--json").output)]
    result = alarms(dsn, "-a", number, "--wait", 0.3)
    assert result.exit_code == 1
    assert f"not told to the device yet: {number}" in result.output
    assert "device not told yet" in result.output
    unknown = alarms(dsn, "-a", number + 1)
    assert unknown.exit_code == 1
    assert "fix:" in unknown.output


def test_what_has_ended_is_shown_when_asked_for(dsn: str) -> None:
    later = datetime(2026, 1, 12, 12, tzinfo=UTC)
    over = replace(WRONG, state=AlarmState.NORMAL, since=later, wants_acknowledgement=False)
    asyncio.run(_keep(dsn, WRONG, over))
    assert json.loads(alarms(dsn, "--json").output) == []
    (past,) = json.loads(alarms(dsn, "--past", "--json").output)
    assert past["ended_at"] == later.isoformat()
