"""A dwelling's feed as Green Button data: ESPI resources in an Atom feed.

NAESB REQ.21 ESPI 4.0. One usage point for each commodity, with one meter reading, its reading type,
its interval blocks (one for each local day, or one for all where days or months are told), and a
summary of the current period; one description of the local clock for all. Energies are whole
watt-hours. The names in the feed are pseudonyms: nothing in it says which dwelling it is.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from ems.domain.slots import SLOT_S
from ems.domain.steps import Step
from ems.feeds.meter_series import Commodity, MeterSeries

MEDIA_TYPE = "application/atom+xml"

_ATOM, _ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"
_ROOT = "/espi/1_1/resource"
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, _ESPI)

_ELECTRICITY_SERVICE, _HEAT_SERVICE = 0, 4
_ELECTRIC, _HEATING_FLUID = 1, 12
_DELTA, _NORMAL, _FORWARD, _ENERGY, _WATT_HOURS, _EURO = 4, 12, 1, 12, 72, 978
_QUESTIONABLE = 10
_PERIOD_OF_INTEREST = {Step.QUARTER_HOUR: 0, Step.HOUR: 0, Step.DAY: 11, Step.MONTH: 13}
_LENGTH_S = {Step.QUARTER_HOUR: SLOT_S, Step.HOUR: 3600, Step.DAY: 24 * 3600, Step.MONTH: 0}

_KINDS: dict[Commodity, tuple[int, int, str]] = {
    Commodity.ELECTRICITY: (_ELECTRICITY_SERVICE, _ELECTRIC, "Électricité / Electricity"),
    Commodity.HEAT: (_HEAT_SERVICE, _HEATING_FLUID, "Chauffage / Heating"),
    Commodity.HOT_WATER: (_HEAT_SERVICE, _HEATING_FLUID, "Eau chaude / Hot water"),
    Commodity.SHARED_SUN: (_ELECTRICITY_SERVICE, _ELECTRIC, "Part du soleil / Share of the sun"),
}
"""Service, commodity and title of each usage point."""

_LAST, _SUNDAY, _MARCH, _OCTOBER = 7, 7, 3, 10
_NO_SUMMER_TIME = "FFFFFFFF"


@dataclass(frozen=True, kw_only=True)
class DwellingFeed:
    """What one dwelling's feed tells."""

    pseudonym: str
    """Stands for the dwelling in all addresses inside the feed."""

    zone: ZoneInfo
    """Local time of days and months."""

    updated: datetime
    """When it last changed, UTC."""

    detail: Step
    """How long its intervals are."""

    series: tuple[MeterSeries, ...]
    """One for each commodity that may be told."""


def green_button(feed: DwellingFeed) -> bytes:
    """`feed` as an Atom document with ESPI resources, UTF-8."""
    place = f"{_ROOT}/Subscription/{feed.pseudonym}"
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="{_ATOM}" xmlns:espi="{_ESPI}">',
        *_head(feed, place, "Green Button"),
        _clock(feed),
    ]
    for number, series in enumerate(feed.series, start=1):
        lines += _usage_point(feed, series, f"{place}/UsagePoint/{number}")
    return "\n".join([*lines, "</feed>", ""]).encode()


def _usage_point(feed: DwellingFeed, series: MeterSeries, place: str) -> Iterator[str]:
    service, commodity, title = _KINDS[series.commodity]
    reading, kind = f"{place}/MeterReading/1", f"{_ROOT}/ReadingType/{series.commodity}"
    point = _espi("UsagePoint", _espi("ServiceCategory", _fields(kind=service)), _fields(status=1))
    yield _entry(
        feed, point, place, title, related=(f"{place}/MeterReading", f"{place}/UsageSummary")
    )
    yield _entry(
        feed, _espi("MeterReading"), reading, title, related=(f"{reading}/IntervalBlock", kind)
    )
    yield _entry(feed, _reading_type(feed.detail, commodity), kind, title)
    for number, block in enumerate(_blocks(feed, series), start=1):
        yield _entry(feed, _interval_block(block), f"{reading}/IntervalBlock/{number}", title)
    if len(series):
        yield _entry(feed, _summary(feed, series), f"{place}/UsageSummary/1", title)


def _reading_type(detail: Step, commodity: int) -> str:
    fields = _fields(
        accumulationBehaviour=_DELTA,
        commodity=commodity,
        currency=_EURO,
        dataQualifier=_NORMAL,
        flowDirection=_FORWARD,
        intervalLength=_LENGTH_S[detail],
        kind=_ENERGY,
        powerOfTenMultiplier=0,
        timeAttribute=_PERIOD_OF_INTEREST[detail],
        uom=_WATT_HOURS,
    )
    return _espi("ReadingType", fields)


