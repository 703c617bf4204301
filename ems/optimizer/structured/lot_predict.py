"""The prediction of a lot under moved prices, and answers to its second-order products, compiled.

What is aimed at enters linearly, so the answers to the prediction's products and to a unit of
centring are swept before the centring is chosen.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from building_models.compiled import compiled
from ems.optimizer.structured.layout import (
    A00,
    A01,
    A10,
    A11,
    AFFINE,
    AFFINE_STATE,
    AT_MOST,
    AT_ZERO,
    CONTROL,
    FALL,
    FEEDBACK,
    FEEDBACK_2,
    H0,
    H1,
    HIGH,
    HIGH_PRESSED,
    HIGH_PRICE,
    HIGH_SLACK,
    I0,
    I1,
    INVERSE,
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
    X1,
    Y0,
    Y1,
)
from ems.optimizer.structured.lot_parts import control_of, quotients, wish_of

PRODUCT, PRODUCT_STATE, CENTRE, CENTRE_STATE = (LANES * k for k in range(4))
"""Right-hand sides in the scratch: of the products and of a unit of centring."""


@compiled
def pull_of_prices(backwards, rows, lane, gains, rise, carry, states, lanes):
    """Pull of a `rise` of prices on controls, in `STEP`."""
    two = len(states) == 2
    carry[:] = 0.0
    for t in backwards:
        s, per_kw = t & (gains.shape[0] - 1), rise[t]
        for j in range(lanes):
            h0, h1 = carry[H0 + j], carry[H1 + j]
            left = gains[s, j] * h0 - per_kw
            if two:
                left += gains[s, LANES + j] * h1
                carry[H0 + j] = (
                    lane[A00 + j] * h0 + lane[A10 + j] * h1 - rows[t, FEEDBACK + j] * left
                )
                carry[H1 + j] = (
                    lane[A01 + j] * h0 + lane[A11 + j] * h1 - rows[t, FEEDBACK_2 + j] * left
                )
            else:
                carry[H0 + j] = lane[A00 + j] * h0 - rows[t, FEEDBACK + j] * left
            rows[t, STEP + j] = rows[t, INVERSE + j] * left


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
def predict(rows, lane, gains, sums, scratch, carry, total, states, lanes):
    """The whole prediction, its second-order products and what they ask of a corrected step."""
    two = len(states) == 2
    carry[:] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            x0, x1 = carry[X0 + j], carry[X1 + j]
            du = rows[t, STEP + j] - rows[t, FEEDBACK + j] * x0
            if two:
                du -= rows[t, FEEDBACK_2 + j] * x1
                y = lane[A00 + j] * x0 + lane[A01 + j] * x1 + gains[s, j] * du
                carry[X1 + j] = lane[A10 + j] * x0 + lane[A11 + j] * x1 + gains[s, LANES + j] * du
            else:
                y = lane[A00 + j] * x0 + gains[s, j] * du
            carry[X0 + j] = y
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
def pull_of_products(backwards, rows, lane, gains, sums, scratch, carry, total, states, lanes):
    """Pulls of products and of centring, in place of their sides; loads as far as each may go."""
    two = len(states) == 2
    carry[:] = 0.0
    for t in backwards:
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            sums[t, j] += rows[t, AFFINE + j] / max(total[FALL + j], 1.0)
            h0, h1 = carry[H0 + j] + scratch[t, PRODUCT_STATE + j], carry[H1 + j]
            i0, i1 = carry[I0 + j] + scratch[t, CENTRE_STATE + j], carry[I1 + j]
            left = scratch[t, PRODUCT + j] + gains[s, j] * h0
            other = scratch[t, CENTRE + j] + gains[s, j] * i0
            a00, k0 = lane[A00 + j], rows[t, FEEDBACK + j]
            if two:
                a01, a10, a11 = lane[A01 + j], lane[A10 + j], lane[A11 + j]
                k1 = rows[t, FEEDBACK_2 + j]
                left += gains[s, LANES + j] * h1
                other += gains[s, LANES + j] * i1
                carry[H0 + j] = a00 * h0 + a10 * h1 - k0 * left
                carry[H1 + j] = a01 * h0 + a11 * h1 - k1 * left
                carry[I0 + j] = a00 * i0 + a10 * i1 - k0 * other
                carry[I1 + j] = a01 * i0 + a11 * i1 - k1 * other
            else:
                carry[H0 + j] = a00 * h0 - k0 * left
                carry[I0 + j] = a00 * i0 - k0 * other
            scratch[t, PRODUCT + j] = rows[t, INVERSE + j] * left
            scratch[t, CENTRE + j] = rows[t, INVERSE + j] * other


@compiled
def answer_products(rows, lane, gains, of_products, of_centring, scratch, carry, states, lanes):
    """Loads that answer products and a unit of centring at present prices."""
    two = len(states) == 2
    carry[:] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            x0, x1, y0, y1 = carry[X0 + j], carry[X1 + j], carry[Y0 + j], carry[Y1 + j]
            k0, a00, b0 = rows[t, FEEDBACK + j], lane[A00 + j], gains[s, j]
            u, v = scratch[t, PRODUCT + j] - k0 * x0, scratch[t, CENTRE + j] - k0 * y0
            if two:
                k1, b1 = rows[t, FEEDBACK_2 + j], gains[s, LANES + j]
                a01, a10, a11 = lane[A01 + j], lane[A10 + j], lane[A11 + j]
                u -= k1 * x1
                v -= k1 * y1
                carry[X0 + j] = a00 * x0 + a01 * x1 + b0 * u
                carry[X1 + j] = a10 * x0 + a11 * x1 + b1 * u
                carry[Y0 + j] = a00 * y0 + a01 * y1 + b0 * v
                carry[Y1 + j] = a10 * y0 + a11 * y1 + b1 * v
            else:
                carry[X0 + j] = a00 * x0 + b0 * u
                carry[Y0 + j] = a00 * y0 + b0 * v
            of_products[t, j] += u
            of_centring[t, j] += v
