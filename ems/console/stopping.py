"""The stop button: all writing ends at once and every device is given back; and going on again.

Both are on every page for those who may command. To stop takes one press and a confirmation; to go
on is a deliberate act of its own, with a box to be ticked. The service does the work within a
second or two and says in the audit trail what it reached, and every page shows that.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import RedirectResponse

from ems.console.desk import Desk
from ems.console.guard import from_own_form, from_own_page
from ems.domain.plans import Mode
from ems.store.accounts import Session
from ems.store.stopping import stop_writing

PAGES = ("/", "/schedule", "/alarms", "/devices", "/audit")
"""Where one may come from, and is led back to."""

FormText = Annotated[str, Form(max_length=200)]


def router(desk: Desk) -> APIRouter:
    """The two buttons."""
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(from_own_page)])
    signed_in = Annotated[Session, Depends(desk.signed_in)]

    @routes.post("/stop-writing")
    async def stop(
        session: signed_in, form_token: FormText, back: FormText = ""
    ) -> RedirectResponse:
        from_own_form(session, form_token)
        await stop_writing(desk.store, session.user.name)
        desk.watch.forget()
        return returned(back)

    @routes.post("/resume-writing")
    async def resume(
        session: signed_in, form_token: FormText, back: FormText = "", sure: FormText = ""
    ) -> RedirectResponse:
        from_own_form(session, form_token)
        if sure != "yes":
            raise HTTPException(422, "the box was not ticked: nothing is written as before")
        await desk.store.set_mode(Mode.AUTOMATIC, session.user.name)
        desk.watch.forget()
        return returned(back)

    return routes


def returned(back: str) -> RedirectResponse:
    """To the page where the button was pressed."""
    return RedirectResponse(back if back in PAGES else "/", 303)
