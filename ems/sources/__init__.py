"""Weather, prices and CO2 from files and services, and their offline defaults."""

from ems.sources.builtin import builtin_weather
from ems.sources.prices import read_prices
from ems.sources.weather_file import read_weather

__all__ = ["builtin_weather", "read_prices", "read_weather"]
