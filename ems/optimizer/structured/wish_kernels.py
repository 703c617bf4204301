"""A wish's arithmetic, compiled, each in one pass over its arrays.

The formulas are those of `barrier.py`; a test holds them to NumPy's result to 1e-9. All arrays have
shape [S, n], falls [n]. Where the price is zero nothing is wished and nothing moves.
"""

import numpy as np

from ems.optimizer.structured.compiled import compiled
from ems.optimizer.structured.problem import Floats

Pairs = tuple[Floats, Floats, Floats, Floats]
"""reached, missed, pressed, spared."""


def weight(price: Floats, pairs: Pairs) -> Floats:
    """W: pressed spared / (reached spared + missed pressed)."""
    out = np.empty_like(price)
    _weight(price, *pairs, out)
    return out


def lift(price: Floats, pairs: Pairs, ahead: Floats, aims: tuple[Floats, Floats]) -> Floats:
    """Rise of `pressed` while the state, `ahead` of its limit, stands still."""
    out = np.empty_like(price)
    _lift(price, *pairs, ahead, *aims, out)
    return out


def step(
    price: Floats, pairs: Pairs, lifted: Floats, moved: Floats, aims: tuple[Floats, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Directions of reached, missed and pressed when the state moves ahead by `moved`."""
    out = np.empty_like(price), np.empty_like(price), np.empty_like(price)
    _step(price, *pairs, lifted, moved, *aims, *out)
    return out


def advanced(
    price: Floats,
    pairs: Pairs,
    ahead: Floats,
    directions: tuple[Floats, Floats, Floats],
    length: Floats,
) -> Pairs:
    """The pairs each agent's `length` along; the state is then `ahead` of its limit."""
    out = tuple(np.empty_like(price) for _ in pairs)
    _advanced(price, *pairs, ahead, *directions, length, *out)
    return out[0], out[1], out[2], out[3]


def raise_falls(falls: Floats, value: Floats, direction: Floats, sign: float = 1.0) -> None:
    """Raise `falls` [n] to the fastest relative fall of each column of `value`."""
    _raise_falls(falls, value, direction, sign)


@compiled
def _weight(price, reached, missed, pressed, spared, out):  # type: ignore[no-untyped-def]
    for t in range(price.shape[0]):
        for i in range(price.shape[1]):
            n, m = pressed[t, i], spared[t, i]
            none = 1.0 if price[t, i] <= 0.0 else 0.0
            out[t, i] = n * m / (reached[t, i] * m + missed[t, i] * n + none)


@compiled
def _lift(price, reached, missed, pressed, spared, ahead, aim, other, out):  # type: ignore[no-untyped-def]
    for t in range(price.shape[0]):
        for i in range(price.shape[1]):
            n, m = pressed[t, i], spared[t, i]
            none = 1.0 if price[t, i] <= 0.0 else 0.0
            top = aim[t, i] * m - other[t, i] * n - n * m * ahead[t, i]
            out[t, i] = top / (reached[t, i] * m + missed[t, i] * n + none)


@compiled
def _step(  # type: ignore[no-untyped-def]
    price, reached, missed, pressed, spared, lifted, moved, aim, other, out_r, out_m, out_p
):
    for t in range(price.shape[0]):
        for i in range(price.shape[1]):
            n, m, w, v = pressed[t, i], spared[t, i], reached[t, i], missed[t, i]
            none = 1.0 if price[t, i] <= 0.0 else 0.0
            some = 1.0 - none
            p = lifted[t, i] - n * m / (w * m + v * n + none) * moved[t, i]
            out_p[t, i] = p
            out_r[t, i] = some * ((aim[t, i] - w * p) / (n + none) - w)
            out_m[t, i] = some * ((other[t, i] + v * p) / (m + none) - v)


@compiled
def _raise_falls(falls, value, direction, sign):  # type: ignore[no-untyped-def]
    for t in range(value.shape[0]):
        for i in range(value.shape[1]):
            held = value[t, i] if value[t, i] > 0.0 else 1.0
            falls[i] = max(falls[i], -sign * direction[t, i] / held)


@compiled
def _advanced(  # type: ignore[no-untyped-def]
    price, reached, missed, pressed, spared, ahead, to_r, to_m, to_p, length, w, v, n, m
):
    for t in range(price.shape[0]):
        for i in range(price.shape[1]):
            a, some = length[i], price[t, i] > 0.0
            n[t, i] = pressed[t, i] + a * to_p[t, i]
            m[t, i] = spared[t, i] - a * to_p[t, i]
            r, s = reached[t, i] + a * to_r[t, i], missed[t, i] + a * to_m[t, i]
            w[t, i] = s + ahead[t, i] if some and ahead[t, i] > 0.0 else r
            v[t, i] = r - ahead[t, i] if some and ahead[t, i] <= 0.0 else s
