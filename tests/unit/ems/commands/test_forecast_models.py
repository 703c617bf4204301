"""The registry of load models as people see it."""

from datetime import UTC, datetime, timedelta

from ems.commands.forecast_models import listed
from ems.store.load_models import LoadModelRecord

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


def night(number: int, replaced: bool, drifted: bool = False) -> LoadModelRecord:
    learned_at = MONDAY + timedelta(days=number)
    score = {"error": 3.2, "error of the profile": 4.0, "used": True, "drifted": drifted}
    return LoadModelRecord(
        learned_at=learned_at,
        past_from=learned_at - timedelta(days=60),
        past_to=learned_at,
        version="0.1.0",
        replaced=replaced,
        scores={"district/base_load_kw": score},
        body=None,
    )


def test_the_newest_night_that_replaced_the_model_has_the_champion() -> None:
    nights = [night(3, replaced=False, drifted=True), night(2, replaced=True), night(1, True)]
    rows = listed(nights)
    assert [row["champion"] for row in rows] == [False, True, False]
    assert [row["drifted"] for row in rows] == [True, False, False]
    assert rows[1]["since"] == "2026-01-03"
    assert rows[1]["error"] < rows[1]["profile"]


def test_before_the_first_night_there_is_nothing() -> None:
    assert listed([]) == []
