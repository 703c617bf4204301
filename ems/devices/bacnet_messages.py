"""The messages that BACnet devices are sent all day: read many properties, write some.

A general BACnet library builds an object for every tag; reading twenty points of one device that
way costs some 5 ms of processor. Reading and writing are nearly all of the traffic, so their
requests and answers are put together and taken apart here on plain bytes (ASHRAE 135, clauses 15.7,
15.9 and 15.10). Everything rarer is left to the library.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from ems.devices.bacnet_tags import (
    ObjectId,
    Value,
    closing,
    context,
    identifier,
    natural,
    opening,
)


class Property(IntEnum):
    """The properties spoken of here, by their numbers in the standard."""

    ALL = 8
    DEVICE_ADDRESS_BINDING = 30
    APDU_TIMEOUT = 11
    SOFTWARE_VERSION = 12
    COV_INCREMENT = 22
    EFFECTIVE_PERIOD = 32
    EVENT_STATE = 36
    EXCEPTION_SCHEDULE = 38
    FIRMWARE_REVISION = 44
    REFERENCES = 54
    LOCAL_DATE = 56
    LOCAL_TIME = 57
    MAX_APDU_LENGTH = 62
    MODEL_NAME = 70
    APDU_RETRIES = 73
    NUMBER_OF_STATES = 74
    OBJECT_IDENTIFIER = 75
    OBJECT_LIST = 76
    OBJECT_NAME = 77
    OBJECT_TYPE = 79
    OPTIONAL = 80
    OUT_OF_SERVICE = 81
    POLARITY = 84
    PRESENT_VALUE = 85
    PRIORITY_ARRAY = 87
    PRIORITY_FOR_WRITING = 88
    OBJECT_TYPES_SUPPORTED = 96
    SERVICES_SUPPORTED = 97
    PROTOCOL_VERSION = 98
    RELIABILITY = 103
    RELINQUISH_DEFAULT = 104
    REQUIRED = 105
    SEGMENTATION = 107
    STATUS_FLAGS = 111
    SYSTEM_STATUS = 112
    UNITS = 117
    UTC_OFFSET = 119
    VENDOR_IDENTIFIER = 120
    VENDOR_NAME = 121
    WEEKLY_SCHEDULE = 123
    PROTOCOL_REVISION = 139
    DATABASE_REVISION = 155
    SCHEDULE_DEFAULT = 174
    PROPERTY_LIST = 371
    CURRENT_COMMAND_PRIORITY = 431


OBJECT_TYPES = {
    "analog-input": 0,
    "analog-output": 1,
    "analog-value": 2,
    "binary-input": 3,
    "binary-output": 4,
    "binary-value": 5,
    "device": 8,
    "multi-state-input": 13,
    "multi-state-output": 14,
    "multi-state-value": 19,
}
"""Object types that a device map may name, by their numbers in the standard."""


class Result(NamedTuple):
    """One property of one object, as answered."""

    object: ObjectId
    property: int

    values: tuple[tuple[int, Value], ...]
    """Type and value of each element; an array has many. Empty if there was an error."""

    error: tuple[int, int] | None
    """Error class and code, when the device could not give the property."""


Answers = Mapping[tuple[ObjectId, int], Result]
"""What a device answered, by object and property."""


def read_request(wanted: Iterable[tuple[ObjectId, Sequence[int]]]) -> bytes:
    """The parameters of ReadPropertyMultiple: properties by object (clause 15.7)."""
    parts = []
    for object_id, properties in wanted:
        references = b"".join(context(0, natural(number)) for number in properties)
        parts.append(context(0, identifier(object_id)) + opening(1) + references + closing(1))
    return b"".join(parts)


def read_one_request(object_id: ObjectId, number: int, index: int | None = None) -> bytes:
    """The parameters of ReadProperty: one property, or one element of it (clause 15.5)."""
    element = b"" if index is None else context(2, natural(index))
    return context(0, identifier(object_id)) + context(1, natural(number)) + element


@dataclass(frozen=True, slots=True)
class Command:
    """A value for one property of one object."""

    object: ObjectId
    property: int
    encoded: bytes
    """The value with its application tag; a Null gives the property back."""
    priority: int | None
    """Place in the priority array, 1 to 16; none: the lowest."""

    index: int | None = None
    """Element of an array; none: all of it."""


def write_request(command: Command) -> bytes:
    """The parameters of WriteProperty (clause 15.9)."""
    value = opening(3) + command.encoded + closing(3)
    priority = b"" if command.priority is None else context(4, natural(command.priority))
    return (
        context(0, identifier(command.object))
        + context(1, natural(command.property))
        + (b"" if command.index is None else context(2, natural(command.index)))
        + value
        + priority
    )


def write_multiple_request(commands: Iterable[Command]) -> bytes:
    """The parameters of WritePropertyMultiple (clause 15.10)."""
    parts = []
    for command in commands:
        value = opening(2) + command.encoded + closing(2)
        priority = b"" if command.priority is None else context(3, natural(command.priority))
        index = b"" if command.index is None else context(1, natural(command.index))
        entry = context(0, natural(command.property)) + index + value + priority
        parts.append(context(0, identifier(command.object)) + opening(1) + entry + closing(1))
    return b"".join(parts)
