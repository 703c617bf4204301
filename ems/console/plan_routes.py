"""Plans over the API: the last ones, one of them with its reasons, approving and rejecting it."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response

from ems.console.api import PREFIX
from ems.console.chart import chart, measured_points
from ems.console.desk import Desk
from ems.console.guard import from_own_form, from_own_page
from ems.console.schedule import difference, plan_before, plan_row, quarters
from ems.console.wire import Json
from ems.feeds.reasons import Language
from ems.store.accounts import Session

LOOKED_AT = 96
"""Plans among which another one is looked for to compare with."""

FormText = Annotated[str, Form(max_length=200)]
Why = Annotated[str, Form(min_length=1, max_length=500, pattern=r"\S")]


def router(desk: Desk) -> APIRouter:
    """Routes of the plans; each needs a session."""
    signed_in = Annotated[Session, Depends(desk.signed_in)]
    routes = APIRouter(prefix=PREFIX, default_response_class=Json)
    reads, changes = [Depends(desk.signed_in)], [Depends(from_own_page)]

    @routes.get("/plans", summary="The last plans and where each stands", dependencies=reads)
    async def plans(count: Annotated[int, Query(ge=1, le=500)] = 24) -> Json:
        found = await desk.store.standings(limit=count)
        present = await desk.watch.present()
        return Json({"now": present.now, "plans": [plan_row(one) for one in found]})

    @routes.get("/plans/{plan_id}", summary="One plan, slot by slot", dependencies=reads)
    async def plan(plan_id: str, request: Request) -> Json:
        return Json(await schedule(desk, plan_id, desk.texts_for(request).language))

    @routes.post(
        "/plans/{plan_id}/approve",
        summary="Let a proposed plan be written from its first slot on",
        status_code=204,
        dependencies=changes,
    )
    async def approve(
        plan_id: str, session: signed_in, form_token: FormText, reason: Why
    ) -> Response:
        from_own_form(session, form_token)
        now, by = (await desk.watch.present()).now, session.user.name
        return await decided(desk, desk.store.approve_plan(plan_id, by=by, reason=reason, now=now))

    @routes.post(
        "/plans/{plan_id}/reject",
        summary="Refuse a plan; of one in force nothing more is written",
        status_code=204,
        dependencies=changes,
    )
    async def reject(
        plan_id: str, session: signed_in, form_token: FormText, reason: Why
    ) -> Response:
        from_own_form(session, form_token)
        by = session.user.name
        return await decided(desk, desk.store.reject_plan(plan_id, by=by, reason=reason))

    return routes


async def decided(desk: Desk, decision: Awaitable[bool]) -> Response:
    """Carry a decision out.

    Raises:
        HTTPException: the plan's life is past that.
    """
    if not await decision:
        raise HTTPException(409, "this can't be decided any more: see where the plan stands now")
    desk.watch.forget()
    return Response(status_code=204)


async def schedule(desk: Desk, plan_id: str, language: Language) -> dict[str, Any]:
    """One plan with its chart, its quarters, and what it changes against the one before.

    Raises:
        HTTPException: there is no such plan.
    """
    standings = await desk.store.standings(limit=LOOKED_AT)
    standing = next((one for one in standings if one.id == plan_id), None)
    plan = await desk.store.plan(plan_id)
    if standing is None or plan is None:
        raise HTTPException(404, f"there is no plan {plan_id} among the last {LOOKED_AT}")
    before = plan_before(standings, standing)
    other = await desk.store.plan(before) if before else None
    past = await desk.store.quarter_hours(measured_points(desk.district), plan.horizon)
    now, forecasts = (await desk.watch.present()).now, await desk.store.forecasts(plan_id)
    drawn = chart(desk.district, past, [plan], forecasts, now, plan.horizon)
    return {
        "plan": plan_row(standing),
        "chart": drawn,
        "difference": difference(plan, other, drawn.price_eur_per_kwh),
        "quarters": await asyncio.to_thread(quarters, plan, other, language),
    }
