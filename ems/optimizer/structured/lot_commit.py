"""The step of a lot along its direction, states by their recursion, compiled."""

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
    END_VALUE,
    END_VALUE_2,
    HIGH,
    HIGH_PRESSED,
    HIGH_PRICE,
    HIGH_SLACK,
    LANES,
    LOW,
    LOW_PRESSED,
    LOW_PRICE,
    LOW_SLACK,
    MOST,
    OWN_COST,
    STATE,
    STEP,
    STEP_STATE,
    X0,
    X1,
)
from ems.optimizer.structured.lot_parts import control_of, quotients, wish_of


@compiled
def _wish_direction(price, ahead, slack, kept, affine, moved, aim):
    """reached, missed, pressed, spared and their directions when the state moves ahead by `moved`,
    having been predicted to move by `affine`."""
    w, v, n, m, none = wish_of(price, ahead, slack, kept)
    some = 1.0 - none
    inverse, by_n, by_m = quotients(w, v, n, m, none)
    weight = n * m * inverse
    predicted = -weight * (ahead + affine)
    aim_w = aim + predicted * w * (predicted * by_n + 1.0)
    aim_v = aim + predicted * v * (predicted * by_m - 1.0)
    dn = (aim_w * m - aim_v * n) * inverse - weight * (ahead + moved)
    dw = some * ((aim_w - w * dn) * by_n - w)
    dv = some * ((aim_v + v * dn) * by_m - v)
    return w, v, n, m, dw, dv, dn


@compiled
def _advanced(w, v, n, m, dw, dv, dn, ahead, length):
    """Slack and multiplier as they are kept, `length` along, the state then `ahead`."""
    slack = v + length * dv if ahead > 0.0 else w + length * dw
    n += length * dn
    m -= length * dn
    return slack, (n if n < m else -m)


@compiled
def commit(rows, lane, gains, length, aim, sums, carry, total, lanes):
    """Go `length` [lanes] along; states by their exact recursion."""
    carry[:] = 0.0
    total[:] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            u, room, is_open = control_of(rows[t, MOST + j], rows[t, CONTROL + j])
            zero, most, du, a = (
                rows[t, AT_ZERO + j],
                rows[t, AT_MOST + j],
                rows[t, STEP + j],
                length[j],
            )
            affine = rows[t, AFFINE + j]
            r = 1.0 / (u * room)
            by_u, by_room = r * room, r * u
            aim_zero = aim + affine * zero * (1.0 + affine * by_u)
            aim_most = aim - affine * most * (1.0 - affine * by_room)
            zero += a * is_open * ((aim_zero - zero * du) * by_u - zero)
            most += a * is_open * ((aim_most + most * du) * by_room - most)
            u += a * du
            room -= a * du
            rows[t, CONTROL + j] = u if u < room else -room
            rows[t, AT_ZERO + j] = zero
            rows[t, AT_MOST + j] = most
            power = u * is_open
            sums[t, j] += power
            x0, x1 = carry[X0 + j], carry[X1 + j]
            y = lane[A00 + j] * x0 + lane[A01 + j] * x1 + gains[s, j] * power
            second = lane[A10 + j] * x0 + lane[A11 + j] * x1 + gains[s, LANES + j] * power
            carry[X0 + j], carry[X1 + j] = y, second
            x, ax, dx = rows[t, STATE + j], rows[t, AFFINE_STATE + j], rows[t, STEP_STATE + j]
            rows[t, STATE + j] = y
            price, limit = rows[t, LOW_PRICE + j], rows[t, LOW + j]
            w, v, n, m, dw, dv, dn = _wish_direction(
                price, x - limit, rows[t, LOW_SLACK + j], rows[t, LOW_PRESSED + j], ax, dx, aim
            )
            ahead = y - limit
            rows[t, LOW_SLACK + j], rows[t, LOW_PRESSED + j] = _advanced(
                w, v, n, m, dw, dv, dn, ahead, a
            )
            missed = price * max(-ahead, 0.0)
            price, limit = rows[t, HIGH_PRICE + j], rows[t, HIGH + j]
            w, v, n, m, dw, dv, dn = _wish_direction(
                price, limit - x, rows[t, HIGH_SLACK + j], rows[t, HIGH_PRESSED + j], -ax, -dx, aim
            )
            ahead = limit - y
            rows[t, HIGH_SLACK + j], rows[t, HIGH_PRESSED + j] = _advanced(
                w, v, n, m, dw, dv, dn, ahead, a
            )
            missed += price * max(-ahead, 0.0)
            total[OWN_COST + j] += missed
    for j in range(lanes):
        worth = lane[END_VALUE + j] * carry[X0 + j] + lane[END_VALUE_2 + j] * carry[X1 + j]
        total[OWN_COST + j] -= worth
        total[BOUND + j] -= worth
