"""The best course of several homes' batteries, each behind its own meter, with the error priced.

Two things are paid for, both never negative: the import of all homes together (its price) and the
import of each home (its carbon). So there is a meter more than there are homes, the last one being
the sum. A net load n that will be off by one of J equally likely errors e costs

    w / J * sum over e of max(n + e, 0)

which is convex and piecewise linear in n: J segments of rising slope, as the district's own plan
prices its error (`ems.optimizer.structured.meter_cost`), by past errors instead of a normal law.
The district's solver knows one meter, so this small problem is a linear programme of its own,

    minimise  sum of segments,   e[t+1] = e[t] + eta c[t] - d[t] / eta,   n = expected + c - d,

kept in HiGHS from hour to hour: only widths, prices and right-hand sides change.
"""

from typing import Any

import highspy
import numpy as np

from ems.domain.errors import SolverError
from ems.forecast.shapes import Floats, Ints

_ONE_WAY = 0.94
"""Efficiency of charging and of discharging, the middle of the batteries' curves."""
_WEAR = 1e-4
"""Cost of a kWh charged or discharged, so that nothing moves for nothing."""


class Homes:
    """H homes, T hours ahead, J errors each."""

    def __init__(self, capacity_kwh: Floats, power_kw: Floats, hours: int, errors: int) -> None:
        homes = len(capacity_kwh)
        sizes = [(homes, hours)] * 3 + [(homes + 1, hours), (homes + 1, hours, errors)]
        places = np.split(
            np.arange(sum(np.prod(s) for s in sizes)), np.cumsum([np.prod(s) for s in sizes])
        )
        self._charge, self._discharge, self._stored, self._below, self._segments = (
            place.reshape(size) for place, size in zip(places[:-1], sizes, strict=True)
        )
        self._meters = homes * hours
        begin: Any = highspy.Highs
        self._highs = begin()
        self._highs.silent()
        self._highs.setOptionValue("presolve", "off")
        self._highs.passModel(self._model(capacity_kwh, power_kw))

    def first_kwh(
        self, stored_kwh: Floats, expected_kwh: Floats, errors_kwh: Floats, weights: Floats
    ) -> Floats:
        """What to charge (negative: discharge) in the first hour. Shape [H].

        `stored_kwh` has shape [H]; expected net loads and weights of a kWh of import have shape
        [H + 1, T], the errors [H + 1, T, J], falling along the last axis.

        Raises:
            SolverError: there is no plan.
        """
        kinks, count = -errors_kwh, errors_kwh.shape[2]
        width = np.full(kinks.shape, np.inf)
        width[:, :, :-1] = np.diff(kinks, axis=2)
        columns = self._segments.ravel().astype(np.int32)
        price = weights[:, :, None] * np.arange(1, count + 1) / count
        self._highs.changeColsCost(columns.size, columns, price.ravel())
        self._highs.changeColsBounds(
            columns.size, columns, np.zeros(columns.size), np.maximum(width, 0.0).ravel()
        )
        for row, stored in zip(self._stored[:, 0] - self._stored[0, 0], stored_kwh, strict=True):
            self._highs.changeRowBounds(int(row), float(stored), float(stored))
        for row, side in enumerate((kinks[:, :, 0] - expected_kwh).ravel(), self._meters):
            self._highs.changeRowBounds(row, float(side), float(side))
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError(
                f"no plan of the batteries: {self._highs.getModelStatus()}",
                fix="look for what is stored, or expected, that is no number",
            )
        found = np.array(self._highs.getSolution().col_value)
        return np.asarray(found[self._charge[:, 0]] - found[self._discharge[:, 0]])

    def _model(self, capacity_kwh: Floats, power_kw: Floats) -> Any:
        rows = [*self._storage_rows(), *self._meter_rows()]
        model: Any = highspy.HighsLp()
        model.num_col_, model.num_row_ = int(self._segments.max()) + 1, len(rows)
        upper = np.full(model.num_col_, highspy.kHighsInf)
        upper[self._charge] = upper[self._discharge] = power_kw[:, None]
        upper[self._stored] = capacity_kwh[:, None]
        cost = np.zeros(model.num_col_)
        cost[self._charge] = cost[self._discharge] = _WEAR
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, np.zeros(len(cost)), upper
        model.row_lower_ = model.row_upper_ = np.zeros(len(rows))
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        model.a_matrix_.index_ = np.concatenate([columns for columns, _ in rows])
        model.a_matrix_.value_ = np.concatenate([values for _, values in rows])
        return model

    def _storage_rows(self) -> list[tuple[Ints, Floats]]:
        """What is stored after an hour, less what was before and what came. Home by home."""
        rows = []
        for home, hour in np.ndindex(self._stored.shape):
            columns = [array[home, hour] for array in (self._charge, self._discharge, self._stored)]
            values = [-_ONE_WAY, 1 / _ONE_WAY, 1.0]
            if hour:
                columns, values = [*columns, self._stored[home, hour - 1]], [*values, -1.0]
            rows.append((np.array(columns), np.array(values)))
        return rows

    def _meter_rows(self) -> list[tuple[Ints, Floats]]:
        """Charge less discharge, less the segments that it fills. Meter by meter."""
        rows = []
        homes = len(self._stored)
        for meter, hour in np.ndindex(self._below.shape):
            behind = slice(None) if meter == homes else slice(meter, meter + 1)
            charge, discharge = self._charge[behind, hour], self._discharge[behind, hour]
            segments = self._segments[meter, hour]
            columns = [charge, discharge, self._below[meter, hour : hour + 1], segments]
            signs = np.repeat([1.0, -1.0, 1.0, -1.0], [part.size for part in columns])
            rows.append((np.concatenate(columns), signs))
        return rows
