"""Numbers in registers: there and back, and no value where the device says there is none."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.blocks import read_blocks, write_blocks
from ems.devices.codec import Located, decoded, encoded, raw_of, saturated, value_of, words_of
from ems.devices.maps import load_map, map_names
from ems.devices.point_spec import PointSpec
from ems.devices.registers import Order, Register, RegisterType, Table
from ems.domain.district import Protocol
from ems.domain.errors import DeviceError
from ems.domain.points import Quality, Unit

MODBUS_MAPS = [name for name in map_names() if load_map(name).protocol is Protocol.MODBUS]


def located(type: str = "int16", address: int = 0, **fields: Any) -> Located:  # noqa: A002 as in the map
    kind = RegisterType(type)
    table: Table = "coil" if kind is RegisterType.BIT else "holding"
    register = Register(table=table, address=address, type=kind)
    base = {"name": "p", "unit": Unit.NONE, "poll": "fast", "low": -1e12, "high": 1e12}
    return Located.by_map(PointSpec(**{**base, "register": register, **fields}))


@pytest.mark.parametrize(
    ("words", "type_", "order", "raw"),
    [
        ([0xFFFF], "int16", "big", -1),
        ([0xFFFF], "uint16", "big", 65535),
        ([0x0001, 0x0002], "uint32", "big", 65538),
        ([0x0002, 0x0001], "uint32", "little", 65538),
        ([0xFFFF, 0xFFFE], "int32", "big", -2),
        ([0, 0, 1, 0], "uint64", "big", 65536),
        ([0, 1, 0, 0], "uint64", "little", 65536),
        ([0x41BE, 0x0000], "float32", "big", 23.75),
        ([0x0000, 0x41BE], "float32", "little", 23.75),
        ([0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], "int64", "big", -2),
        ([0x4037, 0xC000, 0, 0], "float64", "big", 23.75),
        ([0, 0, 0xC000, 0x4037], "float64", "little", 23.75),
    ],
)
def test_registers_are_read_as_the_manuals_say(
    words: list[int], type_: str, order: str, raw: float
) -> None:
    register = Register(table="holding", address=0, type=RegisterType(type_), word_order=order)  # type: ignore[arg-type]
    assert raw_of(words, register) == raw
    assert words_of(raw, register) == words


@pytest.mark.parametrize(
    ("words", "word_order", "byte_order"),
    [
        ([0x41BE, 0x1234], "big", "big"),
        ([0x1234, 0x41BE], "little", "big"),
        ([0xBE41, 0x3412], "big", "little"),
        ([0x3412, 0xBE41], "little", "little"),
    ],
    ids=["ABCD", "CDAB", "BADC", "DCBA"],
)
def test_a_float_in_each_of_the_four_orders_of_makers(
    words: list[int], word_order: Order, byte_order: Order
) -> None:
    register = Register(
        table="input", address=0, type=RegisterType.FLOAT32,
        word_order=word_order, byte_order=byte_order,
    )  # fmt: skip
    assert raw_of(words, register) == pytest.approx(23.758888, abs=1e-6)
    assert words_of(raw_of(words, register), register) == words


ORDERS = st.sampled_from(["big", "little"])
NUMBERS = st.sampled_from([t for t in RegisterType if t is not RegisterType.BIT])


@given(NUMBERS, ORDERS, ORDERS, st.data())
def test_what_is_written_is_read_back(
    type_: RegisterType, word_order: Order, byte_order: Order, data: st.DataObject
) -> None:
    register = Register(
        table="holding", address=0, type=type_, word_order=word_order, byte_order=byte_order
    )
    bits = 16 * type_.registers
    if type_.is_float:
        width = 32 if type_ is RegisterType.FLOAT32 else 64
        raw: float = data.draw(st.floats(width=width, allow_nan=False))  # type: ignore[arg-type]
    else:
        low = 0 if type_.value.startswith("u") else 1
        raw = data.draw(st.integers(-low * 2 ** (bits - 1), 2 ** (bits - low) - 1))
    assert raw_of(words_of(raw, register), register) == raw


def test_a_bit_lies_in_a_table_of_bits_and_a_number_in_registers() -> None:
    for table, kind in (("coil", "uint16"), ("holding", "bit")):
        with pytest.raises(ValueError, match="bits lie in coil, discrete"):
            Register(table=table, address=0, type=RegisterType(kind))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="beyond 65535"):
        Register(table="holding", address=65535, type=RegisterType.FLOAT32)
    assert encoded(1.0, located("bit")) == [1]
    with pytest.raises(DeviceError, match="no bit"):
        encoded(0.5, located("bit"))


def test_bits_travel_by_the_two_thousand() -> None:
    points = [located("bit", name=f"p{a}", address=a) for a in range(4500)]
    assert [b.count for b in read_blocks(points, gap=0)] == [2000, 2000, 500]
    assert [b.count for b in write_blocks(points)] == [1968, 1968, 564]


@pytest.mark.parametrize(
    ("type_", "raw"),
    [("int16", -32768), ("uint16", 65535), ("int32", -(2**31)), ("uint32", 2**32 - 1),
     ("uint64", 2**64 - 1), ("int64", -(2**63)), ("float32", math.nan), ("float32", math.inf),
     ("float64", math.nan)],
)  # fmt: skip
def test_a_sentinel_is_no_value(type_: str, raw: float) -> None:
    value, quality = value_of(raw, located(type=type_))
    assert math.isnan(value)
    assert quality is Quality.DEVICE_INVALID


def test_a_map_may_name_its_own_sentinels() -> None:
    assert value_of(0x7FFF, located(invalid=(0x7FFF,)))[1] is Quality.DEVICE_INVALID
    assert value_of(-32768, located(invalid=()))[1] is Quality.GOOD


def test_a_value_outside_the_believable_range_is_marked() -> None:
    room = located(scale=0.01, low=-20, high=60)
    assert value_of(2150, room) == (pytest.approx(21.5), Quality.GOOD)
    assert value_of(9000, room) == (pytest.approx(90.0), Quality.OUT_OF_RANGE)


def test_a_maker_s_codes_become_ours_and_unknown_ones_no_value() -> None:
    state = Located.by_map(load_map("charge-point-keba").points["state"])
    ours = [value_of(code, state)[0] for code in range(6)]
    assert ours == [0, 0, 1, 2, 3, 1]
    assert value_of(9, state)[1] is Quality.DEVICE_INVALID


@pytest.mark.parametrize("value", [math.nan, math.inf, 40000.0])
def test_what_does_not_fit_is_never_encoded(value: float) -> None:
    with pytest.raises(DeviceError):
        encoded(value, located())


@given(st.floats(-1e20, 1e20), st.sampled_from(RegisterType))
def test_a_saturated_number_fits_and_is_no_sentinel(raw: float, type_: RegisterType) -> None:
    point = located(type=type_)
    kept = saturated(raw, point.register)
    words = words_of(kept, point.register)
    assert value_of(raw_of(words, point.register), point)[1] is not Quality.DEVICE_INVALID


def test_neighbours_travel_together_and_holes_split() -> None:
    points = [located(name=f"p{a}", address=a) for a in (30, 0, 1, 4)]
    assert [(b.address, b.count) for b in read_blocks(points, gap=0)] == [(0, 2), (4, 1), (30, 1)]
    assert [(b.address, b.count) for b in read_blocks(points, gap=2)] == [(0, 5), (30, 1)]
    assert [(b.address, b.count) for b in write_blocks(points)] == [(0, 2), (4, 1), (30, 1)]


@given(st.sets(st.integers(0, 2000), min_size=1, max_size=300), st.integers(0, 120))
def test_blocks_hold_every_point_once_and_stay_within_a_request(
    addresses: set[int], gap: int
) -> None:
    blocks = read_blocks([located(name=f"p{a}", address=a) for a in addresses], gap)
    assert all(block.count <= 125 for block in blocks)
    held = [p.register.address for block in blocks for p in block.points]
    assert held == sorted(addresses)
    for block in blocks:
        assert block.address == block.points[0].register.address
        assert block.address + block.count == block.points[-1].register.end


def test_a_dwelling_is_read_in_one_request_and_written_in_one() -> None:
    points = [Located.by_map(s) for s in load_map("dwelling-modbus").points.values()]
    assert len(read_blocks(points, load_map("dwelling-modbus").gap)) == 1
    assert len(write_blocks([p for p in points if p.spec.writable])) == 1


def test_a_charger_that_gives_one_number_at_a_time_is_asked_so() -> None:
    keba = load_map("charge-point-keba")
    points = [Located.by_map(spec) for spec in keba.points.values()]
    blocks = read_blocks(points, keba.gap, keba.longest_read)
    assert [len(block.points) for block in blocks] == [1] * len(points)


@pytest.mark.parametrize("name", MODBUS_MAPS)
def test_every_point_of_every_map_survives_its_registers(name: str) -> None:
    for spec in load_map(name).points.values():
        point = Located.by_map(spec)
        high = spec.translate[0][1] if spec.translate else min(spec.high, 1000)
        low = spec.low if not spec.translate else high
        for value in (low, high):
            if spec.write_register is None:
                words = encoded(value, point)
                back, quality = decoded(words, point.register.address, point)
                assert back == pytest.approx(value, abs=abs(spec.scale) / 2 + 1e-4)
                assert quality is Quality.GOOD
