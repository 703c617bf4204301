"""The planner's room model fitted to measurements: what kind of room is it really.

Six figures of a room are learned as factors on what the description says (loss, coupling, two
capacities, solar aperture) and one as power per floor area (heat that nobody measures: people,
neighbours, an envelope that is not as drawn). They are those that make free runs of a day fit best,
with the description as a prior (maximum a posteriori; Bacher and Madsen, doi
10.1016/j.enbuild.2011.02.005, for the grey box; Gauss-Newton with Levenberg's damping). Errors of
a free run are alike over hours, so that a slot counts for an eighth of an observation; the
covariance is the inverse of the curvature at the best fit, with the spread found there.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models import zone
from building_models.free_run import Given, Maps, residuals
from building_models.zone import ZoneParameters
from ems.domain.slots import SLOT_H

Floats = NDArray[np.float64]

DAY = 96
FIGURES = ("loss", "coupling", "capacity_air", "capacity_mass", "aperture", "unmeasured")
"""The figures in their order; all but the last are logarithms of a factor."""

PRIOR_SPREAD = np.array([0.35, 0.4, 0.5, 0.4, 0.6, 3.0])
"""How far the description may be off: logarithms, and W/m² for the last."""

FREE_ERROR_K = 0.3
"""Spread of free-run errors taken while fitting."""

ALIKE_SLOTS = 8.0
"""Neighbouring errors are alike over two hours."""

HEAT_TO_AIR, PEOPLE_TO_AIR, SUN_TO_AIR = 0.8, 0.5, 0.3
"""Shares that warm the air, as the planner takes them."""

ITERATIONS = 15
_NUDGE = 1e-3


class Measured(NamedTuple):
    """Rooms over past slots, quarter-hour means."""

    air_c: Floats
    """NaN where nothing was measured. Shape [rooms, slots]."""
    heat_kw: Floats
    """Heating less cooling. Shape [rooms, slots]."""
    gains_kw: Floats
    """Electricity used in the room, or what the description expects of people. [rooms, slots]"""
    sun_kw: Floats
    """By the described aperture. Shape [rooms, slots]."""
    outdoor_c: Floats
    """Shape [slots]."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Rooms as they were found. F figures, in the order of `FIGURES`."""

    figures: Floats = field(repr=False)
    """Shape [rooms, F]."""
    covariance: Floats = field(repr=False)
    """Shape [rooms, F, F]."""
    known: NDArray[np.bool_]
    """Rooms with enough measured to fit; the others stay as described. Shape [rooms]."""

    @property
    def factors(self) -> Floats:
        """Factors on the description, all but the last figure. Shape [rooms, F - 1]."""
        factors: Floats = np.exp(self.figures[:, :-1])
        return factors

    @property
    def spread(self) -> Floats:
        """Standard deviations: of factors relative to them, W/m² for the last. [rooms, F]"""
        spread: Floats = np.sqrt(np.einsum("nff->nf", self.covariance))
        return spread


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """The rooms as described."""

    parameters: ZoneParameters
    area_m2: Floats
    """Shape [rooms]."""

    def with_figures(self, figures: Floats) -> ZoneParameters:
        """The parameters that figures [rooms, F] make of the description."""
        factor, p = np.exp(figures[:, :-1]), self.parameters
        return ZoneParameters(
            loss_kw_per_k=p.loss_kw_per_k * factor[:, 0],
            coupling_kw_per_k=p.coupling_kw_per_k * factor[:, 1],
            capacity_air_kwh_per_k=p.capacity_air_kwh_per_k * factor[:, 2],
            capacity_mass_kwh_per_k=p.capacity_mass_kwh_per_k * factor[:, 3],
        )


def free_run_error_k(
    rooms: Rooms, measured: Measured, figures: Floats, *, warm_slots: int = DAY
) -> Floats:
    """Model less measurement of the air in free runs of a day each. Shape [rooms, slots]."""
    parameters = rooms.with_figures(figures)
    end = zone.discretise(parameters, SLOT_H)
    mean = zone.discretise_mean(parameters, SLOT_H)
    ratio = parameters.coupling_kw_per_k / parameters.capacity_mass_kwh_per_k
    maps = Maps(end.a, end.b, mean.a, mean.b, np.exp(-SLOT_H * ratio), parameters.coupling_kw_per_k)
    result = np.full(measured.air_c.shape, np.nan)
    residuals(maps, _given(rooms, measured, figures), DAY, warm_slots, result)
    result[:, :warm_slots] = np.nan
    return result


