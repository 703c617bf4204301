"""The audit trail in the console: searched, read on, and taken away as CSV."""

import csv
import io

import httpx
import pytest
from console_in_memory import StoreInMemory, entry

from ems.console import audit_list


@pytest.fixture
def busy(store: StoreInMemory) -> StoreInMemory:
    """Thirty changes of the mode by Ana, and one approval by Bo in their midst."""
    for number in range(30):
        store.trail.append(entry("ana", {"action": "mode", "mode": "shadow", "n": number}))
    store.trail.insert(10, entry("bo", {"action": "approved", "reason": "=1+1; cheaper"}))
    return store


async def test_the_newest_come_first_and_the_older_ones_after(
    operator: httpx.AsyncClient, busy: StoreInMemory
) -> None:
    numbers: list[int] = []
    before = ""
    while before is not None:
        address = f"/api/v1/audit?limit=12{before and f'&before={before}'}"
        body = (await operator.get(address)).json()
        numbers += [one["id"] for one in body["entries"]]
        before = body["before"]
    assert numbers == list(range(31, 0, -1))


@pytest.mark.parametrize("text", ["BO", "approved cheaper", "reason"])
async def test_what_holds_all_words_is_found(
    operator: httpx.AsyncClient, busy: StoreInMemory, text: str
) -> None:
    body = (await operator.get("/api/v1/audit", params={"text": text})).json()
    assert [(one["id"], one["who"]) for one in body["entries"]] == [(11, "bo")]
    assert body["before"] is None


async def test_a_long_search_says_where_it_goes_on(
    operator: httpx.AsyncClient, busy: StoreInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_list, "LOOKED_AT", 15)
    monkeypatch.setattr(audit_list, "PAGE", 4)
    first = (await operator.get("/api/v1/audit?text=bo")).json()
    assert (first["entries"], first["before"]) == ([], 17)
    second = (await operator.get("/api/v1/audit?text=bo&before=17")).json()
    assert [one["id"] for one in second["entries"]] == [11]


async def test_the_file_holds_the_same_and_no_formula(
    operator: httpx.AsyncClient, busy: StoreInMemory
) -> None:
    busy.trail.append(entry("=HYPERLINK(1)", {"action": "+mode", "mode": "manual"}))
    answer = await operator.get("/api/v1/audit.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 32
    assert (rows[0]["who"], rows[0]["action"]) == ("'=HYPERLINK(1)", "'+mode")
    assert rows[0]["at_local"] == "2026-11-18T15:07:30+01:00"


@pytest.mark.parametrize("query", ["before=0", "limit=0", "limit=5000", f"text={'x' * 201}"])
async def test_what_can_not_be_asked(operator: httpx.AsyncClient, query: str) -> None:
    assert (await operator.get(f"/api/v1/audit?{query}")).status_code == 422
