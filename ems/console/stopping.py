"""The stop button: all writing ends at once and every device is given back; and going on again.

Both are on every page for those who may command. To stop takes one press and a confirmation; to go
on is a deliberate act of its own, with a box to be ticked. The service does the work within a
second or two and says in the audit trail what it reached, and every page shows that.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import RedirectResponse

from ems.console.desk import Desk
from ems.console.guard import from_own_page
from ems.console.signing_in import same
from ems.domain.plans import Mode
from ems.store.accounts import Role, Session
from ems.store.stopping import stop_writing

MAY_COMMAND = frozenset({Role.OPERATOR, Role.APPROVER, Role.ADMIN})
"""Who may stop the writing, and go on."""
PAGES = ("/", "/devices")
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
        allowed(session, form_token)
        await stop_writing(desk.store, session.user.name)
        desk.watch.forget()
        return returned(back)

    @routes.post("/resume-writing")
    async def resume(
        session: signed_in, form_token: FormText, back: FormText = "", sure: FormText = ""
    ) -> RedirectResponse:
        allowed(session, form_token)
        if sure != "yes":
            raise HTTPException(422, "the box was not ticked: nothing is written as before")
        await desk.store.set_mode(Mode.AUTOMATIC, session.user.name)
        desk.watch.forget()
        return returned(back)

    return routes


def allowed(session: Session, form_token: str) -> None:
    """See that this person, from this page, may command.

    Raises:
        HTTPException: not so.
    """
    if not same(session.csrf, form_token):
        raise HTTPException(403, "the form is out of date; load the page anew")
    if session.user.role not in MAY_COMMAND:
        raise HTTPException(403, "only operators may do this")


def returned(back: str) -> RedirectResponse:
    """To the page where the button was pressed."""
    return RedirectResponse(back if back in PAGES else "/", 303)
