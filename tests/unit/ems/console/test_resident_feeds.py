"""A resident's feed over HTTP: who gets it, what consent opens, and that it is made once a slot."""

import asyncio
import csv
import io
from datetime import timedelta

import httpx
import jsonschema
import numpy as np
import pytest
from console_in_memory import NOW, StoreInMemory, StubClock
from fastapi import HTTPException

from ems.console.feed_shelf import FeedShelf, Ready, ready
from ems.console.resident_feeds import ASKED_MOST, Pace
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.store.residents import Purpose

SECRET, OTHER = "s3cret-of-0304", "s3cret-of-0305"
DAYS = 40


@pytest.fixture(autouse=True)
def two_feeds(store: StoreInMemory) -> None:
    """Two dwellings with a feed: one uses 1 kW for 40 days, the other 2 kW; heat twice that."""
    last = Slot.containing(NOW)
    horizon = Horizon(last + -DAYS * 96, DAYS * 96)
    points, rows = [], []
    for dwelling, power_kw in (("D1-0304", 1.0), ("D1-0305", 2.0)):
        for name, factor in (("electric_power_kw", 1), ("heat_power_kw", 2)):
            points.append(f"{dwelling}/{name}")
            rows.append(np.full(horizon.length, power_kw * factor))
        points.append(f"{dwelling}/hot_water_energy_kwh")
        rows.append(np.arange(horizon.length) * 0.1)
    store.past = QuarterHours(points=tuple(points), horizon=horizon, values=np.array(rows))
    store.feeds = {SECRET: "D1-0304", OTHER: "D1-0305"}
    store.allowed = {"D1-0304": frozenset({Purpose.OWN_FEED})}


