"""The whole direction of a lot under the final prices, and how far each agent may go, compiled."""

# mypy: allow-untyped-defs, allow-untyped-calls

from building_models.compiled import compiled
from ems.optimizer.structured.layout import (
    AFFINE,
    AFFINE_STATE,
    AT_MOST,
    AT_ZERO,
    CONTROL,
    COST,
    CURVATURE,
    END_VALUE,
    END_VALUE_2,
    FALL,
    H0,
    H1,
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
    STATE,
    STEP,
    STEP_STATE,
    X0,
)
from ems.optimizer.structured.lot_parts import control_of, led_back, led_on, wish_of

BY_U, BY_ROOM, TO_ZERO, TO_MOST, OF_LOW, OF_HIGH = (LANES * k for k in (0, 1, 2, 3, 4, 10))
LIFT, WEIGHT, BY_N, BY_M, TO_W, TO_V = (LANES * k for k in range(6))
"""What the backward sweep leaves for the forward one: reciprocals of a control, and what is aimed
at as a share of what is; from `OF_LOW` and `OF_HIGH` on lift and weight of a wish and the same."""


@compiled
def _aimed(noted, t, j, price, ahead, slack, kept, affine, aim):
    """Notes what the forward sweep needs of a wish; its lift and multiplier together."""
    w, v, n, m, none = wish_of(price, ahead, slack, kept)
    both, sides = n * m + none, w * v
    den = w * m + v * n + none
    r = 1.0 / (den * both * sides)
    inverse = r * both * sides
    r *= den
    by_both = r * sides
    by_n, by_m = by_both * (m + none), by_both * (n + none)
    r *= both
    by_w, by_v = r * v, r * w
    weight = n * m * inverse
    dn = -weight * (ahead + affine)
    aim_w = aim + dn * w * (dn * by_n + 1.0)
    aim_v = aim + dn * v * (dn * by_m - 1.0)
    lift = (aim_w * m - aim_v * n) * inverse - weight * ahead
    some = 1.0 - none
    noted[t, LIFT + j] = lift
    noted[t, WEIGHT + j] = weight
    noted[t, BY_N + j] = by_n * some
    noted[t, BY_M + j] = by_m * some
    noted[t, TO_W + j] = some * aim_w * by_n * by_w + none
    noted[t, TO_V + j] = some * aim_v * by_m * by_v + none
    return n + lift


@compiled
def pull(backwards, rows, lane, gains, price, aim, scratch, carry, lanes):
    """Pull of everything on controls under the final `price`, in `STEP`."""
    carry[:] = 0.0
    for j in range(lanes):
        carry[H0 + j] = lane[END_VALUE + j]
        carry[H1 + j] = lane[END_VALUE_2 + j]
    for t in backwards:
        s, per_kw = t & (gains.shape[0] - 1), price[t]
        for j in range(lanes):
            u, room, is_open = control_of(rows[t, MOST + j], rows[t, CONTROL + j])
            zero, most, du = rows[t, AT_ZERO + j], rows[t, AT_MOST + j], rows[t, AFFINE + j]
            closed = 1.0 - is_open
            both, ends = u * room, zero * most + closed
            r = 1.0 / (both * ends)
            by_both = r * ends
            by_u, by_room = by_both * room, by_both * u
            r *= both
            aim_zero = aim + du * zero * (1.0 + du * by_u)
            aim_most = aim - du * most * (1.0 - du * by_room)
            scratch[t, BY_U + j] = by_u
            scratch[t, BY_ROOM + j] = by_room
            scratch[t, TO_ZERO + j] = is_open * aim_zero * by_u * r * most + closed
            scratch[t, TO_MOST + j] = is_open * aim_most * by_room * r * zero + closed
            x, y = rows[t, STATE + j], rows[t, AFFINE_STATE + j]
            low = _aimed(
                scratch,
                t,
                OF_LOW + j,
                rows[t, LOW_PRICE + j],
                x - rows[t, LOW + j],
                rows[t, LOW_SLACK + j],
                rows[t, LOW_PRESSED + j],
                y,
                aim,
            )
            high = _aimed(
                scratch,
                t,
                OF_HIGH + j,
                rows[t, HIGH_PRICE + j],
                rows[t, HIGH + j] - x,
                rows[t, HIGH_SLACK + j],
                rows[t, HIGH_PRESSED + j],
                -y,
                aim,
            )
            own = rows[t, COST + j] + lane[CURVATURE + j] * u + per_kw
            side = aim_zero * by_u - aim_most * by_room - own
            rows[t, STEP + j] = led_back(rows, lane, gains, t, s, carry, H0, j, side, low - high)


@compiled
def _fastest(noted, t, j, moved):
    """The fastest relative fall of a wish's slacks and multipliers when its state moves."""
    dn = noted[t, LIFT + j] - noted[t, WEIGHT + j] * moved
    rise, fall = dn * noted[t, BY_N + j], dn * noted[t, BY_M + j]
    of_reached = max(-rise, 1.0 + rise - noted[t, TO_W + j])
    return max(of_reached, max(fall, 1.0 - fall - noted[t, TO_V + j]))


@compiled
def direct(rows, lane, gains, share, sums, scratch, carry, total, length, lanes):
    """The direction of controls and states; each agent's `length`; the loads."""
    carry[:] = 0.0
    for j in range(lanes):
        total[FALL + j] = 0.0
    for t in range(rows.shape[0]):
        s = t & (gains.shape[0] - 1)
        for j in range(lanes):
            du, y = led_on(rows, lane, gains, t, s, carry, X0, j, rows[t, STEP + j])
            rows[t, STEP + j] = du
            rows[t, STEP_STATE + j] = y
            sums[t, j] += du
            wishes = max(_fastest(scratch, t, OF_LOW + j, y), _fastest(scratch, t, OF_HIGH + j, -y))
            of_u, of_room = du * scratch[t, BY_U + j], du * scratch[t, BY_ROOM + j]
            zero = max(-of_u, 1.0 + of_u - scratch[t, TO_ZERO + j])
            most = max(of_room, 1.0 - of_room - scratch[t, TO_MOST + j])
            total[FALL + j] = max(total[FALL + j], max(max(zero, most), wishes))
    for j in range(lanes):
        length[j] = share / max(total[FALL + j], share)


@compiled
def go_far(rows, length, far, lanes):
    """Adds what a lot's loads move by when each agent goes its `length`."""
    for t in range(rows.shape[0]):
        for j in range(lanes):
            far[t, j] += length[j] * rows[t, STEP + j]
