"""The JSON API: the same figures that the pages show, under `/api/v1/`.

Times are ISO 8601 in UTC, powers in kW with the signs of the rest of the program, unknown values
null. Errors are problem documents.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from ems.console.chart import chart, measured_points, window
from ems.console.desk import Desk
from ems.console.device_list import Faceplate, device_rows, faceplate, polling
from ems.console.rights import may_see
from ems.console.wire import Json
from ems.domain.plans import Plan, SetpointRow
from ems.domain.slots import Slot
from ems.feeds.reasons import Language, reason_text
from ems.feeds.setpoint_plan import PLANT, plan_json, plan_rows
from ems.store.accounts import Session

PREFIX = "/api/v1"


def router(desk: Desk) -> APIRouter:
    """All routes of the API; each needs a session."""
    signed_in = Annotated[Session, Depends(desk.signed_in)]
    routes = APIRouter(
        prefix=PREFIX, dependencies=[Depends(desk.signed_in)], default_response_class=Json
    )

    @routes.get("/overview", summary="What an operator must see first")
    async def overview() -> Json:
        return Json(await desk.overview_document())

    @routes.get("/series", summary="A day back as measured, a day ahead as planned and forecast")
    async def series() -> Json:
        present = await desk.watch.present()
        past = await desk.store.quarter_hours(measured_points(desk.district), window(present.now))
        plans = [plan for plan in (present.plan, present.next_plan) if plan is not None]
        return Json(chart(desk.district, past, plans, present.forecasts, present.now))

    @routes.get("/devices", summary="Every device with its health and its key value")
    async def devices() -> Json:
        present = await desk.watch.present()
        rows = device_rows(desk.district, present.snapshot)
        return Json({"now": present.now, "devices": rows, "polling": polling(present.snapshot)})

    @routes.get("/devices/{device_id}", summary="One device with all its points")
    async def device(device_id: str, request: Request) -> Json:
        return Json(await device_faceplate(desk, device_id, desk.texts_for(request).language))

    @routes.get("/cycles", summary="The last runs of the quarter-hour cycle, newest first")
    async def cycles(count: Annotated[int, Query(ge=1, le=500)] = 24) -> Json:
        return Json({"cycles": await desk.store.last_cycles(count)})

    @routes.get("/plan", summary="The newest plan, or one building's setpoints of it")
    async def plan(session: signed_in, building: str | None = None) -> Response:
        if not may_see(session.user, building):
            raise HTTPException(403, "this is not your building")
        return await plan_answer(desk, building)

    return routes


async def device_faceplate(desk: Desk, device_id: str, language: Language) -> Faceplate:
    """A device with its readings, its setpoints in force and what became of them.

    Raises:
        HTTPException: there is no such device.
    """
    device = desk.district.devices.get(device_id)
    if device is None:
        raise HTTPException(404, f"there is no device {device_id}")
    present = await desk.watch.present()
    slot = Slot.containing(present.now)
    plan = present.plan
    rows = [] if plan is None or slot not in plan.horizon else rows_of(plan, device.id)
    wanted = {row.point: row.at(slot, plan.horizon) for row in rows} if plan is not None else {}
    done = await desk.store.dispatched(slot)
    return faceplate(
        device,
        present.snapshot,
        setpoints=wanted,
        dispatched={d.setpoint.point: d for d in done},
        reasons={key: reason_text(s.reason, language) for key, s in wanted.items()},
    )


def rows_of(plan: Plan, device_id: str) -> list[SetpointRow]:
    """The setpoint rows of one device."""
    return [row for row in plan.setpoints if row.point.partition("/")[0] == device_id]


async def plan_answer(desk: Desk, building: str | None) -> Response:
    """The newest plan, or the setpoints of one building in it.

    Raises:
        HTTPException: there is no plan, or no such building.
    """
    newest = (await desk.watch.present()).next_plan
    if newest is None:
        raise HTTPException(404, "there is no plan yet")
    if building is None:
        return Json(plan_document(newest))
    if building != PLANT and building not in desk.district.buildings:
        raise HTTPException(404, f"there is no building {building}")
    rows = plan_rows(newest, desk.district, building)
    body = plan_json(rows, desk.district, newest, building)
    return Response(body, media_type="application/json")


def plan_document(plan: Plan) -> dict[str, Any]:
    """`plan` without its setpoints: how it came about, and what it expects."""
    return {
        "id": plan.id,
        "issued_at": plan.issued_at,
        "origin": plan.origin,
        "report": plan.report,
        "forecasts_degraded": plan.forecasts_degraded,
        "starts": plan.horizon.starts,
        "series": plan.series,
    }
