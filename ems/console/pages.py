"""The pages that people read, each from its template, and signing in and out."""

import secrets
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ems.console.desk import Desk
from ems.console.guard import from_own_form, from_own_page, set_cookie
from ems.console.rights import APPROVE, STOP, may
from ems.console.signing_in import WAIT_S, Refusal
from ems.console.texts import COOKIE, LANGUAGES, Texts, language_of
from ems.domain.district import DeviceKind
from ems.store.accounts import SESSION, Session

TEMPLATES = Path(__file__).parent / "templates"
YEAR_S = 365 * 24 * 3600


class Pages:
    """Renders the templates in the language of the visitor."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._environments = {key: _environment(texts) for key, texts in desk.texts.items()}

    def render(self, request: Request, template: str, **values: Any) -> HTMLResponse:
        """One page; a language asked for in the address is remembered."""
        language, desk = language_of(request), self._desk
        body = self._environments[language].get_template(template).render(
            asset=desk.assets.url,
            language=language,
            languages=LANGUAGES,
            path=request.url.path,
            site=desk.district.site,
            speed=desk.speed,
            texts=dict(desk.texts[language].catalogue),
            **values,
        )  # fmt: skip
        response = HTMLResponse(body, headers={"Content-Language": language})
        if request.query_params.get("lang") in LANGUAGES:
            set_cookie(response, COOKIE, language, secure=desk.secure, age_s=YEAR_S)
        return response


def _environment(texts: Texts) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        texts.gettext, texts.ngettext, newstyle=True
    )
    return environment


def router(desk: Desk) -> APIRouter:
    """Pages for people who are signed in."""
    routes = APIRouter(include_in_schema=False)
    pages = Pages(desk)
    signed_in = Annotated[Session, Depends(desk.signed_in)]

    async def page(
        request: Request, session: Session, template: str, **values: Any
    ) -> HTMLResponse:
        return pages.render(
            request,
            template,
            form_token=session.csrf,
            may_command=may(session.user, STOP),
            mode=(await desk.store.mode()).value,
            **values,
        )

    @routes.get("/")
    async def overview(request: Request, session: signed_in) -> HTMLResponse:
        return await page(request, session, "overview.html")

    @routes.get("/schedule")
    async def schedule(request: Request, session: signed_in) -> HTMLResponse:
        may_decide = may(session.user, APPROVE)
        return await page(request, session, "schedule.html", may_decide=may_decide)

    @routes.get("/alarms")
    async def alarms(request: Request, session: signed_in) -> HTMLResponse:
        return await page(request, session, "alarms.html")

    @routes.get("/devices")
    async def devices(request: Request, session: signed_in) -> HTMLResponse:
        kinds = [kind.value for kind in DeviceKind]
        return await page(request, session, "devices.html", kinds=kinds)

    @routes.get("/audit")
    async def audit(request: Request, session: signed_in) -> HTMLResponse:
        return await page(request, session, "audit.html")

    @routes.post("/sign-out", dependencies=[Depends(from_own_page)])
    async def sign_out(
        request: Request, session: signed_in, form_token: Annotated[str, Form()]
    ) -> Response:
        from_own_form(session, form_token)
        await desk.door.sign_out(desk.token(request) or "")
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(desk.session_cookie, path="/", secure=desk.secure)
        return response

    return routes


def sign_in_router(desk: Desk) -> APIRouter:
    """The only pages for people who are not."""
    routes = APIRouter(include_in_schema=False)
    pages = Pages(desk)

    def form(request: Request, status: int = 200, message: str = "") -> HTMLResponse:
        seed = request.cookies.get(desk.form_cookie) or secrets.token_urlsafe(16)
        form_token = desk.door.form_token(seed)
        response = pages.render(request, "sign_in.html", form_token=form_token, message=message)
        response.status_code = status
        set_cookie(response, desk.form_cookie, seed, secure=desk.secure, age_s=3600)
        return response

    def refused(request: Request, refusal: Refusal) -> HTMLResponse:
        _ = desk.texts_for(request).gettext
        if refusal is Refusal.WRONG:
            return form(request, 401, _("The name or the password is wrong."))
        answer = form(request, 429, _("Too many tries. Please wait a quarter of an hour."))
        answer.headers["Retry-After"] = str(WAIT_S)
        return answer

    @routes.get("/sign-in")
    async def sign_in_page(request: Request) -> HTMLResponse:
        return form(request)

    @routes.post("/sign-in", dependencies=[Depends(from_own_page)])
    async def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=100)],
        password: Annotated[str, Form(max_length=1000)],
        form_token: Annotated[str, Form(max_length=200)],
    ) -> Response:
        if not desk.door.form_token_holds(request.cookies.get(desk.form_cookie), form_token):
            _ = desk.texts_for(request).gettext
            return form(request, 403, _("The form was out of date. Please try again."))
        address = request.client.host if request.client else ""
        token = await desk.door.sign_in(name, password, address)
        if isinstance(token, Refusal):
            return refused(request, token)
        answer = RedirectResponse("/", 303)
        seconds = int(SESSION.total_seconds())
        set_cookie(answer, desk.session_cookie, token, secure=desk.secure, age_s=seconds)
        return answer

    return routes
