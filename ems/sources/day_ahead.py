"""Day-ahead prices of the ENTSO-E transparency platform, by entsoe-py.

Asked for are the local days of yesterday to tomorrow. Since 1 October 2025 the market trades
quarter hours; where hours are served, each holds for its four quarters. Times are UTC in the
platform's documents, so that days of 23 and 25 hours need no care. Tomorrow's prices are out a
little before 13:00; before, the document ends with today.

The key never stands in a description: it comes from the variable `ENTSOE_API_KEY`, or from the
file that `ENTSOE_API_KEY_FILE` names. It is part of each address that is asked, so that no text of
the client's own errors is passed on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

import entsoe.entsoe
import numpy as np
import pandas as pd
import requests
from entsoe.exceptions import (
    InvalidBusinessParameterError,
    InvalidPSRTypeError,
    NoMatchingDataError,
    PaginationError,
)
from entsoe.parsers import parse_prices

from ems.domain.errors import SourceError
from ems.domain.slots import SLOT_S
from ems.sources.kept import Answer
from ems.sources.keys import needed_key
from ems.sources.prices import credible
from ems.sources.web import TIMEOUT_S, refused, unreachable, unreadable

NAME = "ENTSO-E"
KEY = "ENTSOE_API_KEY"
ZONE = "FR"
"""The bidding zone."""
_END = "</Publication_MarketDocument>"
_SLOTS = {"60min": 4, "30min": 2, "15min": 1}
"""Slots of a step, the coarsest first: finer prices take its place."""


@dataclass(frozen=True, kw_only=True)
class DayAhead:
    """`Service` that gives prices by index of slot [EUR/kWh]."""

    zone: ZoneInfo
    name: str = NAME
    every: timedelta = timedelta(minutes=30)

    def ask(self, now: datetime) -> Answer:
        """The prices from yesterday to tomorrow, as far as they are out."""
        today = pd.Timestamp(now).tz_convert(self.zone).normalize()
        client = entsoe.entsoe.EntsoeRawClient(
            api_key=needed_key(NAME, KEY), retry_count=1, retry_delay=0, timeout=int(TIMEOUT_S)
        )
        begin, end = (today + pd.DateOffset(days=days) for days in (-1, 2))
        try:
            body = client.query_day_ahead_prices(ZONE, begin, end)
        except NoMatchingDataError:
            raise SourceError(
                f"{NAME} has no prices for {today:%Y-%m-%d} yet", fix="wait until they are out"
            ) from None
        except requests.HTTPError as error:
            raise refused(NAME, error.response.status_code) from None
        except (InvalidBusinessParameterError, InvalidPSRTypeError, PaginationError):
            raise refused(NAME, HTTPStatus.BAD_REQUEST) from None
        except OSError as error:  # of requests, and of the sockets below
            raise unreachable(NAME, type(error).__name__) from None
        return Answer(known_at=now, body=body)

    def read(self, answer: Answer) -> Mapping[int, float]:
        """Prices by index of slot; slots without a price are not in it."""
        if not answer.body.rstrip().endswith(_END):
            raise unreadable(NAME, "a document without an end")
        by_step = _by_step(answer.body)
        known: dict[int, float] = {}
        for step, slots in _SLOTS.items():
            prices = by_step[step].dropna()
            begins = [start.timestamp() for start in pd.DatetimeIndex(prices.index)]
            for begin, price in zip(begins, prices, strict=True):
                first = int(begin) // SLOT_S
                known |= dict.fromkeys(range(first, first + slots), float(price) / 1000)
        if not known:
            raise unreadable(NAME, "no prices")
        if not credible(np.array(list(known.values()))).all():
            raise unreadable(NAME, "prices beyond the market's limits")
        return known


def _by_step(document: str) -> Mapping[str, "pd.Series[float]"]:
    """Prices [EUR/MWh] by the length of their steps."""
    if document.count("<currency_Unit.name>") != document.count("<currency_Unit.name>EUR<"):
        raise unreadable(NAME, "prices that are not in EUR")
    parse: Callable[[str], Mapping[str, pd.Series[float]]] = parse_prices
    try:
        return parse(document)
    except (AttributeError, ValueError, TypeError, NotImplementedError) as error:
        raise unreadable(NAME, "a document of another form") from error
