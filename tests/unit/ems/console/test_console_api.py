"""The JSON API over the store."""

from datetime import timedelta

import httpx
import pytest
from console_in_memory import NOW, PLAN_ID, StoreInMemory, StubClock, make_plan
from fastapi import FastAPI

from ems.console.app import create_app
from ems.domain.district import District
from ems.domain.errors import StoreAwayError
from ems.domain.plan_life import PlanState
from ems.domain.points import Quality
from ems.domain.slots import Slot


async def test_the_overview(operator: httpx.AsyncClient) -> None:
    body = (await operator.get("/api/v1/overview")).json()
    assert body["overview"]["mode"] == "automatic"
    assert body["overview"]["connection"]["net_kw"]["value"] == 612.0
    assert body["overview"]["dwellings"] == {
        "good": 412, "known": 412, "total": 412, "worst": [], "worst_by": None,
    }  # fmt: skip
    assert body["levels"]["plan"] == "quiet"
    assert body["degraded"] is False


async def test_the_series_hold_null_where_nothing_is_known(operator: httpx.AsyncClient) -> None:
    body = (await operator.get("/api/v1/series")).json()
    assert len(body["starts"]) == 192
    assert body["measured"]["net_kw"][-1] is None
    assert body["planned"]["net_kw"][0] is None
    assert body["forecast"]["base_kw"]["low"][100] < body["forecast"]["base_kw"]["high"][100]


async def test_all_devices(operator: httpx.AsyncClient, district: District) -> None:
    rows = (await operator.get("/api/v1/devices")).json()["devices"]
    assert len(rows) == len(district.devices)
    assert {row["health"] for row in rows} == {"good"}


@pytest.mark.parametrize(
    ("quality", "of_all_points", "health"),
    [
        (Quality.COMM_FAIL, True, "silent"),
        (Quality.STALE, True, "stale"),
        (Quality.DEVICE_INVALID, False, "partial"),
        (Quality.OVERRIDDEN, True, "good"),
    ],
)
async def test_how_a_device_is_doing(
    operator: httpx.AsyncClient,
    store: StoreInMemory,
    quality: Quality,
    of_all_points: bool,
    health: str,
) -> None:
    points = [point for point in store.readings if point.startswith("HP-1/")]
    for point in points if of_all_points else points[:1]:
        store.measure(point, 1.0, quality=quality)
    assert (await operator.get("/api/v1/devices/HP-1")).json()["device"]["health"] == health


async def test_a_device_never_heard(operator: httpx.AsyncClient, store: StoreInMemory) -> None:
    store.readings = {p: r for p, r in store.readings.items() if not p.startswith("HP-1/")}
    device = (await operator.get("/api/v1/devices/HP-1")).json()["device"]
    assert (device["health"], device["value"], device["seen_at"]) == ("unseen", None, None)


async def test_a_faceplate_tells_what_is_wanted_why_and_what_became_of_it(
    operator: httpx.AsyncClient,
) -> None:
    answer = await operator.get("/api/v1/devices/D1-0304?lang=fr")
    points = {point["name"]: point for point in answer.json()["points"]}
    setpoint = points["setpoint_c"]
    assert (setpoint["value"], setpoint["setpoint"], setpoint["unit"]) == (20.5, 21.0, "°C")
    assert setpoint["reason"].startswith("Chauffe d'avance")
    assert (setpoint["outcome"], setpoint["read_back"]) == ("clamped", 20.5)
    assert points["room_temp_c"]["setpoint"] is None


async def test_the_setpoint_in_force_is_that_of_the_plan_which_covers_now(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    later = make_plan(store.district, Slot.containing(NOW) + 1, plan_id="next")
    store.plans = [later, *store.plans]
    store.decisions[PLAN_ID] = {"state": PlanState.SUPERSEDED}
    overview = (await operator.get("/api/v1/overview")).json()["overview"]
    assert overview["plan"]["id"] != "next"
    assert overview["plan"]["standing"] == "in_force"
    assert (await operator.get("/api/v1/plan")).json()["id"] == "next"


async def test_the_cycles_tell_the_time_of_each_step(operator: httpx.AsyncClient) -> None:
    cycles = (await operator.get("/api/v1/cycles?count=2")).json()["cycles"]
    assert [cycle["origin"] for cycle in cycles] == ["optimised", "previous"]
    assert list(cycles[0]["steps_s"])[:2] == ["snapshot", "validate"]


async def test_the_plan_of_a_building(operator: httpx.AsyncClient) -> None:
    plan = (await operator.get("/api/v1/plan?building=D1")).json()
    assert plan["building"] == "D1"
    assert "D1-0304/setpoint_c" in (await operator.get("/api/v1/plan?building=D1")).text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/devices/NOPE", 404), ("/api/v1/plan?building=Z9", 404),
        ("/api/v1/cycles?count=0", 422), ("/api/v1/nothing", 404),
    ],
)  # fmt: skip
async def test_errors_are_problem_documents(
    operator: httpx.AsyncClient, address: str, status: int
) -> None:
    answer = await operator.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_without_a_plan_there_is_none_to_show(
    empty_store: StoreInMemory, district: District, clock: StubClock
) -> None:
    app = create_app(empty_store, district, clock, hosts=["console.test"])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        client.cookies.set("ems_session", await empty_store.open_session("operator"))
        assert (await client.get("/api/v1/plan")).status_code == 404
        overview = (await client.get("/api/v1/overview")).json()["overview"]
        series = (await client.get("/api/v1/series")).json()
        devices = (await client.get("/api/v1/devices")).json()["devices"]
    assert overview["connection"]["net_kw"]["value"] is None
    assert set(series["measured"]["net_kw"]) == {None}
    assert {device["health"] for device in devices} == {"unseen"}


async def test_a_database_that_is_away_is_said_plainly(
    operator: httpx.AsyncClient, store: StoreInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(taken_at: object = None) -> None:
        raise StoreAwayError("the database is away", fix="start it")

    monkeypatch.setattr(store, "latest", away)
    answer = await operator.get("/api/v1/overview")
    assert answer.status_code == 503
    assert answer.json()["fix"] == "start it"


async def test_the_store_is_asked_once_a_second_for_all_pages(
    store: StoreInMemory, district: District, clock: StubClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = store.latest

    async def counted(taken_at: object = None) -> object:
        asked.append(taken_at)
        return await real()

    monkeypatch.setattr(store, "latest", counted)
    wall_s = [100.0]
    app: FastAPI = create_app(
        store, district, clock, hosts=["console.test"], wall=lambda: wall_s[0]
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        client.cookies.set("ems_session", await store.open_session("operator"))
        for _ in range(5):
            await client.get("/api/v1/overview")
        assert len(asked) == 1
        wall_s[0] += 1
        clock.moment += timedelta(seconds=1)
        await client.get("/api/v1/overview")
    assert len(asked) == 2
