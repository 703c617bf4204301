"""What a virtual controller owes its subscribers: word whenever a value has moved far enough."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from ems.devices.bacnet_apdu import Notice, Service, confirmed, unconfirmed
from ems.devices.bacnet_cov_messages import Notification, Subscription, notification
from ems.devices.bacnet_messages import Property
from ems.devices.bacnet_tags import ObjectId
from ems.devices.bacnet_transactions import Where
from simulations.bacnet_objects import Measured, RefusedError

NOT_OFFERED = (1, 45)
NO_SPACE = (5, 43)
SUBSCRIPTIONS_MAX = 256
UNANSWERED_MAX = 3
"""After so many notifications in a row that nobody acknowledged a subscription ends."""


@dataclass
class _Subscriber:
    confirmed: bool
    until_s: float
    told: tuple[float, bytes] | None = None
    """Value and flags of the last notification; none: none was sent."""
    unanswered: int = 0


class Subscriptions:
    """The subscribers of one controller."""

    def __init__(self, device: ObjectId) -> None:
        self._device = device
        self._all: dict[tuple[Where, int, Measured], _Subscriber] = {}
        self._invoke_ids = count(1)
        self._waiting: dict[tuple[Where, int], _Subscriber] = {}

    def __len__(self) -> int:
        return len(self._all)

    def clear(self) -> None:
        """Forget all of them, as a restart does."""
        self._all.clear()

    def take(self, wanted: Subscription, of: object, subscriber: Where, now_s: float) -> None:
        """Begin, renew or end a subscription.

        Raises:
            RefusedError: the object tells nothing, or there is no space.
        """
        if not isinstance(of, Measured):
            raise RefusedError("the object tells nothing", *NOT_OFFERED)
        key = (subscriber, wanted.process, of)
        if wanted.confirmed is None:
            self._all.pop(key, None)
            return
        if key not in self._all and len(self._all) >= SUBSCRIPTIONS_MAX:
            raise RefusedError("too many subscriptions", *NO_SPACE)
        until_s = now_s + (wanted.lifetime_s or float("inf"))
        self._all[key] = _Subscriber(wanted.confirmed, until_s)

    def acknowledged(self, subscriber: Where, invoke_id: int) -> None:
        """A notification has arrived."""
        told = self._waiting.pop((subscriber, invoke_id), None)
        if told is not None:
            told.unanswered = 0

    def due(self, now_s: float) -> Iterator[tuple[Where, bytes]]:
        """What is to be told to whom, now."""
        for key, subscriber in tuple(self._all.items()):
            where, process, of = key
            if subscriber.until_s <= now_s or subscriber.unanswered > UNANSWERED_MAX:
                del self._all[key]
            elif _moved(of, subscriber.told):
                subscriber.told = (of.value, of.read(Property.STATUS_FLAGS))
                remaining = subscriber.until_s - now_s
                remaining_s = 0 if remaining == float("inf") else max(1, round(remaining))
                told = Notification(process, self._device, of.id, remaining_s, ())
                yield where, self._message(where, subscriber, told, of)

    def _message(
        self, where: Where, subscriber: _Subscriber, told: Notification, of: Measured
    ) -> bytes:
        named = (Property.PRESENT_VALUE, Property.STATUS_FLAGS)
        content = notification(told, {number: of.read(number) for number in named})
        if not subscriber.confirmed:
            return unconfirmed(Notice.COV, content)
        invoke_id = next(self._invoke_ids) % 256
        subscriber.unanswered += 1
        self._waiting[where, invoke_id] = subscriber
        return confirmed(invoke_id, Service.CONFIRMED_COV, content)


def _moved(of: Measured, told: tuple[float, bytes] | None) -> bool:
    if told is None or told[1] != of.read(Property.STATUS_FLAGS):
        return True
    step = abs(of.value - told[0])
    return step >= of.increment if of.increment else step > 0
