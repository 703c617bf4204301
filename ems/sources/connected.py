"""Weather, prices and CO2 of a site, from services where it is connected to some.

Nothing is asked for here: what the services last said lies ready (`kept`), so that no quarter hour
waits for a network. Where it ends, or was never there, the package's own climate goes on, which
the forecaster sets right by the sensors (persistence); prices go on with the tariff, CO2 by month.
What is less than usual is said in `degraded`, by which the alarm of degraded inputs comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ems.domain.district import District
from ems.domain.slots import SLOT_S, Horizon, Slot
from ems.domain.weather import GridCo2, Outlook, Weather
from ems.sources.builtin import builtin_weather
from ems.sources.calendar_year import laid_out
from ems.sources.kept import Kept, Present
from ems.sources.prices import last_known_day_end
from ems.sources.recording import Recording

OLDEST_RUN = timedelta(hours=9)
"""AROME runs every three hours; two runs may be left out before a forecast is called old."""
PRICES_LATE = timedelta(hours=1)
"""How late the market's prices may come before that is said."""
DAY_SLOTS = 96
_SEED = 0
_NO_WEATHER = "no weather service is connected: the built-in climate is used"

BySlot = Mapping[int, float]
"""Values by index of slot."""


@dataclass(frozen=True, kw_only=True)
class Feeds:
    """What is asked for; none: the package's own."""

    weather: Kept[Recording] | None = None
    prices: Kept[BySlot] | None = None
    co2: Kept[BySlot] | None = None

    def refresh(self, now: datetime) -> None:
        """Ask for what is due."""
        for feed in (self.weather, self.prices, self.co2):
            if feed is not None:
                feed.refresh(now)


class ConnectedOutside:
    """`Outside` from what the services last said."""

    def __init__(self, district: District, feeds: Feeds) -> None:
        self._district = district
        self._feeds = feeds

    async def outlook(self, horizon: Horizon, issued_at: datetime) -> Outlook:
        """Everything over `horizon`, from what is there at this moment."""
        prices = self._feeds.prices
        outlook = Outlook(
            weather=self._weather(horizon, issued_at),
            day_ahead_eur_per_kwh=np.full(horizon.length, np.nan),
            price_source=self._district.tariff.name,
            co2=self._co2(horizon),
        )
        if prices is None:
            return outlook
        known = prices.present.value or {}
        return replace(
            outlook,
            day_ahead_eur_per_kwh=np.array([known.get(index, np.nan) for index in horizon.slots]),
            price_source=prices.service.name,
            price_degraded=self._lacking(horizon, issued_at, prices.present),
        )

    def _weather(self, horizon: Horizon, issued_at: datetime) -> Weather:
        feed = self._feeds.weather
        if feed is None:
            return self._climate(horizon, _NO_WEATHER)
        present = feed.present
        run = present.value
        covered = _covered(run, horizon) if run is not None else 0
        if run is None or covered == 0:
            why = present.trouble or f"{feed.service.name} has not answered yet"
            return self._climate(horizon, f"{why}: the built-in climate is used")
        site, loop = self._district.site, self._district.loop
        told = laid_out(run, site, loop, Horizon(horizon.first, covered))
        told = replace(told, degraded=_joined(told.degraded, _too_old(present, issued_at)))
        if covered == horizon.length:
            return told
        rest = Horizon(horizon.first + covered, horizon.length - covered)
        end = f"the run ends at {rest.first.start:%d.%m. %H:%M} UTC, the climate goes on"
        return told.followed_by(self._climate(rest, end))

    def _climate(self, horizon: Horizon, why: str) -> Weather:
        site, loop = self._district.site, self._district.loop
        return replace(builtin_weather(site, loop, horizon, _SEED), degraded=why)

    def _lacking(self, horizon: Horizon, issued_at: datetime, present: Present[BySlot]) -> str:
        """Why prices that the market has published are not there."""
        published = last_known_day_end(issued_at - PRICES_LATE, self._district.site.zone)
        known = present.value or {}
        due = [index for index in horizon.slots if Slot(index).end <= published]
        missing = [index for index in due if index not in known]
        if not missing:
            return ""
        since = f"{len(missing)} prices are missing from {Slot(missing[0]).start:%d.%m. %H:%M} UTC"
        return _joined(since, present.trouble)

    def _co2(self, horizon: Horizon) -> GridCo2 | None:
        """What was measured a day before each slot, or as many days as it takes."""
        feed = self._feeds.co2
        if feed is None:
            return None
        known = feed.present.value or {}
        values = np.array([_as_days_before(known, index) for index in horizon.slots])
        lacking = "" if np.isfinite(values).any() else "nothing measured of the last two days"
        return GridCo2(
            kg_per_kwh=values,
            source=f"{feed.service.name} of the day before",
            degraded=_joined(lacking, feed.present.trouble) if lacking else "",
        )


def _covered(run: Recording, horizon: Horizon) -> int:
    """How many slots from the first of `horizon` on the run has."""
    first_s = horizon.first.index * SLOT_S
    if run.start_s is None or first_s < run.start_s:
        return 0
    left = int((run.start_s + run.length * run.step_s - first_s) // SLOT_S)
    return max(0, min(left, horizon.length))


def _too_old(present: Present[Recording], issued_at: datetime) -> str:
    """That the run is old, and why; empty when it is not."""
    if present.known_at is None or issued_at - present.known_at <= OLDEST_RUN:
        return ""
    age_h = (issued_at - present.known_at).total_seconds() / 3600
    return _joined(f"the run has been out for {age_h:.0f} h", present.trouble)


def _as_days_before(known: BySlot, index: int) -> float:
    """The value of one or two days before, NaN if there is neither."""
    earlier = (known.get(index - days * DAY_SLOTS) for days in (1, 2))
    return next((value for value in earlier if value is not None), float("nan"))


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))
