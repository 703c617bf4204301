"""The poller reads every point at its interval and knows how far each value can be believed.

One worker for each connection asks the device that is most overdue, for all of its points that are
due, and sleeps until the next turn. A device that does not answer waits longer and longer in wall
time, is asked only when no other behind the same gateway is due, and costs the gateway no more than
a third of its time; after two failures in a row its points are marked, with one line in the log,
and one more when it is back. How late devices are asked is counted: `punctuality`.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from ems.devices.connection import Readable, Values, connection_key
from ems.devices.line import Line
from ems.devices.maps import map_of
from ems.devices.on_site import OnSite
from ems.devices.punctuality import Punctuality
from ems.devices.watch import DeviceHealth, Watch
from ems.domain.district import Device, District
from ems.domain.errors import DeviceError
from ems.domain.points import Quality, Reading, point_id
from ems.domain.slots import Clock
from ems.domain.snapshot import Snapshot

log = logging.getLogger("ems.devices")

Sink = Callable[[Sequence[Reading]], None]
"""Takes readings in and never waits."""

STALE_WALL_S = 5.0
"""No value is stale sooner than this in wall time: also a fast district polls in wall time."""
SLEEP_MIN_S = 0.001


class Poller:
    """Polls all devices of a district until it is stopped."""

    def __init__(
        self,
        district: District,
        connections: Mapping[str, Readable],
        clock: Clock,
        speed: float,
        sink: Sink,
        *,
        on_site: OnSite | None = None,
    ) -> None:
        """Watch every device of `district`; what is held in `on_site` is marked as overridden.

        Raises:
            DeviceError: a device has no connection.
        """
        self._clock, self._speed = clock, speed
        self._connections = connections
        self._on_site = on_site if on_site is not None else OnSite()
        self.punctuality = Punctuality()
        """How late devices are asked, those that answer."""
        self._stop = asyncio.Event()
        self._latest: dict[str, Reading] = {}
        self._sink = sink
        self._watches = _watches(district)
        self._oldest = _oldest(district, speed)
        for key, watches in self._watches.items():
            if key not in connections:
                raise DeviceError(f"no connection {key}", fix=f"{watches[0].device.id} needs one")

    @property
    def health(self) -> dict[str, DeviceHealth]:
        """How each device fares, by id."""
        return {w.device.id: w.health for group in self._watches.values() for w in group}

    @property
    def asked_all(self) -> bool:
        """Whether every device has answered, or failed, at least once."""
        watches = (watch for group in self._watches.values() for watch in group)
        return all(w.failures > 0 or not math.isnan(w.last_good_s) for w in watches)

    def snapshot(self) -> Snapshot:
        """The latest reading of every point; what is too old for its poll class is stale."""
        now = self._clock.now()
        readings = {point: self._present(reading, now) for point, reading in self._latest.items()}
        return Snapshot(taken_at=now, readings=readings)

    def latest(self, point: str) -> Reading | None:
        """The latest reading of one point, as in a snapshot; None before it was ever asked."""
        reading = self._latest.get(point)
        return None if reading is None else self._present(reading, self._clock.now())

    def _present(self, reading: Reading, now: datetime) -> Reading:
        """`reading` with the quality that it has by now."""
        if not reading.quality.usable:
            return reading
        if now - reading.at > self._oldest[reading.point]:
            return Reading(reading.point, reading.value, Quality.STALE, reading.at)
        quality = self._quality(reading.point, reading.quality)
        if quality is reading.quality:
            return reading
        return Reading(reading.point, reading.value, quality, reading.at)

    def _quality(self, point: str, quality: Quality) -> Quality:
        held = quality is Quality.GOOD and point in self._on_site
        return Quality.OVERRIDDEN if held else quality

    async def run(self) -> None:
        """Poll until `stop`."""
        async with asyncio.TaskGroup() as workers:
            for key, watches in self._watches.items():
                workers.create_task(self._work(self._connections[key], watches))

    def told(self, device: Device, values: Values) -> None:
        """Take what a device says unasked."""
        self._record(device, values)

    def stop(self) -> None:
        """End `run` after the requests under way."""
        self._stop.set()

    async def _work(self, connection: Readable, watches: Sequence[Watch]) -> None:
        line, wall_s = Line(watches), asyncio.get_running_loop().time
        while not self._stop.is_set():
            now_s, began_s = self._clock.now().timestamp(), wall_s()
            watch, wait_s = line.turn(now_s, self._speed, began_s)
            if wait_s > 0:
                await self._sleep(wait_s)
                continue
            await self._poll(connection, watch, now_s)
            if watch.failures:
                line.lost(began_s, wall_s())

    async def _sleep(self, wall_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), max(wall_s, SLEEP_MIN_S))

    async def _poll(self, connection: Readable, watch: Watch, now_s: float) -> None:
        if not watch.failures and math.isfinite(late_s := watch.late_s(now_s)):
            self.punctuality.add(late_s / self._speed)
        try:
            values = await connection.read(watch.device, watch.due(now_s))
        except DeviceError as error:
            if watch.failed(error.message, asyncio.get_running_loop().time()):
                log.warning("%s is down: %s", watch.device.id, error.message)
                self._record(watch.device, _nothing(watch.device))
            return
        if watch.down:
            log.info("%s is back", watch.device.id)
        watch.succeeded(now_s)
        self._record(watch.device, values)

    def _record(self, device: Device, values: Values) -> None:
        at = self._clock.now()
        points = ((point_id(device.id, name), *read) for name, read in values.items())
        readings = [
            Reading(p, value, self._quality(p, quality), at) for p, value, quality in points
        ]
        self._latest.update((reading.point, reading) for reading in readings)
        self._sink(readings)


def _watches(district: District) -> dict[str, list[Watch]]:
    """Devices by connection, each with its share of the interval so that they take turns."""
    groups: dict[str, list[Watch]] = {}
    count = len(district.devices)
    for number, device in enumerate(district.devices.values()):
        watch = Watch(device, district.polling.interval_s, share=number / count)
        groups.setdefault(connection_key(device), []).append(watch)
    return groups


def _oldest(district: District, speed: float) -> dict[str, timedelta]:
    """How old each point may be before it is stale."""
    polling = district.polling
    ages = {
        poll: timedelta(
            seconds=max(polling.interval_s(poll) * polling.stale_after, STALE_WALL_S * speed)
        )
        for poll in ("fast", "normal", "slow")
    }
    return {
        point_id(device.id, spec.name): ages[spec.poll]
        for device in district.devices.values()
        for spec in map_of(device).points.values()
    }


def _nothing(device: Device) -> Values:
    return dict.fromkeys(map_of(device).points, (math.nan, Quality.COMM_FAIL))
