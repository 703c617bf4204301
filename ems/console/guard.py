"""What every answer carries and every writing request must bring.

A strict content policy (own scripts and styles only, nothing inline, nobody may frame a page), no
caching of pages, a check that posts and sockets come from a page of this console, and cookies
that no script can read and no other site can send.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException, Request, Response, WebSocket

from ems.console.signing_in import same
from ems.store.accounts import Session

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def install(app: FastAPI) -> None:
    """Put the headers on every answer of `app`."""

    @app.middleware("http")
    async def with_headers(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await answer(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def same_origin(connection: Request | WebSocket) -> bool:
    """Whether a request or a socket was started by a page of this console."""
    origin = urlsplit(connection.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == connection.headers.get("host")


async def from_own_page(request: Request) -> None:
    """A dependency of routes that change something."""
    if not same_origin(request):
        raise HTTPException(403, "this request comes from another site")


def from_own_form(session: Session, form_token: str) -> None:
    """See that a form was made for this session.

    Raises:
        HTTPException: not so.
    """
    if not same(session.csrf, form_token):
        raise HTTPException(403, "the form is out of date; load the page anew")


def set_cookie(response: Response, name: str, value: str, *, secure: bool, age_s: int) -> None:
    """A cookie that scripts can't read and other sites can't send."""
    response.set_cookie(
        name, value, max_age=age_s, path="/", httponly=True, samesite="strict", secure=secure
    )
