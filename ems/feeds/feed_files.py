"""A dwelling's feed as JSON, as plain CSV, and as CSV the way French customers know it.

The French one has the layout of the load curves that the network operator gives its customers: two
lines that say what it is, then `Horodate;Valeur`, with the local time at which each interval *ends*
and its mean power in watts (days and months: their energy in watt-hours).
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from ems.domain.steps import Step
from ems.feeds.green_button import DwellingFeed
from ems.feeds.meter_series import Commodity, MeterSeries
from ems.feeds.table import times

SCHEMA = "smartseille-ems/feed/1"
COLUMNS = (
    "commodity", "start_utc", "start_local", "duration_s", "energy_wh", "complete",
)  # fmt: skip

_FRENCH_HEAD = (
    "Identifiant", "Type de donnees", "Date de debut", "Date de fin", "Grandeur physique",
    "Grandeur metier", "Etape metier", "Unite", "Pas en minutes",
)  # fmt: skip
_FRENCH_QUANTITY = {
    Commodity.ELECTRICITY: "Energie active",
    Commodity.HEAT: "Energie thermique chauffage",
    Commodity.HOT_WATER: "Energie thermique eau chaude",
    Commodity.SHARED_SUN: "Energie active autoconsommee",
}
_FRENCH_KIND = {
    Step.QUARTER_HOUR: ("Courbe de charge", "W", "15"),
    Step.HOUR: ("Energie horaire", "Wh", "60"),
    Step.DAY: ("Energie quotidienne", "Wh", ""),
    Step.MONTH: ("Energie mensuelle", "Wh", ""),
}


@cache
def feed_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that `feed_json` keeps."""
    text = files("ems.feeds").joinpath("schemas/feed-1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def feed_json(feed: DwellingFeed, next_since: datetime | None = None) -> bytes:
    """`feed` as JSON; `next_since` is where the next page begins."""
    head = {
        "schema": SCHEMA,
        "subscription": feed.pseudonym,
        "time_zone": str(feed.zone),
        "updated": _utc(feed.updated),
        "detail": feed.detail,
        "next_since": None if next_since is None else _utc(next_since),
    }
    series = ",".join(_series_json(one) for one in feed.series)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "series": [{series}]}}'.encode()


def feed_csv(feed: DwellingFeed) -> bytes:
    """All series of `feed` below each other, with the columns `COLUMNS` (RFC 4180)."""
    rows = (row for series in feed.series for row in _plain_rows(feed, series))
    return "\r\n".join([",".join(COLUMNS), *rows, ""]).encode()


def french_csv(feed: DwellingFeed, commodity: Commodity = Commodity.ELECTRICITY) -> bytes:
    """One series of `feed` as `Horodate;Valeur`."""
    series = next(series for series in feed.series if series.commodity is commodity)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(_FRENCH_HEAD)
    writer.writerow(_french_head(feed, series))
    writer.writerow(("Horodate", "Valeur"))
    for end_s, value in zip(
        series.starts_s + series.lengths_s, _french_values(feed, series), strict=True
    ):
        writer.writerow((_times(int(end_s), feed.zone)[1], int(value)))
    return out.getvalue().encode()


def _french_head(feed: DwellingFeed, series: MeterSeries) -> tuple[str, ...]:
    kind, unit, minutes = _FRENCH_KIND[feed.detail]
    ends = (series.starts_s[0], series.starts_s[-1] + series.lengths_s[-1]) if len(series) else ()
    first, last = (
        datetime.fromtimestamp(int(at), feed.zone).strftime("%d/%m/%Y") for at in ends or (0, 0)
    )
    quantity = _FRENCH_QUANTITY[series.commodity]
    return (
        feed.pseudonym, kind, first, last, quantity, "Consommation", "Comptage Brut", unit, minutes,
    )  # fmt: skip


def _french_values(feed: DwellingFeed, series: MeterSeries) -> list[int]:
    if feed.detail is not Step.QUARTER_HOUR:
        return [int(energy) for energy in series.energy_wh]
    per_hour = 3600 / series.lengths_s
    return [round(float(power_w)) for power_w in series.energy_wh * per_hour]


def _plain_rows(feed: DwellingFeed, series: MeterSeries) -> Iterator[str]:
    for start_s, length_s, energy_wh, complete in series.rows():
        utc, local = _times(start_s, feed.zone)
        yield f"{series.commodity},{utc},{local},{length_s},{energy_wh},{int(complete)}"


def _series_json(series: MeterSeries) -> str:
    intervals = ",".join(
        f'{{"start":"{_times(start_s, UTC)[0]}","duration_s":{length_s},'
        f'"energy_wh":{energy_wh},"complete":{"true" if complete else "false"}}}'
        for start_s, length_s, energy_wh, complete in series.rows()
    )
    return f'{{"commodity":"{series.commodity}","unit":"Wh","intervals":[{intervals}]}}'


@lru_cache(maxsize=100_000)
def _times(seconds: int, zone: tzinfo) -> tuple[str, str]:
    """In UTC and in local time; the same few thousand moments stand in every feed."""
    return times(datetime.fromtimestamp(seconds, UTC), zone)


def _utc(moment: datetime) -> str:
    return times(moment, UTC)[0]
