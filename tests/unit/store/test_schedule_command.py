"""`ems devices schedule`: the plan in force in a virtual zone controller, and out again."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from store_examples import a_plan
from typer.testing import CliRunner, Result

from ems.cli import app
from ems.config import load_district
from ems.domain.plans import Mode, Plan
from ems.domain.slots import Horizon, Slot
from ems.store import Store
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

ZONE = "A1-Z01"
NET = 87
MORNING = datetime(2026, 1, 12, 5, tzinfo=UTC)


@pytest.fixture
def image() -> Iterator[ProcessImage]:
    """A zone controller, answering from a thread of its own."""
    here = load_district().on_loopback(NET)
    few = here.with_devices([here.devices[ZONE]])
    image, loop = ProcessImage.create(few), asyncio.new_event_loop()
    servers = BacnetServers(few, image, lambda: MORNING)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(servers.start(), loop).result(10)
    yield image
    asyncio.run_coroutine_threadsafe(servers.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def plan() -> Plan:
    """Two hours at 21 °C from six o'clock local time on."""
    (row,) = a_plan().setpoints
    return replace(
        a_plan(),
        horizon=Horizon(Slot.containing(MORNING), 8),
        setpoints=(replace(row, point=f"{ZONE}/heat_setpoint_c", values=np.full(8, 21.0)),),
    )


async def _commit(dsn: str) -> None:
    async with Store.open(dsn) as store:
        await store.commit_plan(plan(), Mode.AUTOMATIC)


def schedule(*words: object) -> Result:
    asked = ["devices", "schedule", *map(str, words), "--net", str(NET)]
    return CliRunner().invoke(app, asked)


def test_the_plan_is_written_shown_and_withdrawn(dsn: str, image: ProcessImage) -> None:
    asyncio.run(_commit(dsn))
    written = schedule("write", ZONE, "--dsn", dsn, "--yes", "--json")
    assert written.exit_code == 0, written.output
    assert json.loads(written.output) == {"heat_setpoint_c": "ok"}

    shown = json.loads(schedule("show", ZONE, "--json").output)
    assert shown["cool_setpoint_c"] == []
    assert shown["heat_setpoint_c"] == [
        {"day": "2026-01-12", "from": "06:00:00", "value": 21.0},
        {"day": "2026-01-12", "from": "08:00:00", "value": None},
    ]
    assert "the site's own" in schedule("show", ZONE).output

    withdrawn = schedule("withdraw", ZONE, "--yes")
    assert withdrawn.exit_code == 0, withdrawn.output
    assert json.loads(schedule("show", ZONE, "--json").output)["heat_setpoint_c"] == []


def test_what_can_not_be_written_is_told(dsn: str, image: ProcessImage) -> None:
    for words, said in (
        (("write", ZONE), "there is no plan in force"),
        (("write", "HP-1"), "names no Schedules"),
        (("write", "A1-Z99"), "there is no device"),
    ):
        result = schedule(*words, "--dsn", dsn, "--yes")
        assert result.exit_code == 1
        assert said in " ".join(result.output.split())
        assert "fix:" in result.output


def test_nothing_is_written_without_a_yes(dsn: str, image: ProcessImage) -> None:
    asyncio.run(_commit(dsn))
    assert schedule("write", ZONE, "--dsn", dsn).exit_code == 1
    assert json.loads(schedule("show", ZONE, "--json").output)["heat_setpoint_c"] == []


def test_a_silent_controller_ends_the_command_with_1(image: ProcessImage) -> None:
    image.silent[:] = 1
    result = schedule("withdraw", ZONE, "--yes")
    assert result.exit_code == 1
    assert "unreachable" in result.output
