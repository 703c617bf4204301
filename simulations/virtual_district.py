"""The virtual district as processes: the plant with its Modbus servers, and the BACnet servers.

Both share one process image. The plant's process first lives through the past that the store still
lacks, hands it over in pieces, and then goes on in district time; the servers open once there is
something to measure.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Protocol

from ems.clock import Anchor, DistrictClock
from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Weather
from simulations.bacnet_servers import BacnetServers
from simulations.history import record
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers
from simulations.people import People
from simulations.plant import Plant

log = logging.getLogger("simulations")

PAST_STEP_S = 300.0
LEAST_STEP_S = 10.0
TICK_WALL_S = 1.0
PIECE_SLOTS = 2 * 96
PLAN_AHEAD_SLOTS = 100
"""A plan of 24 hours begins up to an hour ahead."""


class Lifeline(Protocol):
    """Tells when the process is to end."""

    @property
    def cut(self) -> bool:
        """Whether the process is to end."""
        ...

    async def until_cut(self) -> None:
        """Return when the process is to end."""
        ...


@dataclass(frozen=True, kw_only=True)
class VirtualDistrict:
    """What the processes of a virtual district start from."""

    district: District = field(repr=False)
    anchor: Anchor
    """The clock's mapping."""
    weather: Weather = field(repr=False)
    """The true weather, from the first slot of the past on."""
    past: Horizon
    """The slots before the present that the store lacks."""
    seed: int
    image: str
    """Name of the shared process image."""


@dataclass(frozen=True)
class News:
    """What the plant's process tells while it starts."""

    share: float
    """How much of the past has been lived through, 0 to 1."""
    history: QuarterHours | None = None
    """A piece of it."""
    ready: bool = False
    """Whether the Modbus servers answer."""


def run_plant(lifeline: Lifeline, virtual: VirtualDistrict, news: Connection) -> None:
    """Live through the past, then serve and go on until the lifeline is cut."""
    image = ProcessImage.create(virtual.district, shared=virtual.image)
    try:
        _live(lifeline, virtual, image, news)
    except BrokenPipeError:
        log.info("nobody waits for the plant any more")
    finally:
        image.unlink()


def _live(
    lifeline: Lifeline, virtual: VirtualDistrict, image: ProcessImage, news: Connection
) -> None:
    people = People.make(virtual.district, virtual.weather.horizon, virtual.seed)
    plant = Plant(
        virtual.district,
        virtual.weather,
        people,
        image,
        virtual.past.first.start,
        seed=virtual.seed,
        dt_s=PAST_STEP_S,
    )
    clock = DistrictClock(virtual.anchor)
    for piece in pieces(virtual.past, clock.now):
        if lifeline.cut:
            return
        history = record(plant, piece)
        done = (piece.slots.stop - virtual.past.first.index) / virtual.past.length
        news.send(News(share=min(1.0, done), history=history))
    plant.dt_s = max(LEAST_STEP_S, TICK_WALL_S * clock.speed)
    plant.advance(clock.now())
    asyncio.run(_serve_plant(lifeline, virtual, image, plant, clock, news))


def pieces(past: Horizon, now: Callable[[], datetime]) -> Iterator[Horizon]:
    """`past` in parts small enough to show progress, and what passes while it is lived through."""
    begin, end = past.first.index, past.slots.stop
    while begin < end:
        yield Horizon(Slot(begin), min(PIECE_SLOTS, end - begin))
        begin = min(begin + PIECE_SLOTS, end)
        end = max(end, Slot.containing(now()).index)


async def _serve_plant(
    lifeline: Lifeline,
    virtual: VirtualDistrict,
    image: ProcessImage,
    plant: Plant,
    clock: DistrictClock,
    news: Connection,
) -> None:
    servers = ModbusServers(virtual.district, image)
    await servers.start()
    news.send(News(share=1.0, ready=True))
    try:
        while not lifeline.cut:
            now = clock.now()
            require_calendar(virtual.weather, now)
            plant.advance(now)
            await asyncio.sleep(TICK_WALL_S)
    finally:
        await servers.stop()


def require_calendar(weather: Weather, now: datetime) -> None:
    """See that the weather reaches as far as a plan that is made now.

    Raises:
        EmsError: it does not; whoever started the district has to start it again.
    """
    if Slot.containing(now) + PLAN_AHEAD_SLOTS not in weather.horizon:
        raise EmsError(
            "the calendar of the virtual district has ended",
            fix="start it again: it goes on from here, with the weather of the next months",
        )


def run_bacnet(lifeline: Lifeline, virtual: VirtualDistrict, news: Connection) -> None:
    """Serve the BACnet devices out of the plant's image until the lifeline is cut."""
    image = ProcessImage.attach(virtual.district, virtual.image)
    clock = DistrictClock(virtual.anchor)
    servers = BacnetServers(virtual.district, image, clock.now)
    asyncio.run(_serve_bacnet(lifeline, servers, news))


async def _serve_bacnet(lifeline: Lifeline, servers: BacnetServers, news: Connection) -> None:
    await servers.start()
    news.send(News(share=1.0, ready=True))
    try:
        await lifeline.until_cut()
    finally:
        await servers.stop()


def longest_past(now: Slot, last_held: Slot | None, days: int) -> Horizon:
    """The slots before `now` that a store lacks, `days` at the most and two at least.

    Two days are lived through in any case, for rooms and tanks to have a state of their own.
    """
    oldest = now.index - days * 96
    begin = max(oldest, min(last_held.index + 1 if last_held else oldest, now.index - 2 * 96))
    return Horizon(Slot(begin), now.index - begin)
