"""The alarms over the API: the list, and saying that one was seen."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response

from ems.console.alarm_list import alarm_count, alarm_rows
from ems.console.api import PREFIX
from ems.console.desk import Desk
from ems.console.guard import from_own_form, from_own_page
from ems.console.wire import Json
from ems.store.accounts import Session

FormText = Annotated[str, Form(max_length=200)]


def router(desk: Desk) -> APIRouter:
    """Routes of the alarms; each needs a session."""
    signed_in = Annotated[Session, Depends(desk.signed_in)]
    routes = APIRouter(prefix=PREFIX, default_response_class=Json)

    @routes.get(
        "/alarms",
        summary="What is wrong, the unseen and most urgent first, or what has ended",
        dependencies=[Depends(desk.signed_in)],
    )
    async def alarms(
        request: Request,
        which: Literal["open", "ended"] = "open",
        count: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Json:
        return Json(await alarms_document(desk, request, which == "ended", count))

    @routes.post(
        "/alarms/{number}/acknowledge",
        summary="Say in one's own name that an alarm was seen",
        status_code=204,
        dependencies=[Depends(from_own_page)],
    )
    async def acknowledge(number: int, session: signed_in, form_token: FormText) -> Response:
        from_own_form(session, form_token)
        await acknowledged(desk, number, session.user.name)
        return Response(status_code=204)

    return routes


async def alarms_document(desk: Desk, request: Request, ended: bool, count: int) -> dict[str, Any]:
    """The list in the language of the visitor, with the count of those nobody has seen."""
    present, texts = await desk.watch.present(), desk.texts_for(request)
    found = await desk.store.past_alarms(count) if ended else await desk.store.open_alarms()
    rows = alarm_rows(found, present.now, texts.language, texts.gettext)
    count_now = alarm_count(present.alarms, present.now)
    return {"now": present.now, "alarms": rows, "count": count_now}


async def acknowledged(desk: Desk, number: int, by: str) -> None:
    """Note that `by` has seen the alarm `number`.

    Raises:
        HTTPException: it is not there any more, or was seen before.
    """
    waiting = [one.id for one in await desk.store.open_alarms() if one.acknowledged_at is None]
    if number not in waiting:
        raise HTTPException(409, f"alarm {number} does not wait to be acknowledged")
    await desk.store.acknowledge_alarm(number, by)
    desk.watch.forget()
