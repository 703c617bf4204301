"""Who gets in, and what every answer carries."""

import re

import httpx
import pytest
from console_in_memory import PASSWORD, StoreInMemory
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

OPEN = {
    "/static/{version}/{path:path}", "/sign-in", "/feed/{secret}/{file}", "/api/v1/feed/{file}",
    "/api/v1/schemas/feed-1.json",
}  # fmt: skip
"""The only addresses that need no session; feeds need a dwelling's secret instead."""


def routes_of(routes: list[BaseRoute]) -> list[APIRoute]:
    return [route for route in routes if isinstance(route, APIRoute)]


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def try_password(visitor: httpx.AsyncClient, password: str) -> httpx.Response:
    token = form_token((await visitor.get("/sign-in")).text)
    form = {"name": "operator", "password": password, "form_token": token}
    return await visitor.post("/sign-in", data=form)


ADDRESSES = [
    ("GET", "/"), ("GET", "/devices"), ("POST", "/sign-out"), ("POST", "/stop-writing"),
    ("POST", "/resume-writing"), ("GET", "/api/v1/overview"),
    ("GET", "/api/v1/series"), ("GET", "/api/v1/devices"), ("GET", "/api/v1/devices/BAT-1"),
    ("GET", "/api/v1/cycles"), ("GET", "/api/v1/plan"), ("GET", "/api/v1/openapi.json"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
async def test_nothing_is_shown_to_strangers(
    visitor: httpx.AsyncClient, method: str, address: str
) -> None:
    answer = await visitor.request(method, address)
    if address.startswith("/api/") or method == "POST":
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_every_address_is_named_above(app: FastAPI) -> None:
    paths = {path for _, path in ADDRESSES} - {"/api/v1/devices/BAT-1"}
    known = OPEN | paths | {"/api/v1/devices/{device_id}", "/live"}
    assert all_paths(app) == known


def all_paths(app: FastAPI) -> set[str]:
    def walk(routes: list[BaseRoute]) -> set[str]:
        found: set[str] = set()
        for route in routes:
            inner = getattr(route, "routes", None) or getattr(
                getattr(route, "original_router", None), "routes", None
            )
            found |= walk(inner) if inner else {str(getattr(route, "path", route))}
        return found

    return walk(app.routes)


async def test_the_password_opens_and_signing_out_closes(visitor: httpx.AsyncClient) -> None:
    welcome = await try_password(visitor, PASSWORD)
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/")
    page = await visitor.get("/")
    assert page.status_code == 200
    left = await visitor.post("/sign-out", data={"form_token": form_token(page.text)})
    assert left.status_code == 303
    assert (await visitor.get("/")).status_code == 303


async def test_the_session_cookie_is_out_of_reach(visitor: httpx.AsyncClient) -> None:
    cookie = (await try_password(visitor, PASSWORD)).headers["set-cookie"].lower()
    assert cookie.startswith("ems_session=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_ten_wrong_passwords_close_the_door_even_to_the_right_one(
    visitor: httpx.AsyncClient,
) -> None:
    wrong = [(await try_password(visitor, "guess")).status_code for _ in range(10)]
    assert wrong == [401] * 10
    refused = await try_password(visitor, PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


async def test_the_limit_is_per_account_and_address(
    visitor: httpx.AsyncClient, store: StoreInMemory
) -> None:
    store.wrong["operator", "10.0.0.8"] = 10
    assert (await try_password(visitor, PASSWORD)).status_code == 303


@pytest.mark.parametrize("origin", ["http://evil.test", "null", None])
async def test_a_form_from_another_site_is_refused(
    visitor: httpx.AsyncClient, origin: str | None
) -> None:
    token = form_token((await visitor.get("/sign-in")).text)
    del visitor.headers["origin"]
    headers = {} if origin is None else {"Origin": origin}
    form = {"name": "operator", "password": PASSWORD, "form_token": token}
    assert (await visitor.post("/sign-in", data=form, headers=headers)).status_code == 403


async def test_a_form_without_its_token_is_refused(
    visitor: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    form = {"name": "operator", "password": PASSWORD, "form_token": "made up"}
    assert (await visitor.post("/sign-in", data=form)).status_code == 403
    assert (await operator.post("/sign-out", data={"form_token": "made up"})).status_code == 403


async def test_a_name_with_control_characters_is_just_wrong(visitor: httpx.AsyncClient) -> None:
    token = form_token((await visitor.get("/sign-in")).text)
    form = {"name": "oper\0ator", "password": "x", "form_token": token}
    assert (await visitor.post("/sign-in", data=form)).status_code == 401


async def test_another_host_name_is_refused(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/sign-in", headers={"Host": "rebound.test"})
    assert answer.status_code == 400


@pytest.mark.parametrize("address", ["/sign-in", "/", "/api/v1/overview", "/nowhere"])
async def test_every_answer_carries_the_policy(operator: httpx.AsyncClient, address: str) -> None:
    headers = (await operator.get(address)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


async def test_pages_hold_nothing_inline_and_nothing_foreign(operator: httpx.AsyncClient) -> None:
    for address in ("/", "/devices", "/sign-in"):
        page = (await operator.get(address)).text
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
        assert not re.search(r"\s(style|on\w+)=", page)
        assert not re.search(r"https?://", page)