def _blocks(feed: DwellingFeed, series: MeterSeries) -> Iterator[MeterSeries]:
    """A block a local day of quarter hours; all days or months in one."""
    if not len(series):
        return
    if feed.detail in (Step.DAY, Step.MONTH):
        yield series
        return
    days = [datetime.fromtimestamp(int(at), feed.zone).date() for at in series.starts_s]
    edges = [i for i in range(len(days)) if i == 0 or days[i] != days[i - 1]]
    for first, last in zip(edges, [*edges[1:], len(days)], strict=True):
        yield series.part(slice(first, last))


def _interval_block(block: MeterSeries) -> str:
    first, last = int(block.starts_s[0]), int(block.starts_s[-1] + block.lengths_s[-1])
    readings = [
        "<espi:IntervalReading>"
        f"{'' if complete else _GAPS}{_period('timePeriod', start_s, length_s)}"
        f"<espi:value>{energy_wh}</espi:value></espi:IntervalReading>"
        for start_s, length_s, energy_wh, complete in block.rows()
    ]
    return _espi("IntervalBlock", _period("interval", first, last - first), *readings)


def _summary(feed: DwellingFeed, series: MeterSeries) -> str:
    """What was used over all that the feed tells."""
    first, last = int(series.starts_s[0]), int(series.starts_s[-1] + series.lengths_s[-1])
    used = _fields(
        powerOfTenMultiplier=0,
        timeStamp=last,
        uom=_WATT_HOURS,
        value=int(series.energy_wh.sum()),
    )
    return _espi(
        "UsageSummary",
        _period("billingPeriod", first, last - first),
        _fields(currency=_EURO),
        _espi("currentBillingPeriodOverAllConsumption", used),
        _fields(statusTimeStamp=int(feed.updated.timestamp())),
    )


def _clock(feed: DwellingFeed) -> str:
    january = datetime(feed.updated.year, 1, 1, tzinfo=feed.zone)
    standard = january.utcoffset() or timedelta()
    summer = january.replace(month=7).utcoffset() or timedelta()
    changes = standard != summer
    fields = _fields(
        dstEndRule=_change_rule(_OCTOBER, summer) if changes else _NO_SUMMER_TIME,
        dstOffset=int((summer - standard).total_seconds()),
        dstStartRule=_change_rule(_MARCH, standard) if changes else _NO_SUMMER_TIME,
        tzOffset=int(standard.total_seconds()),
    )
    place = f"{_ROOT}/LocalTimeParameters/1"
    return _entry(feed, _espi("LocalTimeParameters", fields), place, str(feed.zone))


def _change_rule(month: int, offset: timedelta) -> str:
    """The last Sunday of a month at 1:00 UTC (directive 2000/84/EC), in ESPI's bits."""
    hour = 1 + int(offset.total_seconds()) // 3600
    return f"{month << 28 | _LAST << 25 | _SUNDAY << 17 | hour << 12:08X}"


def _entry(
    feed: DwellingFeed, resource: str, place: str, title: str, related: tuple[str, ...] = ()
) -> str:
    links = [_link("up", place.rpartition("/")[0]), *(_link("related", to) for to in related)]
    content = f'<content type="application/xml">{resource}</content>'
    return "\n".join(["<entry>", *_head(feed, place, title), *links, content, "</entry>"])


def _head(feed: DwellingFeed, place: str, title: str) -> list[str]:
    moment = feed.updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        f"<id>urn:uuid:{uuid.uuid5(_NAMES, feed.pseudonym + place)}</id>",
        f"<title>{escape(title)}</title>",
        f"<updated>{moment}</updated>",
        _link("self", place),
    ]


def _link(relation: Literal["self", "up", "related"], place: str) -> str:
    return f'<link rel="{relation}" href="{escape(place)}"/>'


def _espi(name: str, *inside: str) -> str:
    return f"<espi:{name}>{''.join(inside)}</espi:{name}>"


def _fields(**texts: int | str) -> str:
    return "".join(_espi(name, str(text)) for name, text in texts.items())


def _period(name: str, start_s: int, duration_s: int) -> str:
    return (
        f"<espi:{name}><espi:duration>{duration_s}</espi:duration>"
        f"<espi:start>{start_s}</espi:start></espi:{name}>"
    )


_GAPS = _espi("ReadingQuality", _fields(quality=_QUESTIONABLE))
"""Marks an interval of which a part was not measured."""
