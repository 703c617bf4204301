"""What overruns of the subscribed power cost: by month, time class and ten-minute means.

At medium voltage TURPE charges, each month and time class i, overruns of P - subscribed = x in the
ten-minute means of the power drawn with (CMDPS; TURPE 7, section on overruns of HTA)

    share b_i sqrt(sum of x²)        share = 0.04, b_i the class's yearly price of a subscribed kW

The subscribed power itself is paid by the year, whatever is drawn: below it, no month's peak has a
price. Under the root, the first overrun of a month is the dearest and the next ones of its size
cost less; a plan is told that slot by slot. A slot's overrun of x kW adds 1.5 x² to the S that the
month already has, and costs no more than its chord up to x² = S / 1.5 and the steepest slope
beyond: prices that are never below what the law charges, for one slot or many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import SLOT, SLOT_H, Horizon, Slot
from ems.domain.tariff import Tariff, TimeClass

Floats = NDArray[np.float64]

TEN_MINUTES = timedelta(minutes=10)
IN_A_SLOT = SLOT / TEN_MINUTES
"""Ten-minute means in a quarter hour."""
CHORD = float(np.sqrt(2.0) - 1.0)
"""Slope of the chord up to as much again, as a part of the steepest."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What a month has drawn so far."""

    month: tuple[int, int]
    """Year and month, local."""
    squares_kw2: Mapping[TimeClass, float] = field(default_factory=dict)
    """By class, the sum of squared overruns in ten-minute means."""
    peak_kw: float = 0.0
    """Highest ten-minute mean."""

    def cost_eur(self, tariff: Tariff) -> float:
        """What its overruns cost so far."""
        return sum(
            _eur_per_kw(tariff, at) * float(np.sqrt(self.squares_kw2.get(at, 0.0)))
            for at in TimeClass
        )


@dataclass(frozen=True, kw_only=True)
class OverrunPrices:
    """Price of import above the subscribed power, by slot. Shape [T] each."""

    eur_per_kwh: Floats
    """Above it."""
    far_kw: Floats
    """So much above it, the price rises."""
    far_eur_per_kwh: Floats
    """By so much; zero where it is as high as it can be from the start."""


def overrun_prices(
    tariff: Tariff, horizon: Horizon, zone: ZoneInfo, drawn: Drawn | None
) -> OverrunPrices:
    """What a plan pays; the tariff's plain price where nothing is known of the month."""
    if drawn is None or tariff.overrun_share == 0:
        plain, nothing = np.full(horizon.length, tariff.overrun_eur_per_kwh), _none(horizon)
        return OverrunPrices(eur_per_kwh=plain, far_kw=nothing, far_eur_per_kwh=nothing)
    classes = [tariff.time_class(Slot(index), zone) for index in horizon.slots]
    squares = np.array(
        [
            drawn.squares_kw2.get(at, 0.0) if _month(start, zone) == drawn.month else 0.0
            for at, start in zip(classes, horizon.starts, strict=True)
        ]
    )
    by_class = {at: _eur_per_kw(tariff, at) for at in TimeClass}
    steepest = np.sqrt(IN_A_SLOT) / SLOT_H * np.array([by_class[at] for at in classes])
    price = np.where(squares > 0, CHORD, 1.0) * steepest
    return OverrunPrices(
        eur_per_kwh=price, far_kw=np.sqrt(squares / IN_A_SLOT), far_eur_per_kwh=steepest - price
    )


def drawn_so_far(
    tariff: Tariff, zone: ZoneInfo, horizon: Horizon, overrun_kw: Floats, peak_kw: Floats
) -> Drawn:
    """The month in which `horizon` ends, of what each of its slots had; NaN: not measured. [T]."""
    month = _month((horizon.first + (horizon.length - 1)).start, zone)
    squares: dict[TimeClass, float] = {}
    of_month = np.array([_month(start, zone) == month for start in horizon.starts])
    for position in np.flatnonzero(of_month & (np.nan_to_num(overrun_kw) > 0)):
        at = tariff.time_class(horizon.first + int(position), zone)
        squares[at] = squares.get(at, 0.0) + float(overrun_kw[position]) ** 2
    peak = float(np.nan_to_num(peak_kw[of_month]).max(initial=0.0))
    return Drawn(month=month, squares_kw2=squares, peak_kw=peak)


def month_until(slot: Slot, zone: ZoneInfo) -> Horizon:
    """From the first slot of the local month to the one before `slot`, one at least."""
    before = slot + -1
    local = before.start.astimezone(zone)
    first = Slot.containing(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    return Horizon(first, before.index - first.index + 1)


def ended_in(
    slot: Slot, at: Sequence[datetime], power_kw: Floats, subscribed_kw: float
) -> tuple[float, float]:
    """Of the ten-minute means of import that end in `slot`: root of squared overruns, and highest.

    Readings `power_kw` at the moments `at` weigh alike; NaN when no ten minutes were measured.
    """
    edges = [slot.start - slot.start.minute % 10 * timedelta(minutes=1)]
    while edges[-1] + TEN_MINUTES <= slot.end:
        edges.append(edges[-1] + TEN_MINUTES)
    place = np.searchsorted(
        np.array([e.timestamp() for e in edges]), [a.timestamp() for a in at], "right"
    )
    drawn = np.maximum(power_kw, 0.0)
    means = [drawn[place == part].mean() for part in range(1, len(edges)) if (place == part).any()]
    if not means:
        return float("nan"), float("nan")
    over = np.maximum(np.array(means) - subscribed_kw, 0.0)
    return float(np.sqrt((over**2).sum())), float(max(means))


def _eur_per_kw(tariff: Tariff, at: TimeClass) -> float:
    return tariff.overrun_share * tariff.network_eur_per_kw_year[at]


def _month(moment: datetime, zone: ZoneInfo) -> tuple[int, int]:
    local = moment.astimezone(zone)
    return local.year, local.month


def _none(horizon: Horizon) -> Floats:
    return np.zeros(horizon.length)
