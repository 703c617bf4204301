"""Change of value: a device is asked to tell, and tells (ASHRAE 135, clauses 13.14, 13.1, 13.8)."""

from typing import NamedTuple

from ems.devices.bacnet_messages import Property, Result
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_tags import (
    Kind,
    ObjectId,
    closing,
    context,
    identifier,
    natural,
    object_of,
    opening,
)


class Notification(NamedTuple):
    """What a device tells of one of its objects."""

    process: int
    """Number that the subscriber gave to the subscription."""

    device: ObjectId
    """Who tells."""

    object: ObjectId
    """Of what."""

    remaining_s: int
    """How long the subscription lasts from now; 0: without end."""

    results: tuple[Result, ...]
    """The properties told; of most objects present value and status flags."""


class Subscription(NamedTuple):
    """What a subscriber asks for."""

    process: int
    object: ObjectId
    confirmed: bool | None
    """Whether notifications are to be acknowledged; none: tell no more."""
    lifetime_s: int
    """0: without end."""


def subscribe_request(wanted: Subscription) -> bytes:
    """The parameters of SubscribeCOV."""
    head = context(0, natural(wanted.process)) + context(1, identifier(wanted.object))
    if wanted.confirmed is None:
        return head
    return head + context(2, bytes((wanted.confirmed,))) + context(3, natural(wanted.lifetime_s))


def read_subscription(data: bytes) -> Subscription:
    """What a SubscribeCOV asks for.

    Raises:
        BadEncodingError: it is none.
    """
    reader = Reader(data)
    process = reader.number(0)
    object_id = object_of(reader.expect(Kind.CONTEXT, 1))
    confirmed = reader.optional(2)
    lifetime_s = reader.optional(3) or 0
    return Subscription(
        process, object_id, None if confirmed is None else confirmed != 0, lifetime_s
    )


def notification(told: Notification, values: dict[Property, bytes]) -> bytes:
    """The parameters of a notification; `values` are encoded properties, those of `told` unused."""
    listed = b"".join(
        context(0, natural(number)) + opening(2) + encoded + closing(2)
        for number, encoded in values.items()
    )
    return (
        context(0, natural(told.process))
        + context(1, identifier(told.device))
        + context(2, identifier(told.object))
        + context(3, natural(told.remaining_s))
        + opening(4)
        + listed
        + closing(4)
    )


def read_notification(data: bytes) -> Notification:
    """What a device tells.

    Raises:
        BadEncodingError: it is no notification.
    """
    reader = Reader(data)
    process = reader.number(0)
    device = object_of(reader.expect(Kind.CONTEXT, 1))
    told = object_of(reader.expect(Kind.CONTEXT, 2))
    remaining_s = reader.number(3)
    reader.expect(Kind.OPENING, 4)
    results = []
    while not reader.at(Kind.CLOSING, 4):
        number = reader.number(0)
        reader.optional(1)
        results.append(Result(told, number, reader.group(2), None))
        reader.optional(3)
    return Notification(process, device, told, remaining_s, tuple(results))
