"""A wish's compiled arithmetic gives what its formulas give, written out in NumPy."""

import numpy as np
import pytest

from ems.optimizer.structured import wish_kernels

RANDOM = np.random.default_rng(7)
SHAPE = (13, 21)
PRICE = np.where(RANDOM.random(SHAPE) < 0.2, 0.0, 0.7)
WANTED = PRICE > 0
REACHED, MISSED = (np.where(WANTED, 10.0 ** RANDOM.uniform(-6, 2, SHAPE), 1.0) for _ in "wv")
SHARE = RANDOM.random(SHAPE)
PRESSED, SPARED = PRICE * SHARE, PRICE * (1 - SHARE)
PAIRS = (REACHED, MISSED, PRESSED, SPARED)
AHEAD, MOVED = RANDOM.normal(size=SHAPE), RANDOM.normal(size=SHAPE)
AIMS = tuple(1e-3 * RANDOM.random(SHAPE) for _ in range(2))
DEN = np.where(WANTED, REACHED * SPARED + MISSED * PRESSED, 1.0)
WEIGHT = PRESSED * SPARED / DEN
LIFT = (AIMS[0] * SPARED - AIMS[1] * PRESSED - PRESSED * SPARED * AHEAD) / DEN


def same(ours: np.ndarray, reference: np.ndarray) -> None:
    assert ours == pytest.approx(reference, rel=1e-9, abs=1e-12)


def test_weight_and_lift() -> None:
    same(wish_kernels.weight(PRICE, PAIRS), WEIGHT)
    same(wish_kernels.lift(PRICE, PAIRS, AHEAD, AIMS), LIFT)


def test_step_reaches_its_aims_to_first_order() -> None:
    reached, missed, pressed = wish_kernels.step(PRICE, PAIRS, LIFT, MOVED, AIMS)
    same(pressed, LIFT - WEIGHT * MOVED)
    first = PRESSED * (REACHED + reached) + REACHED * pressed
    second = SPARED * (MISSED + missed) - MISSED * pressed
    same(np.where(WANTED, first - AIMS[0], 0.0), 0.0 * PRICE)
    same(np.where(WANTED, second - AIMS[1], 0.0), 0.0 * PRICE)
    assert (reached[~WANTED] == 0).all()
    assert (missed[~WANTED] == 0).all()


def test_advance_keeps_slack_less_violation_equal_to_the_lead() -> None:
    length = RANDOM.random(SHAPE[1])
    step = wish_kernels.step(PRICE, PAIRS, LIFT, MOVED, AIMS)
    reached, missed, pressed, spared = wish_kernels.advanced(PRICE, PAIRS, AHEAD, step, length)
    same((reached - missed)[WANTED], AHEAD[WANTED])
    same(pressed + spared, PRICE)
    same(pressed, PRESSED + length * step[2])


def test_falls_are_the_fastest_relative_ones() -> None:
    falls = np.full(SHAPE[1], 1e-9)
    wish_kernels.raise_falls(falls, REACHED, MOVED, -1.0)
    same(falls, np.maximum((MOVED / REACHED).max(axis=0), 1e-9))
