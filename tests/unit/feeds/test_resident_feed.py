"""A dwelling's feed in each format: valid, equal to what was measured, and silent about gaps."""

import csv
import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import numpy as np
import pytest
from greenbutton_objects.parse import parse_feed
from lxml import etree

from ems.domain.slots import Horizon, Slot
from ems.domain.steps import Step
from ems.feeds.feed_files import feed_csv, feed_json, feed_schema, french_csv
from ems.feeds.green_button import DwellingFeed, green_button
from ems.feeds.meter_series import Commodity, MeterSeries, quarter_hours, summed

PARIS = ZoneInfo("Europe/Paris")
AUTUMN = Horizon(Slot.containing(datetime(2026, 10, 24, tzinfo=PARIS)), 96 + 100 + 96)
SPRING = Horizon(Slot.containing(datetime(2026, 3, 28, tzinfo=PARIS)), 96 + 92 + 96)
ATOM = "{http://www.w3.org/2005/Atom}"


def measured(horizon: Horizon = AUTUMN, commodity: Commodity = Commodity.ELECTRICITY):
    power_kw = np.random.default_rng(7).uniform(0.05, 2.5, horizon.length)
    power_kw[5:9] = np.nan
    return quarter_hours(commodity, horizon, power_kw)


def feed_of(*series: MeterSeries, detail: Step = Step.QUARTER_HOUR) -> DwellingFeed:
    updated = datetime(2026, 10, 27, 6, tzinfo=UTC)
    return DwellingFeed(pseudonym="k3x9", zone=PARIS, updated=updated, detail=detail, series=series)


def test_what_was_not_measured_is_left_out() -> None:
    series = measured()

    assert len(series) == AUTUMN.length - 4
    assert not {AUTUMN.slots[i] * 900 for i in range(5, 9)} & set(series.starts_s.tolist())


def test_rounding_to_watt_hours_never_adds_up() -> None:
    power_kw = np.full(96 * 365, 0.4 / 250)  # 0.4 Wh a slot
    series = quarter_hours(Commodity.HEAT, Horizon(AUTUMN.first, len(power_kw)), power_kw)

    assert series.energy_wh.sum() == round(0.4 * len(power_kw))


@pytest.mark.parametrize(("horizon", "hours"), [(AUTUMN, [24, 25, 24]), (SPRING, [24, 23, 24])])
def test_days_last_as_long_as_the_clock_says(horizon: Horizon, hours: list[int]) -> None:
    days = summed(measured(horizon), Step.DAY, PARIS)

    assert (days.lengths_s / 3600).tolist() == hours
    assert days.complete.tolist() == [False, True, True]
    assert days.energy_wh.sum() == measured(horizon).energy_wh.sum()


def test_a_month_is_complete_only_when_all_of_it_was_measured() -> None:
    first = Slot.containing(datetime(2026, 10, 1, tzinfo=PARIS))
    whole = quarter_hours(Commodity.HEAT, Horizon(first, 31 * 96 + 4 + 96), np.ones(31 * 96 + 100))

    months = summed(whole, Step.MONTH, PARIS)

    assert months.complete.tolist() == [True, False]
    assert months.energy_wh.tolist() == [(31 * 24 + 1) * 1000, 24_000]


def test_pages_go_on_where_the_one_before_ended() -> None:
    series, pages, since = measured(), [], datetime(2026, 1, 1, tzinfo=UTC)
    while len(page := series.since(since, 50)):
        pages += page.energy_wh.tolist()
        since = datetime.fromtimestamp(int(page.starts_s[-1]), UTC) + timedelta(seconds=1)

    assert pages == series.energy_wh.tolist()


def test_a_reader_of_others_reads_the_feed_back_equal(tmp_path: Path) -> None:
    electricity, heat = measured(), measured(commodity=Commodity.HEAT)
    file = tmp_path / "feed.xml"
    file.write_bytes(green_button(feed_of(electricity, heat)))

    points = parse_feed(str(file))

    for point, series in zip(points, (electricity, heat), strict=True):
        (reading,) = point.meterReadings
        rows = [
            (
                int(r.timePeriod.start.timestamp()),
                int(r.timePeriod.duration.total_seconds()),
                r.value,
            )
            for r in reading.intervalReadings
        ]
        assert rows == [row[:3] for row in series.rows()]
        assert reading.readingType.uom.name == "wattHours"


