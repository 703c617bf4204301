"""The table of role rights: every route stands in it, and nobody passes who may not."""

import re

import httpx
import pytest
from console_in_memory import PLAN_ID, StoreInMemory
from fastapi import FastAPI
from starlette.routing import BaseRoute

from ems.console.rights import OPEN, RIGHTS, Route
from ems.store.accounts import Role

REFUSED = "this is not for the role"
EXAMPLES = {"device_id": "BAT-1", "number": "1", "plan_id": PLAN_ID}


def all_routes(app: FastAPI) -> set[Route]:
    def walk(routes: list[BaseRoute]) -> set[Route]:
        found: set[Route] = set()
        for route in routes:
            router = getattr(route, "original_router", route)
            inner = getattr(router, "routes", None)
            found |= walk(inner) if inner else routes_of(route)
        return found

    return walk(app.routes)


def routes_of(route: BaseRoute) -> set[Route]:
    path = str(getattr(route, "path", route))
    methods = getattr(route, "methods", None) or {"GET"}
    return {(method, path) for method in methods if method != "HEAD"}


def address_of(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: EXAMPLES[found[1]], path)


def http_routes() -> list[Route]:
    return [route for route in RIGHTS if route[1] != "/live"]


def test_every_route_stands_in_the_table_and_nothing_else(app: FastAPI) -> None:
    assert all_routes(app) <= OPEN | set(RIGHTS)
    assert set(RIGHTS) <= all_routes(app)


def test_a_route_that_is_not_in_the_table_is_seen(app: FastAPI) -> None:
    app.add_api_route("/forgotten", lambda: None, methods=["POST"])
    assert all_routes(app) - OPEN - set(RIGHTS) == {("POST", "/forgotten")}


@pytest.mark.parametrize("route", http_routes(), ids=" ".join)
async def test_nothing_is_shown_to_strangers(visitor: httpx.AsyncClient, route: Route) -> None:
    method, path = route
    answer = await visitor.request(method, address_of(path))
    if path.startswith("/api/") or method == "POST":
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_passes_where_the_table_says_so_and_nowhere_else(
    visitor: httpx.AsyncClient, store: StoreInMemory, role: Role
) -> None:
    store.role = role
    visitor.cookies.set("ems_session", await store.open_session("someone"))
    passed = set()
    for method, path in http_routes():
        answer = await visitor.request(method, address_of(path), data={"form_token": "forged"})
        assert answer.status_code < 500
        if REFUSED not in answer.text:
            passed.add((method, path))
    assert passed == {route for route in http_routes() if role in RIGHTS[route]}


@pytest.mark.parametrize(
    ("building", "status"), [("?building=D1", 200), ("?building=D2", 403), ("", 403)]
)
async def test_a_building_manager_reads_the_plan_of_the_own_building_only(
    visitor: httpx.AsyncClient, store: StoreInMemory, building: str, status: int
) -> None:
    store.role, store.scope = Role.BUILDING_MANAGER, "D1"
    visitor.cookies.set("ems_session", await store.open_session("manager"))
    assert (await visitor.get(f"/api/v1/plan{building}")).status_code == status


def test_what_changes_the_control_is_not_for_those_who_only_look() -> None:
    for (method, path), roles in RIGHTS.items():
        if method == "POST" and path != "/sign-out":
            assert roles.isdisjoint({Role.VIEWER, Role.RESIDENT, Role.BUILDING_MANAGER}), path
