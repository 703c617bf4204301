"""The grid's carbon dioxide as eCO2mix measures it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from web_services import Reply, Services, co2_rows

from ems.domain.errors import SourceError
from ems.domain.slots import Slot
from ems.sources.eco2mix import Eco2mix
from ems.sources.kept import Answer

PATH = "/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/exports/json"
NEWEST = datetime(2026, 10, 25, 2, 45, tzinfo=ZoneInfo("Europe/Paris"))
"""In the first of the two hours that are called two o'clock."""


def read(body: str) -> dict[int, float]:
    return dict(Eco2mix().read(Answer(known_at=NEWEST, body=body)))


def test_grams_become_kilograms_of_their_slots(services: Services) -> None:
    services.replies = {PATH: Reply(body=co2_rows(NEWEST, [22.0, 21.0]))}
    service = Eco2mix(url=services.url)
    known = service.read(service.ask(NEWEST))
    slot = Slot.containing(NEWEST).index
    assert (known[slot], known[slot - 1]) == (0.022, 0.021)
    assert services.questions(PATH)[0]["order_by"] == "date_heure desc"


def test_a_half_hour_holds_for_both_of_its_quarters() -> None:
    known = read(co2_rows(NEWEST, [22.0, None, 18.0]))
    slot = Slot.containing(NEWEST).index
    assert [known[slot - step] for step in (2, 1, 0)] == [0.018, 0.018, 0.022]


def test_the_hour_that_comes_twice_is_told_by_its_offset() -> None:
    later = NEWEST.replace(fold=1)
    known = read(co2_rows(later, [30.0])) | read(co2_rows(NEWEST, [20.0]))
    assert known[Slot.containing(NEWEST).index] == 0.020
    assert known[Slot.containing(later).index] == 0.030
    assert Slot.containing(later).index - Slot.containing(NEWEST).index == 4


@pytest.mark.parametrize(
    "body",
    [
        co2_rows(NEWEST, [22.0])[:60],
        co2_rows(NEWEST, []),
        co2_rows(NEWEST, [None]),
        co2_rows(NEWEST, [float("nan")]),
        co2_rows(NEWEST, [-5.0]),
        co2_rows(NEWEST, [22.0]).replace("+02:00", ""),
        '{"error_code": "ODSQLError"}',
    ],
    ids=["half", "no rows", "null", "NaN", "negative", "no offset", "error"],
)
def test_what_is_no_measurement_is_refused(body: str) -> None:
    with pytest.raises(SourceError, match="eCO2mix answers what can't be read"):
        read(body)


def test_too_many_questions_are_said(services: Services) -> None:
    services.replies = {PATH: Reply(status=429)}
    with pytest.raises(SourceError, match="eCO2mix answers 429"):
        Eco2mix(url=services.url).ask(NEWEST + timedelta(hours=1))
