"""The district's export goes to those who use it, and to nobody twice."""

import numpy as np

from ems.domain.shared_sun import Key, shared_sun, watt_hours

EVERYONE = np.ones(3, dtype=bool)


def test_export_is_shared_in_proportion_to_use() -> None:
    sharing = shared_sun(
        np.array([-4.0, 6.0]), np.array([[1.0, 1.0], [2.0, 2.0], [5.0, 1.0]]), EVERYONE
    )

    assert sharing.received_wh.tolist() == [[125, 0], [250, 0], [625, 0]]
    assert sharing.surplus_wh.tolist() == [[0, 0]]


def test_what_nobody_uses_is_surplus() -> None:
    sharing = shared_sun(np.array([-40.0]), np.array([[1.0], [0.0], [2.0]]), EVERYONE)

    assert sharing.received_wh[:, 0].tolist() == [250, 0, 500]
    assert sharing.surplus_wh.tolist() == [[10_000 - 750]]


def test_by_the_default_key_only_those_who_consent_take_part() -> None:
    used_kw = np.array([[1.0], [1.0], [1.0]])
    some = np.array([True, False, True])

    sharing = shared_sun(np.array([-1.0]), used_kw, some)

    assert sharing.received_wh[:, 0].tolist() == [125, 0, 125]


def test_a_static_key_needs_no_quarter_hours_of_consent() -> None:
    nobody = np.zeros(3, dtype=bool)
    sharing = shared_sun(np.array([-3.0]), np.array([[4.0], [4.0], [0.2]]), nobody, Key.STATIC)

    assert sharing.received_wh[:, 0].tolist() == [250, 250, 50]


def test_what_was_not_measured_shares_nothing() -> None:
    sharing = shared_sun(
        np.array([np.nan, -4.0]), np.array([[1.0, np.nan], [1.0, 1.0]]), EVERYONE[:2]
    )

    assert sharing.received_wh.tolist() == [[0, 0], [0, 250]]
    assert watt_hours(np.array([-1.0, np.nan, 0.0004])).tolist() == [0, 0, 0]
