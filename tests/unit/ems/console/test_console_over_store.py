"""The console over the real store: the same calls, a real database behind them."""

import re
import tempfile
from pathlib import Path

import httpx
from console_in_memory import NOW, PASSWORD, StoreInMemory, StubClock

from ems.console.app import create_app
from ems.console.device_list import unit_of
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.plans import Mode
from ems.domain.points import PointInfo, Unit
from ems.store import EmbeddedPostgres, Store, migrate
from ems.store.accounts import Role, User


async def filled(store: Store, like: StoreInMemory) -> None:
    """Put what the store in memory holds into the real one."""
    points = []
    for point in like.readings:
        device, _, name = point.partition("/")
        points.append(
            PointInfo(id=point, device=device, name=name, unit=Unit(unit_of(name)), writable=False)
        )
    await store.register(points)
    await store.add_readings(list(like.readings.values()))
    assert like.past is not None
    await store.fill_history(like.past)
    await store.commit_plan(like.plans[0], Mode.AUTOMATIC, like.forecast)
    await store.set_mode(Mode.AUTOMATIC, "test")
    for cycle in like.cycles:
        await store.cycle_log(cycle)
    await store.record(like.plans[0].id, like.results)
    await store.keep_alarm(
        DeviceAlarm(
            device="HP-1", item="power_kw", state=AlarmState.FAULT, since=NOW, priority=80,
            wants_acknowledgement=True,
        )
    )  # fmt: skip
    await store.add_user(User(name="operator", role=Role.OPERATOR), PASSWORD)


async def test_the_console_over_a_real_database(store: StoreInMemory, clock: StubClock) -> None:
    district = store.district
    with tempfile.TemporaryDirectory(prefix="ems-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        migrate(server.dsn())
        async with Store.open(server.dsn()) as real:
            await filled(real, store)
            app = create_app(real, district, clock, hosts=["console.test"])
            transport = httpx.ASGITransport(app)
            headers = {"Origin": "http://console.test"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://console.test", headers=headers
            ) as browser:
                await sign_in(browser)
                overview = (await browser.get("/api/v1/overview")).json()["overview"]
                series = (await browser.get("/api/v1/series")).json()
                plate = (await browser.get("/api/v1/devices/D1-0304")).json()
                cycles = (await browser.get("/api/v1/cycles")).json()["cycles"]
                await changes(browser, store.plans[0].id)
                trail = (await browser.get("/api/v1/audit?text=operator")).json()["entries"]
        server.stop()
    assert overview["plan"]["id"] == store.plans[0].id
    assert overview["dwellings"]["good"] == 412
    assert overview["connection"]["net_kw"]["value"] == 612.0
    assert all(value is not None for value in series["measured"]["net_kw"][:96])
    assert series["forecast"]["base_kw"]["low"][100] is not None
    assert {p["name"]: p["outcome"] for p in plate["points"]}["setpoint_c"] == "clamped"
    assert len(cycles) == len(store.cycles)
    assert [entry["what"]["action"] for entry in trail] == [
        "rejected", "alarm put back", "alarm shelved", "alarm acknowledged",
    ]  # fmt: skip


async def changes(browser: httpx.AsyncClient, plan_id: str) -> None:
    """Answer the one alarm, then reject the plan in force, as the pages do."""
    found = re.search(r'name="form_token" value="([^"]+)"', (await browser.get("/alarms")).text)
    assert found is not None
    form = {"form_token": found[1], "reason": "a test"}
    (alarm,) = (await browser.get("/api/v1/alarms")).json()["alarms"]
    address = f"/api/v1/alarms/{alarm['id']}"
    for what in (f"{address}/acknowledge", f"{address}/shelve", f"{address}/put-back"):
        answer = await browser.post(what, data={**form, "hours": "8"})
        assert answer.status_code == 204, answer.text
    plan = (await browser.get(f"/api/v1/plans/{plan_id}")).json()
    assert (plan["plan"]["state"], len(plan["quarters"])) == ("live", 96)
    assert (await browser.post(f"/api/v1/plans/{plan_id}/reject", data=form)).status_code == 204
    (row,) = (await browser.get("/api/v1/plans")).json()["plans"]
    assert (row["state"], row["by"], row["reason"]) == ("rejected", "operator", "a test")


async def sign_in(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/sign-in")).text
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    form = {"name": "operator", "password": PASSWORD, "form_token": found[1]}
    assert (await browser.post("/sign-in", data=form)).status_code == 303
