"""Past forecasts of the district's PV, kept while the program runs, and what they teach.

Every three hours an issue is kept for four weeks; each day a new correction is learned from those
whose truth has come. After a new start, physics speaks alone again until a week has been kept.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.slots import Horizon
from ems.domain.snapshot import History
from ems.forecast.local_time import QUARTERS
from ems.forecast.measured import MeasuredPoints
from ems.forecast.outside import Ahead
from ems.forecast.sun_correction import (
    SunCorrection,
    SunView,
    clear_sky,
    learned_correction,
    usual_kw,
)

Floats = NDArray[np.float64]

KEPT_EVERY = 12
"""Slots between two issues that are kept."""
_TOTAL = "pv/available_kw"
_DUSK = 0.01
"""Of the inverters' limit: where physics expects less, it is left as it is."""


@dataclass(frozen=True, kw_only=True)
class _Issue:
    """One forecast as it was."""

    horizon: Horizon
    view: SunView = field(repr=False)


class SunRecord:
    """Remembers what was told of the sun, and corrects what is told next."""

    def __init__(self, district: District, points: MeasuredPoints) -> None:
        roofs = district.pv_roofs.values()
        self._site, self._points = district.site, points.pv
        self._peak_kw = sum(roof.peak_kw for roof in roofs)
        self._limit_kw = sum(roof.inverter_kw for roof in roofs)
        self._issues: list[_Issue] = []
        self._learned: tuple[int, SunCorrection | None] = (-1, None)

    def corrected(
        self,
        pv: dict[str, Ahead],
        horizon: Horizon,
        leads_h: Floats,
        history: History,
        window: Horizon,
    ) -> dict[str, Ahead]:
        """The roofs and their sum [slots each] set right by the past `window`, and kept."""
        given = self._points.total(history.quarter_hours(self._points.points, window))
        view = SunView(
            told_kw=pv[_TOTAL].values,
            usual_kw=usual_kw(given, horizon.first.index - window.first.index, horizon.length),
            clear_kw=self._peak_kw * clear_sky(self._site, horizon),
            leads_h=leads_h,
        )
        correction = self._correction(given, window)
        self._keep(_Issue(horizon=horizon, view=view), window)
        return pv if correction is None else self._set_right(pv, view, correction)

    def _correction(self, given_kw: Floats, window: Horizon) -> SunCorrection | None:
        """Learned once a day from the issues whose slots lie in the past."""
        day = window.first.index // QUARTERS
        if self._learned[0] != day:
            self._learned = day, self._learn(given_kw, window)
        return self._learned[1]

    def _learn(self, given_kw: Floats, window: Horizon) -> SunCorrection | None:
        if not self._issues:
            return None
        places = np.concatenate([_places(issue.horizon, window) for issue in self._issues])
        over = (places >= 0) & (places < len(given_kw))
        names = ("told_kw", "usual_kw", "clear_kw", "leads_h")
        parts = {
            name: np.concatenate([getattr(issue.view, name) for issue in self._issues])[over]
            for name in names
        }
        return learned_correction(SunView(**parts), given_kw[places[over]])

    def _keep(self, issue: _Issue, window: Horizon) -> None:
        newest = issue.horizon.first
        kept = [each for each in self._issues if window.first <= each.horizon.first <= newest]
        if not kept or newest.index - kept[-1].horizon.first.index >= KEPT_EVERY:
            kept.append(issue)
        self._issues = kept

    def _set_right(
        self, pv: dict[str, Ahead], view: SunView, correction: SunCorrection
    ) -> dict[str, Ahead]:
        """All series by the same share, so that the roofs still add up to their sum."""
        bright = view.told_kw > _DUSK * self._limit_kw
        values = correction.values(view, self._limit_kw)
        share = np.divide(values, view.told_kw, out=np.ones_like(values), where=bright)
        roofs = {
            name: replace(
                ahead,
                values=ahead.values * share,
                quantiles={level: row * share for level, row in ahead.quantiles.items()},
            )
            for name, ahead in pv.items()
        }
        quantiles = {
            level: np.where(bright, row, roofs[_TOTAL].quantiles[level])
            for level, row in correction.quantiles(view, self._limit_kw).items()
        }
        source = f"{pv[_TOTAL].source}, set right by past forecasts"
        return roofs | {_TOTAL: replace(roofs[_TOTAL], quantiles=quantiles, source=source)}


def _places(horizon: Horizon, window: Horizon) -> NDArray[np.int64]:
    return np.array(horizon.slots, dtype=np.int64) - window.first.index
