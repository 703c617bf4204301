"""Who gets which kilowatt-hour of the roofs: keys of collective self-consumption.

In each step (a quarter hour, or the half hour of older meters) what the producers feed in is
shared among the participants. Energies are whole watt-hours, so that sums are exact:

    what a participant gets is never more than what it consumed,
    what all get of a producer is never more than it produced.

A key says what each is entitled to; what someone can't use is surplus, or goes on to the others
where the key is dynamic. The keys of French law (Code de l'énergie, art. D315-6):

    static        fixed shares, the same in every step
    by default    in proportion to consumption in the step (dynamic)
    custom        shares of each participant, step by step, as the organiser says
    full          shares of each participant in each producer, step by step

Fractions of a watt-hour are settled by largest remainder (Hamilton's method), ties to the first.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import AllocationError

WattHours = NDArray[np.int64]
Shares = NDArray[np.float64]

_SLACK = 1e-9
"""Rounding that a sum of shares is forgiven."""


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """What was shared of which producer with whom."""

    produced_wh: WattHours = field(repr=False)
    """Shape [producers, steps]."""
    consumed_wh: WattHours = field(repr=False)
    """Shape [participants, steps]."""
    allocated_wh: WattHours = field(repr=False)
    """Shape [producers, participants, steps]."""

    @property
    def received_wh(self) -> WattHours:
        """What each participant got of all producers. Shape [participants, steps]."""
        received: WattHours = self.allocated_wh.sum(axis=0)
        return received

    @property
    def surplus_wh(self) -> WattHours:
        """What of each producer nobody got. Shape [producers, steps]."""
        surplus: WattHours = self.produced_wh - self.allocated_wh.sum(axis=1)
        return surplus

    @property
    def coefficients(self) -> Shares:
        """Part of all production that each participant got; zero without production.

        Shape [participants, steps]; what is reported to the network operator.
        """
        produced = self.produced_wh.sum(axis=0)
        coefficients: Shares = self.received_wh / np.maximum(produced, 1)
        return coefficients

    @property
    def of_producers(self) -> "ProducerTotals":
        """Sums over all steps."""
        produced, surplus = self.produced_wh.sum(axis=1), self.surplus_wh.sum(axis=1)
        return ProducerTotals(prod_wh=produced, autoprod_wh=produced - surplus, surplus_wh=surplus)

    @property
    def of_participants(self) -> "ParticipantTotals":
        """Sums over all steps."""
        consumed, received = self.consumed_wh.sum(axis=1), self.received_wh.sum(axis=1)
        return ParticipantTotals(
            cons_wh=consumed, autocons_wh=received, complement_wh=consumed - received
        )


@dataclass(frozen=True, kw_only=True)
class ProducerTotals:
    """A month of producers, in the network operator's words. Shape [producers]."""

    prod_wh: WattHours
    """Fed in."""
    autoprod_wh: WattHours
    """Shared with participants."""
    surplus_wh: WattHours
    """Sold."""


@dataclass(frozen=True, kw_only=True)
class ParticipantTotals:
    """A month of participants, in the network operator's words. Shape [participants]."""

    cons_wh: WattHours
    """Taken from the network."""
    autocons_wh: WattHours
    """Of it, from the producers."""
    complement_wh: WattHours
    """Of it, bought from each one's supplier."""


def by_default(produced_wh: WattHours, consumed_wh: WattHours) -> Allocation:
    """In proportion to what each consumes in the step: nothing is surplus while anyone consumes.

    `produced_wh` [producers, steps], `consumed_wh` [participants, steps].
    """
    produced, consumed = _energies(produced_wh, consumed_wh)
    total = np.minimum(produced.sum(axis=0), consumed.sum(axis=0))
    received = apportioned(total, consumed.astype(np.float64))
    return Allocation(
        produced_wh=produced,
        consumed_wh=consumed,
        allocated_wh=_of_each_producer(produced, received),
    )


def static(produced_wh: WattHours, consumed_wh: WattHours, shares: Shares) -> Allocation:
    """By fixed shares [participants] of all production; what one can't use is surplus."""
    steps = np.shape(produced_wh)[-1]
    return custom(produced_wh, consumed_wh, np.repeat(np.asarray(shares)[:, None], steps, axis=1))


def custom(produced_wh: WattHours, consumed_wh: WattHours, shares: Shares) -> Allocation:
    """By shares [participants, steps] of all production; what one can't use is surplus.

    Raises:
        AllocationError: the shares of a step are negative, not finite or more than one in sum.
    """
    produced, consumed = _energies(produced_wh, consumed_wh)
    _check(shares, consumed.shape, participants_axis=0)
    whole = produced.sum(axis=0)
    entitled = apportioned(_part(whole, shares.sum(axis=0)), shares)
    received = np.minimum(entitled, consumed)
    return Allocation(
        produced_wh=produced,
        consumed_wh=consumed,
        allocated_wh=_of_each_producer(produced, received),
    )


