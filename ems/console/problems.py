"""Errors as `application/problem+json` (RFC 9457) for programs, and as redirects for people."""

from http import HTTPStatus

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from ems.console.wire import text
from ems.domain.errors import EmsError, StoreError

API = "/api/"


class SignInNeededError(HTTPException):
    """Nobody is signed in."""

    def __init__(self) -> None:
        super().__init__(401, "sign in first")


def problem(
    status: int, detail: str, *, fix: str = "", headers: dict[str, str] | None = None
) -> Response:
    """A problem document."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if fix:
        body["fix"] = fix
    return Response(
        text(body), status, headers=headers or {}, media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    """Answer every error of `app` this way."""

    @app.exception_handler(SignInNeededError)
    async def sign_in_needed(request: Request, error: SignInNeededError) -> Response:
        if request.url.path.startswith(API) or request.method != "GET":
            return problem(401, str(error.detail), fix="open /sign-in")
        return RedirectResponse("/sign-in", 303)

    @app.exception_handler(StarletteHTTPException)
    async def http_error(request: Request, error: StarletteHTTPException) -> Response:
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return problem(422, detail)

    @app.exception_handler(EmsError)
    async def failed(request: Request, error: EmsError) -> Response:
        status = 503 if isinstance(error, StoreError) else 500
        return problem(status, error.message, fix=error.fix)
