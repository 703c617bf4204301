"""Who gets in, and what every answer carries."""

import re

import httpx
import pytest
from console_in_memory import PASSWORD, StoreInMemory

from ems.console.stopping import PAGES


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def try_password(visitor: httpx.AsyncClient, password: str) -> httpx.Response:
    token = form_token((await visitor.get("/sign-in")).text)
    form = {"name": "operator", "password": password, "form_token": token}
    return await visitor.post("/sign-in", data=form)


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
    for address in (*PAGES, "/sign-in"):
        page = (await operator.get(address)).text
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
        assert not re.search(r"\s(style|on\w+)=", page)
        assert not re.search(r"https?://", page)
