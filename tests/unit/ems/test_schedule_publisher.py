"""Schedules follow the plans while the mode is automatic, and are empty as soon as it is not."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytest_asyncio

from ems import schedule_publisher
from ems.devices.plan_schedules import Outcomes, PlanSchedules
from ems.devices.writer import Writer
from ems.domain.errors import StoreAwayError
from ems.domain.plans import Mode, Outcome, Plan
from ems.mode_watch import ModeWatch
from ems.schedule_publisher import SchedulePublisher
from ems.store.store import Store


class Controller:
    """Keeps the number of the plan that it was given."""

    def __init__(self) -> None:
        self.holds: str | None = None
        self.outcome = Outcome.OK
        self.open = asyncio.Event()
        self.open.set()

    async def put(self, plan: Plan) -> Outcomes:
        await self.open.wait()
        self.holds = plan.id
        return {"heat_setpoint_c": self.outcome}

    async def withdraw(self) -> Outcomes:
        await self.open.wait()
        self.holds = None
        return {"heat_setpoint_c": self.outcome}


class District:
    """Two controllers, a mode, and who publishes."""

    def __init__(self) -> None:
        self.controllers = {"A1-Z01": Controller(), "A1-Z02": Controller()}
        self.now_mode = Mode.AUTOMATIC
        self.away = False
        self.publisher = SchedulePublisher(
            cast(dict[str, PlanSchedules], self.controllers), self.mode
        )

    async def mode(self) -> Mode:
        if self.away:
            raise StoreAwayError("the database does not answer")
        return self.now_mode

    @property
    def holds(self) -> list[str | None]:
        return [one.holds for one in self.controllers.values()]

    async def offered(self, name: str) -> None:
        self.publisher.offer(cast(Plan, SimpleNamespace(id=name)))
        await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def here() -> AsyncIterator[District]:
    here = District()
    running = asyncio.create_task(here.publisher.run())
    yield here
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_each_plan_takes_the_place_of_the_last(here: District) -> None:
    await here.offered("first")
    assert here.holds == ["first"] * 2
    await here.offered("second")
    assert here.holds == ["second"] * 2


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.ADVISORY, Mode.MANUAL])
async def test_nothing_is_written_unless_the_mode_is_automatic(here: District, mode: Mode) -> None:
    here.now_mode = mode
    await here.offered("first")
    assert here.holds == [None] * 2


async def test_what_an_earlier_service_left_behind_goes_unless_it_still_holds(
    here: District,
) -> None:
    for controller in here.controllers.values():
        controller.holds = "of a service that was killed"
    here.now_mode = Mode.MANUAL
    await here.offered("first")
    assert here.holds == [None] * 2


async def test_a_store_that_is_away_costs_one_plan(here: District) -> None:
    here.away = True
    await here.offered("first")
    assert here.holds == [None] * 2
    here.away = False
    await here.offered("second")
    assert here.holds == ["second"] * 2


async def test_who_withdraws_in_the_middle_of_a_plan_leaves_nothing_behind(here: District) -> None:
    for controller in here.controllers.values():
        controller.open.clear()
    await here.offered("first")
    withdrawing = asyncio.create_task(here.publisher.withdraw())
    await asyncio.sleep(0.02)
    for controller in here.controllers.values():
        controller.open.set()
    assert await withdrawing == ()
    assert here.holds == [None] * 2


async def test_a_controller_that_is_away_holds_up_no_end_and_is_named(
    here: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_publisher, "LIMIT_S", 0.05)
    await here.offered("first")
    here.controllers["A1-Z01"].open.clear()
    assert await here.publisher.withdraw() == ("A1-Z01",)
    here.controllers["A1-Z02"].outcome = Outcome.REJECTED
    assert await here.publisher.withdraw() == ("A1-Z01", "A1-Z02")


async def test_to_stop_writing_empties_the_schedules_too(here: District) -> None:
    trail: list[dict[str, Any]] = []

    async def relinquish_all() -> tuple[str, ...]:
        return ("A1-Z02",)

    async def setting(_: str) -> None: ...

    async def audit(_: str, what: dict[str, Any]) -> None:
        trail.append(what)

    store = SimpleNamespace(mode=here.mode, setting=setting, audit=audit)
    writer = SimpleNamespace(held=frozenset(), relinquish_all=relinquish_all)
    watch = ModeWatch(cast(Store, store), cast(Writer, writer), here.publisher)
    here.controllers["A1-Z02"].outcome = Outcome.MISMATCH
    await watch.look()
    await here.offered("first")
    here.now_mode = Mode.MANUAL
    await watch.look()
    assert here.holds == [None] * 2
    assert [what["unreached"] for what in trail] == [["A1-Z02"]]
