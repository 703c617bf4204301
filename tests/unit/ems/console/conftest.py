"""A console over a store in memory, and browsers before and behind its door."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from console_in_memory import StoreInMemory, StubClock, fill
from fastapi import FastAPI

from ems.console.app import create_app
from ems.domain.district import District


@pytest.fixture
def store(district: District) -> StoreInMemory:
    """The district in good order."""
    return fill(StoreInMemory(district))


@pytest.fixture
def empty_store(district: District) -> StoreInMemory:
    """The first seconds of a new site: nothing was ever read or planned."""
    return StoreInMemory(district)


@pytest.fixture
def clock() -> StubClock:
    return StubClock()


@pytest.fixture
def app(store: StoreInMemory, district: District, clock: StubClock) -> FastAPI:
    return create_app(store, district, clock, hosts=["console.test"])


@pytest_asyncio.fixture
async def visitor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the door."""
    transport = httpx.ASGITransport(app, client=("10.0.0.7", 4711))
    headers = {"Origin": "http://console.test", "Accept-Language": "en"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://console.test", headers=headers
    ) as client:
        yield client


@pytest_asyncio.fixture
async def operator(visitor: httpx.AsyncClient, store: StoreInMemory) -> httpx.AsyncClient:
    """A browser with a session."""
    visitor.cookies.set("ems_session", await store.open_session("operator"))
    return visitor
