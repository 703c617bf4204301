"""The agents' side of the interior point: controls, wishes, and the pairs that keep them inside.

A control has two slacks, to zero and to its greatest power, each with a multiplier; the wishes of a
band are in `wish.py`. All of a fleet's agents are carried at once, in NumPy: here iterates begin,
and the compiled passes (`passes.py`), which go on from there, have these formulas as reference.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured import kernels
from ems.optimizer.structured.fleet import Fleet
from ems.optimizer.structured.problem import Floats
from ems.optimizer.structured.wish import Wish, WishStep


@dataclass(frozen=True, kw_only=True)
class Direction:
    """Where a fleet is going. Shapes [S, n]."""

    control: Floats = field(repr=False)
    """Of controls."""
    state: Floats = field(repr=False)
    """Of first states."""
    at_zero: Floats = field(repr=False)
    """Of the multiplier of zero."""
    at_most: Floats = field(repr=False)
    """Of the multiplier of the greatest power."""
    low: WishStep
    """Of the wish to be above."""
    high: WishStep
    """Of the wish to be below."""


@dataclass(kw_only=True)
class Agency:
    """A fleet's iterate. Shapes [S, n]."""

    fleet: Fleet
    """Whose."""
    state: Floats = field(repr=False)
    """First states after each step."""
    end: Floats = field(repr=False)
    """What the controls have added to both states at the end. Shape [2, n]."""
    control: Floats = field(repr=False)
    """u, kW; one where there is no choice, see `power`."""
    room: Floats = field(repr=False)
    """Greatest power less u; one where there is no choice."""
    at_zero: Floats = field(repr=False)
    """Multiplier of u >= 0."""
    at_most: Floats = field(repr=False)
    """Multiplier of u <= greatest."""
    low: Wish
    """To be above the band's low end."""
    high: Wish
    """To be below its high end."""

    @classmethod
    def centred(cls, fleet: Fleet, power: Floats, mu: float) -> "Agency":
        """All products at `mu`, at the given controls."""
        moved, end = kernels.respond(fleet, power)
        state = fleet.free + moved
        control = np.where(fleet.is_open, power, 1.0)
        room = np.where(fleet.is_open, fleet.greatest - power, 1.0)
        return cls(
            fleet=fleet,
            state=state,
            end=end,
            control=control,
            room=room,
            at_zero=np.where(fleet.is_open, mu / control, 0.0),
            at_most=np.where(fleet.is_open, mu / room, 0.0),
            low=Wish.centred(fleet.low_price, 1.0, fleet.low, state, mu),
            high=Wish.centred(fleet.high_price, -1.0, fleet.high, state, mu),
        )

    @property
    def power(self) -> Floats:
        """Controls, zero where there is no choice, kW."""
        return np.where(self.fleet.is_open, self.control, 0.0)

    @property
    def on_control(self) -> Floats:
        """D, the Hessian on controls."""
        hessian: Floats = self.at_zero / self.control + self.at_most / self.room
        return hessian + self.fleet.curvature

    @property
    def on_state(self) -> Floats:
        """W, the Hessian on first states."""
        return self.low.weight + self.high.weight

    @property
    def tilt(self) -> Floats:
        """What the wishes make a unit of the state worth, EUR. Shape [S, n]."""
        return self.low.pressed - self.high.pressed

    @property
    def pairs(self) -> int:
        """How many products there are."""
        wishes = (self.low.price > 0).sum() + (self.high.price > 0).sum()
        return 2 * int(self.fleet.is_open.sum() + wishes)

    def complementarity(self) -> Floats:
        """The sum of each agent's products, EUR. Shape [n]."""
        total: Floats = (self.control * self.at_zero + self.room * self.at_most).sum(axis=0)
        return total + self.low.complementarity() + self.high.complementarity()

    def cost_and_bound(self, price: Floats) -> tuple[float, float]:
        """What the agents cost by themselves, and the least when a kW costs them `price`, EUR."""
        fleet, power = self.fleet, self.power
        gradient = self.gradient(price)
        own = (fleet.cost * power).sum()
        own += 0.5 * (fleet.curvature * (power - fleet.reference) ** 2).sum()
        own -= (fleet.end_value * (fleet.free_end + self.end)).sum()
        missed = self.low.cost(self.state) + self.high.cost(self.state)
        pressed = self.low.pressed_cost(self.state) + self.high.pressed_cost(self.state)
        saved = np.where(gradient > 0, gradient * power, gradient * (power - fleet.greatest)).sum()
        return float(own + missed), float(own + pressed + (price * power).sum() - saved)

    def lifts(self, aims: "Aims") -> tuple[Floats, Floats]:
        """Rise of both wishes' multipliers towards `aims` while the states stand still."""
        return self.low.lift(self.state, aims.low), self.high.lift(self.state, aims.high)

    def sides(
        self, aims: "Aims", lifts: tuple[Floats, Floats], price: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Right-hand side of the Newton system on controls, first states and the end."""
        on_control = aims.at_zero / self.control - aims.at_most / self.room
        on_control = on_control - self.own_cost() - price
        return on_control, self.tilt + lifts[0] - lifts[1], self.fleet.end_value

    def own_cost(self) -> Floats:
        """Cost of a kW by the agents' own costs. Shape [S, n]."""
        fleet = self.fleet
        return fleet.cost + fleet.curvature * (self.power - fleet.reference)

    def products(self, direction: Direction) -> "Aims":
        """The products of a direction's parts, which a corrected step takes into account."""
        low, high = direction.low, direction.high
        return Aims(
            at_zero=direction.control * direction.at_zero,
            at_most=-direction.control * direction.at_most,
            low=(low.reached * low.pressed, -low.missed * low.pressed),
            high=(high.reached * high.pressed, -high.missed * high.pressed),
        )

    def direction(
        self, aims: "Aims", lifts: tuple[Floats, Floats], moved: tuple[Floats, Floats]
    ) -> Direction:
        """The whole direction from the `moved` controls and states."""
        control, state = moved
        at_zero = (aims.at_zero - self.at_zero * control) / self.control - self.at_zero
        at_most = (aims.at_most + self.at_most * control) / self.room - self.at_most
        return Direction(
            control=control,
            state=state,
            at_zero=np.where(self.fleet.is_open, at_zero, 0.0),
            at_most=np.where(self.fleet.is_open, at_most, 0.0),
            low=self.low.step(lifts[0], state, aims.low),
            high=self.high.step(lifts[1], state, aims.high),
        )

    def agree_with(self, price: Floats, mu: float) -> None:
        """Give controls the multipliers near `mu` that a kW's `price` [S, n] asks for."""
        gradient = self.gradient(price)
        spread = 4.0 * mu * mu / (self.control * self.room)
        larger = 0.5 * (np.abs(gradient) + np.sqrt(gradient**2 + spread))
        smaller = 0.25 * spread / larger
        is_open = self.fleet.is_open
        self.at_zero = np.where(is_open, np.where(gradient > 0, larger, smaller), 0.0)
        self.at_most = np.where(is_open, np.where(gradient > 0, smaller, larger), 0.0)

    def gradient(self, price: Floats) -> Floats:
        """What one kW more costs in all. Shape [S, n]."""
        worth = kernels.adjoint(self.fleet, self.tilt, self.fleet.end_value)
        gradient: Floats = self.own_cost() + price - worth
        return gradient

    def longest(self, direction: Direction) -> Floats:
        """How far each agent can go until something is zero. Shape [n]."""
        pairs = [(self.control, direction.control), (self.room, -direction.control)]
        pairs += [(self.at_zero, direction.at_zero), (self.at_most, direction.at_most)]
        falls = [fastest_fall(*pair).max(axis=0) for pair in pairs]
        falls += [self.low.falls(direction.low), self.high.falls(direction.high)]
        longest: Floats = 1.0 / np.max(falls, axis=0)
        return longest

    def advance(self, direction: Direction, length: Floats) -> None:
        """Go each agent's `length` along."""
        self.control = self.control + length * direction.control
        self.room = self.room - length * direction.control
        self.at_zero = self.at_zero + length * direction.at_zero
        self.at_most = self.at_most + length * direction.at_most
        moved, self.end = kernels.respond(self.fleet, self.power)
        self.state = self.fleet.free + moved
        self.low.advance(direction.low, length, self.state)
        self.high.advance(direction.high, length, self.state)


@dataclass(frozen=True, kw_only=True)
class Aims:
    """Products that a step aims at, for each pair."""

    at_zero: Floats = field(repr=False)
    """Of controls and the multipliers of zero. Shape [S, n]."""
    at_most: Floats = field(repr=False)
    """Of room and the multipliers of the greatest power. Shape [S, n]."""
    low: tuple[Floats, Floats] = field(repr=False)
    """Of the wish to be above: slack, violation. Shape [S, n] each."""
    high: tuple[Floats, Floats] = field(repr=False)
    """Of the wish to be below, the same."""

    @classmethod
    def all_at(cls, mu: float, shape: tuple[int, ...]) -> "Aims":
        """The same for every pair of agents of `shape` [S, n]."""
        same = np.full(shape, mu)
        return cls(at_zero=same, at_most=same, low=(same, same), high=(same, same))

    def total(self) -> Floats:
        """Their sum for each agent, EUR. Shape [n]."""
        parts = (self.at_zero, self.at_most, *self.low, *self.high)
        total: Floats = np.sum([np.sum(part, axis=0) for part in parts], axis=0)
        return total

    def less(self, products: "Aims") -> "Aims":
        """These aims less what the direction's own products will add."""
        return Aims(
            at_zero=self.at_zero - products.at_zero,
            at_most=self.at_most - products.at_most,
            low=(self.low[0] - products.low[0], self.low[1] - products.low[1]),
            high=(self.high[0] - products.high[0], self.high[1] - products.high[1]),
        )


def fastest_fall(value: Floats, step: Floats) -> Floats:
    """-step / value, at least a trifle: one over how far one can go."""
    ratio: Floats = -step / np.where(value > 0, value, 1.0)
    return np.maximum(ratio, TRIFLE)


TRIFLE = 1e-9
"""Directions slower than this share of a value are taken for standing still."""
