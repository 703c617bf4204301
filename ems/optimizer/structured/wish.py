"""One side of an agent's band as pairs of slacks and multipliers.

A wish low <= y at a price p has a slack `reached` = y - low + missed, the violation `missed`, and
their multipliers `pressed` and `spared`, which add up to p: primal and dual are feasible from the
start. The wish y <= high is the same with the sign turned. In a Newton step towards `aim`,

    pressed' = [aim_reached spared - aim_missed pressed - pressed spared (y - low)] / den - W y',
    W = pressed spared / den,      den = reached spared + missed pressed.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured import wish_kernels
from ems.optimizer.structured.problem import Floats


@dataclass(kw_only=True)
class Wish:
    """One side of the band of every agent, with its direction of travel. Shapes [S, n]."""

    price: Floats = field(repr=False)
    """Zero where nothing is wished."""
    sign: float
    """+1: the state should be above the limit; -1: below."""
    limit: Floats = field(repr=False)
    """low or high."""
    reached: Floats = field(repr=False)
    """Slack of the wish."""
    missed: Floats = field(repr=False)
    """Violation."""
    pressed: Floats = field(repr=False)
    """Multiplier of `reached`."""
    spared: Floats = field(repr=False)
    """Multiplier of `missed`."""

    @classmethod
    def centred(cls, price: Floats, sign: float, limit: Floats, state: Floats, mu: float) -> "Wish":
        """All products at `mu` for the present `state`."""
        wanted = price > 0
        p = np.where(wanted, price, 1.0)
        ahead = sign * (state - limit)
        root = np.sqrt((p * ahead) ** 2 + 4.0 * mu * mu)
        larger = (p * np.abs(ahead) + 2.0 * mu + root) / (2.0 * p)
        smaller = mu / (p - mu / larger)
        reached = np.where(ahead > 0, larger, smaller)
        missed = np.where(ahead > 0, smaller, larger)
        return cls(
            price=price,
            sign=sign,
            limit=limit,
            reached=np.where(wanted, reached, 1.0),
            missed=np.where(wanted, missed, 1.0),
            pressed=np.where(wanted, mu / reached, 0.0),
            spared=np.where(wanted, mu / missed, 0.0),
        )

    @property
    def _pairs(self) -> wish_kernels.Pairs:
        return self.reached, self.missed, self.pressed, self.spared

    @property
    def weight(self) -> Floats:
        """W, its part of the Hessian on the state."""
        return wish_kernels.weight(self.price, self._pairs)

    def complementarity(self) -> Floats:
        """The sum of each agent's products, EUR. Shape [n]."""
        total: Floats = (self.reached * self.pressed + self.missed * self.spared).sum(axis=0)
        return total

    def cost(self, state: Floats) -> float:
        """What missing it costs, EUR."""
        return float((self.price * np.maximum(self.sign * (self.limit - state), 0.0)).sum())

    def pressed_cost(self, state: Floats) -> float:
        """What it costs by its multipliers, EUR."""
        return float((self.pressed * self.sign * (self.limit - state)).sum())

    def lift(self, state: Floats, aims: tuple[Floats, Floats]) -> Floats:
        """Rise of `pressed` towards the products `aims` while the state stands still."""
        return wish_kernels.lift(self.price, self._pairs, self.sign * (state - self.limit), aims)

    def step(self, lift: Floats, moved: Floats, aims: tuple[Floats, Floats]) -> "WishStep":
        """The whole direction once the state's is known."""
        reached, missed, pressed = wish_kernels.step(
            self.price, self._pairs, lift, self.sign * moved, aims
        )
        return WishStep(reached=reached, missed=missed, pressed=pressed)

    def raise_falls(self, falls: Floats, step: "WishStep") -> None:
        """Raise `falls` [n] to each agent's fastest relative fall along `step`."""
        wish_kernels.raise_falls(falls, self.reached, step.reached)
        wish_kernels.raise_falls(falls, self.missed, step.missed)
        wish_kernels.raise_falls(falls, self.pressed, step.pressed)
        wish_kernels.raise_falls(falls, self.spared, step.pressed, -1.0)

    def advance(self, step: "WishStep", length: Floats, state: Floats) -> None:
        """Go each agent's `length` along `step`; the larger slack follows from the new `state`."""
        self.reached, self.missed, self.pressed, self.spared = wish_kernels.advanced(
            self.price,
            self._pairs,
            self.sign * (state - self.limit),
            (step.reached, step.missed, step.pressed),
            length,
        )


@dataclass(frozen=True, kw_only=True)
class WishStep:
    """A direction of a wish. Shapes [S, n]; `spared` falls as `pressed` rises."""

    reached: Floats = field(repr=False)
    """Of the slack."""
    missed: Floats = field(repr=False)
    """Of the violation."""
    pressed: Floats = field(repr=False)
    """Of the slack's multiplier."""
