"""What a dwelling's feed may tell, and where it comes from.

By the CNIL's rules quarter hours need the resident's own consent, as do heat, hot water and the
share of the sun; without it a feed tells daily and monthly totals of electricity alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.errors import EmsError, NotAllowedError
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.feeds.green_button import DwellingFeed
from ems.feeds.meter_series import (
    Commodity,
    Detail,
    MeterSeries,
    of_energies,
    quarter_hours,
    summed,
)

LONGEST = timedelta(days=400)
"""How far back a feed may be asked: thirteen months and some days."""

_BACK = {
    Detail.QUARTER_HOUR: timedelta(days=7),
    Detail.DAY: timedelta(days=35),
    Detail.MONTH: LONGEST,
}
_POWERS = {
    Commodity.ELECTRICITY: "electric_power_kw",
    Commodity.HEAT: "heat_power_kw",
    Commodity.SHARED_SUN: "shared_sun_kw",
}
_HOT_WATER = "hot_water_energy_kwh"
_WH_PER_KWH = 1000


class FeedStore(Protocol):
    """Where the past comes from; the store is one."""

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        """Means of `points` over `horizon`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a reader asks of a feed."""

    detail: Detail = Detail.DAY
    """How long its intervals are."""

    since: datetime | None = None
    """The first interval begins then or later; none: as far back as is usual for the detail."""

    limit: int = 3_000
    """How many intervals of each series at most."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a feed."""

    feed: DwellingFeed
    """What was asked for."""

    next_since: datetime | None
    """Where the next page begins; none when there is no more."""


async def feed_page(
    store: FeedStore,
    district: District,
    dwelling: str,
    *,
    pseudonym: str,
    allowed: bool,
    wanted: Wanted,
    now: datetime,
) -> Page:
    """One page of a dwelling's feed.

    Args:
        store: the past.
        district: the description.
        dwelling: whose feed.
        pseudonym: stands for the dwelling inside the feed.
        allowed: whether the resident consents to quarter hours and to heat.
        wanted: what is asked.
        now: the moment of asking.

    Raises:
        NotAllowedError: quarter hours are asked without consent.
        EmsError: there is no such dwelling.
    """
    if wanted.detail is Detail.QUARTER_HOUR and not allowed:
        raise NotAllowedError(
            "quarter hours of this dwelling are not kept: its resident has not consented",
            fix="ask for detail=day, or give consent on the resident's page",
        )
    horizon = _horizon(district, wanted, now)
    every = await _measured(store, district, dwelling, horizon, allowed=allowed)
    whole = tuple(summed(series, wanted.detail, district.site.zone) for series in every)
    since = wanted.since or datetime.fromtimestamp(0, UTC)
    shown = tuple(series.since(since, wanted.limit) for series in whole)
    feed = DwellingFeed(
        pseudonym=pseudonym,
        zone=district.site.zone,
        updated=(horizon.first + horizon.length).start,
        detail=wanted.detail,
        series=shown,
    )
    return Page(feed=feed, next_since=_next(whole, shown))


def _horizon(district: District, wanted: Wanted, now: datetime) -> Horizon:
    """From the local midnight before the first interval to the last whole quarter hour."""
    earliest = now - LONGEST
    asked = wanted.since or now - _BACK[wanted.detail]
    local = max(asked, earliest).astimezone(district.site.zone)
    if wanted.detail is not Detail.QUARTER_HOUR:
        local = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if wanted.detail is Detail.MONTH:
        local = local.replace(day=1)
    first, last = Slot.containing(local), Slot.containing(now)
    return Horizon(first, max(0, last.index - first.index))


async def _measured(
    store: FeedStore, district: District, dwelling: str, horizon: Horizon, *, allowed: bool
) -> list[MeterSeries]:
    device = district.device_of.get((DeviceKind.DWELLING, dwelling))
    if device is None:
        raise EmsError(f"there is no dwelling {dwelling}", fix="see dwellings.csv for their ids")
    told = _POWERS if allowed else {Commodity.ELECTRICITY: _POWERS[Commodity.ELECTRICITY]}
    points = [point_id(device.id, name) for name in told.values()]
    powers_kw = (await store.quarter_hours(points, horizon)).values
    series = [
        quarter_hours(commodity, horizon, power_kw)
        for commodity, power_kw in zip(told, powers_kw, strict=True)
    ]
    if allowed:
        counter = await store.quarter_hours([point_id(device.id, _HOT_WATER)], horizon)
        series.insert(2, of_energies(Commodity.HOT_WATER, horizon, _steps_wh(counter.values[0])))
    return series


def _steps_wh(counter_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a counter rose between the means of neighbouring slots. Shape [slots].

    NaN where one of both is missing, and where the counter fell, as after an exchange.
    """
    steps = np.diff(counter_kwh, append=np.nan) * _WH_PER_KWH
    return np.where(steps >= 0, steps, np.nan)


def _next(whole: tuple[MeterSeries, ...], shown: tuple[MeterSeries, ...]) -> datetime | None:
    """Where the shortest shown series goes on; none when all ended."""
    left = [
        int(part.starts_s[-1] + part.lengths_s[-1])
        for one, part in zip(whole, shown, strict=True)
        if len(part) and part.starts_s[-1] < one.starts_s[-1]
    ]
    return datetime.fromtimestamp(min(left), UTC) if left else None
