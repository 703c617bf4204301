"""A handful of devices of each kind, held by a service that may be killed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from importlib import resources
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import yaml

from ems.clock import Anchor, DistrictClock
from ems.cycle_ports import WriterDispatcher
from ems.devices.connections import Connections
from ems.devices.fail_safe import Fallback, fallback
from ems.devices.maps import map_of
from ems.devices.writer import Writer
from ems.domain.district import DeviceKind, District
from ems.domain.errors import DeviceError
from ems.domain.plans import Outcome, Reason, ReasonCode, Setpoint
from ems.domain.points import point_id
from ems.domain.slots import Slot
from ems.heart import BEAT_S, Heart
from ems.processes import Family, Lifeline
from simulations.image import ProcessImage
from simulations.local_control import Lease
from simulations.panel import Panel

NEAR = 0.06
"""A value as close as this to the one commanded is it."""
TAKEN = (Outcome.OK, Outcome.CLAMPED, Outcome.ROUNDED)
OWN = ("B1-0201", "D1-0101", "A1-Z01", "SST-A1", "HP-1", "CP-01", "CP-02", "PV-A1", "BAT-1")
"""With a lease of their own."""
WITHOUT_LEASE = {
    "CP-03": "charge-point-mennekes",
    "CP-05": "charge-point-evlink",
    "HP-2": "heat-pump-nibe-s1155",
    "HP-3": "heat-pump-stiebel-wpm",
}
"""Left to the guard, with the maps that they get."""
ZONE = "A1-Z02"
"""A BACnet controller whose map knows no heartbeat."""


def fleet(district: District, net: int, folder: Path) -> District:
    """A handful of devices of each kind of `district`, with and without a lease, at 127.`net`."""
    moved = district.on_loopback(net)
    station = replace(moved.station, host=f"127.{net}.0.2", port=47986)
    maps = WITHOUT_LEASE | {ZONE: str(mute_zone(folder))}
    devices = [moved.devices[name] for name in (*OWN, *maps)]
    chosen = [replace(d, map=maps.get(d.id, d.map)) for d in devices]
    return replace(moved, station=station).with_devices(chosen)


def mute_zone(folder: Path) -> Path:
    """A zone controller's map without heartbeat and lease, in `folder`."""
    packaged = resources.files("ems.devices") / "maps" / "zone-bacnet.yaml"
    raw = yaml.safe_load(packaged.read_text(encoding="utf-8"))
    del raw["heartbeat"], raw["lease_s"], raw["points"]["heartbeat"]
    path = folder / "zone-mute.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True))
    return path


@asynccontextmanager
async def commanding(
    small: District, anchor: Anchor, heart: Path
) -> AsyncIterator[tuple[Family, BaseProcess]]:
    """A service in a process of its own that holds all devices."""
    family = Family()
    news, sender = family.pipe()
    child = family.start("service", hold_everything, small, anchor, heart, sender)
    sender.close()
    try:
        while not news.poll():
            if family.dead():
                raise DeviceError("the service died at its start", fix="see its words above")
            await asyncio.sleep(0.05)
        if refused := news.recv():
            raise DeviceError(f"not taken: {', '.join(refused)}", fix="compare device and map")
        yield family, child
    finally:
        await asyncio.to_thread(family.stop)


class OwnControl:
    """The devices' own rule: no new heartbeat within the lease, and they stop to obey."""

    def __init__(self, small: District, image: ProcessImage) -> None:
        own = small.with_devices(
            d for d in small.devices.values() if fallback(map_of(d)) is Fallback.OWN
        )
        self._leases: dict[DeviceKind, Lease] = {}
        for kind in DeviceKind:
            if devices := own.of_kind(kind):
                beat = map_of(devices[0]).heartbeat
                if beat is not None:
                    panel = Panel(image, own, kind, [d.serves for d in devices])
                    self._leases[kind] = Lease(panel, beat.point)

    def held(self, now: datetime) -> dict[DeviceKind, bool]:
        """Kinds of which a device still obeys."""
        return {k: bool(lease.held(now.timestamp()).any()) for k, lease in self._leases.items()}


def commanded(small: District, image: ProcessImage, device: str) -> bool:
    """Whether any command of the service still stands in a device."""
    one = small.with_devices([small.devices[device]])
    return any(abs(image[s.point] - s.value) <= NEAR for s in setpoints(one, Slot(0)))


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
