"""The plans in the console: what a plan changes, why, and who lets it be written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from console_in_memory import NOW, PLAN_ID, StoreInMemory, make_plan

from ems.console.schedule import difference, limits, quarters, reasons
from ems.console.watch import newest_plan, plan_in_force
from ems.domain.district import District
from ems.domain.plan_life import PlanState
from ems.domain.plans import Mode, Plan, Reason, ReasonCode
from ems.domain.slots import Slot
from ems.store.accounts import Role

CSRF = "csrf of token-0"
PROPOSAL = "7d0c3c1e-0000-4000-8000-000000000002"


@pytest.fixture
def proposal(store: StoreInMemory) -> Plan:
    """A plan for the next slot that waits for a person's word; it draws 8 kW more."""
    plan = make_plan(store.district, Slot.containing(NOW) + 1, plan_id=PROPOSAL)
    in_force = store.plans[0]
    net_kw = np.append(in_force.series["net_kw"][1:], 300.0) + 8.0
    plan = replace(plan, series={**plan.series, "net_kw": net_kw})
    store.plans.insert(0, plan)
    store.decisions[PROPOSAL] = {"state": PlanState.PROPOSED, "expires_at": NOW}
    return plan


async def decide(visitor: httpx.AsyncClient, what: str, **form: str) -> httpx.Response:
    data = {"form_token": CSRF, "reason": "looks right", **form}
    return await visitor.post(f"/api/v1/plans/{PROPOSAL}/{what}", data=data)


def binding(plan: Plan, code: ReasonCode, value: float) -> Plan:
    """`plan` with a limit that binds its second setpoint in the first slot."""
    first, second = plan.setpoints
    held = replace(second, reasons=(Reason(code, value), *second.reasons[1:]))
    return replace(plan, setpoints=(first, held))


def test_a_plan_is_judged_by_the_import_of_the_slots_that_both_cover(
    district: District, store: StoreInMemory, proposal: Plan
) -> None:
    change = difference(proposal, store.plans[1], np.full(96, 0.2))
    assert change is not None
    assert change.hours == pytest.approx(95 / 4)
    assert change.import_kwh == pytest.approx(8 * 95 / 4)
    assert change.cost_eur == pytest.approx(8 * 95 / 4 * 0.2)
    assert change.peak_kw == pytest.approx(8)


def test_without_another_plan_nothing_is_compared(store: StoreInMemory) -> None:
    (plan,) = store.plans
    assert difference(plan, None, np.full(96, 0.2)) is None
    far = make_plan(store.district, plan.horizon.first + 200, plan_id="far")
    assert difference(plan, far, np.full(96, 0.2)) is None
    assert np.isnan(quarters(plan, None, "en")[0].net_change_kw)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (ReasonCode.CONNECTION_FULL, "The subscribed power is reached (900 kW): CP-02"),
        (ReasonCode.GRID_EVENT, "The grid asks for less import (900 kW): CP-02"),
    ],
)
def test_each_quarter_hour_tells_what_binds_and_why(
    store: StoreInMemory, code: ReasonCode, words: str
) -> None:
    plan = binding(store.plans[0], code, 900.0)
    assert limits(plan, 0, "en") == (words,)
    assert limits(plan, 1, "en") == ()
    assert reasons(plan, 1, "en") == ("Heats ahead of a dearer time: 1", "The car leaves soon: 1")


def test_what_asks_for_nothing_explains_nothing(store: StoreInMemory) -> None:
    plan = binding(store.plans[0], ReasonCode.NOT_NEEDED, 0.0)
    assert reasons(plan, 0, "fr") == ("Chauffe d'avance, avant une période plus chère: 1",)


