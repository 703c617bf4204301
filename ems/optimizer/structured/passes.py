"""The three passes of a step over the lots of a fleet, compiled.

Between them the coupling is solved: `advance` goes along a direction and factors, `foresee`
predicts under the prices that answer it and tells what its second order asks, `correct` finds the
final direction. Each lot stays in the cache while it is swept there and back.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

import numpy as np

from building_models.compiled import compiled
from ems.optimizer.structured.layout import CARRY, LANES
from ems.optimizer.structured.lot_commit import commit
from ems.optimizer.structured.lot_correct import direct, go_far, pull
from ems.optimizer.structured.lot_factor import factor, predicted_free
from ems.optimizer.structured.lot_predict import (
    answer_products,
    predict,
    pull_of_prices,
    pull_of_products,
)


@compiled
def advance(span, memory, price, aim, sums, lanes):
    """Commit and factor; sums are power and the prediction's loads at present prices."""
    rows, constants, gains, group, length, totals, backwards = memory
    carry = np.empty(CARRY)
    for i in range(span[0], span[1]):
        g, row, lane, gain, total = group[i], rows[i], constants[i], gains[i], totals[i]
        commit(row, lane, gain, length[i], aim, sums[0, g], carry, total, lanes)
        factor(backwards, row, lane, gain, price[g], carry, total, lanes)
        predicted_free(row, lane, gain, sums[1, g], carry, lanes)


@compiled
def foresee(span, memory, rise, sums, lanes):
    """The prediction under a `rise` of prices.

    Sums are its loads, the same when each agent goes as far as it can, and at present prices the
    loads that answer its second-order products and a unit of centring.
    """
    rows, constants, gains, group, _, totals, backwards = memory
    carry, scratch = np.empty(CARRY), np.empty((rows.shape[1], 4 * LANES))
    for i in range(span[0], span[1]):
        g, row, lane, gain, total = group[i], rows[i], constants[i], gains[i], totals[i]
        pull_of_prices(backwards, row, lane, gain, rise[g], carry, lanes)
        predict(row, lane, gain, sums[0, g], scratch, carry, total, lanes)
        pull_of_products(backwards, row, lane, gain, sums[1, g], scratch, carry, total, lanes)
        answer_products(row, lane, gain, sums[2, g], sums[3, g], scratch, carry, lanes)


@compiled
def correct(span, memory, price, aim, share, sums, lanes):
    """The direction under the final `price`, and lengths: a `share` of the way to a bound.

    Sums are its loads, and the same when each agent goes its own length.
    """
    rows, constants, gains, group, length, totals, backwards = memory
    carry, scratch = np.empty(CARRY), np.empty((rows.shape[1], 16 * LANES))
    for i in range(span[0], span[1]):
        g, row, lane, gain = group[i], rows[i], constants[i], gains[i]
        pull(backwards, row, lane, gain, price[g], aim, scratch, carry, lanes)
        direct(row, lane, gain, share, sums[0, g], scratch, carry, totals[i], length[i], lanes)
        go_far(row, length[i], sums[1, g], lanes)
