"""What all routes of the console share, made once when it starts."""

from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request, WebSocket

from ems.console.assets import Assets
from ems.console.levels import levels
from ems.console.problems import SignInNeededError
from ems.console.rights import Route, may
from ems.console.signing_in import SigningIn
from ems.console.store_protocol import ConsoleStore
from ems.console.texts import Texts, language_of
from ems.console.watch import Watch
from ems.domain.district import District
from ems.feeds.reasons import Language
from ems.store.accounts import Session


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The console's parts."""

    store: ConsoleStore
    """All that the console knows."""

    district: District
    """The description."""

    speed: float
    """How much faster than the wall district time runs; 1 on a real site."""

    watch: Watch
    """The present state, shared by all pages."""

    door: SigningIn
    """Who may come in."""

    texts: dict[Language, Texts]
    """By language."""

    assets: Assets
    """Scripts and styles."""

    secure: bool
    """Whether the console is served over HTTPS; then cookies never travel without it."""

    @property
    def session_cookie(self) -> str:
        """Name of the cookie that holds a session's token."""
        return "__Host-session" if self.secure else "ems_session"

    @property
    def form_cookie(self) -> str:
        """Name of the cookie that ties the sign-in form to its browser."""
        return "__Host-form" if self.secure else "ems_form"

    def token(self, connection: Request | WebSocket) -> str | None:
        """The session's token that a browser brings."""
        return connection.cookies.get(self.session_cookie)

    async def signed_in(self, request: Request) -> Session:
        """A dependency of every route but the open ones: who asks, and may.

        Raises:
            SignInNeededError: nobody is signed in.
            HTTPException: the table of rights does not give this route to the person's role.
        """
        session = await self.door.session(self.token(request))
        if session is None:
            raise SignInNeededError
        if not may(session.user, route_of(request)):
            raise HTTPException(403, f"this is not for the role {session.user.role.value}")
        return session

    def texts_for(self, request: Request) -> Texts:
        """The texts in the language of a visitor."""
        return self.texts[language_of(request)]

    async def overview_document(self) -> dict[str, Any]:
        """What the API and the live feed say of the present moment."""
        present = await self.watch.present()
        seen = present.overview
        return {
            "overview": seen,
            "alarms": present.alarms.count,
            "stopped": present.stopped,
            "levels": levels(seen, self.speed),
            "degraded": seen.degraded,
        }


def route_of(request: Request) -> Route:
    """The route that answers `request`, as it stands in the table of rights."""
    return request.method, str(request.scope["route"].path)
