"""Riccati factors of a lot, its part of the gap, the prediction at present prices; compiled."""

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
    BOUND,
    CONTROL,
    COST,
    CURVATURE,
    END_VALUE,
    END_VALUE_2,
    FEEDBACK,
    FEEDBACK_2,
    G0,
    G1,
    H0,
    H1,
    HIGH,
    HIGH_PRESSED,
    HIGH_PRICE,
    HIGH_SLACK,
    INVERSE,
    LANES,
    LOW,
    LOW_PRESSED,
    LOW_PRICE,
    LOW_SLACK,
    MOST,
    OWN_COST,
    P00,
    P01,
    P11,
    PRODUCTS,
    STATE,
    X0,
)
from ems.optimizer.structured.lot_parts import control_of, led_back, led_on, wish_of


@compiled
def _weighed(price, ahead, slack, kept):
    """A wish's products, W's top and bottom, and the multiplier that presses."""
    w, v, n, m, none = wish_of(price, ahead, slack, kept)
    return w * n + v * m, n * m, w * m + v * n + none, n


@compiled
def factor(backwards, rows, lane, gains, price, carry, total, lanes):
    """Factors of the Hessian; the gap's parts; the prediction's pull in `AFFINE`."""
    carry[:] = 0.0
    for j in range(lanes):
        carry[G0 + j], carry[G1 + j] = lane[END_VALUE + j], lane[END_VALUE_2 + j]
        carry[H0 + j], carry[H1 + j] = lane[END_VALUE + j], lane[END_VALUE_2 + j]
    for t in backwards:
        s, per_kw = t & (gains.shape[0] - 1), price[t]
        for j in range(lanes):
            u, room, is_open = control_of(rows[t, MOST + j], rows[t, CONTROL + j])
            zero, most, q = rows[t, AT_ZERO + j], rows[t, AT_MOST + j], lane[CURVATURE + j]
            y, power, r = rows[t, STATE + j], u * is_open, 1.0 / (u * room)
            low, high = y - rows[t, LOW + j], rows[t, HIGH + j] - y
            low_products, low_top, low_den, n = _weighed(
                rows[t, LOW_PRICE + j], low, rows[t, LOW_SLACK + j], rows[t, LOW_PRESSED + j]
            )
            high_products, high_top, high_den, k = _weighed(
                rows[t, HIGH_PRICE + j], high, rows[t, HIGH_SLACK + j], rows[t, HIGH_PRESSED + j]
            )
            of_control = is_open * (u * zero + room * most)
            total[PRODUCTS + j] += low_products + high_products + of_control
            by_both = 1.0 / (low_den * high_den)
            low_weight, high_weight = low_top * by_both * high_den, high_top * by_both * low_den
            _take_feedback(
                rows,
                lane,
                gains,
                t,
                s,
                carry,
                j,
                zero * r * room + most * r * u + q,
                low_weight + high_weight,
                is_open,
            )
            slope = rows[t, COST + j] + q * power + per_kw
            lift = n - k - low_weight * low + high_weight * high
            rows[t, AFFINE + j] = led_back(rows, lane, gains, t, s, carry, H0, j, -slope, lift)
            linear = rows[t, COST + j] * power + 0.5 * q * power * power
            gradient = slope - _worth(lane, gains, s, carry, j, n - k)
            saved = max(gradient * power, -gradient * is_open * room)
            total[OWN_COST + j] += linear
            total[BOUND + j] += linear + per_kw * power - saved - n * low - k * high


@compiled
def _take_feedback(rows, lane, gains, t, s, carry, j, D, W, is_open):
    """Feedback and pivot of a step with D on its control, W on its first state; cost to go back."""
    p00, p01, p11 = carry[P00 + j] + W, carry[P01 + j], carry[P11 + j]
    a00, a01, a10, a11 = lane[A00 + j], lane[A01 + j], lane[A10 + j], lane[A11 + j]
    b0, b1 = gains[s, j], gains[s, LANES + j]
    v0, v1 = p00 * b0 + p01 * b1, p01 * b0 + p11 * b1
    inverse = is_open / (D + b0 * v0 + b1 * v1 + (1.0 - is_open))
    k0, k1 = (v0 * a00 + v1 * a10) * inverse, (v0 * a01 + v1 * a11) * inverse
    f00, f01, f10, f11 = a00 - b0 * k0, a01 - b0 * k1, a10 - b1 * k0, a11 - b1 * k1
    q00, q01 = p00 * f00 + p01 * f10, p00 * f01 + p01 * f11
    q10, q11 = p01 * f00 + p11 * f10, p01 * f01 + p11 * f11
    carry[P00 + j] = f00 * q00 + f10 * q10 + k0 * k0 * D
    carry[P01 + j] = f00 * q01 + f10 * q11 + k0 * k1 * D
    carry[P11 + j] = f01 * q01 + f11 * q11 + k1 * k1 * D
    rows[t, FEEDBACK + j] = k0
    rows[t, FEEDBACK_2 + j] = k1
    rows[t, INVERSE + j] = inverse


@compiled
def _worth(lane, gains, s, carry, j, tilt):
    """What wishes from this step on make a control worth; carried back without feedback."""
    g0, g1 = carry[G0 + j] + tilt, carry[G1 + j]
    carry[G0 + j] = lane[A00 + j] * g0 + lane[A10 + j] * g1
    carry[G1 + j] = lane[A01 + j] * g0 + lane[A11 + j] * g1
    return gains[s, j] * g0 + gains[s, LANES + j] * g1


@compiled
def predicted_free(rows, lane, gains, sums, carry, lanes):
    """The prediction at present prices from its pull: controls and states."""
    carry[:] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            u, y = led_on(rows, lane, gains, t, s, carry, X0, j, rows[t, AFFINE + j])
            rows[t, AFFINE + j] = u
            rows[t, AFFINE_STATE + j] = y
            sums[t, j] += u
