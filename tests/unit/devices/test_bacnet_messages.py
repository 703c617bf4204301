"""Messages are those printed in the standard (ASHRAE 135, annex F), octet by octet."""

import random
import time

import pytest

from ems.devices.bacnet_answers import read_results
from ems.devices.bacnet_messages import (
    Command,
    Property,
    read_request,
    write_multiple_request,
    write_request,
)
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_tags import (
    NULL,
    BadEncodingError,
    ObjectId,
    Tag,
    Type,
    application,
    bits,
    boolean,
    enumerated,
    real,
    tags,
    text,
    unsigned,
    value,
)

ANALOG_INPUT_33 = ObjectId(0, 33)
ANALOG_VALUE_1 = ObjectId(2, 1)
ANSWER_F_3_7 = bytes.fromhex("0c00000021 1e 2955 4e 444290999a 4f 2967 4e 9100 4f 1f")


def test_reading_two_properties_is_asked_as_in_annex_f_3_7() -> None:
    asked = read_request([(ANALOG_INPUT_33, (Property.PRESENT_VALUE, Property.RELIABILITY))])

    assert asked == bytes.fromhex("0c00000021 1e 0955 0967 1f")


def test_the_answer_of_annex_f_3_7_says_72_3_without_a_fault() -> None:
    present, reliability = read_results(ANSWER_F_3_7)

    assert present.object == ANALOG_INPUT_33
    assert present.values[0] == (Type.REAL, pytest.approx(72.3))
    assert reliability.values == ((Type.ENUMERATED, 0),)


def test_an_unknown_object_is_an_error_of_its_own_within_the_answer() -> None:
    (result,) = read_results(bytes.fromhex("0c00000021 1e 2955 5e 9101 911f 5f 1f"))

    assert result.error == (1, 31)
    assert result.values == ()


def test_writing_180_is_asked_as_in_annex_f_3_9() -> None:
    command = Command(ANALOG_VALUE_1, Property.PRESENT_VALUE, real(180.0), None)

    assert write_request(command) == bytes.fromhex("0c00800001 1955 3e 4443340000 3f")


def test_giving_a_point_back_is_a_null_at_our_priority() -> None:
    command = Command(ANALOG_VALUE_1, Property.PRESENT_VALUE, NULL, 12)

    assert write_request(command) == bytes.fromhex("0c00800001 1955 3e 00 3f 490c")


def test_writing_several_points_names_each_object_once() -> None:
    commands = [
        Command(ObjectId(2, instance), Property.PRESENT_VALUE, real(67.0), 12)
        for instance in (5, 6)
    ]

    assert write_multiple_request(commands) == bytes.fromhex(
        "0c00800005 1e 0955 2e 4442860000 2f 390c 1f 0c00800006 1e 0955 2e 4442860000 2f 390c 1f"
    )


@pytest.mark.parametrize(
    ("encoded", "wanted"),
    [
        (NULL, None),
        (boolean(True), True),
        (boolean(False), False),
        (unsigned(0), 0),
        (unsigned(70000), 70000),
        (real(21.5), 21.5),
        (enumerated(95), 95),
        (text("chauffage à 19 °C"), "chauffage à 19 °C"),
        (text("x" * 300), "x" * 300),
        (bits((0, 1, 0, 0)), (0, 1, 0, 0)),
        (bits([1] * 49), (1,) * 49),
        (application(Type.INTEGER, b"\xff"), -1),
        (application(Type.DOUBLE, bytes.fromhex("4035800000000000")), 21.5),
        (application(Type.OBJECT, bytes.fromhex("00c0000f")), ObjectId(3, 15)),
    ],
)
def test_a_value_comes_back_as_it_was_sent(encoded: bytes, wanted: object) -> None:
    (tag,) = tags(encoded)

    assert value(tag) == wanted


def test_a_real_of_three_octets_is_no_value() -> None:
    (tag,) = tags(bytes.fromhex("43429099"))
    assert isinstance(tag, Tag)

    with pytest.raises(BadEncodingError):
        value(tag)


def test_another_tag_than_the_one_that_belongs_there_is_named() -> None:
    with pytest.raises(BadEncodingError, match=r"tag 1 \(context\) stands where 0"):
        read_results(bytes.fromhex("1c00000021"))


def test_groups_within_a_group_are_left_out() -> None:
    assert Reader(bytes.fromhex("3e 2105 0e 2106 0f 2107 3f")).group(3) == ((2, 5), (2, 7))


def test_damaged_answers_are_refused_and_never_crash() -> None:
    seed = time.time_ns()
    chance = random.Random(seed)  # noqa: S311 no secret
    for _ in range(2000):
        damaged = bytearray(ANSWER_F_3_7[: chance.randrange(1, len(ANSWER_F_3_7) + 1)])
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_results(bytes(damaged))
        except BadEncodingError:
            continue
        except Exception as crash:  # noqa: BLE001 any other is what this test looks for
            pytest.fail(f"seed {seed}: {bytes(damaged).hex()} raised {crash!r}")
