"""What sweeps need of a control's and a wish's numbers, compiled, for one agent and step."""

# mypy: allow-untyped-defs, allow-untyped-calls

from building_models.compiled import compiled


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
