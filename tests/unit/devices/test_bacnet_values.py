"""What an answered property means for a point."""

import math

import pytest

from ems.devices.bacnet_messages import Property, Result
from ems.devices.bacnet_tags import Type, Value
from ems.devices.bacnet_values import encoded, held_above, judged, object_id
from ems.devices.maps import load_map
from ems.devices.point_spec import BacnetObject, PointSpec
from ems.domain.errors import DeviceError, DeviceReplyInvalidError
from ems.domain.points import Quality, Unit

ROOM = load_map("dwelling-bacnet").points["room_temp_c"]
SETPOINT = load_map("dwelling-bacnet").points["setpoint_c"]
WINDOW = load_map("dwelling-bacnet").points["window_open"]
MODE = PointSpec(
    name="mode",
    unit=Unit.NONE,
    poll="normal",
    low=0,
    high=3,
    translate=((1, 0), (2, 3)),
    object=BacnetObject(type="multi-state-value", instance=4),
)
FINE, FAULT, OVERRIDDEN, OUT_OF_SERVICE = (
    (0, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1),
)  # fmt: skip


def answers(
    spec: PointSpec, number: Type, raw: Value, flags: tuple[int, ...] | None = FINE
) -> dict[tuple[object, int], Result]:
    """A present value and status flags, as a device gives them."""
    at = object_id(spec)
    unknown = (2, 32)
    return {
        (at, 85): Result(at, Property.PRESENT_VALUE, ((number, raw),), None),
        (at, 111): Result(at, Property.STATUS_FLAGS, ((Type.BITS, flags),), None)
        if flags is not None
        else Result(at, Property.STATUS_FLAGS, (), unknown),
    }


@pytest.mark.parametrize(
    ("situation", "spec", "number", "raw", "flags", "value", "quality"),
    [
        ("a plain room", ROOM, Type.REAL, 20.5, FINE, 20.5, Quality.GOOD),
        ("seven digits are kept", ROOM, Type.REAL, 21.299999237, FINE, 21.3, Quality.GOOD),
        ("a controller without flags", ROOM, Type.REAL, 20.5, None, 20.5, Quality.GOOD),
        ("no oven", ROOM, Type.REAL, 180.0, FINE, 180.0, Quality.OUT_OF_RANGE),
        ("not a number", ROOM, Type.REAL, math.nan, FINE, None, Quality.DEVICE_INVALID),
        ("a broken sensor", ROOM, Type.REAL, 20.5, FAULT, None, Quality.DEVICE_INVALID),
        ("taken out of service", ROOM, Type.REAL, 20.5, OUT_OF_SERVICE, None,
         Quality.DEVICE_INVALID),
        ("held by a hand", ROOM, Type.REAL, 20.5, OVERRIDDEN, 20.5, Quality.OVERRIDDEN),
        ("words for a temperature", ROOM, Type.STRING, "20.5", FINE, None, Quality.COMM_FAIL),
        ("an open window", WINDOW, Type.ENUMERATED, 1, FINE, 1.0, Quality.GOOD),
        ("a window of real size", WINDOW, Type.REAL, 1.0, FINE, None, Quality.COMM_FAIL),
        ("a known state", MODE, Type.UNSIGNED, 2, FINE, 3.0, Quality.GOOD),
        ("an unknown state", MODE, Type.UNSIGNED, 7, FINE, None, Quality.DEVICE_INVALID),
    ],
)  # fmt: skip
def test_a_value_has_the_quality_that_its_device_gives_it(
    situation: str,
    spec: PointSpec,
    number: Type,
    raw: Value,
    flags: tuple[int, ...] | None,
    value: float | None,
    quality: Quality,
) -> None:
    got, how = judged(spec, answers(spec, number, raw, flags))

    assert how is quality
    assert math.isnan(got) if value is None else got == value


def test_a_value_is_written_in_the_type_of_its_object() -> None:
    assert encoded(SETPOINT, 20.5) == bytes.fromhex("4441a40000")
    assert encoded(WINDOW, 1.0) == bytes.fromhex("9101")
    assert encoded(MODE, 3.0) == bytes.fromhex("2102")


def test_what_is_no_number_is_never_written() -> None:
    with pytest.raises(DeviceError):
        encoded(SETPOINT, math.nan)


@pytest.mark.parametrize(
    ("priority", "held"), [(1, True), (8, True), (11, True), (12, False), (13, False), (16, False)]
)
def test_only_a_priority_above_the_plan_holds_a_point(priority: int, held: bool) -> None:
    slots = [(Type.NULL, None)] * 16
    slots[priority - 1] = (Type.REAL, 19.0)
    at = object_id(SETPOINT)
    array = {(at, 87): Result(at, Property.PRIORITY_ARRAY, tuple(slots), None)}

    assert held_above(SETPOINT, array) is held


def test_a_point_without_a_priority_array_is_held_by_nobody() -> None:
    at = object_id(ROOM)
    assert not held_above(ROOM, {(at, 87): Result(at, Property.PRIORITY_ARRAY, (), (2, 32))})


def test_a_priority_array_of_ten_is_not_believed() -> None:
    at = object_id(SETPOINT)
    short = Result(at, Property.PRIORITY_ARRAY, ((Type.NULL, None),) * 10, None)

    with pytest.raises(DeviceReplyInvalidError):
        held_above(SETPOINT, {(at, 87): short})