def full(produced_wh: WattHours, consumed_wh: WattHours, shares: Shares) -> Allocation:
    """By shares [producers, participants, steps] of each producer.

    Who is entitled to more than it consumes gets of each producer in proportion.

    Raises:
        AllocationError: a producer's shares in a step are negative, not finite or more than one
            in sum.
    """
    produced, consumed = _energies(produced_wh, consumed_wh)
    _check(shares, (len(produced), *consumed.shape), participants_axis=1)
    entitled = np.stack(
        [
            apportioned(_part(one, part.sum(axis=0)), part)
            for one, part in zip(produced, shares, strict=True)
        ]
    )
    allocated = entitled.copy()
    for participant, used in enumerate(consumed):
        of_all = entitled[:, participant].sum(axis=0)
        fitting = apportioned(np.minimum(used, of_all), entitled[:, participant].astype(float))
        allocated[:, participant] = np.where(of_all > used, fitting, entitled[:, participant])
    return Allocation(produced_wh=produced, consumed_wh=consumed, allocated_wh=allocated)


def apportioned(total: WattHours, weights: Shares) -> WattHours:
    """`total` [steps] split by `weights` [parties, steps] into whole numbers of exactly that sum.

    Each gets its exact part rounded down or up, so never more than a whole number that its exact
    part does not exceed. Where all weights are zero nobody gets anything.
    """
    sums = weights.sum(axis=0)
    exact = np.where(sums > 0, total * (weights / np.where(sums > 0, sums, 1.0)), 0.0)
    # rounding of the division must not lift or lower a part that is exactly whole
    nearest = np.rint(exact)
    exact = np.where(np.abs(exact - nearest) < _SLACK * np.maximum(nearest, 1), nearest, exact)
    parts = np.floor(exact).astype(np.int64)
    left = np.where(sums > 0, total - parts.sum(axis=0), 0)
    order = np.argsort(-(exact - parts), axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    result: WattHours = parts + (rank < left)
    return result


def in_half_hours(quarter_hours_wh: WattHours) -> WattHours:
    """Energies of half hours from those of quarter hours. Shape [..., steps] to [..., steps / 2].

    Raises:
        AllocationError: the quarter hours do not fill half hours.
    """
    *rest, steps = quarter_hours_wh.shape
    if steps % 2:
        raise AllocationError(
            f"{steps} quarter hours do not make half hours", fix="begin and end at :00 or :30"
        )
    halves: WattHours = quarter_hours_wh.reshape(*rest, steps // 2, 2).sum(axis=-1)
    return halves


def _of_each_producer(produced: WattHours, received: WattHours) -> WattHours:
    """What each got, taken from the producers in turn, each in proportion to its production.

    Shape [producers, participants, steps].
    """
    left, result = produced.copy(), np.zeros((len(produced), *received.shape), dtype=np.int64)
    for participant, wanted in enumerate(received):
        taken = apportioned(wanted, left.astype(np.float64))
        result[:, participant] = taken
        left -= taken
    return result


def _part(whole: WattHours, share: Shares) -> WattHours:
    part: WattHours = np.floor(whole * np.minimum(share, 1.0) + _SLACK).astype(np.int64)
    return part


def _energies(produced: WattHours, consumed: WattHours) -> tuple[WattHours, WattHours]:
    for name, energies in (("production", produced), ("consumption", consumed)):
        if not np.issubdtype(np.asarray(energies).dtype, np.integer) or np.min(energies) < 0:
            raise AllocationError(
                f"{name} must be whole watt-hours, none negative",
                fix="round meter readings to watt-hours; count feed-in as production",
            )
    if produced.ndim != 2 or consumed.ndim != 2 or produced.shape[1] != consumed.shape[1]:
        raise AllocationError(
            f"production {produced.shape} and consumption {consumed.shape} have other steps",
            fix="give both over the same steps",
        )
    return produced.astype(np.int64), consumed.astype(np.int64)


def _check(shares: Shares, shape: tuple[int, ...], *, participants_axis: int) -> None:
    if shares.shape != shape:
        raise AllocationError(
            f"shares have the shape {shares.shape}, not {shape}",
            fix="give one share for each participant and step",
        )
    sums = shares.sum(axis=participants_axis)
    if not np.isfinite(shares).all() or (shares < 0).any() or (sums > 1 + _SLACK).any():
        raise AllocationError(
            "shares are negative, missing, or more than one in sum",
            fix="give shares from 0 to 1 whose sum in each step is at most 1",
        )
