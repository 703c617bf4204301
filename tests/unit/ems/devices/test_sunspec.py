"""SunSpec: places and powers of ten come from the device, types from the Alliance."""

import pytest

from ems.devices.codec import raw_of, value_of
from ems.devices.maps import load_map
from ems.devices.sunspec import BASE, END, MARK, ReadWords, locate, model_length, model_points, walk
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceReplyInvalidError
from ems.domain.points import Quality

PV = load_map("pv-sunspec").points.values()


def memory(words: dict[int, int]) -> ReadWords:
    """A device whose registers hold `words`, zero elsewhere."""

    async def read(address: int, count: int) -> list[int]:
        return [words.get(address + n, 0) for n in range(count)]

    return read


def laid_out(models: list[int], *, base: int = BASE) -> dict[int, int]:
    words, address = dict(enumerate(MARK, base)), base + 2
    for model in models:
        words |= {address: model, address + 1: model_length(model)}
        address += 2 + model_length(model)
    return {**words, address: END}


@pytest.mark.parametrize(
    ("model", "point", "offset"),
    [(103, "W", 14), (103, "WH", 24), (103, "St", 38), (123, "WMaxLimPct", 5), (704, "WSet", 24)],
)
def test_points_lie_where_the_alliance_publishes_them(model: int, point: str, offset: int) -> None:
    assert model_points(model)[point].offset == offset


@pytest.mark.parametrize(("model", "length"), [(1, 66), (103, 50), (123, 24), (704, 65), (713, 7)])
def test_a_model_has_its_published_length(model: int, length: int) -> None:
    assert model_length(model) == length


async def test_the_walk_finds_models_in_any_order_and_skips_unknown_ones() -> None:
    words = laid_out([123, 1, 103])
    assert await walk(memory(words)) == {123: 40002, 1: 40028, 103: 40096}


@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_the_map_is_found_where_makers_put_it(base: int) -> None:
    inner = memory(laid_out([1, 103], base=base))

    async def read(address: int, count: int) -> list[int]:
        if not base <= address < base + 200:
            raise DeviceRejectedError("exception 2")
        return await inner(address, count)

    assert await walk(read) == {1: base + 2, 103: base + 70}


async def test_values_follow_the_scale_factor_of_the_device() -> None:
    words = laid_out([1, 103, 123])
    start = (await walk(memory(words)))[103]
    words |= {start + 14: 4120, start + 15: 1}
    point = (await locate(memory(words), PV))["power_kw"]
    assert point.register.address == start + 14
    assert value_of(raw_of([4120], point.register), point) == (pytest.approx(41.2), Quality.GOOD)
    words[start + 15] = 0x10000 - 2
    point = (await locate(memory(words), PV))["power_kw"]
    assert value_of(4120, point)[0] == pytest.approx(0.0412)


async def test_what_the_device_does_not_have_has_no_place() -> None:
    words = laid_out([1, 103])
    start = (await walk(memory(words)))[103]
    words[start + 15] = 0x8000
    places = await locate(memory(words), PV)
    assert "power_limit_pct" not in places, "model 123 is missing"
    assert "power_kw" not in places, "its scale factor is not implemented"
    assert "frequency_hz" in places


@pytest.mark.parametrize(
    "words",
    [
        {},
        dict(enumerate([*MARK, 1, 66], BASE)),
        dict(enumerate([*MARK, 103, 0xFFFF], BASE)),
    ],
    ids=["no mark", "no end", "a model beyond the registers"],
)
async def test_a_map_that_does_not_hold_is_refused(words: dict[int, int]) -> None:
    with pytest.raises(DeviceReplyInvalidError):
        await locate(memory(words), PV)


async def test_a_factor_that_is_no_power_of_ten_is_refused() -> None:
    words = laid_out([1, 103, 123])
    words[(await walk(memory(words)))[103] + 15] = 500
    with pytest.raises(DeviceReplyInvalidError, match="W_SF"):
        await locate(memory(words), PV)


def test_an_unpublished_model_is_named() -> None:
    with pytest.raises(DeviceError, match="60001"):
        model_points(60001)
