"""Sharing the sun: by law, to the watt-hour, whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ems.domain.allocation import (
    Allocation,
    apportioned,
    by_default,
    custom,
    full,
    in_half_hours,
    static,
)
from ems.domain.errors import AllocationError

CASES = 100_000
"""Random steps of each key at once."""


def wh(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int64)


def random_case(
    seed: int, steps: int = CASES
) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(0, 6, steps)
    produced = (scale * rng.random((3, steps)) * (rng.random((3, steps)) < 0.8)).astype(np.int64)
    consumed = (scale * rng.random((7, steps)) * (rng.random((7, steps)) < 0.8)).astype(np.int64)
    return produced, consumed, rng


def shares_of(rng: np.random.Generator, *shape: int) -> np.ndarray:
    raw = rng.random(shape) * (rng.random(shape) < 0.7)
    return raw / np.maximum(raw.sum(axis=-2, keepdims=True), 1.0)


def assert_lawful(made: Allocation) -> None:
    assert (made.allocated_wh >= 0).all()
    assert (made.received_wh <= made.consumed_wh).all(), "more than consumed"
    assert (made.surplus_wh >= 0).all(), "more than produced"
    producers, participants = made.of_producers, made.of_participants
    assert (producers.prod_wh == producers.autoprod_wh + producers.surplus_wh).all()
    assert (participants.cons_wh == participants.autocons_wh + participants.complement_wh).all()
    assert producers.autoprod_wh.sum() == participants.autocons_wh.sum()
    assert (made.coefficients.sum(axis=0) <= 1 + 1e-12).all()


def test_by_default_each_gets_in_proportion_to_what_it_consumes() -> None:
    made = by_default(wh([900]), wh([1000], [2000], [0]))
    assert made.received_wh.tolist() == [[300], [600], [0]]
    assert made.surplus_wh.tolist() == [[0]]


def test_by_default_nothing_is_sold_while_anyone_consumes() -> None:
    produced, consumed, _ = random_case(1)
    made = by_default(produced, consumed)
    assert_lawful(made)
    used = np.minimum(produced.sum(axis=0), consumed.sum(axis=0))
    assert (made.received_wh.sum(axis=0) == used).all()


def test_a_static_share_that_is_not_used_is_sold() -> None:
    made = static(wh([1000, 1000]), wh([100, 900], [900, 100]), np.array([0.5, 0.5]))
    assert made.received_wh.tolist() == [[100, 500], [500, 100]]
    assert made.surplus_wh.tolist() == [[400, 400]]


def test_static_shares_are_lawful() -> None:
    produced, consumed, rng = random_case(2)
    made = static(produced, consumed, shares_of(rng, 7, 1)[:, 0])
    assert_lawful(made)


def test_custom_shares_are_lawful_and_give_what_they_say() -> None:
    produced, consumed, rng = random_case(3)
    shares = shares_of(rng, 7, CASES)
    made = custom(produced, consumed, shares)
    assert_lawful(made)
    entitled = shares * produced.sum(axis=0)
    assert (made.received_wh <= entitled + 1).all()
    assert (made.received_wh >= np.minimum(np.floor(entitled - 1e-6), consumed) - 1).all()


def test_full_shares_are_lawful_for_each_producer() -> None:
    produced, consumed, rng = random_case(4)
    shares = shares_of(rng, 3, 7, CASES)
    made = full(produced, consumed, shares)
    assert_lawful(made)
    assert (made.allocated_wh <= shares * produced[:, None] + 1).all()


def test_whoever_is_entitled_to_too_much_gets_of_each_producer_in_proportion() -> None:
    shares = np.ones((2, 1, 1))
    made = full(wh([300], [100]), wh([200]), shares)
    assert made.allocated_wh.tolist() == [[[150]], [[50]]]
    assert made.surplus_wh.tolist() == [[150], [50]]


def test_a_day_without_sun_or_people_gives_nothing() -> None:
    dark = by_default(wh([0, 0]), wh([5, 0]))
    empty = by_default(wh([5, 5]), wh([0, 0]))
    assert dark.received_wh.sum() == empty.received_wh.sum() == 0
    assert (dark.coefficients == 0).all()


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 10**9),
    arrays.arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1e6)),
)
def test_whole_numbers_add_up_and_stay_beside_their_exact_part(
    total: int, weights: np.ndarray
) -> None:
    parts = apportioned(np.array([total]), weights[:, None])[:, 0]
    if weights.sum() == 0:
        assert parts.sum() == 0
        return
    exact = total * (weights / weights.sum())
    assert parts.sum() == total
    assert (np.abs(parts - exact) <= 1 + 1e-6 * exact).all()


def test_half_hours_are_read_too() -> None:
    assert in_half_hours(wh([1, 2, 3, 4])).tolist() == [[3, 7]]
    with pytest.raises(AllocationError, match="half hours"):
        in_half_hours(wh([1, 2, 3]))


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        (np.array([[0.6], [0.6]]), "more than one"),
        (np.array([[-0.1], [0.6]]), "negative"),
        (np.array([[np.nan], [0.6]]), "missing"),
        (np.array([[0.6]]), "shape"),
    ],
    ids=["too much", "negative", "not finite", "someone left out"],
)
def test_shares_that_contradict_themselves_are_refused(shares: np.ndarray, word: str) -> None:
    with pytest.raises(AllocationError, match=word):
        custom(wh([10]), wh([5], [5]), shares)


def test_energies_that_are_no_energies_are_refused() -> None:
    with pytest.raises(AllocationError, match="whole watt-hours"):
        by_default(np.array([[1.5]]), wh([5]))
    with pytest.raises(AllocationError, match="negative"):
        by_default(wh([-1]), wh([5]))
    with pytest.raises(AllocationError, match="steps"):
        by_default(wh([1, 2]), wh([5]))
