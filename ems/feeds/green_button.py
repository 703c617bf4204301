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
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from ems.domain.slots import SLOT_S
from ems.feeds.meter_series import Commodity, Detail, MeterSeries

MEDIA_TYPE = "application/atom+xml"

_ATOM, _ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"
_ROOT = "/espi/1_1/resource"
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, _ESPI)

_ELECTRICITY_SERVICE, _HEAT_SERVICE = 0, 4
_ELECTRIC, _HEATING_FLUID = 1, 12
_DELTA, _NORMAL, _FORWARD, _ENERGY, _WATT_HOURS, _EURO = 4, 12, 1, 12, 72, 978
_QUESTIONABLE = 10
_PERIOD_OF_INTEREST = {Detail.QUARTER_HOUR: 0, Detail.DAY: 11, Detail.MONTH: 13}
_LENGTH_S = {Detail.QUARTER_HOUR: SLOT_S, Detail.DAY: 24 * 3600, Detail.MONTH: 0}

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

    detail: Detail
    """How long its intervals are."""

    series: tuple[MeterSeries, ...]
    """One for each commodity that may be told."""


def green_button(feed: DwellingFeed) -> bytes:
    """`feed` as an Atom document with ESPI resources, UTF-8."""
    root = ET.Element(f"{{{_ATOM}}}feed")
    place = f"{_ROOT}/Subscription/{feed.pseudonym}"
    _head(root, feed, place, "Green Button")
    root.append(_clock(feed))
    for number, series in enumerate(feed.series, start=1):
        root.extend(list(_usage_point(feed, series, f"{place}/UsagePoint/{number}")))
    ET.register_namespace("", _ATOM)
    ET.register_namespace("espi", _ESPI)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _usage_point(feed: DwellingFeed, series: MeterSeries, place: str) -> Iterator[ET.Element]:
    service, commodity, title = _KINDS[series.commodity]
    reading, kind = f"{place}/MeterReading/1", f"{_ROOT}/ReadingType/{series.commodity}"
    point = _espi("UsagePoint")
    _texts(_under(point, "ServiceCategory"), kind=service)
    _texts(point, status=1)
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


def _reading_type(detail: Detail, commodity: int) -> ET.Element:
    return _texts(
        _espi("ReadingType"),
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


def _blocks(feed: DwellingFeed, series: MeterSeries) -> Iterator[MeterSeries]:
    """A block a local day of quarter hours; all days or months in one."""
    if not len(series):
        return
    if feed.detail is not Detail.QUARTER_HOUR:
        yield series
        return
    days = [datetime.fromtimestamp(int(at), feed.zone).date() for at in series.starts_s]
    edges = [i for i in range(len(days)) if i == 0 or days[i] != days[i - 1]]
    for first, last in zip(edges, [*edges[1:], len(days)], strict=True):
        yield series.part(slice(first, last))


def _interval_block(block: MeterSeries) -> ET.Element:
    element = _espi("IntervalBlock")
    first, last = int(block.starts_s[0]), int(block.starts_s[-1] + block.lengths_s[-1])
    _period(element, "interval", first, last - first)
    for start_s, length_s, energy_wh, complete in block.rows():
        reading = _under(element, "IntervalReading")
        if not complete:
            _texts(_under(reading, "ReadingQuality"), quality=_QUESTIONABLE)
        _period(reading, "timePeriod", start_s, length_s)
        _texts(reading, value=energy_wh)
    return element


def _summary(feed: DwellingFeed, series: MeterSeries) -> ET.Element:
    """What was used over all that the feed tells."""
    element = _espi("UsageSummary")
    first, last = int(series.starts_s[0]), int(series.starts_s[-1] + series.lengths_s[-1])
    _period(element, "billingPeriod", first, last - first)
    _texts(element, currency=_EURO)
    used = _under(element, "currentBillingPeriodOverAllConsumption")
    _texts(
        used,
        powerOfTenMultiplier=0,
        timeStamp=last,
        uom=_WATT_HOURS,
        value=int(series.energy_wh.sum()),
    )
    _texts(element, statusTimeStamp=int(feed.updated.timestamp()))
    return element


def _clock(feed: DwellingFeed) -> ET.Element:
    january = datetime(feed.updated.year, 1, 1, tzinfo=feed.zone)
    standard = january.utcoffset() or timedelta()
    summer = january.replace(month=7).utcoffset() or timedelta()
    changes = standard != summer
    element = _texts(
        _espi("LocalTimeParameters"),
        dstEndRule=_change_rule(_OCTOBER, summer) if changes else _NO_SUMMER_TIME,
        dstOffset=int((summer - standard).total_seconds()),
        dstStartRule=_change_rule(_MARCH, standard) if changes else _NO_SUMMER_TIME,
        tzOffset=int(standard.total_seconds()),
    )
    return _entry(feed, element, f"{_ROOT}/LocalTimeParameters/1", str(feed.zone))


def _change_rule(month: int, offset: timedelta) -> str:
    """The last Sunday of a month at 1:00 UTC (directive 2000/84/EC), in ESPI's bits."""
    hour = 1 + int(offset.total_seconds()) // 3600
    return f"{month << 28 | _LAST << 25 | _SUNDAY << 17 | hour << 12:08X}"


def _entry(
    feed: DwellingFeed,
    resource: ET.Element,
    place: str,
    title: str,
    related: tuple[str, ...] = (),
) -> ET.Element:
    entry = ET.Element(f"{{{_ATOM}}}entry")
    _head(entry, feed, place, title)
    _link(entry, "up", place.rpartition("/")[0])
    for address in related:
        _link(entry, "related", address)
    ET.SubElement(entry, f"{{{_ATOM}}}content", type="application/xml").append(resource)
    return entry


def _head(element: ET.Element, feed: DwellingFeed, place: str, title: str) -> None:
    moment = feed.updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    number = uuid.uuid5(_NAMES, f"{feed.pseudonym}{place}")
    for name, text in (("id", f"urn:uuid:{number}"), ("title", title), ("updated", moment)):
        ET.SubElement(element, f"{{{_ATOM}}}{name}").text = text
    _link(element, "self", place)


def _link(element: ET.Element, relation: Literal["self", "up", "related"], place: str) -> None:
    ET.SubElement(element, f"{{{_ATOM}}}link", rel=relation, href=place)


def _espi(name: str) -> ET.Element:
    return ET.Element(f"{{{_ESPI}}}{name}")


def _under(element: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(element, f"{{{_ESPI}}}{name}")


def _texts(element: ET.Element, **texts: int | str) -> ET.Element:
    for name, text in texts.items():
        _under(element, name).text = str(text)
    return element


def _period(element: ET.Element, name: str, start_s: int, duration_s: int) -> None:
    _texts(_under(element, name), duration=duration_s, start=start_s)
