"""The cars that left: what each wanted, could have had and got, as a table of one line for each.

So that "cars left short by 1.2 kWh" can be taken apart: which car, when, and whether a plan had it
charge at all.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from ems.domain.errors import EmsError
from ems.domain.plans import Plan
from ems.domain.slots import Slot
from ems.optimizer.steady import car_series
from simulations.cars import Departure

CAR_SERIES = car_series("")
"""How the series of a plan end that hold the charging of a car."""
PLANNED_KW = 0.1
"""A plan that gives a car more than this in a slot has it charge there."""
COLUMNS = (
    "scenario",
    "controller",
    "charge_point",
    "arrival_utc",
    "departure_utc",
    "arrival_local",
    "departure_local",
    "wanted_kwh",
    "servable_kwh",
    "delivered_kwh",
    "short_kwh",
    "planned_local",
)


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A car that left, and what plans had it do."""

    departure: Departure
    """The car and what it got."""
    planned: tuple[int, ...]
    """Indices of the slots for which the plan in force had it charge; none without plans."""


class PlannedCars:
    """Notes slot by slot which cars the plan in force has charge."""

    def __init__(self) -> None:
        self._slots: dict[str, list[int]] = defaultdict(list)

    def note(self, plan: Plan, slot: Slot) -> None:
        """What `plan` has in `slot`."""
        place = plan.horizon.offset(slot)
        for name, values in plan.series.items():
            if name.endswith(CAR_SERIES) and values[place] > PLANNED_KW:
                self._slots[name].append(slot.index)

    def stays(self, departures: Iterable[Departure]) -> Iterator[Stay]:
        """Each departure with the slots of its stay in which it was planned to charge."""
        for one in departures:
            first, last = (
                Slot.containing(moment).index
                for moment in (one.session.arrival, one.session.departure)
            )
            noted = self._slots[one.session.charge_point + CAR_SERIES]
            yield Stay(departure=one, planned=tuple(s for s in noted if first <= s <= last))


def cells(stay: Stay, zone: ZoneInfo) -> list[str]:
    """The cells of a stay's line after scenario and controller, in the order of `COLUMNS`."""
    one, session = stay.departure, stay.departure.session
    moments = (session.arrival, session.departure)
    energies = (
        session.energy_wanted_kwh,
        session.energy_servable_kwh,
        one.delivered_kwh,
        one.short_kwh,
    )
    return [
        session.charge_point,
        *(moment.astimezone(UTC).isoformat(timespec="minutes") for moment in moments),
        *(moment.astimezone(zone).isoformat(timespec="minutes") for moment in moments),
        *(f"{energy:.3f}" for energy in energies),
        in_words(stay.planned, zone),
    ]


def write_cars(path: Path, lines: Iterable[Sequence[str]]) -> None:
    """Write one line for each stay: scenario, controller and its cells.

    Raises:
        EmsError: the file can't be written.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            table.writerows(lines)
    except OSError as error:
        raise EmsError(
            f"{path} can't be written: {error.strerror}", fix="give another with --cars"
        ) from error


def in_words(slots: Sequence[int], zone: ZoneInfo) -> str:
    """Slots as spans of local time, `22:00-23:15 02:00-02:15`."""
    if not slots:
        return ""
    breaks = [n for n, (a, b) in enumerate(pairwise(slots), 1) if b != a + 1]
    spans = pairwise([0, *breaks, len(slots)])
    return " ".join(_span(slots[a], slots[b - 1], zone) for a, b in spans)


def _span(first: int, last: int, zone: ZoneInfo) -> str:
    def local(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%H:%M}"

    return f"{local(Slot(first).start)}-{local(Slot(last).end)}"
