"""One side of an agent's band as pairs of slacks and multipliers, in NumPy.

A wish low <= y at a price p has a slack `reached` = y - low + missed, the violation `missed`, and
their multipliers `pressed` and `spared`, which add up to p: primal and dual are feasible from the
start. The wish y <= high is the same with the sign turned. In a Newton step towards `aim`,

    pressed' = [aim_reached spared - aim_missed pressed - pressed spared (y - low)] / den - W y',
    W = pressed spared / den,      den = reached spared + missed pressed.
"""

from dataclasses import dataclass, field

import numpy as np

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
    def weight(self) -> Floats:
        """W, its part of the Hessian on the state."""
        weight: Floats = self.pressed * self.spared / self._denominator
        return weight

    @property
    def _denominator(self) -> Floats:
        den = self.reached * self.spared + self.missed * self.pressed
        return np.where(self.price > 0, den, 1.0)

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
        ahead = self.sign * (state - self.limit)
        top = aims[0] * self.spared - aims[1] * self.pressed - self.pressed * self.spared * ahead
        return np.where(self.price > 0, top / self._denominator, 0.0)

    def step(self, lift: Floats, moved: Floats, aims: tuple[Floats, Floats]) -> "WishStep":
        """The whole direction once the state's is known."""
        wanted = self.price > 0
        n, m = np.where(wanted, self.pressed, 1.0), np.where(wanted, self.spared, 1.0)
        pressed = lift - self.weight * self.sign * moved
        reached = (aims[0] - self.reached * pressed) / n - self.reached
        missed = (aims[1] + self.missed * pressed) / m - self.missed
        return WishStep(
            reached=np.where(wanted, reached, 0.0),
            missed=np.where(wanted, missed, 0.0),
            pressed=pressed,
        )

    def falls(self, step: "WishStep") -> Floats:
        """Each agent's fastest relative fall along `step`. Shape [n]."""
        wanted = self.price > 0
        n, m = np.where(wanted, self.pressed, 1.0), np.where(wanted, self.spared, 1.0)
        falls = [-step.reached / self.reached, -step.missed / self.missed]
        falls += [-step.pressed / n, step.pressed / m]
        fastest: Floats = np.max(falls, axis=(0, 1))
        return fastest

    def advance(self, step: "WishStep", length: Floats, state: Floats) -> None:
        """Go each agent's `length` along `step`; the larger slack follows from the new `state`."""
        ahead = self.sign * (state - self.limit)
        wanted = self.price > 0
        reached, missed = self.reached + length * step.reached, self.missed + length * step.missed
        self.reached = np.where(wanted & (ahead > 0), missed + ahead, reached)
        self.missed = np.where(wanted & (ahead <= 0), reached - ahead, missed)
        self.pressed = self.pressed + length * step.pressed
        self.spared = self.spared - length * step.pressed


@dataclass(frozen=True, kw_only=True)
class WishStep:
    """A direction of a wish. Shapes [S, n]; `spared` falls as `pressed` rises."""

    reached: Floats = field(repr=False)
    """Of the slack."""
    missed: Floats = field(repr=False)
    """Of the violation."""
    pressed: Floats = field(repr=False)
    """Of the slack's multiplier."""
