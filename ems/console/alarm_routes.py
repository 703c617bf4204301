"""The alarms over the API: the list, saying that one was seen, keeping one still for a while."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response

from ems.clock import wall_clock
from ems.console.alarm_list import ended_book, open_book
from ems.console.api import PREFIX
from ems.console.desk import Desk
from ems.console.guard import from_own_form, from_own_page
from ems.console.wire import Json
from ems.domain.alarms import DeviceAlarm
from ems.store.accounts import Session

LONGEST_H = 168
"""A shelf ends within a week; what is to be still for longer is taken out of service."""

FormText = Annotated[str, Form(max_length=200)]
Why = Annotated[str, Form(min_length=1, max_length=500, pattern=r"\S")]
Hours = Annotated[float | None, Form(gt=0, le=LONGEST_H)]


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

    @routes.post(
        "/alarms/{number}/shelve",
        summary="Keep an alarm still for some hours, or without hours until it is put back",
        status_code=204,
        dependencies=[Depends(from_own_page)],
    )
    async def shelve(
        number: int, session: signed_in, form_token: FormText, reason: Why, hours: Hours = None
    ) -> Response:
        from_own_form(session, form_token)
        alarm = await open_alarm(desk, number)
        until = wall_clock() + timedelta(hours=hours) if hours else None
        await desk.store.shelve_alarm(
            alarm.device, alarm.item, until=until, by=session.user.name, reason=reason
        )
        desk.watch.forget()
        return Response(status_code=204)

    @routes.post(
        "/alarms/{number}/put-back",
        summary="Let an alarm that was kept still be told again",
        status_code=204,
        dependencies=[Depends(from_own_page)],
    )
    async def put_back(number: int, session: signed_in, form_token: FormText) -> Response:
        from_own_form(session, form_token)
        alarm = await open_alarm(desk, number)
        await desk.store.unshelve_alarm(alarm.device, alarm.item, by=session.user.name)
        desk.watch.forget()
        return Response(status_code=204)

    return routes


async def alarms_document(desk: Desk, request: Request, ended: bool, count: int) -> dict[str, Any]:
    """The list in the language of the visitor, with the count of those nobody has seen."""
    present, texts = await desk.watch.present(), desk.texts_for(request)
    book = await (ended_book(desk.store, count) if ended else open_book(desk.store))
    rows = book.rows(texts.language, texts.gettext)
    return {"now": present.now, "alarms": rows, "count": present.alarms.count}


async def open_alarm(desk: Desk, number: int) -> DeviceAlarm:
    """The open alarm of a number.

    Raises:
        HTTPException: there is none.
    """
    for one in await desk.store.open_alarms():
        if one.id == number:
            return one.alarm
    raise HTTPException(404, f"there is no open alarm {number}")


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
