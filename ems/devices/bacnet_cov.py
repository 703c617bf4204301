"""Devices that tell when a value changes, instead of being asked again and again.

The EMS subscribes to the points whose map says so (SubscribeCOV), renews when half of the lifetime
has passed, and hands on what it is told at once. Polling stays as a safety net: of three polls of a
subscribed point one asks the device, the others take what was told last, so that no value is
believed for longer without a sign of life than a polled one would be. Whenever the subscription is
in doubt the points are polled as any others and it is made anew:

    a poll goes unanswered                       the device is away
    a poll finds another value than was told     a notification was lost, or the EMS forgotten
    the device says I-Am                         it has started again
    the lifetime has passed                      it could not be renewed

A device or an object that does not offer COV is polled, and asked again an hour later.
"""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic

from ems.devices.bacnet_apdu import Service
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_cov_messages import (
    Notification,
    Subscription,
    subscribe_request,
)
from ems.devices.bacnet_messages import Property, Result
from ems.devices.bacnet_tags import ObjectId, Type
from ems.devices.bacnet_values import judged, object_id, value_type
from ems.devices.connection import Values, connection_key
from ems.devices.maps import PointSpec, map_of
from ems.domain.district import Device, Protocol
from ems.domain.errors import DeviceError, DeviceRejectedError
from ems.domain.points import Quality

log = logging.getLogger("ems.devices")

LIFETIME_S = 300.0
"""How long a subscription lasts, wall seconds; renewed when half of it has passed."""
AGAIN_S = 10.0
"""How soon a device that could not be subscribed to is tried again."""
REFUSED_AGAIN_S = 3600.0
ONE_POLL_IN = 3
"""Of so many polls of a subscribed point one asks the device."""
PROCESS = 1
"""Our number of the subscription; the same after a restart, which so takes over the old ones."""
_ROUNDING = 1e-6


