"""Forecasts of Open-Meteo: what its times mean, since when a run is known, and what is refused."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from web_services import Reply, Services, forecast, runs

from ems.config import load_district
from ems.domain.errors import SourceError
from ems.domain.slots import Horizon, Slot
from ems.sources.calendar_year import laid_out
from ems.sources.kept import Answer
from ems.sources.open_meteo import OpenMeteo

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
NOW = MIDNIGHT + timedelta(hours=10)
OUT_AT = MIDNIGHT + timedelta(hours=8, minutes=40)
DISTRICT = load_district()


def answer(**changed: object) -> Answer:
    body = json.dumps(forecast(MIDNIGHT, 96, **changed))
    return Answer(known_at=OUT_AT, body=body)


def reading() -> OpenMeteo:
    return OpenMeteo(site=DISTRICT.site)


def changed(name: str, value: object, at: slice) -> Answer:
    column = forecast(MIDNIGHT, 96)["minutely_15"][name]
    column[at] = [value] * len(column[at])
    return answer(**{name: column})


def serve(services: Services, body: str) -> OpenMeteo:
    services.replies = {
        "/data/meteofrance_arome_france0025/static/meta.json": Reply(
            body=runs(OUT_AT - timedelta(hours=3), OUT_AT)
        ),
        "/v1/forecast": Reply(body=body),
    }
    return OpenMeteo(site=DISTRICT.site, url=services.url)


def test_a_run_is_known_since_it_is_out_not_since_it_is_asked_for(services: Services) -> None:
    service = serve(services, answer().body)
    told = service.ask(NOW)
    assert told.known_at == OUT_AT
    assert "known at 2026-03-29 08:40 UTC" in service.read(told).source


def test_quarter_hours_of_the_site_are_asked_for_in_utc_and_si_units(services: Services) -> None:
    serve(services, answer().body).ask(NOW)
    (question,) = services.questions("/v1/forecast")
    assert question["latitude"] == "43.3285"
    assert question["timezone"] == "GMT"
    assert question["wind_speed_unit"] == "ms"
    assert "shortwave_radiation" in question["minutely_15"].split(",")
    assert "apikey" not in question


def test_who_has_a_key_gives_it(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_METEO_API_KEY", "paid")
    serve(services, answer().body).ask(NOW)
    assert services.questions("/v1/forecast")[0]["apikey"] == "paid"


def test_the_sun_at_a_time_is_that_of_the_quarter_hour_before_it() -> None:
    sun = [0.0] * 96
    sun[49] = 400.0  # stamped 12:15
    told = reading().read(answer(shortwave_radiation=sun, diffuse_radiation=sun))
    noon = Horizon(Slot.containing(MIDNIGHT + timedelta(hours=12)), 2)
    weather = laid_out(told, DISTRICT.site, DISTRICT.loop, noon)
    assert weather.ghi_w_m2 == pytest.approx([400.0, 0.0])


def test_air_in_a_quarter_hour_is_the_mean_of_its_ends() -> None:
    told = reading().read(answer())
    first = Horizon(Slot.containing(MIDNIGHT), 3)
    weather = laid_out(told, DISTRICT.site, DISTRICT.loop, first)
    assert weather.outdoor_temp_c == pytest.approx([10.05, 10.15, 10.25])


def test_a_run_that_ends_early_is_used_as_far_as_it_goes() -> None:
    told = reading().read(changed("shortwave_radiation", None, slice(60, None)))
    assert told.length == 59
    assert not told.degraded


@pytest.mark.parametrize("gap", [None, float("nan")], ids=["null", "NaN"])
def test_a_missing_hour_is_bridged_and_said(gap: float | None) -> None:
    told = reading().read(changed("temperature_2m", gap, slice(40, 44)))
    assert "1 gaps filled in temp_air_c" in told.degraded
    assert np.isfinite(told.columns["temp_air_c"]).all()


def test_times_that_are_left_out_are_a_gap_too() -> None:
    whole = forecast(MIDNIGHT, 96)["minutely_15"]
    short = {name: values[:40] + values[44:] for name, values in whole.items()}
    told = reading().read(answer(**short))
    assert told.length == 95
    assert "gaps filled" in told.degraded


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (changed("temperature_2m", None, slice(20, 60)), "nothing for"),
        (changed("temperature_2m", 4000.0, slice(3, 4)), "is not between -50 and 60"),
        (changed("shortwave_radiation", None, slice(None)), "has no values for this place"),
        (answer(temperature_2m=[1.0, 2.0]), "2 values of temperature_2m for 96 times"),
        (answer(time=[0] * 96), "times that don't rise"),
        (Answer(known_at=OUT_AT, body=answer().body[:900]), "can't be read"),
        (Answer(known_at=OUT_AT, body='{"error": true, "reason": "x"}'), "can't be read"),
        (
            Answer(known_at=OUT_AT, body=answer().body.replace("m/s", "km/h")),
            "wind_speed_10m is in km/h, not m/s",
        ),
    ],
    ids=["ten hours", "4000 °C", "nothing", "lengths", "times", "half", "error", "unit"],
)
def test_what_the_documents_do_not_provide_for_is_refused(what: Answer, said: str) -> None:
    with pytest.raises(SourceError, match=said) as refused:
        reading().read(what)
    assert refused.value.fix


@pytest.mark.parametrize(
    ("status", "said", "fix"),
    [
        (429, "Open-Meteo answers 429", "limit is reached"),
        (500, "Open-Meteo answers 500", "wait"),
        (401, "Open-Meteo answers 401", "key"),
    ],
    ids=["too many", "broken", "no right"],
)
def test_a_refusal_comes_with_its_fix(services: Services, status: int, said: str, fix: str) -> None:
    service = serve(services, answer().body)
    services.replies["/v1/forecast"] = Reply(status=status, body='{"error": true}')
    with pytest.raises(SourceError, match=said) as refused:
        service.ask(NOW)
    assert fix in refused.value.fix


def test_without_metadata_the_age_is_unknown_and_nothing_is_taken(services: Services) -> None:
    service = serve(services, answer().body)
    services.replies["/data"] = services.replies.pop(
        "/data/meteofrance_arome_france0025/static/meta.json"
    )
    services.replies["/data"].body = "{}"
    with pytest.raises(SourceError, match="no metadata"):
        service.ask(NOW)


def test_who_does_not_answer_is_named_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_METEO_API_KEY", "paid")
    closed = OpenMeteo(site=DISTRICT.site, url="http://127.100.0.2:9")
    with pytest.raises(SourceError, match="Open-Meteo does not answer") as refused:
        closed.ask(NOW)
    assert "paid" not in str(refused.value)
