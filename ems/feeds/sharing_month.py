"""A month of shared sun: the totals and coefficients that the network operator is told.

Energies are whole watt-hours, so that a producer's PROD is its AUTOPROD and SURPLUS to the last
one, and a participant's CONS its AUTOCONS and COMPLEMENT. How the files are written is for a
`Writer`: the CSV of this module is documented in docs/sharing.md, another operator's can be put in
its place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ems.domain.allocation import Allocation
from ems.domain.district import DeviceKind, District
from ems.domain.errors import EmsError
from ems.domain.points import point_id
from ems.domain.shared_sun import Key, shared_sun
from ems.domain.slots import Horizon, Slot
from ems.feeds.resident import FeedStore
from ems.feeds.table import Cell, csv_text, times

PRODUCER = "HTA"
TOTAL_COLUMNS = ("party", "quantity", "energy_wh")
COEFFICIENT_COLUMNS = ("start_utc", "start_local", "participant", "coefficient")
_DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class SharingMonth:
    """What one month shared."""

    first: date
    """The first day of the month, local."""

    horizon: Horizon
    """Its quarter hours."""

    participants: tuple[str, ...]
    """Dwellings that take part."""

    allocation: Allocation = field(repr=False)
    """Who got what; participants as above."""

    unmeasured_slots: NDArray[np.int64] = field(repr=False)
    """Quarter hours without a reading of each participant, in which it got nothing. Shape [n]."""


class Writer(Protocol):
    """Writes a month as a network operator wants it."""

    def totals(self, month: SharingMonth) -> str:
        """Monthly sums of producers and participants."""
        ...

    def coefficients(self, month: SharingMonth, district: District) -> str:
        """Each participant's part of all production in each step."""
        ...


async def sharing_month(
    store: FeedStore,
    district: District,
    first: date,
    participants: Iterable[str],
    key: Key = Key.DEFAULT,
    connection: str = "M-HTA/power_kw",
) -> SharingMonth:
    """A month as measured, shared anew among `participants`.

    Raises:
        EmsError: nobody takes part, or nothing was measured at the connection.
    """
    chosen = tuple(sorted(participants))
    if not chosen:
        raise EmsError(
            "no dwelling takes part in sharing",
            fix="note consents with `ems residents allow D1-0304 sharing`, or use the static key",
        )
    horizon = _month(first, district)
    devices = [district.device_of[DeviceKind.DWELLING, dwelling].id for dwelling in chosen]
    points = [connection, *(point_id(device, "electric_power_kw") for device in devices)]
    values = (await store.quarter_hours(points, horizon)).values
    if not np.isfinite(values[0]).any():
        raise EmsError(
            f"nothing was measured at {connection} in {first:%Y-%m}", fix="choose another month"
        )
    return SharingMonth(
        first=first,
        horizon=horizon,
        participants=chosen,
        allocation=shared_sun(values[0], values[1:], np.ones(len(chosen), dtype=bool), key),
        unmeasured_slots=np.isnan(values[1:]).sum(axis=1),
    )


class PlainCsv:
    """The documented CSV of this project."""

    def totals(self, month: SharingMonth) -> str:
        """One row a party and quantity."""
        return csv_text(TOTAL_COLUMNS, _totals(month))

    def coefficients(self, month: SharingMonth, district: District) -> str:
        """One row a quarter hour with production and a participant that got some of it."""
        return csv_text(COEFFICIENT_COLUMNS, _coefficients(month, district))


def _totals(month: SharingMonth) -> list[tuple[Cell, ...]]:
    producers, participants = month.allocation.of_producers, month.allocation.of_participants
    rows: list[tuple[Cell, ...]] = [
        (PRODUCER, "PROD", int(producers.prod_wh[0])),
        (PRODUCER, "AUTOPROD", int(producers.autoprod_wh[0])),
        (PRODUCER, "SURPLUS", int(producers.surplus_wh[0])),
    ]
    named: Sequence[tuple[str, NDArray[np.int64]]] = (
        ("CONS", participants.cons_wh),
        ("AUTOCONS", participants.autocons_wh),
        ("COMPLEMENT", participants.complement_wh),
    )
    for number, dwelling in enumerate(month.participants):
        rows += [(dwelling, quantity, int(values[number])) for quantity, values in named]
    return rows


def _coefficients(month: SharingMonth, district: District) -> Iterable[tuple[Cell, ...]]:
    coefficients = month.allocation.coefficients
    for slot in np.flatnonzero(coefficients.any(axis=0)):
        moments = times((month.horizon.first + int(slot)).start, district.site.zone)
        for number in np.flatnonzero(coefficients[:, slot]):
            share = round(float(coefficients[number, slot]), _DECIMALS)
            yield *moments, month.participants[number], share


def _month(first: date, district: District) -> Horizon:
    begin = datetime.combine(first.replace(day=1), time(), district.site.zone)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    end = datetime.combine(after, time(), district.site.zone)
    first_slot, end_slot = Slot.containing(begin.astimezone(UTC)), Slot.containing(end)
    return Horizon(first_slot, end_slot.index - first_slot.index)
