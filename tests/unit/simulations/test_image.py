"""The process image: positions, sharing between processes."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from ems.domain.district import DeviceKind
from ems.domain.vocabulary import POINTS
from simulations.image import ProcessImage


def test_every_point_of_every_device_has_its_place(district):
    image = ProcessImage.create(district)
    count = sum(len(POINTS[d.kind]) for d in district.devices.values())
    assert len(image.index) == len(image.values) == count
    assert sorted(image.index.values()) == list(range(count))
    assert len(image.silent) == len(district.devices)


def test_columns_follow_the_order_of_the_list(district):
    image = ProcessImage.create(district)
    places = image.columns(DeviceKind.DWELLING, "setpoint_c")
    image.values[places] = np.arange(len(places))
    last = district.of_kind(DeviceKind.DWELLING)[-1]
    assert image[f"{last.id}/setpoint_c"] == len(places) - 1


def test_a_sensor_without_value_is_nan(district):
    image = ProcessImage.create(district)
    image["LOOP/sea_temp_c"] = math.nan
    assert math.isnan(image["LOOP/sea_temp_c"])


def test_an_unknown_point_has_no_place(district):
    with pytest.raises(KeyError):
        ProcessImage.create(district)["LOOP/colour"]


def test_two_holders_of_a_shared_image_see_the_same_numbers(district):
    name = f"test-{os.getpid()}"
    mine = ProcessImage.create(district, shared=name)
    try:
        theirs = ProcessImage.attach(district, name)
        theirs["HP-1/enable"] = 1.0
        theirs.silent[3] = 1
        assert mine["HP-1/enable"] == 1.0
        assert mine.silent[3] == 1
        theirs.close()
        theirs["HP-1/enable"] = 0.0
        assert mine["HP-1/enable"] == 1.0
    finally:
        mine.unlink()


def test_another_process_sees_it_and_leaves_it_behind(district):
    name = f"test-other-{os.getpid()}"
    mine = ProcessImage.create(district, shared=name)
    try:
        script = (
            "from ems.config import SMARTSEILLE, load_district\n"
            "from simulations.image import ProcessImage\n"
            f"image = ProcessImage.attach(load_district(SMARTSEILLE), {name!r})\n"
            "image['HP-2/heat_limit_pct'] = 70.0\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True)
        assert mine["HP-2/heat_limit_pct"] == 70.0
        assert ProcessImage.attach(district, name)["HP-2/heat_limit_pct"] == 70.0
    finally:
        mine.unlink()


def test_nothing_to_attach_to(district):
    with pytest.raises(FileNotFoundError):
        ProcessImage.attach(district, "never-made")
