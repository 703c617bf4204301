"""Whatever people, modes and slots do in any order, the store holds what a life of plans allows."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import psycopg
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from store_examples import FIRST, a_plan

from ems.domain.plan_life import FOLLOWING, PlanState
from ems.domain.plans import Mode
from ems.store import Store

T = TypeVar("T")
PICK = st.integers(min_value=0, max_value=50)


class PlanLife(RuleBasedStateMachine):
    """Commits, verdicts, changes of the mode, and slots, in any order."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("truncate plan, slot_claim, setting cascade")
        self.runner = asyncio.Runner()
        self.opened = Store.open(dsn, connections=1)
        self.store = self.do(self.opened.__aenter__())
        self.slot = FIRST
        self.ids: list[str] = []
        self.states: dict[str, PlanState] = {}
        self.claimed: set[int] = set()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def picked(self, pick: int) -> str | None:
        return self.ids[pick % len(self.ids)] if self.ids else None

    @rule(mode=st.sampled_from(Mode))
    def change_mode(self, mode: Mode) -> None:
        self.do(self.store.set_mode(mode, "ana"))

    @rule()
    def commit(self) -> None:
        plan = a_plan()
        self.ids.append(plan.id)
        self.do(self.store.commit_plan(plan, self.do(self.store.mode())))

    @rule(pick=PICK)
    def approve(self, pick: int) -> None:
        if plan := self.picked(pick):
            now = self.slot.start
            self.do(self.store.approve_plan(plan, by="ana", reason="", now=now))

    @rule(pick=PICK)
    def reject(self, pick: int) -> None:
        if plan := self.picked(pick):
            self.do(self.store.reject_plan(plan, by="bob", reason="no"))

    @rule(pick=PICK)
    def commit_again(self, pick: int) -> None:
        if plan := self.picked(pick):
            found = self.do(self.store.plan(plan))
            assert found is not None
            self.do(self.store.commit_plan(found, Mode.AUTOMATIC))

    @rule(on=st.integers(min_value=0, max_value=4))
    def claim(self, on: int) -> None:
        self.slot = self.slot + on
        mode = self.do(self.store.mode())
        claim = self.do(self.store.claim_slot(self.slot))
        if claim.refused is None:
            assert self.slot.index not in self.claimed, "a slot was given twice"
            self.claimed.add(self.slot.index)
            standing = self.do(self.store.standing(claim.plan_id))
            assert standing is not None
            assert standing.live
            assert self.slot in standing.horizon
            assert standing.approved or mode is not Mode.ADVISORY

    @invariant()
    def every_step_is_one_that_a_plan_may_take(self) -> None:
        now = {s.id: s.state for s in self.do(self.store.standings())}
        for plan, state in now.items():
            before = self.states.get(plan)
            reachable = {before} | (_after(before) if before else set(PlanState))
            assert state in reachable, f"{before} became {state}"
        assert sum(state is PlanState.LIVE for state in now.values()) <= 1
        assert sum(state is PlanState.APPROVED for state in now.values()) <= 1
        self.states = now

    def teardown(self) -> None:
        self.do(self.opened.__aexit__(None, None, None))
        self.runner.close()


def _after(state: PlanState) -> set[PlanState]:
    """All that may come of a state, within one transaction too."""
    following = set(FOLLOWING[state])
    return following.union(*(_after(one) for one in following))


def test_the_life_of_plans_in_any_order(dsn: str) -> None:
    assert timedelta(minutes=15) == FIRST.end - FIRST.start
    run_state_machine_as_test(
        lambda: PlanLife(dsn),
        settings=settings(max_examples=12, stateful_step_count=15, deadline=None),
    )
