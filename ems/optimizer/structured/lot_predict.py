"""The prediction of a lot under moved prices, and answers to its second-order products, compiled.

What is aimed at enters linearly, so the answers to the prediction's products and to a unit of
centring are swept before the centring is chosen.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from building_models.compiled import compiled
from ems.optimizer.structured.layout import (
    AFFINE,
    AFFINE_STATE,
    AT_MOST,
    AT_ZERO,
    CONTROL,
    FALL,
    H0,
    HIGH,
    HIGH_PRESSED,
    HIGH_PRICE,
    HIGH_SLACK,
    I0,
    LANES,
    LOW,
    LOW_PRESSED,
    LOW_PRICE,
    LOW_SLACK,
    MOST,
    SECOND,
    STATE,
    STEP,
    X0,
    Y0,
)
from ems.optimizer.structured.lot_parts import control_of, led_back, led_on, quotients, wish_of

PRODUCT, PRODUCT_STATE, CENTRE, CENTRE_STATE = (LANES * k for k in range(4))
"""Right-hand sides in the scratch: of the products and of a unit of centring."""


@compiled
def pull_of_prices(backwards, rows, lane, gains, rise, carry, lanes):
    """Pull of a `rise` of prices on controls, in `STEP`."""
    carry[:] = 0.0
    for t in backwards:
        s, per_kw = t & (gains.shape[0] - 1), rise[t]
        for j in range(lanes):
            rows[t, STEP + j] = led_back(rows, lane, gains, t, s, carry, H0, j, -per_kw, 0.0)


@compiled
def _products(price, ahead, slack, kept, moved):
    """Of a wish's prediction: sum of products, fastest fall, lifts by products and by centring."""
    w, v, n, m, none = wish_of(price, ahead, slack, kept)
    inverse, by_n, by_m = quotients(w, v, n, m, none)
    dn = -n * m * inverse * (ahead + moved)
    rise, fall = dn * by_n, dn * by_m
    of_reached, of_missed = -w * (rise + 1.0) * dn, -v * (fall - 1.0) * dn
    fastest = max(max(rise + 1.0, -rise), max(1.0 - fall, fall))
    by_products = (of_missed * n - of_reached * m) * inverse
    return of_reached + of_missed, fastest, by_products, (m - n) * inverse


@compiled
def predict(rows, lane, gains, sums, scratch, carry, total, lanes):
    """The whole prediction, its second-order products and what they ask of a corrected step."""
    carry[:] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            du, y = led_on(rows, lane, gains, t, s, carry, X0, j, rows[t, STEP + j])
            du += rows[t, AFFINE + j]
            y += rows[t, AFFINE_STATE + j]
            rows[t, AFFINE + j] = du
            rows[t, AFFINE_STATE + j] = y
            sums[t, j] += du
            u, room, _ = control_of(rows[t, MOST + j], rows[t, CONTROL + j])
            r = 1.0 / (u * room)
            by_u, by_room = r * room, r * u
            share, rest = du * by_u, du * by_room
            at_zero = -du * rows[t, AT_ZERO + j] * (1.0 + share)
            at_most = du * rows[t, AT_MOST + j] * (1.0 - rest)
            fastest = max(max(1.0 + share, -share), max(1.0 - rest, rest))
            x = rows[t, STATE + j]
            low, low_fall, low_lift, low_centre = _products(
                rows[t, LOW_PRICE + j],
                x - rows[t, LOW + j],
                rows[t, LOW_SLACK + j],
                rows[t, LOW_PRESSED + j],
                y,
            )
            high, high_fall, high_lift, high_centre = _products(
                rows[t, HIGH_PRICE + j],
                rows[t, HIGH + j] - x,
                rows[t, HIGH_SLACK + j],
                rows[t, HIGH_PRESSED + j],
                -y,
            )
            total[SECOND + j] += at_zero + at_most + low + high
            total[FALL + j] = max(max(total[FALL + j], fastest), max(low_fall, high_fall))
            scratch[t, PRODUCT + j] = at_most * by_room - at_zero * by_u
            scratch[t, PRODUCT_STATE + j] = low_lift - high_lift
            scratch[t, CENTRE + j] = by_u - by_room
            scratch[t, CENTRE_STATE + j] = low_centre - high_centre


@compiled
def pull_of_products(backwards, rows, lane, gains, sums, scratch, carry, total, lanes):
    """Pulls of products and of centring, in place of their sides; loads as far as each may go."""
    carry[:] = 0.0
    for t in backwards:
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            sums[t, j] += rows[t, AFFINE + j] / max(total[FALL + j], 1.0)
            of_products, of_centring = scratch[t, PRODUCT + j], scratch[t, CENTRE + j]
            scratch[t, PRODUCT + j] = led_back(
                rows, lane, gains, t, s, carry, H0, j, of_products, scratch[t, PRODUCT_STATE + j]
            )
            scratch[t, CENTRE + j] = led_back(
                rows, lane, gains, t, s, carry, I0, j, of_centring, scratch[t, CENTRE_STATE + j]
            )


@compiled
def answer_products(rows, lane, gains, of_products, of_centring, scratch, carry, lanes):
    """Loads that answer products and a unit of centring at present prices."""
    carry[:] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            u, _ = led_on(rows, lane, gains, t, s, carry, X0, j, scratch[t, PRODUCT + j])
            v, _ = led_on(rows, lane, gains, t, s, carry, Y0, j, scratch[t, CENTRE + j])
            of_products[t, j] += u
            of_centring[t, j] += v
