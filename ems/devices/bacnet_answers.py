"""What a device answers to ReadPropertyMultiple or ReadProperty (ASHRAE 135, clauses 15.5, 15.7).

Nearly all that comes back is a Real, a small whole number or the four status flags, each alone in
its property. Such an answer is read in one walk over its bytes, five times as fast as tag by tag;
an answer with anything else in it is read tag by tag. Both ways give the same.
"""

from struct import Struct
from struct import error as struct_error

from ems.devices.bacnet_messages import Result
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_tags import (
    BadEncodingError,
    Kind,
    ObjectId,
    Type,
    Value,
    closing,
    object_of,
    opening,
)

Values = tuple[tuple[int, Value], ...]

_REAL = Struct(">f").unpack_from
_FLAGS: tuple[Values, ...] = tuple(
    (((Type.BITS, tuple((octet >> place) & 1 for place in (7, 6, 5, 4))),)) for octet in range(256)
)
"""The bit string of four flags, by its octet."""
_SMALL: dict[int, tuple[Values, ...]] = {
    (kind << 4) | 1: tuple(((kind, number),) for number in range(256))
    for kind in (Type.UNSIGNED, Type.ENUMERATED)
}
"""Whole numbers of one octet, by their tag."""
_OBJECT, _BEGIN, _END = 0x0C, 0x1E, 0x1F
_PROPERTY, _VALUE, _VALUE_END = 0x29, 0x4E, 0x4F
_ONE_REAL, _BITS, _UNUSED = 0x44, 0x82, 4


def read_results(data: bytes) -> list[Result]:
    """What a device answered to `read_request`, in its order.

    Raises:
        BadEncodingError: it is no such answer.
    """
    quick = _quickly(data)
    return _tag_by_tag(data) if quick is None else quick


def read_one(data: bytes) -> Result:
    """What a device answered to `read_one_request`.

    Raises:
        BadEncodingError: it is no such answer.
    """
    reader = Reader(data)
    object_id = object_of(reader.expect(Kind.CONTEXT, 0))
    number = reader.number(1)
    reader.optional(2)
    return Result(object_id, number, reader.group(3), None)


def read_one_raw(data: bytes, question: bytes) -> bytes:
    """The encoded property that a device answered to the `question` of `read_one_request`.

    Raises:
        BadEncodingError: it answers another question, or none.
    """
    head = question + opening(3)
    if not data.startswith(head) or not data.endswith(closing(3)) or len(data) <= len(head):
        raise BadEncodingError("an answer to another question")
    return data[len(head) : -1]


def _quickly(data: bytes) -> list[Result] | None:
    """The same for an answer of plain values; none if anything else is in it."""
    results: list[Result] = []
    place, end = 0, len(data)
    try:
        while place < end:
            if data[place] != _OBJECT or data[place + 5] != _BEGIN:
                return None
            number = int.from_bytes(data[place + 1 : place + 5], "big")
            object_id = ObjectId(number >> 22, number & 0x3FFFFF)
            place += 6
            while data[place] != _END:
                if data[place] != _PROPERTY or data[place + 2] != _VALUE:
                    return None
                values, after = _plain(data, place + 3)
                if values is None or data[after] != _VALUE_END:
                    return None
                results.append(Result(object_id, data[place + 1], values, None))
                place = after + 1
            place += 1
    except (IndexError, struct_error):
        return None
    return results


def _plain(data: bytes, place: int) -> tuple[Values | None, int]:
    """The value at `place`, if it is a plain one, and where it ends."""
    head = data[place]
    if head == _ONE_REAL:
        return ((Type.REAL, _REAL(data, place + 1)[0]),), place + 5
    if head == _BITS and data[place + 1] == _UNUSED:
        return _FLAGS[data[place + 2]], place + 3
    if head in _SMALL:
        return _SMALL[head][data[place + 1]], place + 2
    return None, place


def _tag_by_tag(data: bytes) -> list[Result]:
    reader = Reader(data)
    results = []
    while not reader.done:
        object_id = object_of(reader.expect(Kind.CONTEXT, 0))
        reader.expect(Kind.OPENING, 1)
        while not reader.at(Kind.CLOSING, 1):
            results.append(_result(reader, object_id))
        reader.take()
    return results


def _result(reader: Reader, object_id: ObjectId) -> Result:
    number = reader.number(2)
    reader.optional(3)
    if reader.at(Kind.OPENING, 4):
        return Result(object_id, number, reader.group(4), None)
    error = [code for _, code in reader.group(5) if isinstance(code, int)]
    if len(error) != 2:
        raise BadEncodingError("an error without class and code")
    return Result(object_id, number, (), (error[0], error[1]))
