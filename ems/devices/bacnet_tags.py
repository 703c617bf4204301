"""BACnet's tags: how values and groups of values lie in the bytes of a message.

After ASHRAE 135, clause 20.2. A message is a row of tags. A tag has a number, is of the application
class (its number tells the type of what it holds) or of the context class (its number tells the
place in the message), or it opens or closes a group.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from ems.domain.errors import DeviceReplyInvalidError


class BadEncodingError(DeviceReplyInvalidError):
    """Bytes that are no BACnet message."""


class Kind(IntEnum):
    """What a tag is."""

    APPLICATION = 0
    CONTEXT = 1
    OPENING = 2
    CLOSING = 3


class Type(IntEnum):
    """Numbers of application tags: the type of a value."""

    NULL = 0
    BOOLEAN = 1
    UNSIGNED = 2
    INTEGER = 3
    REAL = 4
    DOUBLE = 5
    OCTETS = 6
    STRING = 7
    BITS = 8
    ENUMERATED = 9
    DATE = 10
    TIME = 11
    OBJECT = 12


class ObjectId(NamedTuple):
    """An object of a device."""

    type: int
    """Number of its type."""

    instance: int
    """0 to 4194302."""


class Tag(NamedTuple):
    """One tag."""

    kind: Kind
    number: int
    content: bytes


_CLASSES = (Kind.APPLICATION, Kind.CONTEXT)

Value = float | int | bool | str | bytes | ObjectId | tuple[int, ...] | None
"""What an application tag holds; bits are a tuple of 0 and 1, Null is None."""


def _header(number: int, context: bool, length: int) -> bytes:
    octet = (min(number, 15) << 4) | (context << 3)
    extended = bytes((number,)) if number > 14 else b""
    if length < 5:
        return bytes((octet | length,)) + extended
    if length < 254:
        return bytes((octet | 5,)) + extended + bytes((length,))
    return bytes((octet | 5,)) + extended + b"\xfe" + length.to_bytes(2, "big")


def application(number: int, content: bytes) -> bytes:
    """A value of the type `number`."""
    return _header(number, False, len(content)) + content


def context(number: int, content: bytes) -> bytes:
    """A parameter at the place `number` of a message."""
    return _header(number, True, len(content)) + content


def _edge(number: int, kind: int) -> bytes:
    return bytes(((number << 4) | kind,)) if number < 15 else bytes((0xF0 | kind, number))


def opening(number: int) -> bytes:
    """Begin of the group `number`."""
    return _edge(number, 0x0E)


def closing(number: int) -> bytes:
    """End of the group `number`."""
    return _edge(number, 0x0F)


def natural(number: int) -> bytes:
    """A whole number from 0, in as few octets as it needs."""
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def identifier(object_id: ObjectId) -> bytes:
    """Object type and instance, in four octets."""
    return ((object_id.type << 22) | object_id.instance).to_bytes(4, "big")


NULL = application(Type.NULL, b"")


def real(number: float) -> bytes:
    """A Real."""
    return b"\x44" + struct.pack(">f", number)


def unsigned(number: int) -> bytes:
    """An Unsigned."""
    return application(Type.UNSIGNED, natural(number))


def enumerated(number: int) -> bytes:
    """An Enumerated."""
    return application(Type.ENUMERATED, natural(number))


def boolean(truth: bool) -> bytes:
    """A Boolean; its value lies in the tag itself."""
    return b"\x11" if truth else b"\x10"


def text_content(words: str) -> bytes:
    """What the tag of a CharacterString in UTF-8 holds."""
    return b"\0" + words.encode()


def text(words: str) -> bytes:
    """A CharacterString in UTF-8."""
    return application(Type.STRING, text_content(words))


def bits_content(flags: Sequence[int]) -> bytes:
    """What the tag of a BitString holds, its first bit first."""
    unused = -len(flags) % 8
    number = int("".join(map(str, flags)) + "0" * unused, 2) if flags else 0
    return bytes((unused,)) + number.to_bytes((len(flags) + 7) // 8, "big")


def bits(flags: Sequence[int]) -> bytes:
    """A BitString, its first bit first."""
    return application(Type.BITS, bits_content(flags))


def encoded(tag: Tag) -> bytes:
    """A tag as it lies in a message."""
    match tag.kind:
        case Kind.OPENING:
            return opening(tag.number)
        case Kind.CLOSING:
            return closing(tag.number)
        case Kind.CONTEXT:
            return context(tag.number, tag.content)
    if tag.number == Type.BOOLEAN:
        return boolean(tag.content != b"\0")
    return application(tag.number, tag.content)


def tags(data: bytes) -> Iterator[Tag]:
    """The tags of a message, in their order.

    Raises:
        BadEncodingError: the bytes end too early.
    """
    place, end = 0, len(data)
    try:
        while place < end:
            octet = data[place]
            place += 1
            number, kind, length = octet >> 4, _CLASSES[(octet >> 3) & 1], octet & 7
            if number == 15:
                number = data[place]
                place += 1
            if kind is Kind.APPLICATION and number == Type.BOOLEAN:
                yield Tag(kind, number, bytes((length,)))
                continue
            if kind is Kind.CONTEXT and length > 5:
                yield Tag(Kind.OPENING if length == 6 else Kind.CLOSING, number, b"")
                continue
            if length == 5:
                length, place = _long_length(data, place)
            if place + length > end:
                raise BadEncodingError("a BACnet message ends within a tag")
            yield Tag(kind, number, data[place : place + length])
            place += length
    except IndexError:
        raise BadEncodingError("a BACnet message ends within a tag") from None


def _long_length(data: bytes, place: int) -> tuple[int, int]:
    length = data[place]
    if length < 254:
        return length, place + 1
    octets = 2 if length == 254 else 4
    return int.from_bytes(data[place + 1 : place + 1 + octets], "big"), place + 1 + octets


def value(tag: Tag) -> Value:
    """What an application tag holds; bytes as they are if its type is of no use here.

    Raises:
        BadEncodingError: no value of its type has that many octets.
    """
    decode = _DECODERS.get(tag.number)
    if decode is None:
        return tag.content
    try:
        return decode(tag.content)
    except (struct.error, IndexError):
        octets = len(tag.content)
        raise BadEncodingError(f"{octets} octets hold no value of type {tag.number}") from None


def bits_of(content: bytes) -> tuple[int, ...]:
    """The bits that the tag of a BitString holds.

    Raises:
        BadEncodingError: it holds none.
    """
    if not content or content[0] > 7 or (len(content) == 1 and content[0]):
        raise BadEncodingError("no bit string")
    count = 8 * (len(content) - 1) - content[0]
    return tuple((content[1 + place // 8] >> (7 - place % 8)) & 1 for place in range(count))


def object_of(content: bytes) -> ObjectId:
    """The object that four octets name.

    Raises:
        BadEncodingError: they are not four.
    """
    if len(content) != 4:
        raise BadEncodingError(f"an object identifier of {len(content)} octets")
    number = int.from_bytes(content, "big")
    return ObjectId(number >> 22, number & 0x3FFFFF)


def text_of(content: bytes) -> str:
    """The words that the tag of a CharacterString holds.

    Raises:
        BadEncodingError: it does not say how they are written.
    """
    if not content:
        raise BadEncodingError("a text without its code")
    return content[1:].decode("utf-8" if content[0] == 0 else "latin-1", "replace")


_DECODERS: dict[int, Callable[[bytes], Value]] = {
    Type.NULL: lambda _: None,
    Type.BOOLEAN: lambda content: content != b"\0",
    Type.UNSIGNED: lambda content: int.from_bytes(content, "big"),
    Type.INTEGER: lambda content: int.from_bytes(content, "big", signed=True),
    Type.REAL: lambda content: float(struct.unpack(">f", content)[0]),
    Type.DOUBLE: lambda content: float(struct.unpack(">d", content)[0]),
    Type.STRING: text_of,
    Type.BITS: bits_of,
    Type.ENUMERATED: lambda content: int.from_bytes(content, "big"),
    Type.OBJECT: object_of,
}
