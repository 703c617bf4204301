"""A feasible primal-dual interior point for a district: Mehrotra's predictor and corrector.

Each step: sum the agents' inverse Hessians by group, factor the coupling's complement, predict with
products aimed at zero, choose the centring from what the prediction gains, correct, and go. Agents
are swept in three passes (`passes.py`) between which the coupling is solved. Cost and bound are
known at every iterate, so it stops by gap or time with the best.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import numpy as np

from ems.optimizer.structured import coupling_newton, faces, schur
from ems.optimizer.structured.answer import Controls, Multipliers
from ems.optimizer.structured.beginning import Beginning, first_share
from ems.optimizer.structured.coupling import Coupling
from ems.optimizer.structured.coupling_step import CouplingAims, CouplingStep, Loads, TipReduced
from ems.optimizer.structured.everyone import Moved, Prices
from ems.optimizer.structured.lengths import Lengths, blended, longest, longest_by_slack
from ems.optimizer.structured.lots import Kept
from ems.optimizer.structured.problem import DistrictProblem, Floats

TOWARDS_END = 0.9
"""Part of the way to the nearest bound that a step goes at most."""
PEAK_SHARE_OF_GAP = 0.1
"""When re-deriving the peak would cost more than this share of the gap, all go equally far."""
CENTRING_MIN = 0.3
"""Share of the present products that is aimed at when the prediction gains all; of several the one
that took the fewest steps."""
CENTRING_MAX = 0.9
"""The same when it gains nothing."""
START_MU = 0.3
"""Products of the first iterate, EUR."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Where an iterate stands, EUR."""

    cost: float
    """Of the present controls."""
    bound: float
    """By the present prices."""


@dataclass(frozen=True, kw_only=True)
class PricesMove:
    """How the coupling's prices move."""

    capacity: Floats
    """Of capacities and rows above them. Shape [C + V, T]."""
    electricity: Floats
    """Shape [T]."""


Begin = Callable[[DistrictProblem], Beginning]
"""Takes a problem's agents in hand: here, or elsewhere in parts (`spread.py`)."""