def test_a_day_with_gaps_is_marked_as_questionable(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(green_button(feed_of(summed(measured(), Step.DAY, PARIS), detail=Step.DAY)))

    (point,) = parse_feed(str(file))
    (reading,) = point.meterReadings

    marks = [{q.quality.name for q in r.readingQualities} for r in reading.intervalReadings]
    assert marks == [{"questionable"}, set(), set()]


@pytest.mark.parametrize("detail", list(Step))
def test_every_resource_is_valid_after_the_schema_of_espi(detail: Step) -> None:
    reference = os.environ.get("EMS_REFERENCE_DATA")
    if reference is None:
        pytest.skip("EMS_REFERENCE_DATA does not say where the ESPI schema is")
    schema = etree.XMLSchema(etree.parse(Path(reference) / "espi" / "espi_fixed.xsd"))
    series = [summed(measured(commodity=c), detail, PARIS) for c in Commodity]

    root = etree.fromstring(green_button(feed_of(*series, detail=detail)))

    resources = [content[0] for content in root.iter(f"{ATOM}content")]
    assert len(resources) >= 1 + 5 * len(Commodity)
    for resource in resources:
        schema.assertValid(etree.ElementTree(resource))


def test_entries_have_addresses_of_their_own_and_the_clock_is_that_of_paris() -> None:
    root = etree.fromstring(green_button(feed_of(measured(), measured(commodity=Commodity.HEAT))))

    own = [e.findtext(f"{ATOM}id") for e in root.iter(f"{ATOM}entry")]
    clock = {e.tag.rpartition("}")[2]: e.text for e in root.iter("{http://naesb.org/espi}*")}
    assert len(set(own)) == len(own)
    assert (clock["tzOffset"], clock["dstOffset"]) == ("3600", "3600")
    assert (clock["dstStartRule"], clock["dstEndRule"]) == ("3E0E2000", "AE0E3000")


def test_json_keeps_its_published_schema_and_tells_the_same() -> None:
    series = measured()
    document = json.loads(feed_json(feed_of(series), next_since=series_end(series)))

    jsonschema.validate(document, feed_schema())
    (told,) = document["series"]
    assert [row["energy_wh"] for row in told["intervals"]] == series.energy_wh.tolist()


def series_end(series: MeterSeries) -> datetime:
    return datetime.fromtimestamp(int(series.starts_s[-1] + series.lengths_s[-1]), UTC)


def test_plain_csv_tells_the_same() -> None:
    series = measured()
    rows = list(csv.DictReader(io.StringIO(feed_csv(feed_of(series)).decode())))

    assert [int(row["energy_wh"]) for row in rows] == series.energy_wh.tolist()
    assert {row["commodity"] for row in rows} == {"electricity"}


def test_french_csv_has_mean_watts_at_the_end_of_each_interval() -> None:
    series = measured()
    lines = french_csv(feed_of(series)).decode().splitlines()

    assert lines[1].split(";")[1:5] == [
        "Courbe de charge", "24/10/2026", "27/10/2026", "Energie active",
    ]  # fmt: skip
    assert lines[2] == "Horodate;Valeur"
    assert lines[3] == f"2026-10-24T00:15:00+02:00;{4 * series.energy_wh[0]}"
    assert "2026-10-25T02:00:00+01:00" in "".join(lines)  # the hour that comes twice


def test_a_dwelling_without_any_reading_has_a_feed_all_the_same(tmp_path: Path) -> None:
    empty = quarter_hours(Commodity.ELECTRICITY, AUTUMN, np.full(AUTUMN.length, np.nan))
    file = tmp_path / "feed.xml"
    file.write_bytes(green_button(feed_of(empty)))

    (point,) = parse_feed(str(file))

    assert [list(reading.intervalReadings) for reading in point.meterReadings] == [[]]
    assert json.loads(feed_json(feed_of(empty)))["series"][0]["intervals"] == []
    assert len(french_csv(feed_of(empty)).splitlines()) == 3
