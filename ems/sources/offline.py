"""Weather and prices of a site that is connected to no service yet: the climate and the tariff."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from ems.domain.district import District
from ems.domain.slots import Horizon
from ems.domain.weather import Outlook
from ems.sources.builtin import builtin_weather

_SEED = 0
_WHY = "no weather service is connected: the built-in climate is used"


class OfflineOutside:
    """`Outside` from what the package itself knows, said to be degraded."""

    def __init__(self, district: District) -> None:
        self._district = district

    async def outlook(self, horizon: Horizon, issued_at: datetime) -> Outlook:
        """The climate over `horizon`; prices are those of the tariff."""
        site, loop = self._district.site, self._district.loop
        weather = builtin_weather(site, loop, horizon, _SEED)
        return Outlook(
            weather=replace(weather, degraded=_WHY),
            day_ahead_eur_per_kwh=np.full(horizon.length, np.nan),
            price_source=self._district.tariff.name,
        )
