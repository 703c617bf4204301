"""Who lets a plan be written, and that no slot is ever dispatched twice."""

import asyncio
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from store_examples import FIRST, NOON, a_plan, its_forecasts

from ems.domain.plan_life import PlanState, Refusal
from ems.domain.plans import Mode
from ems.store import Store


async def _state(store: Store, plan_id: str) -> PlanState:
    standing = await store.standing(plan_id)
    assert standing is not None
    return standing.state


async def test_an_advisory_plan_is_written_once_a_person_has_approved_it(store: Store) -> None:
    await store.set_mode(Mode.ADVISORY, "ana")
    plan = a_plan()
    await store.commit_plan(plan, Mode.ADVISORY)
    assert await _state(store, plan.id) is PlanState.PROPOSED
    assert (await store.claim_slot(FIRST)).refused is Refusal.NO_PLAN
    assert await store.approve_plan(plan.id, by="ana", reason="looks right", now=NOON)
    assert await _state(store, plan.id) is PlanState.APPROVED
    claim = await store.claim_slot(FIRST)
    assert (claim.plan_id, claim.authority, claim.refused) == (plan.id, "ana", None)
    assert await _state(store, plan.id) is PlanState.LIVE
    entries = [(e.who, e.what["action"], e.what.get("reason")) for e in await store.audit_trail()]
    assert entries[0] == ("ana", "approved", "looks right")


async def test_an_approved_plan_stays_in_force_until_another_is_approved(store: Store) -> None:
    await store.set_mode(Mode.ADVISORY, "ana")
    old, ignored, new = a_plan(), a_plan(), a_plan()
    await store.commit_plan(old, Mode.ADVISORY)
    await store.approve_plan(old.id, by="ana", reason="", now=NOON)
    assert (await store.claim_slot(FIRST)).plan_id == old.id
    for plan in (ignored, new):
        await store.commit_plan(plan, Mode.ADVISORY)
    assert (await store.claim_slot(FIRST + 1)).plan_id == old.id
    await store.approve_plan(new.id, by="bob", reason="", now=NOON)
    claim = await store.claim_slot(FIRST + 2)
    assert (claim.plan_id, claim.authority) == (new.id, "bob")
    assert await _state(store, old.id) is PlanState.SUPERSEDED


async def test_a_proposal_expires_and_a_live_plan_ends_with_its_horizon(store: Store) -> None:
    await store.set_mode(Mode.ADVISORY, "ana")
    late, live = a_plan(), a_plan(slots=2)
    await store.commit_plan(late, Mode.ADVISORY)
    await store.commit_plan(live, Mode.ADVISORY)
    an_hour_on = NOON + timedelta(hours=1)
    assert not await store.approve_plan(late.id, by="ana", reason="", now=an_hour_on)
    assert await store.approve_plan(live.id, by="ana", reason="", now=NOON)
    assert (await store.claim_slot(FIRST + 1)).plan_id == live.id
    assert (await store.claim_slot(FIRST + 4)).refused is Refusal.NO_PLAN
    assert await _state(store, late.id) is PlanState.SUPERSEDED
    assert await _state(store, live.id) is PlanState.SUPERSEDED


async def test_a_plan_that_a_person_rejects_is_written_no_more(store: Store) -> None:
    await store.set_mode(Mode.AUTOMATIC, "ana")
    plan = a_plan()
    await store.commit_plan(plan, Mode.AUTOMATIC)
    assert (await store.claim_slot(FIRST)).authority == "ana"
    assert await store.reject_plan(plan.id, by="bob", reason="the pumps are being serviced")
    assert (await store.claim_slot(FIRST + 1)).refused is Refusal.NO_PLAN
    assert not await store.approve_plan(plan.id, by="ana", reason="", now=NOON)
    assert not await store.supersede_plan(plan.id, by="ana", reason="")
    standing = await store.standing(plan.id)
    assert standing is not None
    assert (standing.decision, standing.decided_by) == ("rejected", "bob")
    assert standing.decision_reason == "the pumps are being serviced"


async def test_nothing_that_nobody_approved_is_written_after_a_change_to_advisory(
    store: Store,
) -> None:
    await store.set_mode(Mode.AUTOMATIC, "ana")
    await store.commit_plan(a_plan(), Mode.AUTOMATIC)
    await store.set_mode(Mode.ADVISORY, "ana")
    assert (await store.claim_slot(FIRST)).refused is Refusal.NO_PLAN


async def test_of_many_who_ask_at_once_one_gets_the_slot(store: Store) -> None:
    await store.commit_plan(a_plan(), Mode.AUTOMATIC)
    claims = await asyncio.gather(*(store.claim_slot(FIRST) for _ in range(8)))
    assert Counter(claim.refused for claim in claims) == {None: 1, Refusal.TAKEN: 7}


async def test_an_instance_that_no_longer_leads_gets_no_slot(store: Store, dsn: str) -> None:
    await store.commit_plan(a_plan(), Mode.AUTOMATIC)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update leader set epoch = 7")
    assert (await store.claim_slot(FIRST, epoch=6)).refused is Refusal.FENCED
    assert (await store.claim_slot(FIRST, epoch=7)).refused is None
    trace = await store.trace_of(FIRST)
    assert trace is not None
    assert trace.epoch == 7


async def test_what_was_given_back_may_be_dispatched_by_who_comes_next(store: Store) -> None:
    await store.commit_plan(a_plan(), Mode.AUTOMATIC)
    await store.claim_slot(FIRST)
    await store.hand_back(FIRST)
    assert (await store.claim_slot(FIRST)).refused is None


async def test_two_approved_plans_are_refused_by_the_database(store: Store, dsn: str) -> None:
    for _ in range(2):
        await store.commit_plan(a_plan(), Mode.ADVISORY)
    with (
        psycopg.connect(dsn) as connection,
        pytest.raises(psycopg.errors.UniqueViolation, match="plan_one_approved"),
    ):
        connection.execute("update plan set status = 'approved'")


async def test_the_command_of_a_slot_leads_to_plan_forecast_model_and_person(store: Store) -> None:
    await store.set_mode(Mode.AUTOMATIC, "ana")
    plan = a_plan()
    await store.commit_plan(plan, Mode.AUTOMATIC, its_forecasts(plan))
    await store.claim_slot(FIRST, epoch=0)
    trace = await store.trace_of(FIRST)
    assert trace is not None
    assert (trace.plan.id, trace.person) == (plan.id, "ana")
    assert trace.plan.report.solver == "HiGHS"
    assert trace.forecasts == {"test": NOON}
