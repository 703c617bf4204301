"""Bands by lead from residuals that were never learned from, and paths that hang together.

A residual is told in usual errors of its hour. Its quantiles are taken by lead, half from the
series itself and half from all series together, so that a series with a short past is not overly
sure. A path is the whole of one past issue's residuals, of all series at once: scenarios made of
paths are correlated in time and across buildings as the past was.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.forecast.shapes import Floats, Ints
from ems.forecast.spread import LEVELS

_EDGES_H = (1.0, 3.0, 8.0, 24.0)
"""Leads at which one band ends and the next begins."""
_GREATEST_PATHS = 64


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Quantiles of residuals, in usual errors."""

    edges: Ints = field(repr=False)
    """Greatest lead of each band but the last."""
    levels: Floats = field(repr=False)
    """Shape [levels, series, bands]."""
    leads: Ints = field(repr=False)
    """Leads of the paths."""
    paths: Floats = field(repr=False)
    """Ranks of past residuals among their like, 0 to 1. Shape [paths, series, leads]."""

    def at(self, leads: Ints) -> Floats:
        """Quantiles at some leads. Shape [levels, series, leads]."""
        return np.asarray(self.levels[:, :, np.searchsorted(self.edges, leads)])

    def scenarios(self, quantiles: Floats, count: int, seed: int) -> Floats:
        """Equally likely courses [count, series, steps] that follow `quantiles` [levels, ...].

        Each takes the ranks of one past issue for all series (J. Clark and others, doi
        10.1175/1525-7541(2004)005<0243:TSSAMF>2.0.CO;2). Raises ValueError without any path.
        """
        order = np.random.default_rng(seed).permutation(len(self.paths))
        chosen = self.paths[np.resize(order, count)]
        steps = np.arange(1, quantiles.shape[2] + 1)
        place = np.clip(np.searchsorted(self.leads, steps), 0, len(self.leads) - 1)
        ranks = chosen[:, :, place]
        result = np.empty(ranks.shape)
        for series, step in np.ndindex(ranks.shape[1:]):
            result[:, series, step] = np.interp(
                ranks[:, series, step], LEVELS, quantiles[:, series, step]
            )
        return result


def bands_of(residuals: Floats, leads: Ints, per_day: int) -> Bands:
    """From residuals in usual errors [series, issues, leads]; NaN where unknown."""
    edges = np.array([round(h * per_day / 24) for h in _EDGES_H if h * per_day >= 24], dtype=int)
    band = np.searchsorted(edges, leads)
    count = len(edges) + 1
    levels = np.zeros((len(LEVELS), len(residuals), count))
    for index in range(count):
        within = residuals[:, :, band == min(index, band.max())]
        levels[:, :, index] = _quantiles(within)
    return Bands(edges=edges, levels=levels, leads=leads, paths=_ranks(residuals))


def _quantiles(within: Floats) -> Floats:
    """Half own, half of all. Shape [levels, series]."""
    every = within[np.isfinite(within)]
    if not every.size:
        return np.zeros((len(LEVELS), len(within)))
    common = np.quantile(every, LEVELS)
    result = np.repeat(common[:, None], len(within), axis=1)
    for series, values in enumerate(within):
        own = values[np.isfinite(values)]
        if own.size:
            result[:, series] = 0.5 * common + 0.5 * np.quantile(own, LEVELS)
    return result


def _ranks(residuals: Floats) -> Floats:
    """Ranks over issues, at the middles of their steps. Shape [paths, series, leads]."""
    newest = np.nan_to_num(residuals[:, -_GREATEST_PATHS:])
    ranks = newest.argsort(axis=1).argsort(axis=1)
    return np.asarray(np.moveaxis((ranks + 0.5) / max(1, newest.shape[1]), 1, 0))