class InteriorPoint:
    """The iterate of one problem, and its steps; its agents are where `begin` puts them."""

    def __init__(
        self, problem: DistrictProblem, begin: Begin = Beginning, *, mu: float = START_MU
    ) -> None:
        self.problem = problem
        self.faces = faces.faces(problem.groups)
        beginning = begin(problem)
        power = beginning.first(first_share(problem, beginning.demand()))
        self.coupling = Coupling.centred(problem, self._loads(power), mu)
        self.everyone, pairs = beginning.laid_out(self._prices(), mu)
        self.pairs = self.coupling.pairs + pairs
        self.loads = self._advance_agents(0.0)

    def gap(self) -> Gap:
        """Cost and lower bound of the present iterate."""
        own, bound = self.everyone.cost_and_bound()
        coupling = self.coupling
        return Gap(cost=coupling.cost_eur() + own, bound=coupling.added_to_bound() + bound)

    def step(self) -> None:
        """One predictor and corrector.

        Raises:
            numpy.linalg.LinAlgError: the numbers are exhausted.
        """
        nothing = CouplingAims.all_at(0.0)
        reduced = coupling_newton.reduced(self.coupling, nothing, self.loads)
        arrow = self._factored(reduced)
        gap_eur = self.everyone.products() + self.coupling.complementarity()
        mu = gap_eur / self.pairs
        affine_prices = self._rise(arrow, self.free, nothing, reduced)
        foreseen = self.everyone.foresee(self._prices_of(affine_prices))
        affine = self._coupling_step(nothing, reduced, affine_prices, foreseen.whole)
        aim = mu * self._centring(affine, foreseen.whole, foreseen.far, gap_eur)
        aims = CouplingAims.all_at(aim).less(affine.products())
        reduced = coupling_newton.reduced(self.coupling, aims, self.loads)
        loads = self.free + foreseen.of_products + foreseen.of_centring * aim
        rise = self._rise(arrow, loads, aims, reduced)
        final = self._prices() + self._prices_of(rise)
        whole, far = self.everyone.correct(final, aim, TOWARDS_END)
        move = self._coupling_step(aims, reduced, rise, whole)
        self._advance(move, whole, far, gap_eur)
        self.loads = self._advance_agents(aim)

    def _advance_agents(self, aim: float) -> Loads:
        """Commit lengths, and sweep for factors, gap and the next prediction's loads."""
        power, self.free = self.everyone.advance(self._prices(), aim)
        return self._loads(power)

    def _centring(self, affine: CouplingStep, whole: Moved, far: Moved, gap_eur: float) -> float:
        """How much of mu to aim at: little when the prediction gains much."""
        self.everyone.take_foreseen_lengths()
        lengths, _ = self._lengths(affine, whole, far, 1.0)
        left = self.everyone.left(lengths.kept, lengths.added)
        left += (1.0 - lengths.common) * self.coupling.complementarity()
        left += lengths.common**2 * affine.products().total()
        return float(np.clip((left / gap_eur) ** 3, CENTRING_MIN, CENTRING_MAX))

    def _lengths(
        self, move: CouplingStep, whole: Moved, far: Moved, share: float
    ) -> tuple[Lengths, Moved]:
        """How far to go, and the loads that come of it."""
        coupling, groups = self.coupling, self.problem.groups
        common = min(1.0, share * longest(coupling, move))
        by_slack = np.minimum(1.0, share * longest_by_slack(coupling, move))
        least, of_stores = self.everyone.least_lengths()
        together = min(
            common, of_stores, float(least.min(initial=1.0)), float(by_slack.min(initial=1.0))
        )
        kept, added, load = blended(
            least,
            whole.of_groups,
            far.of_groups,
            groups,
            coupling.slack,
            by_slack,
            coupling.has_exchange,
        )
        lengths = Lengths(kept=kept, added=added, common=common, together=together)
        return lengths, Moved(of_groups=load, of_stores=far.of_stores)

    def _advance(self, move: CouplingStep, whole: Moved, far: Moved, gap_eur: float) -> None:
        """Go as far as each agent may; all together when that would raise the peak too much."""
        lengths, moved = self._lengths(move, whole, far, TOWARDS_END)
        before = copy(self.coupling)
        if self._go(move, lengths.common, moved) > PEAK_SHARE_OF_GAP * gap_eur:
            self.coupling = before
            self._go(move, lengths.together, whole * lengths.together)
            self.everyone.go_together(lengths.together)
        else:
            self.everyone.blend(lengths.kept, lengths.added)

    def _go(self, move: CouplingStep, length: float, moved: Moved) -> float:
        step, loads = self._sums(moved), self.loads
        after = Loads(
            of_groups=loads.of_groups + step.of_groups,
            on_capacities=loads.on_capacities + step.on_capacities,
            net_kw=loads.net_kw + step.net_kw,
        )
        return self.coupling.advance(move, length, after)

    def _factored(self, reduced: TipReduced) -> schur.Arrow:
        inverses, meter = self.everyone.inverses()
        meter += np.outer(reduced.edge, reduced.edge) / reduced.corner
        on_capacity = self.coupling.on_capacity
        return schur.arrow(self.faces, inverses, on_capacity, reduced.tip, meter)

    def _rise(
        self, arrow: schur.Arrow, loads: Moved, aims: CouplingAims, reduced: TipReduced
    ) -> PricesMove:
        """How prices answer what `loads` would move by at present ones."""
        moved, coupling = self._sums(loads), self.coupling
        on_capacities = moved.on_capacities + aims.capacity / coupling.capacity - coupling.slack
        split = self.problem.groups.capacity_kw.shape[0]
        tip = np.concatenate([on_capacities[split:], moved.net_kw[None]]) + reduced.rows
        of_capacities, of_tip = arrow.solve(on_capacities[:split], tip)
        return PricesMove(
            capacity=np.concatenate([of_capacities, of_tip[:-1]]), electricity=of_tip[-1]
        )

    def _coupling_step(
        self, aims: CouplingAims, reduced: TipReduced, rise: PricesMove, whole: Moved
    ) -> CouplingStep:
        loads = self._sums(whole).on_capacities
        prices = rise.capacity, rise.electricity
        return coupling_newton.direction(self.coupling, aims, reduced, *prices, loads)

    def _prices(self) -> Prices:
        coupling = self.coupling
        present = PricesMove(capacity=coupling.capacity, electricity=coupling.electricity)
        return self._prices_of(present)

    def _prices_of(self, move: PricesMove) -> Prices:
        """What a kW costs each group [G, T] and a battery's steps [1, 2 T]."""
        groups, T = self.problem.groups, self.problem.slots
        split = groups.capacity_kw.shape[0]
        bound = np.concatenate([move.capacity[:split], np.zeros((1, T))])
        of_groups = groups.electric_per_kw * move.electricity + bound[groups.capacity]
        of_groups += groups.upper_per_kw @ move.capacity[split:]
        both = np.stack([move.electricity, -move.electricity], axis=1)
        return Prices(of_groups=of_groups, of_stores=both.reshape(1, 2 * T))

    def _loads(self, power: Moved) -> Loads:
        loads, meter = self._sums(power), self.problem.meter
        return Loads(
            of_groups=loads.of_groups,
            on_capacities=loads.on_capacities,
            net_kw=loads.net_kw + meter.base_kw - meter.sun_kw,
        )

    def _sums(self, moved: Moved) -> Loads:
        """What loads of groups and stores add up to."""
        groups = self.problem.groups
        net = (groups.electric_per_kw * moved.of_groups).sum(axis=0)
        sums = np.zeros((groups.capacity_kw.shape[0] + 1, self.problem.slots))
        np.add.at(sums, groups.capacity, moved.of_groups)
        on = np.concatenate([sums[:-1], groups.upper_per_kw.T @ moved.of_groups])
        return Loads(of_groups=moved.of_groups, on_capacities=on, net_kw=net + moved.net_of_stores)

    def controls(self, kept: list[Kept], coupling: Coupling) -> Controls:
        """What the devices are to do by an iterate that was kept."""
        flow = kept[-1].power()
        return Controls(
            power_kw=self.everyone.by_kind(kept, Kept.power),
            charge_kw=flow[0::2].copy(),
            discharge_kw=flow[1::2].copy(),
            curtailed_kw=coupling.curtailed_kw,
            exchanged_kw=coupling.exchanged_kw,
        )

    def multipliers(self, kept: list[Kept], coupling: Coupling) -> Multipliers:
        """The prices of an iterate that was kept."""
        split = self.problem.groups.capacity_kw.shape[0]
        stores = kept[-1]
        return Multipliers(
            below=self.everyone.by_kind(kept, Kept.below),
            above=self.everyone.by_kind(kept, Kept.above),
            battery_below=stores.below()[1::2].copy(),
            battery_above=stores.above()[1::2].copy(),
            capacity=coupling.capacity[:split].copy(),
            upper=coupling.capacity[split:].copy(),
            electricity=coupling.electricity.copy(),
            peak=coupling.peak.copy(),
        )
