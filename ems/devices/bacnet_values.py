"""Between properties of BACnet objects and values of points; no sockets here.

The family of an object tells the type of its present value: analog a Real, binary an Enumerated,
multi-state an Unsigned. Anything else is no credible answer.
"""

import math
from functools import cache

from ems.devices.bacnet_messages import OBJECT_TYPES, Answers, Command, Property, Result
from ems.devices.bacnet_tags import ObjectId, Type, enumerated, real, tags, unsigned, value
from ems.devices.point_spec import BacnetObject, PointSpec
from ems.domain.errors import DeviceError, DeviceReplyInvalidError
from ems.domain.points import Quality

_NO_VALUE = (math.nan, Quality.DEVICE_INVALID)
_NOT_CREDIBLE = (math.nan, Quality.COMM_FAIL)
_TYPES = {"analog": Type.REAL, "binary": Type.ENUMERATED, "multi-state": Type.UNSIGNED}
_PRIORITIES = 16


@cache
def object_id(spec: PointSpec) -> ObjectId:
    """The object that holds a point.

    Raises:
        DeviceError: the map gives none.
    """
    place = _place(spec)
    return ObjectId(OBJECT_TYPES[place.type], place.instance)


@cache
def value_type(spec: PointSpec) -> Type:
    """The type of its present value."""
    return _TYPES[_place(spec).type.rpartition("-")[0]]


def encoded(spec: PointSpec, value: float) -> bytes:
    """The present value that means `value`, with its tag.

    Raises:
        DeviceError: it is not finite, or no code of the device means it.
    """
    if not math.isfinite(value):
        raise DeviceError(f"{spec.name}: {value} is no value", fix="write finite numbers")
    raw = _raw_for(spec, value)
    match value_type(spec):
        case Type.REAL:
            return real(raw)
        case Type.ENUMERATED:
            return enumerated(round(raw))
        case _:
            return unsigned(round(raw))


def decoded(spec: PointSpec, raw: bytes) -> float:
    """The value that an encoded present value means; NaN for a Null and for what means none."""
    found = [value(tag) for tag in tags(raw)]
    number = found[0] if len(found) == 1 else None
    return _value_of(spec, number)[0] if isinstance(number, int | float) else math.nan


def command(spec: PointSpec, encoded_value: bytes) -> Command:
    """A write of the present value at the priority of the device map."""
    return Command(object_id(spec), Property.PRESENT_VALUE, encoded_value, _place(spec).priority)


def judged(spec: PointSpec, answers: Answers) -> tuple[float, Quality]:
    """The value of a point, and how far it can be believed."""
    present = answers[object_id(spec), Property.PRESENT_VALUE]
    if present.error is not None:
        return _NO_VALUE
    if len(present.values) != 1 or present.values[0][0] != value_type(spec):
        return _NOT_CREDIBLE
    raw = present.values[0][1]
    flags = _flags(answers.get((object_id(spec), Property.STATUS_FLAGS)))
    if flags is None:
        return _NOT_CREDIBLE
    _, fault, overridden, out_of_service = flags
    if fault or out_of_service or not isinstance(raw, int | float):
        return _NO_VALUE
    value, quality = _value_of(spec, raw)
    return value, Quality.OVERRIDDEN if overridden and quality is Quality.GOOD else quality


def held_above(spec: PointSpec, answers: Answers) -> bool:
    """Whether a higher priority than that of the device map is in use.

    Raises:
        DeviceReplyInvalidError: the answer is no priority array.
    """
    array = answers[object_id(spec), Property.PRIORITY_ARRAY]
    if array.error is not None:
        return False
    if len(array.values) != _PRIORITIES:
        raise DeviceReplyInvalidError(f"{spec.name} has {len(array.values)} priorities, not 16")
    above = (_place(spec).priority or _PRIORITIES) - 1
    return any(number != Type.NULL for number, _ in array.values[:above])


def _place(spec: PointSpec) -> BacnetObject:
    if spec.object is None:
        raise DeviceError(f"{spec.name} has no BACnet object", fix="give `object` in the map")
    return spec.object


def _value_of(spec: PointSpec, raw: float) -> tuple[float, Quality]:
    if not math.isfinite(raw) or raw in spec.sentinels:
        return _NO_VALUE
    if spec.translate:
        ours = next((our for theirs, our in spec.translate if theirs == raw), None)
        return _NO_VALUE if ours is None else (float(ours), Quality.GOOD)
    # A Real has seven digits; those after them would only make 21.3 read as 21.299999.
    value = float(f"{raw * spec.scale + spec.offset:.7g}")
    return value, Quality.GOOD if spec.low <= value <= spec.high else Quality.OUT_OF_RANGE


def _raw_for(spec: PointSpec, value: float) -> float:
    if not spec.translate:
        return (value - spec.offset) / spec.scale
    for theirs, our in spec.translate:
        if our == value:
            return float(theirs)
    raise DeviceError(f"{spec.name}: no code means {value:g}", fix="add it to `translate`")


def _flags(result: Result | None) -> tuple[int, ...] | None:
    """In alarm, fault, overridden, out of service; a device without flags has none of them.

    None when what came is no flags.
    """
    if result is None or result.error is not None:
        return (0, 0, 0, 0)
    flags = result.values[0][1] if len(result.values) == 1 else None
    return flags if isinstance(flags, tuple) and len(flags) == 4 else None
