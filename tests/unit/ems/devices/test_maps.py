"""Device maps: complete, strict, and plain about what is wrong in them."""

import pytest

from ems.devices.fail_safe import Fallback, fallback
from ems.devices.map_check import unit_of
from ems.devices.maps import load_map, map_names, map_of, point_infos, read_map
from ems.domain.district import DeviceKind, District
from ems.domain.errors import DeviceError
from ems.domain.vocabulary import NEEDED, POINTS, WRITTEN

GOOD = """
title: A thermometer
assumption: made up
kind: loop
protocol: modbus
points:
  sea_temp_c:
    {unit: °C, poll: fast, low: -5, high: 40, scale: 0.1,
     register: {table: input, address: 3, type: int16}}
"""


def test_the_maps_of_the_district_offer_exactly_the_points_of_their_kind(
    district: District,
) -> None:
    for name in {device.map for device in district.devices.values()}:
        device_map = load_map(name)
        assert set(device_map.points) == set(POINTS[device_map.kind])
        written = {spec.name for spec in device_map.points.values() if spec.writable}
        assert written == set(WRITTEN[device_map.kind])


@pytest.mark.parametrize("name", map_names())
def test_a_map_writes_only_what_plans_write_and_tells_what_it_lacks(name: str) -> None:
    device_map = load_map(name)
    written = {spec.name for spec in device_map.points.values() if spec.writable}
    assert written <= set(WRITTEN[device_map.kind])
    assert set(device_map.missing) == set(POINTS[device_map.kind]) - set(device_map.points)
    assert set(device_map.lacking) == NEEDED[device_map.kind] & set(device_map.missing)


def test_what_a_kind_needs_is_among_its_points() -> None:
    for kind in DeviceKind:
        assert NEEDED[kind] <= set(POINTS[kind])


@pytest.mark.parametrize("name", map_names())
def test_a_point_has_the_unit_that_its_name_says(name: str) -> None:
    for spec in load_map(name).points.values():
        assert unit_of(spec.name) in (None, spec.unit), spec.name


@pytest.mark.parametrize("name", map_names())
def test_whatever_takes_commands_falls_back_or_can_be_brought_back(name: str) -> None:
    device_map = load_map(name)
    assert fallback(device_map) is not Fallback.NONE
    assert all(spec.safe is not None for spec in device_map.written)


def test_every_device_of_the_district_that_takes_commands_has_a_lease(district: District) -> None:
    for device in district.devices.values():
        device_map = map_of(device)
        if WRITTEN[device.kind]:
            assert fallback(device_map) is Fallback.OWN
            assert device_map.lease_s == 1800


def test_every_kind_has_a_map_and_the_district_uses_them_as_they_are(district: District) -> None:
    assert {load_map(name).kind for name in map_names()} == set(DeviceKind)
    for device in district.devices.values():
        device_map = load_map(device.map)
        assert (device_map.kind, device_map.protocol) == (device.kind, device.protocol)


def test_the_district_has_each_point_once(district: District) -> None:
    infos = point_infos(district)
    assert len({info.id for info in infos}) == len(infos)
    assert len(infos) == sum(len(POINTS[d.kind]) for d in district.devices.values())
    assert sum(info.writable for info in infos) > 1000


def test_a_heartbeat_runs_round_and_always_changes() -> None:
    beat = load_map("charge-point-keba").heartbeat
    assert beat is not None
    assert [beat.after(1800), beat.after(1801), beat.after(7)] == [1801, 1800, 1800]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("high: 40", "hihg: 40"), "points.sea_temp_c.hihg"),
        (("unit: °C", "unit: F"), "points.sea_temp_c.unit"),
        (("address: 3", "address: 70000"), "points.sea_temp_c.register.address"),
        (("address: 3", "address: '3'"), "points.sea_temp_c.register.address"),
        (("type: int16", "type: int17"), "points.sea_temp_c.register.type"),
        (("low: -5", "low: 50"), "low must be less than high"),
        (("scale: 0.1", "scale: 0"), "scale must not be 0"),
        (("poll: fast", "poll: often"), "points.sea_temp_c.poll"),
        (("poll: fast", "poll: fast, writable: true"), "needs a holding register"),
        (("register:", "object: {type: analog-input, instance: 1}, register:"), "exactly one"),
        (("protocol: modbus", "protocol: bacnet"), "sea_temp_c: a bacnet map needs `object`"),
        (("assumption: made up", ""), "neither `source` nor `assumption`"),
        (("kind: loop", "kind: lamp"), "kind"),
        (("kind: loop", "kind: loop\nlongest_read: 200"), "longest_read"),
        (("points:", "points: 3 #"), "thermometer.yaml"),
        (("title: A", "title: {A"), "thermometer.yaml"),
    ],
    ids=lambda value: value[1][:30] if isinstance(value, tuple) else "",
)
def test_a_broken_map_is_refused_by_name(change: tuple[str, str], said: str) -> None:
    read_map("thermometer", GOOD)
    with pytest.raises(DeviceError) as caught:
        read_map("thermometer", GOOD.replace(*change))
    assert "thermometer.yaml" in caught.value.message
    assert said in caught.value.message
    assert caught.value.fix


def test_two_points_in_one_register_are_refused() -> None:
    second = GOOD.partition("points:\n")[2].replace("sea_temp_c", "outdoor_temp_c")
    with pytest.raises(DeviceError, match="outdoor_temp_c and sea_temp_c both lie at input 3"):
        read_map("thermometer", GOOD + second)


def test_an_unknown_map_is_named_with_those_there_are() -> None:
    with pytest.raises(DeviceError, match="no device map 'teapot'") as caught:
        load_map("teapot")
    assert "meter-modbus" in caught.value.fix


def test_every_device_is_asked_for_something_within_a_minute(district: District) -> None:
    assert district.polling.interval_s("fast") <= 60
    slow_ones = {
        device.map
        for device in district.devices.values()
        if "fast" not in {spec.poll for spec in map_of(device).points.values()}
    }
    assert slow_ones == set()
    for name in map_names():
        assert "fast" in {spec.poll for spec in load_map(name).points.values()}, name
