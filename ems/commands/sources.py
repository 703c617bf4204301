"""Which services a site is connected to: options that commands share, and the feeds of them.

Addresses and keys come from the environment alone: `ENTSOE_API_KEY` and `OPEN_METEO_API_KEY`, each
also as `..._FILE`; `EMS_OPEN_METEO_URL`, `EMS_ECO2MIX_URL` and entsoe-py's own
`ENTSOE_ENDPOINT_URL` for other servers of the same services.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ems.domain.district import District

# What asks and reads takes a second to load: only commands that run with it do.
if TYPE_CHECKING:
    from ems.sources.connected import BySlot, Feeds
    from ems.sources.kept import Service
    from ems.sources.recording import Recording

FOLDER = "sources"
"""Where in a district's data the last answers are kept."""


class WeatherSource(StrEnum):
    """Where weather comes from."""

    CLIMATE = "climate"
    OPEN_METEO = "open-meteo"


class PriceSource(StrEnum):
    """Where energy prices come from."""

    TARIFF = "tariff"
    ENTSOE = "entsoe"


class Co2Source(StrEnum):
    """Where the grid's carbon dioxide comes from."""

    MONTHS = "months"
    ECO2MIX = "eco2mix"


WeatherOption = Annotated[
    WeatherSource, typer.Option("--weather", envvar="EMS_WEATHER", help="Where weather comes from.")
]
PricesOption = Annotated[
    PriceSource,
    typer.Option("--prices", envvar="EMS_PRICES", help="Where energy prices come from."),
]
Co2Option = Annotated[
    Co2Source, typer.Option("--co2", envvar="EMS_CO2", help="Where the grid's CO2 comes from.")
]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a site has chosen."""

    weather: WeatherSource = WeatherSource.CLIMATE
    prices: PriceSource = PriceSource.TARIFF
    co2: Co2Source = Co2Source.MONTHS

    def feeds(self, district: District, data: Path) -> "Feeds":
        """The feeds, with what was kept of them in the folder `data`."""
        from ems.sources.connected import Feeds
        from ems.sources.kept import Kept

        weather, prices, co2 = self._weather(district), self._prices(district), self._co2()
        folder = data / FOLDER
        return Feeds(
            weather=Kept(weather, folder) if weather is not None else None,
            prices=Kept(prices, folder) if prices is not None else None,
            co2=Kept(co2, folder) if co2 is not None else None,
        )

    def services(self, district: District) -> Iterator["Service[object]"]:
        """The services that are asked."""
        chosen = (self._weather(district), self._prices(district), self._co2())
        yield from (service for service in chosen if service is not None)

    def _weather(self, district: District) -> "Service[Recording] | None":
        from ems.sources.open_meteo import FREE, OpenMeteo

        if self.weather is WeatherSource.CLIMATE:
            return None
        url = os.environ.get("EMS_OPEN_METEO_URL", FREE).rstrip("/")
        return OpenMeteo(site=district.site, url=url)

    def _prices(self, district: District) -> "Service[BySlot] | None":
        if self.prices is PriceSource.TARIFF:
            return None
        from ems.sources.day_ahead import DayAhead

        return DayAhead(zone=district.site.zone)

    def _co2(self) -> "Service[BySlot] | None":
        from ems.sources.eco2mix import ODRE, Eco2mix

        if self.co2 is Co2Source.MONTHS:
            return None
        return Eco2mix(url=os.environ.get("EMS_ECO2MIX_URL", ODRE).rstrip("/"))
