"""A person approves and rejects plans by command, and finds out where a command came from."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from store_examples import FIRST, NOON, SETPOINT, a_plan, its_forecasts
from typer.testing import CliRunner

from ems.clock import Anchor
from ems.commands.plans import app, traced
from ems.commands.run import CLOCK_FILE
from ems.domain.plans import Dispatched, Mode, Outcome
from ems.store import Store

Run = Callable[..., Any]


@pytest.fixture
def run(dsn: str, tmp_path: Path) -> Run:
    """Runs `ems plan ...` at noon of the district's day."""
    Anchor(start=NOON, wall_start=NOON, speed=1e-9).write(tmp_path / CLOCK_FILE)
    where = ["--dsn", dsn, "--data", str(tmp_path)]
    return lambda *words: CliRunner().invoke(app, [*words, *where])


def with_store(dsn: str, work: Callable[[Store], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        async with Store.open(dsn) as store:
            return await work(store)

    return asyncio.run(inside())


def test_a_proposal_is_approved_once_and_may_still_be_rejected(dsn: str, run: Run) -> None:
    plan = a_plan()
    with_store(dsn, lambda store: store.commit_plan(plan, Mode.ADVISORY))
    number = plan.id[:8]
    assert "approved" in run("approve", number, "--reason", "agreed by telephone").output
    assert run("approve", number).exit_code == 1
    assert "rejected" in run("reject", number, "--reason", "maintenance").output
    listed = run("list", "--json").output
    assert '"state": "rejected"' in listed
    assert '"reason": "maintenance"' in listed


def test_a_plan_that_is_not_there_is_said_with_a_fix(run: Run) -> None:
    answer = run("reject", "ffff")
    assert answer.exit_code == 1


async def test_a_command_is_traced_to_its_plan_and_person(store: Store) -> None:
    await store.set_mode(Mode.AUTOMATIC, "ana")
    plan = a_plan()
    await store.commit_plan(plan, Mode.AUTOMATIC, its_forecasts(plan))
    await store.claim_slot(FIRST)
    (wanted,) = plan.setpoints_at(FIRST)
    done = Dispatched(setpoint=wanted, outcome=Outcome.OK, written=19, read_back=19, at=NOON)
    await store.record(plan.id, [done])
    found = await traced(store, FIRST, SETPOINT)
    assert (found["plan"]["id"], found["person"], found["model"]) == (plan.id, "ana", "HiGHS")
    assert [c["point"] for c in found["commands"]] == [SETPOINT]
    assert found["forecasts"] == {"test": NOON}