def test_a_proposal_or_a_refused_plan_is_not_the_one_in_force(
    store: StoreInMemory, proposal: Plan
) -> None:
    waits, live = (store.standing(plan) for plan in store.plans)
    later = NOW + timedelta(minutes=15)
    assert newest_plan([waits, live]) == PROPOSAL
    assert plan_in_force([waits, live], live, later) == PLAN_ID
    assert plan_in_force([waits], None, later) is None
    refused = replace(live, state=PlanState.REJECTED)
    assert newest_plan([refused]) is None
    assert plan_in_force([refused, replace(live, state=PlanState.SUPERSEDED)], None, NOW) is None


def test_a_live_plan_that_waits_for_its_slot_leaves_the_one_before_in_force(
    store: StoreInMemory, proposal: Plan
) -> None:
    waits, before = (store.standing(plan) for plan in store.plans)
    live = replace(waits, state=PlanState.LIVE)
    carried = replace(before, state=PlanState.SUPERSEDED, authority="ana")
    assert plan_in_force([live, carried], live, NOW) == PLAN_ID
    assert plan_in_force([live, carried], live, NOW + timedelta(minutes=15)) == PROPOSAL
    never_approved = replace(carried, authority="", mode=Mode.ADVISORY)
    assert plan_in_force([live, never_approved], live, NOW) == PROPOSAL


def test_the_last_plan_is_named_when_its_time_is_over(store: StoreInMemory) -> None:
    over = replace(store.standing(store.plans[0]), state=PlanState.SUPERSEDED)
    assert plan_in_force([over], None, NOW + timedelta(days=2)) == PLAN_ID


async def test_the_schedule_of_a_proposal(operator: httpx.AsyncClient, proposal: Plan) -> None:
    rows = (await operator.get("/api/v1/plans")).json()["plans"]
    assert [row["state"] for row in rows] == ["proposed", "live"]
    body: dict[str, Any] = (await operator.get(f"/api/v1/plans/{PROPOSAL}?lang=en")).json()
    assert body["difference"]["against"] == PLAN_ID
    assert body["difference"]["import_kwh"] == pytest.approx(190)
    assert len(body["quarters"]) == len(body["chart"]["starts"]) == 96
    assert body["quarters"][0]["net_change_kw"] == pytest.approx(8)
    assert body["quarters"][-1]["net_change_kw"] is None
    assert all(value is not None for value in body["chart"]["planned"]["soc_pct"])


@pytest.mark.parametrize("number", ["nope", "7d0c3c1e-0000-4000-8000-00000000000f"])
async def test_a_plan_that_is_not_there(operator: httpx.AsyncClient, number: str) -> None:
    assert (await operator.get(f"/api/v1/plans/{number}")).status_code == 404


@pytest.mark.parametrize(("what", "state"), [("approve", "approved"), ("reject", "rejected")])
async def test_a_person_decides_once_with_a_reason(
    operator: httpx.AsyncClient, store: StoreInMemory, proposal: Plan, what: str, state: str
) -> None:
    assert (await decide(operator, what, reason="  ")).status_code == 422
    assert (await decide(operator, what)).status_code == 204
    row = (await operator.get("/api/v1/plans")).json()["plans"][0]
    assert (row["state"], row["by"], row["reason"]) == (state, "operator", "looks right")
    assert (await decide(operator, "approve")).status_code == 409


@pytest.mark.parametrize(
    ("form", "origin", "role"),
    [
        ({"form_token": "forged"}, "http://console.test", Role.APPROVER),
        ({}, "http://elsewhere.test", Role.APPROVER),
        ({}, "http://console.test", Role.VIEWER),
    ],
    ids=["a forged form", "another site", "a viewer"],
)
async def test_who_may_not_decide(
    visitor: httpx.AsyncClient, store: StoreInMemory, proposal: Plan,
    form: dict[str, str], origin: str, role: Role,
) -> None:  # fmt: skip
    store.role = role
    visitor.cookies.set("ems_session", await store.open_session("someone"))
    visitor.headers["Origin"] = origin
    for what in ("approve", "reject"):
        assert (await decide(visitor, what, **form)).status_code == 403
    assert store.decisions[PROPOSAL]["state"] is PlanState.PROPOSED
