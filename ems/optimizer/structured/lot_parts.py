"""What sweeps do with an agent in a step, compiled: its control, its wishes, a step on and back.

An agent of one state has zeros where the second one's numbers stand.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from building_models.compiled import compiled
from ems.optimizer.structured.layout import A00, A01, A10, A11, FEEDBACK, FEEDBACK_2, INVERSE, LANES


@compiled
def control_of(most, kept):
    """A control, the room above it, one where there is a choice."""
    is_open = most > 0.0
    span = most if is_open else 2.0
    u = kept if kept > 0.0 else span + kept
    room = span - kept if kept > 0.0 else -kept
    return u, room, (1.0 if is_open else 0.0)


@compiled
def wish_of(price, ahead, slack, kept):
    """reached, missed, pressed, spared, one where nothing is wished."""
    reached = slack + max(ahead, 0.0)
    missed = slack - min(ahead, 0.0)
    pressed = kept if kept > 0.0 else price + kept
    spared = price - kept if kept > 0.0 else -kept
    return reached, missed, pressed, spared, (1.0 if price <= 0.0 else 0.0)


@compiled
def quotients(reached, missed, pressed, spared, none):
    """1 / (reached spared + missed pressed), 1 / pressed, 1 / spared."""
    both = pressed * spared + none
    den = reached * spared + missed * pressed + none
    r = 1.0 / (den * both)
    inverse = r * both
    r *= den
    return inverse, r * (spared + none), r * (pressed + none)


@compiled
def led_on(rows, lane, gains, t, s, carry, at, j, pull):
    """The control `pull` - K x and the first state after it; both states carried on from `at`."""
    x0, x1 = carry[at + j], carry[at + LANES + j]
    u = pull - rows[t, FEEDBACK + j] * x0 - rows[t, FEEDBACK_2 + j] * x1
    y = lane[A00 + j] * x0 + lane[A01 + j] * x1 + gains[s, j] * u
    carry[at + j] = y
    carry[at + LANES + j] = lane[A10 + j] * x0 + lane[A11 + j] * x1 + gains[s, LANES + j] * u
    return u, y


@compiled
def led_back(rows, lane, gains, t, s, carry, at, j, on_control, on_state):
    """The pull on a control of what stands on it and on the first state; adjoints carried back."""
    h0, h1 = carry[at + j] + on_state, carry[at + LANES + j]
    left = on_control + gains[s, j] * h0 + gains[s, LANES + j] * h1
    carry[at + j] = lane[A00 + j] * h0 + lane[A10 + j] * h1 - rows[t, FEEDBACK + j] * left
    back = lane[A01 + j] * h0 + lane[A11 + j] * h1 - rows[t, FEEDBACK_2 + j] * left
    carry[at + LANES + j] = back
    return rows[t, INVERSE + j] * left