async def test_the_address_alone_opens_the_feed(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(f"/feed/{SECRET}/feed.json", params={"detail": "quarter_hour"})
    schema = (await visitor.get("/api/v1/schemas/feed-1.json")).json()

    assert answer.status_code == 200
    jsonschema.validate(answer.json(), schema)
    series = {one["commodity"]: one["intervals"] for one in answer.json()["series"]}
    assert {row["energy_wh"] for row in series["electricity"]} == {250}
    assert {row["energy_wh"] for row in series["heat"]} == {500}
    assert {row["energy_wh"] for row in series["hot_water"]} == {100}
    assert len(series["electricity"]) == 7 * 96


async def test_programs_send_the_secret_in_a_header(visitor: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {OTHER}"}

    answer = await visitor.get("/api/v1/feed/feed.csv", headers=headers)
    without = await visitor.get("/api/v1/feed/feed.csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {int(row["energy_wh"]) for row in rows if row["complete"] == "1"} == {
        48_000,
        50_000,  # 25 October has 25 hours
    }
    assert (without.status_code, without.headers["www-authenticate"]) == (401, "Bearer")


async def test_an_unknown_secret_finds_nothing(visitor: httpx.AsyncClient) -> None:
    for secret in ("", "x", SECRET[:-1], "D1-0304", "../" + SECRET):
        answer = await visitor.get(f"/feed/{secret}/feed.json")
        assert answer.status_code == 404


async def test_without_consent_there_are_daily_totals_of_electricity_alone(
    visitor: httpx.AsyncClient,
) -> None:
    days = await visitor.get(f"/feed/{OTHER}/feed.json")
    fine = await visitor.get(f"/feed/{OTHER}/feed.json", params={"detail": "quarter_hour"})

    assert [one["commodity"] for one in days.json()["series"]] == ["electricity"]
    assert fine.status_code == 403
    assert "consent" in fine.json()["detail"]


async def test_withdrawn_consent_closes_the_detail_at_once(
    visitor: httpx.AsyncClient, store: StoreInMemory
) -> None:
    fine = {"detail": "quarter_hour"}
    before = await visitor.get(f"/feed/{SECRET}/feed.json", params=fine)
    store.allowed = {}
    after = await visitor.get(f"/feed/{SECRET}/feed.json", params=fine)

    assert (before.status_code, after.status_code) == (200, 403)


async def test_a_new_address_ends_the_old_one_at_once(
    visitor: httpx.AsyncClient, store: StoreInMemory
) -> None:
    await visitor.get(f"/feed/{SECRET}/feed.json")
    store.feeds = {"new": "D1-0304"}

    assert (await visitor.get(f"/feed/{SECRET}/feed.json")).status_code == 404
    assert (await visitor.get("/feed/new/feed.json")).status_code == 200


async def test_nothing_in_a_feed_says_which_dwelling_it_is(visitor: httpx.AsyncClient) -> None:
    for file in ("feed.json", "feed.csv", "green-button.xml", "courbe-de-charge.csv"):
        answer = await visitor.get(f"/feed/{SECRET}/{file}")
        assert answer.status_code == 200
        assert "0304" not in answer.text
        assert SECRET not in answer.text


async def test_pages_follow_each_other_to_the_end(visitor: httpx.AsyncClient) -> None:
    since, got = (NOW - timedelta(days=3)).isoformat(), []
    while since:
        wanted = {"detail": "quarter_hour", "since": since, "limit": "100"}
        answer = (await visitor.get(f"/feed/{SECRET}/feed.json", params=wanted)).json()
        got += [row["start"] for row in answer["series"][0]["intervals"]]
        since = answer["next_since"]

    assert len(got) == len(set(got)) == 3 * 96 - 1  # neither end falls on a quarter hour
    assert got == sorted(got)


async def test_a_reader_that_has_it_already_is_told_so(visitor: httpx.AsyncClient) -> None:
    first = await visitor.get(f"/feed/{SECRET}/green-button.xml")
    again = await visitor.get(
        f"/feed/{SECRET}/green-button.xml", headers={"If-None-Match": first.headers["etag"]}
    )

    assert first.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "wanted", [{"limit": "0"}, {"since": "2026-11-01T00:00:00"}, {"detail": "second"}]
)
async def test_what_cannot_be_asked_is_said(
    visitor: httpx.AsyncClient, wanted: dict[str, str]
) -> None:
    answer = await visitor.get(f"/feed/{SECRET}/feed.json", params=wanted)

    assert answer.status_code == 422
    assert next(iter(wanted)) in answer.json()["detail"]


async def test_a_body_is_made_once_a_slot_however_many_ask() -> None:
    clock, made = StubClock(), []
    shelf = FeedShelf(clock)

    async def make() -> Ready:
        made.append(1)
        await asyncio.sleep(0)
        return ready(b"body", "text/plain", "")

    await asyncio.gather(*(shelf.get("key", make) for _ in range(500)))
    clock.moment += timedelta(minutes=15)
    await shelf.get("key", make)

    assert len(made) == 2


async def test_what_could_not_be_made_is_tried_again() -> None:
    shelf, tries = FeedShelf(StubClock()), []

    async def make() -> Ready:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no disk")
        return ready(b"body", "text/plain", "")

    with pytest.raises(OSError, match="no disk"):
        await shelf.get("key", make)
    assert (await shelf.get("key", make)).plain == b"body"


async def test_a_full_shelf_lets_the_oldest_go() -> None:
    shelf, made = FeedShelf(StubClock(), places=2), []

    for key in ("a", "b", "c", "a"):

        async def make(key: str = key) -> Ready:
            made.append(key)
            return ready(key.encode(), "text/plain", "")

        assert (await shelf.get(key, make)).plain == key.encode()

    assert made == ["a", "b", "c", "a"]


def test_who_asks_too_often_waits_and_nobody_else_does() -> None:
    seconds = [0.0]
    pace = Pace(lambda: seconds[0])
    for _ in range(ASKED_MOST):
        pace.check("D1-0304")

    with pytest.raises(HTTPException) as refused:
        pace.check("D1-0304")
    pace.check("D1-0305")
    seconds[0] = 61.0
    pace.check("D1-0304")

    assert refused.value.status_code == 429
    assert int((refused.value.headers or {})["Retry-After"]) <= 61


async def test_what_was_asked_in_the_slot_before_is_made_anew_without_being_asked() -> None:
    clock, made = StubClock(), []
    shelf = FeedShelf(clock)

    async def get(key: str) -> None:
        async def make() -> Ready:
            made.append(key)
            return ready(key.encode(), "text/plain", "")

        await shelf.get(key, make)

    await get("a")
    await get("b")
    clock.moment += timedelta(minutes=15)
    await get("a")
    for _ in range(10):
        await asyncio.sleep(0)

    assert made == ["a", "b", "a", "b"]


async def test_a_closed_feed_is_not_made_anew(
    visitor: httpx.AsyncClient, store: StoreInMemory, clock: StubClock
) -> None:
    await visitor.get(f"/feed/{SECRET}/feed.json")
    await visitor.get(f"/feed/{OTHER}/feed.json")
    store.feeds = {OTHER: "D1-0305"}
    clock.moment += timedelta(minutes=15)
    await visitor.get(f"/feed/{OTHER}/feed.json")

    assert (await visitor.get(f"/feed/{SECRET}/feed.json")).status_code == 404
