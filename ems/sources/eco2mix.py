"""Carbon dioxide of the French grid: RTE's eCO2mix by the open-data API of ODRE.

eCO2mix measures, about an hour late; it does not forecast. Rows come each quarter hour or each half
hour, in g/kWh, with their UTC offset.

Documents: odre.opendatasoft.com, data set `eco2mix-national-tr`; help.opendatasoft.com, Explore
API 2.1, exports (records end after a hundred, which is a day).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from ems.domain.slots import Slot
from ems.sources.kept import Answer
from ems.sources.web import asked, unreadable

NAME = "eCO2mix"
ODRE = "https://odre.opendatasoft.com"
_PATH = "/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/exports/json"
_GREATEST_G = 1000.0
"""No grid of today emits more."""


class _Row(BaseModel):
    date_heure: AwareDatetime
    taux_co2: float | None


_ROWS = TypeAdapter(list[_Row])


@dataclass(frozen=True, kw_only=True)
class Eco2mix:
    """`Service` that gives measured kg/kWh by index of slot."""

    url: str = ODRE
    name: str = NAME
    every: timedelta = timedelta(minutes=30)

    def ask(self, now: datetime) -> Answer:
        """The newest two hundred rows, which is two days or four."""
        question = {
            "select": "date_heure,taux_co2",
            "where": "taux_co2 is not null",
            "order_by": "date_heure desc",
            "limit": "200",
            "timezone": "UTC",
        }
        return Answer(known_at=now, body=asked(NAME, f"{self.url}{_PATH}", question))

    def read(self, answer: Answer) -> Mapping[int, float]:
        """Measured values by index of slot; a half hour holds for both of its quarters."""
        try:
            rows = _ROWS.validate_json(answer.body)
        except ValidationError as error:
            raise unreadable(NAME, error.errors()[0]["msg"]) from error
        told = {Slot.containing(row.date_heure).index: row.taux_co2 for row in rows}
        known = {index: grams / 1000 for index, grams in told.items() if grams is not None}
        if not known:
            raise unreadable(NAME, "no values of taux_co2")
        if not all(0 <= value <= _GREATEST_G / 1000 for value in known.values()):
            raise unreadable(NAME, "values of taux_co2 that are not credible")
        return {index + 1: value for index, value in known.items()} | known