def _given(rooms: Rooms, measured: Measured, figures: Floats) -> Given:
    sun = measured.sun_kw * np.exp(figures[:, 4])[:, None]
    people = measured.gains_kw + (figures[:, 5] * rooms.area_m2 / 1000)[:, None]
    into_air = HEAT_TO_AIR * measured.heat_kw + PEOPLE_TO_AIR * people + SUN_TO_AIR * sun
    return Given(
        np.ascontiguousarray(measured.air_c),
        into_air,
        measured.heat_kw + people + sun - into_air,
        np.ascontiguousarray(measured.outdoor_c),
    )


def fit(rooms: Rooms, measured: Measured, *, least_slots: int = 3 * DAY) -> Fit:
    """The rooms as their measurements show them; known days first, at least `least_slots`."""
    count = len(rooms.area_m2)
    figures = np.zeros((count, len(FIGURES)))
    damping = np.full(count, 1e-2)
    weight = 1.0 / (FREE_ERROR_K**2 * ALIKE_SLOTS)
    prior = np.diag(1.0 / PRIOR_SPREAD**2)
    error, slope = _linearised(rooms, measured, figures)
    known = np.isfinite(free_run_error_k(rooms, measured, figures)).sum(axis=1) >= least_slots
    cost = _cost(error, figures, weight)
    for _ in range(ITERATIONS):
        curve = weight * np.einsum("fnk,gnk->nfg", slope, slope) + prior
        pull = weight * np.einsum("fnk,nk->nf", slope, error) + figures @ prior
        steps = np.linalg.solve(curve + damping[:, None, None] * prior, pull[:, :, None])[:, :, 0]
        tried = np.clip(figures - steps, -3.0 * PRIOR_SPREAD, 3.0 * PRIOR_SPREAD)
        tried_error, tried_slope = _linearised(rooms, measured, tried)
        tried_cost = _cost(tried_error, tried, weight)
        better = tried_cost < cost
        figures = np.where(better[:, None], tried, figures)
        error, slope = (
            np.where(better[:, None], tried_error, error),
            _chosen(better, tried_slope, slope),
        )
        cost, damping = (
            np.where(better, tried_cost, cost),
            np.where(better, damping / 3, damping * 4),
        )
    return _fitted(figures, error, slope, known)


def _linearised(rooms: Rooms, measured: Measured, figures: Floats) -> tuple[Floats, Floats]:
    """Errors, zero where unknown [rooms, slots], and their slopes [F, rooms, slots]."""
    error = np.nan_to_num(free_run_error_k(rooms, measured, figures))
    slopes = np.empty((len(FIGURES), *error.shape))
    for place in range(len(FIGURES)):
        nudged = figures.copy()
        nudged[:, place] += _NUDGE
        moved = np.nan_to_num(free_run_error_k(rooms, measured, nudged))
        slopes[place] = (moved - error) / _NUDGE
    return error, slopes


def _cost(error: Floats, figures: Floats, weight: float) -> Floats:
    own: Floats = weight * np.square(error).sum(axis=1)
    own += np.square(figures / PRIOR_SPREAD).sum(axis=1)
    return own


def _chosen(better: NDArray[np.bool_], new: Floats, old: Floats) -> Floats:
    return np.where(better[None, :, None], new, old)


def _fitted(figures: Floats, error: Floats, slope: Floats, known: NDArray[np.bool_]) -> Fit:
    count = np.maximum((slope != 0).any(axis=0).sum(axis=1), 1)
    variance = np.maximum(np.square(error).sum(axis=1) / count, 1e-6) * ALIKE_SLOTS
    curve = np.einsum("fnk,gnk->nfg", slope, slope) / variance[:, None, None]
    covariance = np.linalg.inv(curve + np.diag(1.0 / PRIOR_SPREAD**2))
    return Fit(figures=np.where(known[:, None], figures, 0.0), covariance=covariance, known=known)


def kept_where_better(described_k: Floats, fitted_k: Floats, found: Fit) -> Fit:
    """The fit where days it has not seen say so; else the description.

    `described_k` and `fitted_k` are errors [rooms, slots] of the description and of the fit.
    """
    before, after = (np.nanmean(np.square(each), axis=1) for each in (described_k, fitted_k))
    kept = found.known & (after < before)
    return replace(found, figures=np.where(kept[:, None], found.figures, 0.0), known=kept)
