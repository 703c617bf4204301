"""The console as one ASGI application, put together from its parts.

Everything is read through the store. Serve it with one worker, bound to loopback unless a proxy
with HTTPS stands before it (`secure=True`).
"""

import time
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ems.console import (
    alarm_routes,
    api,
    assets,
    audit_routes,
    guard,
    health,
    live,
    pages,
    plan_routes,
    problems,
    resident_feeds,
    stopping,
)
from ems.console.ageing import Ageing
from ems.console.desk import Desk
from ems.console.signing_in import SigningIn
from ems.console.store_protocol import ConsoleStore
from ems.console.texts import read_texts
from ems.console.watch import Watch
from ems.console.wire import Json
from ems.domain.district import District
from ems.domain.slots import Clock

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def create_app(
    store: ConsoleStore,
    district: District,
    clock: Clock,
    *,
    speed: float = 1.0,
    hosts: Sequence[str] = LOOPBACK_HOSTS,
    secure: bool = False,
    wall: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The console of `district`.

    Args:
        store: an open store.
        district: the description.
        clock: tells district time.
        speed: how much faster than the wall district time runs.
        hosts: names under which the console is reached.
        secure: it is served over HTTPS.
        wall: tells seconds of wall time, to read the store no more than once a second.

    Raises:
        EmsError: the chart library was not put in place.
    """
    files = assets.read_assets()
    desk = Desk(
        store=store,
        district=district,
        speed=speed,
        watch=Watch(store, district, clock, Ageing(district, speed), wall),
        door=SigningIn(store),
        texts=read_texts(),
        assets=files,
        secure=secure,
    )
    app = FastAPI(title="Smartseille EMS", docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)
    guard.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    for router in (
        assets.router(files),
        pages.sign_in_router(desk),
        pages.router(desk),
        stopping.router(desk),
        api.router(desk),
        alarm_routes.router(desk),
        audit_routes.router(desk),
        plan_routes.router(desk),
        resident_feeds.router(desk, clock, wall),
        _schema_router(app, desk),
        live.router(desk),
        health.router(desk),
    ):
        app.include_router(router)
    return app


def _schema_router(app: FastAPI, desk: Desk) -> APIRouter:
    routes = APIRouter(dependencies=[Depends(desk.signed_in)], include_in_schema=False)

    @routes.get(f"{api.PREFIX}/openapi.json")
    async def schema() -> Json:
        return Json(app.openapi())

    return routes
