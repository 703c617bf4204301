"""A service that holds devices and may be killed, for the tests of what happens then."""

import asyncio
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from ems.clock import Anchor, DistrictClock
from ems.cycle_ports import WriterDispatcher
from ems.devices.connections import Connections
from ems.devices.maps import map_of
from ems.devices.writer import Writer
from ems.domain.district import District
from ems.domain.plans import Outcome, Reason, ReasonCode, Setpoint
from ems.domain.points import point_id
from ems.domain.slots import Slot
from ems.heart import BEAT_S, Heart
from ems.processes import Lifeline

TAKEN = (Outcome.OK, Outcome.CLAMPED, Outcome.ROUNDED)


def setpoints(district: District, slot: Slot) -> Iterator[Setpoint]:
    """For every written point a value that is not its safe one."""
    for device in district.devices.values():
        for spec in map_of(device).written:
            yield Setpoint(
                point=point_id(device.id, spec.name),
                slot=slot,
                value=spec.high if spec.safe != spec.high else spec.low,
                unit=spec.unit,
                low=spec.low,
                high=spec.high,
                reason=Reason(ReasonCode.RULE),
            )


def hold_everything(
    lifeline: Lifeline, district: District, anchor: Anchor, heart: Path, news: Connection
) -> None:
    """Command every device, tell how many setpoints were taken, and hold them."""
    asyncio.run(_hold(lifeline, district, DistrictClock(anchor), Heart(heart), news))


async def _hold(
    lifeline: Lifeline, district: District, clock: DistrictClock, heart: Heart, news: Connection
) -> None:
    connections = Connections(district)
    writer = Writer(district, connections.by_key, clock, clock.speed)
    slot = Slot.containing(clock.now()) + 96
    wanted = tuple(setpoints(district, slot))
    done = await WriterDispatcher(writer, heart).apply(wanted)
    renewing = asyncio.create_task(writer.run())
    heart.beat(writer.held)
    news.send([d.setpoint.point for d in done if d.outcome not in TAKEN])
    while not lifeline.cut:
        heart.beat(writer.held)
        await asyncio.sleep(BEAT_S / 4)
    renewing.cancel()
    if not await writer.relinquish_all():
        heart.end()
    await connections.close()
