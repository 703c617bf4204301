"""Day-ahead prices by entsoe-py: hours, quarter hours, days of 23 and 25 hours, late markets."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from web_services import NO_PRICES, Reply, Services, price_document, prices

from ems.domain.errors import SourceError
from ems.domain.slots import Slot, slots_of_local_day
from ems.sources.day_ahead import DayAhead
from ems.sources.kept import Answer

pytestmark = pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")
PARIS = ZoneInfo("Europe/Paris")
SPRING, AUTUMN, PLAIN = date(2026, 3, 29), date(2026, 10, 25), date(2026, 5, 12)
NOW = datetime(2026, 5, 12, 8, 0, tzinfo=UTC)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS)


def day_of(day: date, resolution: str = "PT15M") -> str:
    """A whole local day; the price of each step is its position."""
    slots = slots_of_local_day(day, PARIS)
    steps = len(slots) // (int(resolution[2:4]) // 15)
    return prices(midnight(day), resolution, {p: float(p) for p in range(1, steps + 1)}, steps)


def read(document: str) -> dict[int, float]:
    return dict(DayAhead(zone=PARIS).read(Answer(known_at=NOW, body=document)))


def serve(services: Services, body: str, status: int = 200) -> DayAhead:
    services.replies = {"/api": Reply(status=status, body=body, kind="text/xml")}
    return DayAhead(zone=PARIS)


@pytest.mark.parametrize(
    ("day", "slots"), [(PLAIN, 96), (SPRING, 92), (AUTUMN, 100)], ids=["plain", "spring", "autumn"]
)
def test_each_quarter_hour_of_a_day_has_its_price(day: date, slots: int) -> None:
    known = read(price_document(day_of(day)))
    first = Slot.containing(midnight(day)).index
    assert known == {first + step: (step + 1) / 1000 for step in range(slots)}


def test_an_hour_holds_for_its_four_quarters() -> None:
    known = read(price_document(day_of(PLAIN, "PT60M")))
    first = Slot.containing(midnight(PLAIN)).index
    assert [known[first + step] for step in range(8)] == [0.001] * 4 + [0.002] * 4
    assert len(known) == 96


def test_where_hours_and_quarters_are_served_the_quarters_count() -> None:
    quarters = prices(midnight(PLAIN), "PT15M", dict.fromkeys(range(1, 5), 50.0), 4)
    known = read(price_document(quarters, day_of(PLAIN, "PT60M")))
    first = Slot.containing(midnight(PLAIN)).index
    assert [known[first + step] for step in (0, 3, 4)] == [0.05, 0.05, 0.002]


def test_a_position_that_is_left_out_repeats_the_price_before_it() -> None:
    known = read(price_document(prices(midnight(PLAIN), "PT60M", {1: 10.0, 3: 30.0}, 4)))
    first = Slot.containing(midnight(PLAIN)).index
    assert [known[first + 4 * hour] for hour in range(4)] == [0.01, 0.01, 0.03, 0.03]


def test_negative_prices_are_prices() -> None:
    known = read(price_document(prices(midnight(PLAIN), "PT60M", {1: -12.5}, 1)))
    assert set(known.values()) == {-0.0125}


def test_tomorrow_that_is_not_out_is_not_made_up() -> None:
    known = read(price_document(day_of(PLAIN)))
    assert Slot.containing(midnight(PLAIN + timedelta(days=1))).index not in known


def test_yesterday_to_tomorrow_of_france_is_asked_for_in_local_days(services: Services) -> None:
    service = serve(services, price_document(day_of(PLAIN)))
    told = service.ask(NOW)
    (question,) = services.questions("/api")
    assert question["documentType"] == "A44"
    assert question["in_Domain"] == "10YFR-RTE------C"
    assert (question["periodStart"], question["periodEnd"]) == ("202605102200", "202605132200")
    assert question["securityToken"] == "very-secret"
    assert len(service.read(told)) == 96


@pytest.mark.parametrize("status", [200, 400], ids=["as 200", "as 400"])
def test_no_prices_at_all_are_said_to_be_not_out(services: Services, status: int) -> None:
    with pytest.raises(SourceError, match="has no prices for 2026-05-12 yet"):
        serve(services, NO_PRICES, status).ask(NOW)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_refusal_names_the_status_and_never_the_key(services: Services, status: int) -> None:
    with pytest.raises(SourceError, match=f"ENTSO-E answers {status}") as refused:
        serve(services, "<html>no</html>", status).ask(NOW)
    assert "very-secret" not in str(refused.value)
    assert refused.value.fix


@pytest.mark.parametrize(
    "reason",
    [
        "check you request against dependency tables",
        "The amount of requested data exceeds allowed limit of 100 documents, 200 were requested",
    ],
)
def test_a_question_that_the_platform_can_not_take_is_a_refusal(
    services: Services, reason: str
) -> None:
    body = NO_PRICES.replace("No matching data found", reason)
    with pytest.raises(SourceError, match="ENTSO-E answers 400"):
        serve(services, body, 400).ask(NOW)


def test_who_does_not_answer_is_named_without_the_key(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entsoe.entsoe.URL", "http://127.100.0.2:9/api")
    with pytest.raises(SourceError, match="ENTSO-E does not answer") as refused:
        DayAhead(zone=PARIS).ask(NOW)
    assert "very-secret" not in str(refused.value)


def test_without_a_key_it_is_said_where_to_put_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENTSOE_API_KEY")
    with pytest.raises(SourceError, match="ENTSO-E has no key") as refused:
        DayAhead(zone=PARIS).ask(NOW)
    assert "ENTSOE_API_KEY_FILE" in refused.value.fix
    assert not services.asked


def test_the_key_may_stand_in_a_file(services: Services, tmp_path, monkeypatch) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("ENTSOE_API_KEY_FILE", str(tmp_path / "key"))
    serve(services, price_document(day_of(PLAIN))).ask(NOW)
    assert services.questions("/api")[0]["securityToken"] == "from-a-file"


WHOLE = price_document(day_of(PLAIN))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (WHOLE[: len(WHOLE) // 2], "without an end"),
        (price_document(), "no prices"),
        (WHOLE.replace(">EUR<", ">GBP<"), "not in EUR"),
        (WHOLE.replace("PT15M", "PT7M"), "another form"),
        (WHOLE.replace("price.amount", "quantity"), "another form"),
        (price_document(prices(midnight(PLAIN), "PT60M", {1: "NaN"}, 1)), "no prices"),
        (price_document(prices(midnight(PLAIN), "PT60M", {1: 99999.0}, 1)), "beyond the market"),
    ],
    ids=["half", "empty", "pounds", "seven minutes", "no amounts", "NaN", "absurd"],
)
def test_what_is_no_price_document_is_refused(document: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read(document)
