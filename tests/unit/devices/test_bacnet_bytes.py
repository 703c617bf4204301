"""Our bytes are those of bacpypes3, octet by octet, both ways; quick reading is plain reading."""

import math
import random
import time
from typing import Any

import pytest
from bacpypes3 import apdu, basetypes
from bacpypes3.constructeddata import Any as AnyValue
from bacpypes3.primitivedata import Enumerated, Null, Real, Unsigned
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.bacnet_answers import _quickly, _tag_by_tag, read_one, read_results
from ems.devices.bacnet_cov_messages import (
    Notification,
    Subscription,
    notification,
    read_notification,
    read_subscription,
    subscribe_request,
)
from ems.devices.bacnet_i_am import IAm, read_i_am, who_is
from ems.devices.bacnet_messages import (
    Command,
    Property,
    Result,
    read_one_request,
    read_request,
    write_multiple_request,
    write_request,
)
from ems.devices.bacnet_tags import NULL, ObjectId, Type, bits, enumerated, real, unsigned

ROOM, SETPOINT, DEVICE = ObjectId(0, 33), ObjectId(2, 1), ObjectId(8, 4)
NORMAL = bits((0, 0, 0, 0))


def theirs(message: Any) -> bytes:
    """The parameters of a message as bacpypes3 puts them together."""
    return bytes(message.encode().pduData)


def test_read_property_multiple() -> None:
    references = [
        basetypes.PropertyReference(propertyIdentifier=name)
        for name in ("present-value", "status-flags")
    ]
    wanted = [
        apdu.ReadAccessSpecification(
            objectIdentifier=("analog-input", instance), listOfPropertyReferences=references
        )
        for instance in (33, 300, 4194302)
    ]
    ours = read_request(
        (ObjectId(0, instance), (Property.PRESENT_VALUE, Property.STATUS_FLAGS))
        for instance in (33, 300, 4194302)
    )
    assert ours == theirs(apdu.ReadPropertyMultipleRequest(listOfReadAccessSpecs=wanted))


def test_read_property_of_one_element() -> None:
    request = apdu.ReadPropertyRequest(
        objectIdentifier=("schedule", 1), propertyIdentifier="weekly-schedule",
        propertyArrayIndex=3,
    )  # fmt: skip
    assert read_one_request(ObjectId(17, 1), 123, 3) == theirs(request)


@pytest.mark.parametrize(
    ("encoded", "value"),
    [(real(20.5), Real(20.5)), (NULL, Null(())), (enumerated(1), Enumerated(1)),
     (unsigned(3), Unsigned(3))],
)  # fmt: skip
def test_writes(encoded: bytes, value: Any) -> None:
    single = apdu.WritePropertyRequest(
        objectIdentifier=("analog-value", 1), propertyIdentifier="present-value",
        propertyValue=AnyValue(value), priority=12,
    )  # fmt: skip
    command = Command(SETPOINT, Property.PRESENT_VALUE, encoded, 12)
    assert write_request(command) == theirs(single)
    several = apdu.WritePropertyMultipleRequest(
        listOfWriteAccessSpecs=[
            basetypes.WriteAccessSpecification(
                objectIdentifier=("analog-value", 1),
                listOfProperties=[
                    basetypes.PropertyValue(
                        propertyIdentifier="present-value", value=AnyValue(value), priority=12
                    )
                ],
            )
        ]
    )
    assert write_multiple_request([command]) == theirs(several)


@pytest.mark.parametrize("confirmed", [True, False])
def test_subscribe_cov(confirmed: bool) -> None:
    request = apdu.SubscribeCOVRequest(
        subscriberProcessIdentifier=18, monitoredObjectIdentifier=("analog-input", 33),
        issueConfirmedNotifications=confirmed, lifetime=300,
    )  # fmt: skip
    wanted = Subscription(18, ROOM, confirmed, 300)
    assert subscribe_request(wanted) == theirs(request)
    assert read_subscription(theirs(request)) == wanted


