"""What a dwelling's feed may tell, and where it comes from.

By the CNIL's rules quarter hours need the resident's own consent, as do heat, hot water and the
share of the sun; without it a feed tells daily and monthly totals of electricity alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.errors import EmsError, NotAllowedError
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.steps import Step
from ems.feeds.green_button import DwellingFeed
from ems.feeds.meter_series import Commodity, MeterSeries, of_energies, steps, summed
from ems.store.history import Curve

LONGEST = timedelta(days=400)
"""How far back a feed may be asked: thirteen months and some days."""

_BACK = {
    Step.QUARTER_HOUR: timedelta(days=7),
    Step.HOUR: timedelta(days=7),
    Step.DAY: timedelta(days=35),
    Step.MONTH: LONGEST,
}
_POWERS = {
    Commodity.ELECTRICITY: "electric_power_kw",
    Commodity.HEAT: "heat_power_kw",
    Commodity.SHARED_SUN: "shared_sun_kw",
}
_FINE = (Step.QUARTER_HOUR, Step.HOUR)
_HOT_WATER = "hot_water_energy_kwh"
_WH_PER_KWH = 1000


class FeedStore(Protocol):
    """Where the past comes from; the store is one."""

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        """Means of `points` over `horizon`."""
        ...

    async def curve(
        self, points: Sequence[str], begin: datetime, end: datetime, step: Step
    ) -> Curve:
        """Means of `points` in the steps that begin from `begin` to before `end`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a reader asks of a feed."""

    detail: Step = Step.DAY
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
    if wanted.detail in _FINE and not allowed:
        raise NotAllowedError(
            "quarter hours of this dwelling are not kept: its resident has not consented",
            fix="ask for detail=day, or give consent on the resident's page",
        )
    zone = district.site.zone
    begin, end = _span(wanted, now, zone)
    device = _device(district, dwelling)
    curve = await store.curve(_points(device, allowed), begin, end, wanted.detail)
    whole = _powers(curve, zone)
    if allowed:
        whole.append(await _hot_water(store, device, curve, end, zone))
    since = wanted.since or begin
    shown = tuple(series.since(since, wanted.limit) for series in whole)
    feed = DwellingFeed(
        pseudonym=pseudonym, zone=zone, updated=end, detail=wanted.detail, series=shown
    )
    return Page(feed=feed, next_since=_next(whole, shown))


def _span(wanted: Wanted, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the beginning of the step that holds the first interval to the last whole slot."""
    asked = max(wanted.since or now - _BACK[wanted.detail], now - LONGEST)
    return wanted.detail.start(asked, zone), Slot.containing(now).start


def _device(district: District, dwelling: str) -> str:
    device = district.device_of.get((DeviceKind.DWELLING, dwelling))
    if device is None:
        raise EmsError(f"there is no dwelling {dwelling}", fix="see dwellings.csv for their ids")
    return device.id


def _points(device: str, allowed: bool) -> list[str]:
    """Electricity first; without consent nothing else."""
    names = list(_POWERS.values())
    return [point_id(device, name) for name in (names if allowed else names[:1])]


def _powers(curve: Curve, zone: ZoneInfo) -> list[MeterSeries]:
    ends = [curve.step.after(start, zone) for start in curve.starts]
    lengths_s = np.array(
        [round((b - a).total_seconds()) for a, b in zip(curve.starts, ends, strict=True)],
        dtype=np.int64,
    )
    return [
        steps(commodity, curve.starts, lengths_s, means, slots)
        for commodity, means, slots in zip(_POWERS, curve.means, curve.slots, strict=False)
    ]


async def _hot_water(
    store: FeedStore, device: str, curve: Curve, end: datetime, zone: ZoneInfo
) -> MeterSeries:
    """From what the dwelling's counter rose, quarter hour by quarter hour."""
    first = Slot.containing(curve.starts[0] if curve.starts else end)
    horizon = Horizon(first, Slot.containing(end).index - first.index)
    counter = await store.quarter_hours([point_id(device, _HOT_WATER)], horizon)
    fine = of_energies(Commodity.HOT_WATER, horizon, _steps_wh(counter.values[0]))
    return summed(fine, curve.step, zone)


def _steps_wh(counter_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a counter rose between the means of neighbouring slots. Shape [slots].

    NaN where one of both is missing, and where the counter fell, as after an exchange.
    """
    rises = np.diff(counter_kwh, append=np.nan) * _WH_PER_KWH
    return np.where(rises >= 0, rises, np.nan)


def _next(whole: Sequence[MeterSeries], shown: Sequence[MeterSeries]) -> datetime | None:
    """Where the shortest shown series goes on; none when all ended."""
    left = [
        int(part.starts_s[-1] + part.lengths_s[-1])
        for one, part in zip(whole, shown, strict=True)
        if len(part) and part.starts_s[-1] < one.starts_s[-1]
    ]
    return datetime.fromtimestamp(min(left), UTC) if left else None
