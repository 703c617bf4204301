"""PV set right by what its past forecasts were wrong by, with bands from the same past.

A weather forecast that errs is drawn towards what the last days gave, as far as that served best
(non-negative least squares, by lead). Bands are conformal: residuals in parts of what a clear sky
would give, among their like by lead and by how bright the hour was expected to be, for a dull hour
can turn out brighter and a clear one only darker. Nights say nothing and are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray
from scipy.optimize import nnls

from building_models import solar
from ems.domain.district import Site
from ems.domain.slots import Horizon
from ems.forecast.spread import LEVELS, quantiles_of

Floats = NDArray[np.float64]

DAYLIGHT_KW_PER_KWP = 0.02
"""What a clear sky gives at least where it is called day."""

_LEADS_H = np.array([1.0, 3.0, 8.0, 24.0])
"""Leads at which one band ends and the next begins."""
_KINDS = 3
"""Kinds of hours, by how bright they were expected to be: as many of each."""
_LEAST = 60
"""Daylight slots of one kind that are enough for an answer of its own."""


@dataclass(frozen=True, kw_only=True)
class SunView:
    """What is known ahead of some slots, of one issue or of many. All arrays are alike in shape."""

    told_kw: Floats = field(repr=False)
    """By physics under the forecast weather."""
    usual_kw: Floats = field(repr=False)
    """Mean of the newest seven days at this time of day."""
    clear_kw: Floats = field(repr=False)
    """Under a clear sky, on flat ground; 0 at night."""
    leads_h: Floats = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SunCorrection:
    """What the past says about forecasts like these."""

    weights: Floats = field(repr=False)
    """Of physics and of the usual, by lead. Shape [lead bands, 2]."""
    edges: Floats = field(repr=False)
    """Parts of the clear sky between which hours are of one kind. Shape [kinds - 1]."""
    levels: Floats = field(repr=False)
    """Quantiles of residuals in parts of the clear sky. Shape [levels, lead bands, kinds]."""

    def values(self, view: SunView, limit_kw: float) -> Floats:
        """What is expected, up to the inverters' limit."""
        return np.clip(_mixed(self.weights, view), 0.0, limit_kw)

    def quantiles(self, view: SunView, limit_kw: float) -> Mapping[float, Floats]:
        """By level, from 0 to the inverters' limit."""
        values = self.values(view, limit_kw)
        kind = np.searchsorted(self.edges, _part(values, view.clear_kw))
        rows = values + self.levels[:, _band(view), kind] * view.clear_kw
        ordered = np.sort(np.clip(rows, 0.0, limit_kw), axis=0)
        return dict(zip(LEVELS, ordered, strict=True))


def clear_sky(site: Site, horizon: Horizon) -> Floats:
    """What a flat kWp gives under B. Haurwitz's clear sky (1945) [kW], 0 at night. [slots]."""
    zenith = pd.Series(solar.sun_position(site, horizon).zenith_deg)
    clear = pvlib.clearsky.haurwitz(zenith)["ghi"].to_numpy(dtype=np.float64) / 1000
    return np.where(clear > DAYLIGHT_KW_PER_KWP, clear, 0.0)


def usual_kw(given_kw: Floats, first: int, slots: int) -> Floats:
    """Mean of the newest seven days that are over, for `slots` from index `first` of the past.

    `given_kw` [past slots] ends where the future begins; NaN where no day is known.
    """
    ahead = first + np.arange(slots)
    newest = 1 + np.maximum(ahead - len(given_kw), 0) // 96
    places = ahead[:, None] - 96 * (newest[:, None] + np.arange(7))
    inside = (places >= 0) & (places < len(given_kw))
    values = np.where(inside, given_kw[np.clip(places, 0, len(given_kw) - 1)], np.nan)
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(slots, np.nan), where=count > 0))


def learned_correction(past: SunView, truth_kw: Floats) -> SunCorrection | None:
    """Learn from what came after past issues, NaN where unknown; None from less than 7 days."""
    day = np.isfinite(truth_kw + past.told_kw + past.usual_kw) & (past.clear_kw > 0)
    if day.sum() < 7 * _LEAST / 2:
        return None
    lit = SunView(
        told_kw=past.told_kw[day],
        usual_kw=past.usual_kw[day],
        clear_kw=past.clear_kw[day],
        leads_h=past.leads_h[day],
    )
    truth, band = truth_kw[day], _band(lit)
    weights = np.array([_weights(lit, truth, band == row) for row in range(len(_LEADS_H) + 1)])
    values = _mixed(weights, lit)
    part, wrong = _part(values, lit.clear_kw), (truth - values) / lit.clear_kw
    edges = np.quantile(part, np.arange(1, _KINDS) / _KINDS)
    return SunCorrection(
        weights=weights, edges=edges, levels=_levels(wrong, band, np.searchsorted(edges, part))
    )


def _weights(lit: SunView, truth_kw: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Of physics and of the usual; from all leads where one has too little of its own."""
    used = chosen if chosen.sum() >= _LEAST else np.ones_like(chosen)
    matrix = np.column_stack([lit.told_kw[used], lit.usual_kw[used]])
    return np.asarray(nnls(matrix, truth_kw[used])[0])


def _levels(wrong: Floats, band: NDArray[np.intp], kind: NDArray[np.intp]) -> Floats:
    """Quantiles of residuals [slots] among their like. Shape [levels, lead bands, kinds]."""
    levels = np.empty((len(LEVELS), len(_LEADS_H) + 1, _KINDS))
    for row, column in np.ndindex(levels.shape[1:]):
        near, alike = band == row, kind == column
        groups = (near & alike, alike, np.ones_like(near))
        chosen = next((group for group in groups if group.sum() >= _LEAST), groups[-1])
        levels[:, row, column] = quantiles_of(wrong[chosen])
    return levels


def _mixed(weights: Floats, view: SunView) -> Floats:
    chosen = weights[_band(view)]
    usual = np.where(np.isfinite(view.usual_kw), view.usual_kw, view.told_kw)
    return np.asarray(chosen[..., 0] * view.told_kw + chosen[..., 1] * usual)


def _band(view: SunView) -> NDArray[np.intp]:
    return np.asarray(np.searchsorted(_LEADS_H, view.leads_h))


def _part(power_kw: Floats, clear_kw: Floats) -> Floats:
    """Power in parts of the clear sky; 0 at night."""
    lit = clear_kw > 0
    return np.asarray(np.divide(power_kw, clear_kw, out=np.zeros_like(power_kw), where=lit))