def test_the_end_of_a_subscription() -> None:
    request = apdu.SubscribeCOVRequest(
        subscriberProcessIdentifier=18, monitoredObjectIdentifier=("analog-input", 33)
    )
    assert subscribe_request(Subscription(18, ROOM, None, 0)) == theirs(request)


def test_a_change_of_value() -> None:
    message = apdu.UnconfirmedCOVNotificationRequest(
        subscriberProcessIdentifier=18, initiatingDeviceIdentifier=("device", 4),
        monitoredObjectIdentifier=("analog-input", 33), timeRemaining=300,
        listOfValues=[
            basetypes.PropertyValue(propertyIdentifier="present-value", value=AnyValue(Real(65))),
            basetypes.PropertyValue(
                propertyIdentifier="status-flags",
                value=AnyValue(basetypes.StatusFlags([0, 0, 0, 0])),
            ),
        ],
    )  # fmt: skip
    flags = ((Type.BITS, (0, 0, 0, 0)),)
    told = Notification(
        18, DEVICE, ROOM, 300,
        (Result(ROOM, 85, ((Type.REAL, 65.0),), None), Result(ROOM, 111, flags, None)),
    )  # fmt: skip
    values = {Property.PRESENT_VALUE: real(65.0), Property.STATUS_FLAGS: NORMAL}
    assert notification(told, values) == theirs(message)
    assert read_notification(theirs(message)) == told


def test_who_is_and_i_am() -> None:
    asked = apdu.WhoIsRequest(deviceInstanceRangeLowLimit=100, deviceInstanceRangeHighLimit=70000)
    assert who_is(range(100, 70001)) == theirs(asked)
    assert who_is() == theirs(apdu.WhoIsRequest())
    said = apdu.IAmRequest(
        iAmDeviceIdentifier=("device", 4), maxAPDULengthAccepted=1024,
        segmentationSupported="noSegmentation", vendorID=999,
    )  # fmt: skip
    assert read_i_am(theirs(said)) == IAm(4, 1024, 3, 999)


def test_the_answer_to_one_property() -> None:
    answer = apdu.ReadPropertyACK(
        objectIdentifier=("analog-input", 33), propertyIdentifier="present-value",
        propertyValue=AnyValue(Real(72.5)),
    )  # fmt: skip
    assert read_one(theirs(answer)) == Result(ROOM, 85, ((Type.REAL, 72.5),), None)


PLAIN = st.one_of(
    st.floats(width=32, allow_nan=False).map(real),
    st.integers(0, 255).map(unsigned),
    st.integers(0, 255).map(enumerated),
    st.lists(st.integers(0, 1), min_size=4, max_size=4).map(bits),
)


@given(
    st.lists(st.tuples(st.integers(0, 4194303), st.lists(st.tuples(st.integers(0, 255), PLAIN))))
)
def test_a_plain_answer_is_read_quickly_and_the_same(
    objects: list[tuple[int, list[tuple[int, bytes]]]],
) -> None:
    answer = b"".join(
        bytes((0x0C,)) + instance.to_bytes(4, "big") + b"\x1e"
        + b"".join(bytes((0x29, number, 0x4E)) + value + b"\x4f" for number, value in values)
        + b"\x1f"
        for instance, values in objects
    )  # fmt: skip
    assert _quickly(answer) == _tag_by_tag(answer)


def test_what_is_read_quickly_is_the_same_tag_by_tag_whatever_is_damaged() -> None:
    seed = time.time_ns()
    chance = random.Random(seed)  # noqa: S311 no secret
    whole = bytes.fromhex("0c00000021 1e 2955 4e 444290999a 4f 296f 4e 820400 4f 1f") * 2
    quick = 0
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        results = _quickly(bytes(damaged))
        if results is not None and not any(_is_nan(result) for result in results):
            quick += 1
            assert results == _tag_by_tag(bytes(damaged)), f"seed {seed}: {damaged.hex()}"
    assert quick > 100
    assert read_results(whole) == _tag_by_tag(whole)


def _is_nan(result: Result) -> bool:
    return any(isinstance(value, float) and math.isnan(value) for _, value in result.values)
