"""The rule on hot-water storage, and flips of batteries, by hand."""

import numpy as np
import pytest

from simulations.operation import unhealthy

TWO_DAYS = 192


@pytest.mark.parametrize(
    ("situation", "heated", "missed"),
    [
        ("60 °C for an hour once a day", [(60.0, 4, 10), (60.0, 4, 100)], 0),
        ("60 °C for three quarters only", [(60.0, 3, 10), (60.0, 4, 100)], 3),
        ("65 °C for a quarter", [(65.0, 1, 10), (65.0, 1, 100)], 0),
        ("heated once in two days", [(60.0, 4, 10)], TWO_DAYS - 14 - 96),
    ],
)
def test_large_tanks_are_heated_once_a_day(situation, heated, missed):
    top = np.full(TWO_DAYS, 52.0)
    for temp_c, quarters, at in heated:
        top[at : at + quarters] = temp_c
    assert unhealthy(top).sum() == pytest.approx(missed, abs=3), situation


def test_an_outlet_at_55_is_always_healthy():
    assert not unhealthy(np.full(TWO_DAYS, 55.0)).any()
