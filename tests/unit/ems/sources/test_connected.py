"""The outlook of a connected site: fresh, old, cut short, lacking; and never without an answer."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from web_services import Reply, Services, co2_rows, forecast, price_document, prices, runs

from ems.config import load_district
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Outlook
from ems.forecast.outside import prices_ahead
from ems.sources.builtin import builtin_weather
from ems.sources.connected import ConnectedOutside, Feeds
from ems.sources.day_ahead import DayAhead
from ems.sources.eco2mix import Eco2mix
from ems.sources.kept import Kept
from ems.sources.open_meteo import OpenMeteo

pytestmark = pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")
DISTRICT = load_district()
PARIS = DISTRICT.site.zone
NOW = datetime(2026, 5, 12, 10, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 12, tzinfo=UTC)
AHEAD = Horizon(Slot.containing(NOW) + 1, 96)
META = "/data"
FORECAST = "/v1/forecast"
CO2 = "/api/explore"


@pytest.fixture
def feeds(services: Services, tmp_path: Path) -> Feeds:
    """Everything is well: three days of weather, prices of today, CO2 of two days."""
    today = datetime(2026, 5, 12, tzinfo=PARIS)
    priced = prices(today, "PT60M", {hour: 10.0 * hour for hour in range(1, 25)}, 24)
    services.replies = {
        META: Reply(body=runs(NOW - timedelta(hours=4), NOW - timedelta(hours=1))),
        FORECAST: Reply(body=json.dumps(forecast(MIDNIGHT, 288))),
        CO2: Reply(body=co2_rows(NOW.replace(minute=0), [40.0] * 192)),
        "/api": Reply(body=price_document(priced), kind="text/xml"),
    }
    return Feeds(
        weather=Kept(OpenMeteo(site=DISTRICT.site, url=services.url), tmp_path),
        prices=Kept(DayAhead(zone=PARIS), tmp_path),
        co2=Kept(Eco2mix(url=services.url), tmp_path),
    )


async def outlook(feeds: Feeds, at: datetime = NOW) -> Outlook:
    horizon = Horizon(Slot.containing(at) + 1, 96)
    return await ConnectedOutside(DISTRICT, feeds).outlook(horizon, at)


async def test_a_fresh_run_is_the_weather_and_nothing_is_degraded(feeds: Feeds) -> None:
    feeds.refresh(NOW)
    told = await outlook(feeds)
    step = (AHEAD.first.start - MIDNIGHT).total_seconds() / 900
    assert told.weather.outdoor_temp_c[0] == pytest.approx(10 + (step + 0.5) / 10)
    assert "known at 2026-05-12 09:05 UTC" in told.weather.source
    assert told.weather.degraded == ""
    assert told.price_degraded == ""
    assert told.co2 is not None
    assert told.co2.degraded == ""


async def test_before_anything_has_answered_the_climate_is_there_at_once(
    feeds: Feeds, services: Services
) -> None:
    told = await outlook(feeds)
    usual = builtin_weather(DISTRICT.site, DISTRICT.loop, AHEAD, 0)
    assert told.weather.outdoor_temp_c == pytest.approx(usual.outdoor_temp_c)
    assert told.weather.degraded == (
        "Open-Meteo has not answered yet: the built-in climate is used"
    )
    assert not services.asked


async def test_an_outlook_asks_nobody(feeds: Feeds, services: Services) -> None:
    feeds.refresh(NOW)
    before = len(services.asked)
    await outlook(feeds)
    assert len(services.asked) == before


async def test_who_never_answered_is_named(feeds: Feeds, services: Services) -> None:
    services.replies[FORECAST] = Reply(status=500)
    feeds.refresh(NOW)
    told = await outlook(feeds)
    assert told.weather.degraded == ("Open-Meteo answers 500: the built-in climate is used")


async def test_an_old_run_is_used_and_its_age_and_the_reason_told(
    feeds: Feeds, services: Services
) -> None:
    feeds.refresh(NOW)
    services.replies[FORECAST] = Reply(status=429)
    later = NOW + timedelta(hours=11)
    feeds.refresh(later)
    told = await outlook(feeds, later)
    step = Slot.containing(later).index + 1 - Slot.containing(MIDNIGHT).index
    assert told.weather.outdoor_temp_c[0] == pytest.approx(10 + (step + 0.5) / 10)
    assert told.weather.degraded == "the run has been out for 12 h; Open-Meteo answers 429"


async def test_one_failure_with_a_young_run_is_no_alarm(feeds: Feeds, services: Services) -> None:
    feeds.refresh(NOW)
    services.replies[FORECAST] = Reply(status=500)
    later = NOW + timedelta(minutes=31)
    feeds.refresh(later)
    told = await outlook(feeds, later)
    assert told.weather.degraded == ""


async def test_where_a_run_ends_the_climate_goes_on(feeds: Feeds, services: Services) -> None:
    services.replies[FORECAST] = Reply(body=json.dumps(forecast(MIDNIGHT, 97)))
    feeds.refresh(NOW)
    told = (await outlook(feeds)).weather
    left = Slot.containing(MIDNIGHT).index + 96 - AHEAD.first.index
    climate = builtin_weather(DISTRICT.site, DISTRICT.loop, AHEAD, 0)
    assert told.horizon == AHEAD
    assert told.outdoor_temp_c[left:] == pytest.approx(climate.outdoor_temp_c[left:])
    assert told.outdoor_temp_c[left - 1] == pytest.approx(10 + 95.5 / 10)
    assert "the run ends at 13.05. 00:00 UTC, the climate goes on" in told.degraded


async def test_a_run_that_is_all_past_is_not_stretched(feeds: Feeds) -> None:
    feeds.refresh(NOW)
    later = NOW + timedelta(days=9)
    assert "built-in climate" in (await outlook(feeds, later)).weather.degraded


async def test_tomorrow_s_prices_are_awaited_without_alarm_before_they_are_due(
    feeds: Feeds,
) -> None:
    feeds.refresh(NOW)
    told = await outlook(feeds)
    known = np.isfinite(told.day_ahead_eur_per_kwh)
    assert known.sum() == (datetime(2026, 5, 12, 22, tzinfo=UTC) - AHEAD.first.start).seconds / 900
    assert told.day_ahead_eur_per_kwh[0] == pytest.approx(0.13)
    assert told.price_degraded == ""


async def test_tomorrow_s_prices_that_are_late_are_said(feeds: Feeds) -> None:
    feeds.refresh(NOW)
    told = await outlook(feeds, datetime(2026, 5, 12, 12, 5, tzinfo=UTC))
    assert "prices are missing from 12.05. 22:00 UTC" in told.price_degraded
    series = prices_ahead(DISTRICT, told, told.weather.horizon)
    assert series["price/import_eur_per_kwh"].degraded == told.price_degraded
    assert np.isfinite(series["price/import_eur_per_kwh"].values).all()


async def test_no_prices_at_all_leave_the_tariff_and_say_why(
    feeds: Feeds, services: Services
) -> None:
    services.replies["/api"] = Reply(status=401, kind="text/xml")
    feeds.refresh(NOW)
    told = await outlook(feeds)
    tariff = DISTRICT.tariff.import_eur_per_kwh(AHEAD.slots, PARIS)
    ahead = prices_ahead(DISTRICT, told, AHEAD)["price/import_eur_per_kwh"]
    assert ahead.values == pytest.approx(tariff)
    assert "ENTSO-E answers 401" in ahead.degraded


async def test_carbon_dioxide_is_that_of_the_same_time_the_day_before(feeds: Feeds) -> None:
    feeds.refresh(NOW)
    told = await outlook(feeds)
    ahead = prices_ahead(DISTRICT, told, AHEAD)["grid/co2_kg_per_kwh"]
    assert ahead.values == pytest.approx(np.full(96, 0.040))
    assert ahead.source.startswith("eCO2mix of the day before for 96 of 96 slots")


async def test_without_measurements_of_two_days_carbon_dioxide_is_by_month(feeds: Feeds) -> None:
    feeds.refresh(NOW)
    later = NOW + timedelta(days=5)
    told = await outlook(feeds, later)
    horizon = told.weather.horizon
    ahead = prices_ahead(DISTRICT, told, horizon)["grid/co2_kg_per_kwh"]
    assert ahead.values == pytest.approx(DISTRICT.tariff.co2_kg_per_kwh(horizon.slots, PARIS))
    assert ahead.degraded == "nothing measured of the last two days"


async def test_a_site_that_is_connected_to_nothing_has_climate_and_tariff() -> None:
    told = await outlook(Feeds())
    assert told.weather.degraded.startswith("no weather service is connected")
    assert np.isnan(told.day_ahead_eur_per_kwh).all()
    assert told.price_degraded == ""
    assert told.co2 is None


async def test_a_restart_has_the_last_run_before_anyone_is_asked(
    feeds: Feeds, services: Services, tmp_path: Path
) -> None:
    feeds.refresh(NOW)
    again = replace(feeds, weather=Kept(OpenMeteo(site=DISTRICT.site, url=services.url), tmp_path))
    assert (await outlook(again)).weather.degraded == ""
