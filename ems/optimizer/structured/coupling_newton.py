"""The coupling's Newton system: pieces and peak eliminated, and the direction that its prices give.

What is left for the prices of the tip (rows above the capacities, then electricity) is a block that
is diagonal in time, and one rank; with the agents' inverses it is solved in `schur.py`.
"""

import numpy as np

from ems.optimizer.structured.coupling import Coupling
from ems.optimizer.structured.coupling_step import CouplingAims, CouplingStep, Loads, TipReduced
from ems.optimizer.structured.problem import Floats


def reduced(at: Coupling, aims: CouplingAims, loads: Loads) -> TipReduced:
    """The tip's Newton system towards `aims` with pieces and peak eliminated."""
    split, parts = at.capacities, at.pieces
    pull = aims.at_zero / at.piece - aims.at_most / at.room - at.reduced_cost()
    inverse = at.is_open / at.hessian
    moved, on_meter, of_exchanges = pull * inverse, parts.on_meter, parts.exchanges
    fillable = inverse[: parts.segments].sum(axis=0)
    give, peak_pull, excess_pull, corner = _peak(
        at, aims, moved[: parts.segments].sum(axis=0), fillable
    )
    edge = give * fillable
    weights = np.concatenate([parts.on_upper, on_meter[of_exchanges][:, None]], axis=1)
    tip = np.einsum("xvt,xt,xwt->vwt", weights, inverse[of_exchanges], weights)
    own = inverse * on_meter**2
    tip[-1, -1] = own.sum(axis=0) - fillable * edge
    uppers = np.arange(parts.on_upper.shape[1])
    tip[uppers, uppers] += at.on_capacity[split:]
    meter = (on_meter * moved).sum(axis=0) + fillable * peak_pull + at.balance(loads)
    rows = np.einsum("xvt,xt->vt", parts.on_upper, moved[of_exchanges])
    return TipReduced(
        tip=tip,
        edge=edge,
        corner=corner,
        rows=np.concatenate([rows, (meter - edge * excess_pull / corner)[None]]),
        pieces=pull,
        peak_pull=peak_pull,
        peak_give=give,
        excess_pull=excess_pull,
    )


def _peak(
    at: Coupling, aims: CouplingAims, filled_kw: Floats, fillable: Floats
) -> tuple[Floats, Floats, float, float]:
    nothing = np.zeros(at.problem.slots)
    if not at.has_peak:
        return nothing, nothing, 0.0, 1.0
    give = 1.0 / (at.below_peak / at.peak + fillable)
    pull = give * (aims.below_peak / at.peak - at.below_peak + filled_kw)
    kept = at.problem.meter.peak_eur_per_kw - at.peak.sum()
    corner = at.kept / at.excess_kw + give.sum()
    return give, pull, float(aims.excess / at.excess_kw - kept + pull.sum()), float(corner)


def direction(
    at: Coupling,
    aims: CouplingAims,
    reduced: TipReduced,
    capacity: Floats,
    electricity: Floats,
    loads: Floats,
) -> CouplingStep:
    """The whole direction from that of the prices and of the capacities' `loads`."""
    parts, upper = at.pieces, capacity[at.capacities :]
    excess = (reduced.excess_pull + reduced.edge @ electricity) / reduced.corner
    peak = reduced.peak_pull - reduced.peak_give * excess + reduced.edge * electricity
    moved = reduced.pieces - parts.on_meter * electricity
    moved[: parts.segments] -= peak
    moved[parts.exchanges] -= np.einsum("xvt,vt->xt", parts.on_upper, upper)
    piece = moved * at.is_open / at.hessian
    at_zero = (aims.at_zero - at.at_zero * piece) / at.piece - at.at_zero
    at_most = (aims.at_most + at.at_most * piece) / at.room - at.at_most
    slack = -loads
    slack[at.capacities :] -= np.einsum("xvt,xt->vt", parts.on_upper, piece[parts.exchanges])
    return CouplingStep(
        slack=slack,
        capacity=capacity,
        piece=piece,
        at_zero=at_zero * at.is_open,
        at_most=at_most * at.is_open,
        electricity=electricity,
        below_peak=excess - piece[: parts.segments].sum(axis=0),
        peak=peak,
        excess=float(excess) if at.has_peak else 0.0,
        kept=float(-peak.sum()) if at.has_peak else 0.0,
    )
