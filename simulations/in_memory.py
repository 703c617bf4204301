"""The cycle's protocols in memory: the plant's image instead of pollers, writer and store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ems.devices.commands import command
from ems.devices.maps import PointSpec, map_of
from ems.domain.cycle_record import CycleRecord
from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import Claim
from ems.domain.plans import Dispatched, Mode, Outcome, Plan, Setpoint
from ems.domain.points import Quality, Reading, point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import History, QuarterHours, Snapshot
from ems.domain.weather import Outlook
from simulations.image import ProcessImage
from simulations.outlook import ForecastWeather, known_prices


@dataclass
class PlantMeasurements:
    """Reads the process image as if it had just been polled."""

    image: ProcessImage
    now: Callable[[], datetime]
    pieces: list[QuarterHours] = field(default_factory=list)
    """The past, oldest first; grows by one slot at a time."""
    seen: Callable[[dict[str, Reading]], dict[str, Reading]] = dict
    """What the way from the devices makes of their readings."""

    async def snapshot(self) -> Snapshot:
        """The present value of every point."""
        at = self.now()
        readings = {
            point: Reading(point, value, Quality.GOOD if value == value else Quality.STALE, at)
            for point, value in zip(self.image.index, self.image.values.tolist(), strict=True)
        }
        return Snapshot(taken_at=at, readings=self.seen(readings))

    async def history(self, before: Slot) -> History:
        """All slots that have ended before `before`."""
        return joined(self.pieces, before)


def joined(pieces: Sequence[QuarterHours], before: Slot) -> QuarterHours:
    """Adjoining pieces of the same points as one, cut at `before`."""
    first = pieces[0].horizon.first
    values = np.concatenate([piece.values for piece in pieces], axis=1)
    length = min(values.shape[1], before.index - first.index)
    return QuarterHours(
        points=pieces[0].points, horizon=Horizon(first, length), values=values[:, :length]
    )


@dataclass
class FileOutside:
    """Weather and prices of the scenario, with the errors that forecasts have."""

    weather: ForecastWeather
    prices: Callable[[Horizon], NDArray[np.float64]]
    district: District
    price_source: str
    all_prices: bool = False
    """Whether prices are known before they are out."""

    async def outlook(self, horizon: Horizon, issued_at: datetime) -> Outlook:
        """What could be known at `issued_at`."""
        zone, prices = self.district.site.zone, self.prices(horizon)
        if not self.all_prices:
            prices = known_prices(prices, horizon, issued_at, zone)
        return Outlook(
            weather=self.weather.outlook(horizon, issued_at),
            day_ahead_eur_per_kwh=prices,
            price_source=self.price_source,
        )


@dataclass
class MemoryLedger:
    """The plan in force and the records of all cycles."""

    live: Plan | None = None
    records: list[CycleRecord] = field(default_factory=list)

    async def live_plan(self) -> Plan | None:
        """The plan in force."""
        return self.live

    async def mode(self) -> Mode:
        """A simulation always writes."""
        return Mode.AUTOMATIC

    async def commit(self, plan: Plan, forecasts: Forecasts | None) -> None:
        """Make `plan` the one in force."""
        self.live = plan

    async def claim(self, slot: Slot) -> Claim:
        """Nobody else asks for slots."""
        return Claim(slot=slot, plan_id=self.live.id if self.live else "", authority="simulation")

    async def record(
        self, plan: Plan, dispatched: Sequence[Dispatched], cycle: CycleRecord
    ) -> None:
        """Keep the story of the quarter hour."""
        self.records.append(cycle)

    async def tell(self, cycle: CycleRecord) -> None:
        """Keep the story of a quarter hour that was never run."""
        self.records.append(cycle)


class ImageDispatcher:
    """Writes setpoints straight into the image, rounded as the devices would take them."""

    def __init__(
        self,
        district: District,
        image: ProcessImage,
        now: Callable[[], datetime],
        write: Callable[[str, float], bool] | None = None,
    ) -> None:
        self._image = image
        self._now = now
        self._write = write or self._straight
        self._specs: dict[str, PointSpec] = {}
        self._beats: list[tuple[str, int, int]] = []
        for device in district.devices.values():
            device_map = map_of(device)
            for spec in device_map.written:
                self._specs[point_id(device.id, spec.name)] = spec
            if beat := device_map.heartbeat:
                self._beats.append((point_id(device.id, beat.point), beat.first, beat.last))

    async def apply(self, setpoints: Sequence[Setpoint]) -> Sequence[Dispatched]:
        """Write all of them and renew every lease."""
        at = self._now()
        self.beat()
        return [self._written(setpoint, at) for setpoint in setpoints]

    async def release(self) -> None:
        """Leave the leases to run out."""

    def beat(self) -> None:
        """Renew every lease."""
        for point, first, last in self._beats:
            value = self._image[point]
            self._write(point, value + 1 if first <= value < last else first)

    def _straight(self, point: str, value: float) -> bool:
        self._image[point] = value
        return True

    def _written(self, setpoint: Setpoint, at: datetime) -> Dispatched:
        ready = command(setpoint, self._specs[setpoint.point])
        if ready is None:
            return self._refused(setpoint, Outcome.REJECTED, at)
        if not self._write(setpoint.point, ready.value):
            return self._refused(setpoint, Outcome.UNREACHABLE, at)
        read_back = self._image[setpoint.point]
        return Dispatched(
            setpoint=setpoint,
            outcome=ready.outcome if read_back == ready.value else Outcome.MISMATCH,
            written=ready.value,
            read_back=read_back,
            at=at,
        )

    @staticmethod
    def _refused(setpoint: Setpoint, outcome: Outcome, at: datetime) -> Dispatched:
        nothing = float("nan")
        return Dispatched(
            setpoint=setpoint, outcome=outcome, written=nothing, read_back=nothing, at=at
        )


class SimulatedClock:
    """District time as the closed loop sets it."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def now(self) -> datetime:
        """The moment last set."""
        return self.moment

    def ahead(self, lead: timedelta) -> None:
        """Move on."""
        self.moment += lead
