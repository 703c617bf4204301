"""The audit trail over the API: who did what, filtered, page by page, and as CSV; never changed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from ems.console.api import PREFIX
from ems.console.audit_list import audit_csv, search
from ems.console.desk import Desk
from ems.console.wire import Json

MOST = 10_000
"""Entries in one CSV file."""

Words = Annotated[str, Query(max_length=200)]
Before = Annotated[int | None, Query(ge=1, lt=2**63)]


def router(desk: Desk) -> APIRouter:
    """Routes of the trail; each needs a session."""
    routes = APIRouter(
        prefix=PREFIX, dependencies=[Depends(desk.signed_in)], default_response_class=Json
    )

    @routes.get("/audit", summary="Who did what, newest first; `before` of an answer goes on")
    async def audit(
        text: Words = "",
        before: Before = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Json:
        return Json(await search(desk.store, text, before=before, limit=limit))

    @routes.get("/audit.csv", summary="The same as CSV, the newest entries")
    async def as_csv(text: Words = "", before: Before = None) -> Response:
        found = await search(desk.store, text, before=before, limit=MOST)
        body = audit_csv(found.entries, desk.district.site.zone)
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return Response(body, media_type="text/csv", headers=headers)

    return routes
