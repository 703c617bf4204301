"""The objects of a virtual BACnet controller: points of the process image, seen through BACnet.

A measured point shows what the plant has put into the image, and takes no writes. A written point
has a priority array of sixteen: the highest of them that is not Null rules and is put into the
image; with none in use the relinquish default rules, which is the map's safe value. A point
without a value (NaN) reports a fault.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from ems.devices.bacnet_messages import Property
from ems.devices.bacnet_tags import (
    NULL,
    Kind,
    ObjectId,
    Tag,
    Type,
    application,
    bits,
    boolean,
    enumerated,
    identifier,
    real,
    text,
    unsigned,
    value,
)
from ems.devices.bacnet_values import encoded, object_id, value_type
from ems.devices.maps import PointSpec
from ems.domain.district import Device
from ems.domain.errors import EmsError
from ems.domain.points import Unit, point_id
from simulations.image import ProcessImage

_PRIORITIES = 16
_NORMAL = bits((0, 0, 0, 0))
_FAULT = bits((0, 1, 0, 0))
_UNRELIABLE = 7
_NO_UNITS = 95
_UNITS = {
    Unit.KILOWATT: 48, Unit.KILOWATT_HOUR: 19, Unit.CELSIUS: 62, Unit.KELVIN: 63, Unit.AMPERE: 3,
    Unit.VOLT: 5, Unit.HERTZ: 27, Unit.KILOVAR: 12, Unit.PERCENT: 98, Unit.CUBIC_METRE: 80,
    Unit.CUBIC_METRE_PER_HOUR: 135, Unit.BAR: 55, Unit.SECOND: 73, Unit.MINUTE: 72, Unit.HOUR: 71,
    Unit.PPM: 96, Unit.WATT_PER_SQUARE_METRE: 35,
}  # fmt: skip
"""Numbers of engineering units in the standard."""


_INCREMENTS = {Unit.CELSIUS: 0.1, Unit.KELVIN: 0.1, Unit.PERCENT: 1.0, Unit.PPM: 20.0}
"""How far a value moves before its subscribers are told; of other units a five-hundredth of what
is believable."""


class RefusedError(EmsError):
    """A property can't be read or written; with BACnet's class and code of the error."""

    def __init__(self, message: str, error_class: int, code: int) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.code = code


def unknown_object() -> RefusedError:
    """The device has no such object."""
    return RefusedError("unknown object", 1, 31)


UNKNOWN_PROPERTY = (2, 32)
WRITE_DENIED = (2, 40)
WRONG_TYPE = (2, 9)
OUT_OF_RANGE = (2, 37)
BAD_INDEX = (2, 42)
NO_ARRAY = (2, 50)

Content = bytes | list[bytes]
"""An encoded property; a list for an array."""


class VirtualObject:
    """An object, its properties given as functions."""

    def __init__(self, object_id: ObjectId, readers: Mapping[int, Callable[[], Content]]) -> None:
        self.id = object_id
        self._readers = readers

    @property
    def properties(self) -> list[int]:
        """Numbers of its properties."""
        return list(self._readers)

    def read(self, number: int, index: int | None = None) -> bytes:
        """A property, encoded; of an array one element, or with index 0 their count.

        Raises:
            RefusedError: there is no such property or element.
        """
        reader = self._readers.get(number)
        if reader is None:
            raise RefusedError("unknown property", *UNKNOWN_PROPERTY)
        content = reader()
        if isinstance(content, bytes):
            if index is not None:
                raise RefusedError("the property is no array", *NO_ARRAY)
            return content
        if index is None:
            return b"".join(content)
        if index == 0:
            return unsigned(len(content))
        if index > len(content):
            raise RefusedError("the array has no such element", *BAD_INDEX)
        return content[index - 1]

    def write(self, number: int, index: int | None, content: Sequence[Tag], priority: int) -> None:
        """Take a value for a property.

        Raises:
            RefusedError: it is not taken.
        """
        raise RefusedError("the property takes no writes", *WRITE_DENIED)


class Measured(VirtualObject):
    """A point that the plant measures."""

    def __init__(self, device: Device, spec: PointSpec, image: ProcessImage) -> None:
        self.spec = spec
        self._place = image.index[point_id(device.id, spec.name)]
        self._image = image
        super().__init__(object_id(spec), self._all())

    @property
    def value(self) -> float:
        """What the image holds, in the point's unit."""
        return float(self._image.values[self._place])

    @property
    def increment(self) -> float:
        """How far it moves before its subscribers are told; 0: they are told every change."""
        if value_type(self.spec) != Type.REAL:
            return 0.0
        if self.spec.unit is Unit.NONE:
            return 0.0
        return _INCREMENTS.get(self.spec.unit, (self.spec.high - self.spec.low) / 500)

    def _put(self, value: float) -> None:
        self._image.values[self._place] = value

    def _all(self) -> dict[int, Callable[[], Content]]:
        return {
            Property.OBJECT_IDENTIFIER: lambda: application(Type.OBJECT, identifier(self.id)),
            Property.OBJECT_NAME: lambda: text(self.spec.name),
            Property.OBJECT_TYPE: lambda: enumerated(self.id.type),
            Property.PRESENT_VALUE: lambda: _present(self.spec, self.value),
            Property.STATUS_FLAGS: lambda: _NORMAL if math.isfinite(self.value) else _FAULT,
            Property.EVENT_STATE: lambda: enumerated(0),
            Property.RELIABILITY: lambda: enumerated(
                0 if math.isfinite(self.value) else _UNRELIABLE
            ),
            Property.OUT_OF_SERVICE: lambda: boolean(False),
            Property.PROPERTY_LIST: self._property_list,
            **self._by_type(),
        }

    def _by_type(self) -> dict[int, Callable[[], Content]]:
        match value_type(self.spec):
            case Type.REAL:
                unit = _UNITS.get(self.spec.unit, _NO_UNITS)
                return {
                    Property.UNITS: lambda: enumerated(unit),
                    Property.COV_INCREMENT: lambda: real(self.increment / abs(self.spec.scale)),
                }
            case Type.ENUMERATED:
                return {Property.POLARITY: lambda: enumerated(0)}
            case _:
                states = int(self.spec.high)
                return {Property.NUMBER_OF_STATES: lambda: unsigned(states)}

    def _property_list(self) -> list[bytes]:
        left_out = (
            Property.OBJECT_IDENTIFIER,
            Property.OBJECT_NAME,
            Property.OBJECT_TYPE,
            Property.PROPERTY_LIST,
        )
        return [enumerated(number) for number in self.properties if number not in left_out]