class CovDevice:
    """The subscribed points of one device; it is polled through this, a `Readable`."""

    def __init__(
        self, connection: BacnetConnection, device: Device, lifetime_s: float = LIFETIME_S
    ) -> None:
        self.connection = connection
        self.device = device
        self.renew_at_s = math.inf
        """When it is to be subscribed to, wall seconds; infinite: not before it has answered."""
        self._lifetime_s = lifetime_s
        self._points = {object_id(spec): spec for spec in covered(device)}
        self._until_s: dict[ObjectId, float] = {}
        self._told: dict[ObjectId, dict[int, Result]] = {}
        self._skipped: dict[ObjectId, int] = {}
        self._increments: dict[ObjectId, float] = {}

    @property
    def subscribed(self) -> frozenset[str]:
        """Names of the points that it tells by itself."""
        now_s = monotonic()
        return frozenset(s.name for o, s in self._points.items() if self._alive(o, now_s))

    async def read(self, device: Device, points: Sequence[PointSpec]) -> Values:
        """The present values of `points`, asked for or as told last.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that can't be believed.
        """
        told = self._known(points)
        asked = [spec for spec in points if spec.name not in told]
        if not asked:
            return told
        try:
            values = await self.connection.read(device, asked)
        except DeviceError:
            self._forget()
            self.renew_at_s = math.inf
            raise
        self._compare(asked, values)
        if math.isinf(self.renew_at_s) and self._points:
            self.renew_at_s = monotonic()
        return {spec.name: told.get(spec.name) or values[spec.name] for spec in points}

    async def renew(self) -> None:
        """Subscribe to every point, anew or again."""
        try:
            if not self._increments:
                await self._ask_increments()
            for place in self._points:
                await self._subscribe(place)
        except DeviceRejectedError as refused:
            self.renew_at_s = monotonic() + REFUSED_AGAIN_S
            log.info("%s is polled: %s", self.device.id, refused.message)
        except DeviceError as error:
            self.renew_at_s = monotonic() + AGAIN_S
            log.debug("%s could not be subscribed to: %s", self.device.id, error.message)
        else:
            self.renew_at_s = monotonic() + self._lifetime_s / 2

    def heard(self, told: Notification) -> Values:
        """The value of the point that is told; nothing when it is none of ours."""
        spec = self._points.get(told.object)
        if spec is None or told.object not in self._until_s:
            return {}
        if told.remaining_s:
            self._until_s[told.object] = monotonic() + told.remaining_s
        last = self._told.setdefault(told.object, {})
        last.update((result.property, result) for result in told.results)
        return {spec.name: self._judged(spec)} if Property.PRESENT_VALUE in last else {}

    def doubt(self) -> None:
        """It may have forgotten us: poll, and subscribe again now."""
        self._forget()
        self.renew_at_s = monotonic()

    def _forget(self) -> None:
        self._until_s.clear()
        self._told.clear()

    async def _subscribe(self, place: ObjectId) -> None:
        confirmed = _confirmed(self._points[place])
        self._until_s.setdefault(place, 0.0)  # what is told before the answer is not lost
        await self._send(Subscription(PROCESS, place, confirmed, round(self._lifetime_s)))
        self._until_s[place] = monotonic() + self._lifetime_s

    async def _send(self, wanted: Subscription) -> None:
        await self.connection.request(Service.SUBSCRIBE_COV, subscribe_request(wanted))

    async def _ask_increments(self) -> None:
        """How far a value may move untold; binary and multi-state objects tell every change."""
        analog = [o for o, spec in self._points.items() if value_type(spec) == Type.REAL]
        self._increments = dict.fromkeys(self._points, 0.0)
        answers = await self.connection.properties(analog, (Property.COV_INCREMENT,))
        for (place, _), result in answers.items():
            if result.error is None and len(result.values) == 1:
                number = result.values[0][1]
                self._increments[place] = number if isinstance(number, float) else 0.0

    def _alive(self, place: ObjectId, now_s: float) -> bool:
        return self._until_s.get(place, -math.inf) > now_s and place in self._told

    def _known(self, points: Iterable[PointSpec]) -> dict[str, tuple[float, Quality]]:
        """What was told last of those of `points` that need not be asked for this time."""
        now_s = monotonic()
        known = {}
        for spec in points:
            place = object_id(spec)
            skipped = self._skipped.get(place, 0)
            if place in self._points and self._alive(place, now_s) and skipped < ONE_POLL_IN - 1:
                self._skipped[place] = skipped + 1
                known[spec.name] = self._judged(spec)
            else:
                self._skipped[place] = 0
        return known

    def _compare(self, asked: Iterable[PointSpec], values: Values) -> None:
        now_s = monotonic()
        for spec in asked:
            place = object_id(spec)
            if self._alive(place, now_s) and self._differs(spec, values[spec.name]):
                log.info("%s/%s was not told of: subscribed again", self.device.id, spec.name)
                self.doubt()
                return

    def _differs(self, spec: PointSpec, read: tuple[float, Quality]) -> bool:
        told, told_quality = self._judged(spec)
        if told_quality is not read[1]:
            return True
        allowed = self._increments[object_id(spec)] * abs(spec.scale) + _ROUNDING
        return abs(read[0] - told) > allowed + 1e-6 * abs(told)  # NaN differs from nothing

    def _judged(self, spec: PointSpec) -> tuple[float, Quality]:
        place = object_id(spec)
        return judged(spec, {(place, n): result for n, result in self._told[place].items()})


def covered(device: Device) -> list[PointSpec]:
    """The points that the map of a device wants told."""
    specs = map_of(device).points.values()
    return [spec for spec in specs if spec.object is not None and spec.object.cov is not None]


def _confirmed(spec: PointSpec) -> bool:
    return spec.object is not None and spec.object.cov == "confirmed"


def cov_devices(
    devices: Iterable[Device], connections: Mapping[str, BacnetConnection]
) -> list[CovDevice]:
    """Those of `devices` whose maps want any point told."""
    return [
        CovDevice(connections[connection_key(device)], device)
        for device in devices
        if device.protocol is Protocol.BACNET and covered(device)
    ]
