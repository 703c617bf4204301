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
    X1,
)
from ems.optimizer.structured.lot_parts import control_of, wish_of


@compiled
def factor(backwards, rows, lane, gains, price, carry, total, states, lanes):
    """Factors of the Hessian; the gap's parts; the prediction's pull in `AFFINE`."""
    two, count = len(states) == 2, lanes
    carry[:] = 0.0
    for j in range(count):
        carry[G0 + j] = lane[END_VALUE + j]
        carry[G1 + j] = lane[END_VALUE_2 + j]
        carry[H0 + j] = lane[END_VALUE + j]
        carry[H1 + j] = lane[END_VALUE_2 + j]
    for t in backwards:
        s, per_kw = t & (gains.shape[0] - 1), price[t]
        for j in range(count):
            u, room, is_open = control_of(rows[t, MOST + j], rows[t, CONTROL + j])
            zero, most, q, y = (
                rows[t, AT_ZERO + j],
                rows[t, AT_MOST + j],
                lane[CURVATURE + j],
                rows[t, STATE + j],
            )
            r = 1.0 / (u * room)
            D = zero * r * room + most * r * u + q
            power = u * is_open
            low = y - rows[t, LOW + j]
            w, v, n, m, none = wish_of(
                rows[t, LOW_PRICE + j], low, rows[t, LOW_SLACK + j], rows[t, LOW_PRESSED + j]
            )
            low_den = w * m + v * n + none
            low_top = n * m
            products = w * n + v * m
            high = rows[t, HIGH + j] - y
            w, v, k, m, none = wish_of(
                rows[t, HIGH_PRICE + j], high, rows[t, HIGH_SLACK + j], rows[t, HIGH_PRESSED + j]
            )
            high_den = w * m + v * k + none
            r = 1.0 / (low_den * high_den)
            low_weight, high_weight = low_top * r * high_den, k * m * r * low_den
            total[PRODUCTS + j] += products + w * k + v * m + is_open * (u * zero + room * most)
            tilt = n - k
            g0, g1 = carry[G0 + j] + tilt, carry[G1 + j]
            h0 = carry[H0 + j] + tilt - low_weight * low + high_weight * high
            h1 = carry[H1 + j]
            p00 = carry[P00 + j] + low_weight + high_weight
            linear = rows[t, COST + j] * power + 0.5 * q * power * power
            slope = rows[t, COST + j] + q * power + per_kw
            a00, b0 = lane[A00 + j], gains[s, j]
            if two:
                a01, a10, a11, b1 = lane[A01 + j], lane[A10 + j], lane[A11 + j], gains[s, LANES + j]
                gradient = slope - b0 * g0 - b1 * g1
                left = b0 * h0 + b1 * h1 - slope
                p01, p11 = carry[P01 + j], carry[P11 + j]
                v0, v1 = p00 * b0 + p01 * b1, p01 * b0 + p11 * b1
                inverse = is_open / (D + b0 * v0 + b1 * v1 + (1.0 - is_open))
                k0, k1 = (v0 * a00 + v1 * a10) * inverse, (v0 * a01 + v1 * a11) * inverse
                f00, f01, f10, f11 = a00 - b0 * k0, a01 - b0 * k1, a10 - b1 * k0, a11 - b1 * k1
                q00, q01 = p00 * f00 + p01 * f10, p00 * f01 + p01 * f11
                q10, q11 = p01 * f00 + p11 * f10, p01 * f01 + p11 * f11
                carry[P00 + j] = f00 * q00 + f10 * q10 + k0 * k0 * D
                carry[P01 + j] = f00 * q01 + f10 * q11 + k0 * k1 * D
                carry[P11 + j] = f01 * q01 + f11 * q11 + k1 * k1 * D
                carry[G0 + j] = a00 * g0 + a10 * g1
                carry[G1 + j] = a01 * g0 + a11 * g1
                carry[H0 + j] = a00 * h0 + a10 * h1 - k0 * left
                carry[H1 + j] = a01 * h0 + a11 * h1 - k1 * left
                rows[t, FEEDBACK_2 + j] = k1
            else:
                gradient = slope - b0 * g0
                left = b0 * h0 - slope
                v0 = p00 * b0
                inverse = is_open / (D + b0 * v0 + (1.0 - is_open))
                k0 = v0 * a00 * inverse
                f00 = a00 - b0 * k0
                carry[P00 + j] = f00 * p00 * f00 + k0 * k0 * D
                carry[G0 + j] = a00 * g0
                carry[H0 + j] = a00 * h0 - k0 * left
            saved = max(gradient * power, -gradient * is_open * room)
            total[OWN_COST + j] += linear
            total[BOUND + j] += linear + per_kw * power - saved - n * low - k * high
            rows[t, FEEDBACK + j] = k0
            rows[t, INVERSE + j] = inverse
            rows[t, AFFINE + j] = inverse * left


@compiled
def predicted_free(rows, lane, gains, sums, carry, states, lanes):
    """The prediction at present prices from its pull: controls and states."""
    two, count = len(states) == 2, lanes
    carry[:] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(count):
            x0, x1 = carry[X0 + j], carry[X1 + j]
            if two:
                u = rows[t, AFFINE + j] - rows[t, FEEDBACK + j] * x0 - rows[t, FEEDBACK_2 + j] * x1
                y = lane[A00 + j] * x0 + lane[A01 + j] * x1 + gains[s, j] * u
                carry[X1 + j] = lane[A10 + j] * x0 + lane[A11 + j] * x1 + gains[s, LANES + j] * u
            else:
                u = rows[t, AFFINE + j] - rows[t, FEEDBACK + j] * x0
                y = lane[A00 + j] * x0 + gains[s, j] * u
            carry[X0 + j] = y
            rows[t, AFFINE + j] = u
            rows[t, AFFINE_STATE + j] = y
            sums[t, j] += u