class Commanded(Measured):
    """A point that is written; its priority array decides what the image holds."""

    def __init__(self, device: Device, spec: PointSpec, image: ProcessImage) -> None:
        super().__init__(device, spec, image)
        self._default = 0.0 if spec.safe is None else spec.safe
        self._slots: list[float | None] = [None] * _PRIORITIES
        self._rule()

    def write(self, number: int, index: int | None, content: Sequence[Tag], priority: int) -> None:
        """Command the present value at a priority; Null gives it back."""
        if number != Property.PRESENT_VALUE:
            raise RefusedError("the property takes no writes", *WRITE_DENIED)
        if index is not None:
            raise RefusedError("the property is no array", *NO_ARRAY)
        if not 1 <= priority <= _PRIORITIES:
            raise RefusedError("priorities are 1 to 16", *OUT_OF_RANGE)
        self._slots[priority - 1] = self._taken(content)
        self._rule()

    def _taken(self, content: Sequence[Tag]) -> float | None:
        if len(content) != 1:
            raise RefusedError("one value is wanted", *WRONG_TYPE)
        (tag,) = content
        if tag.kind is not Kind.APPLICATION or tag.number not in (
            Type.NULL,
            value_type(self.spec),
        ):
            raise RefusedError("another type is wanted", *WRONG_TYPE)
        raw = value(tag)
        if not isinstance(raw, int | float):
            return None
        wanted = float(f"{raw * self.spec.scale + self.spec.offset:.7g}")
        if not self.spec.low <= wanted <= self.spec.high:
            raise RefusedError("outside what the object takes", *OUT_OF_RANGE)
        return wanted

    def _rule(self) -> None:
        self._put(next((slot for slot in self._slots if slot is not None), self._default))

    def _all(self) -> dict[int, Callable[[], Content]]:
        return super()._all() | {
            Property.PRIORITY_ARRAY: self._priority_array,
            Property.RELINQUISH_DEFAULT: lambda: _present(self.spec, self._default),
            Property.CURRENT_COMMAND_PRIORITY: self._current_priority,
        }

    def _priority_array(self) -> list[bytes]:
        return [NULL if slot is None else _present(self.spec, slot) for slot in self._slots]

    def _current_priority(self) -> bytes:
        ruling = next((p for p, slot in enumerate(self._slots, 1) if slot is not None), None)
        return NULL if ruling is None else unsigned(ruling)


def _present(spec: PointSpec, number: float) -> bytes:
    if math.isfinite(number):
        return encoded(spec, number)
    match value_type(spec):
        case Type.REAL:
            return real(math.nan)
        case Type.ENUMERATED:
            return enumerated(0)
        case _:
            return unsigned(1)
