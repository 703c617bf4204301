"""Serves the console until it is told to end."""

import asyncio
from collections.abc import Awaitable, Callable

import uvicorn

from ems.clock import DistrictClock
from ems.console.app import create_app
from ems.domain.district import District
from ems.store.store import Store


async def serve_console(
    store: Store,
    district: District,
    clock: DistrictClock,
    *,
    host: str,
    port: int,
    until: Callable[[], Awaitable[None]],
) -> None:
    """Serve the console of `district` on `host` and `port` until `until` returns."""
    app = create_app(store, district, clock, speed=clock.speed)
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", server_header=False, proxy_headers=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    ending = asyncio.ensure_future(until())
    await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    ending.cancel()
    await serving
