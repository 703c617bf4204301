"""Where each number of an agent stands in the solver's memory.

Agents of one group and state are swept in lots of `LANES`, padded with agents that have no choice
and no wish. A lot is a table: a row per step, in a row one field after the other, in a field a
number per agent. So a sweep over time reads memory in order, and what it does to the agents of a
lot is one vector instruction. Numbers below are offsets of fields in such a row.

Of two slacks that add up to something known only the smaller is kept, the other one follows without
loss: `CONTROL` holds u, or minus the room above it where that is smaller; `*_PRESSED` a wish's
multiplier, or minus what is left of its price; `*_SLACK` the slack of a wish that is met, or the
violation's of one that is missed.
"""

LANES = 8
"""Agents in a lot."""

MOST, LOW, HIGH, LOW_PRICE, HIGH_PRICE, COST = (LANES * k for k in range(6))
"""Data: greatest control (zero: no choice), band relative to the course without control, its
prices, linear cost of a control."""
CONTROL, AT_ZERO, AT_MOST, STATE = (LANES * k for k in range(6, 10))
"""The iterate: controls, multipliers of their two bounds, response of the first state."""
LOW_SLACK, LOW_PRESSED, HIGH_SLACK, HIGH_PRESSED = (LANES * k for k in range(10, 14))
"""The iterate's two wishes."""
FEEDBACK, FEEDBACK_2, INVERSE = (LANES * k for k in range(14, 17))
"""Factors of the Riccati sweep: feedback from both states, one over the pivot."""
AFFINE, AFFINE_STATE, STEP, STEP_STATE = (LANES * k for k in range(17, 21))
"""Directions of control and first state: the prediction's, the whole."""
ROW = LANES * 21
"""Numbers in a row."""

A00, A01, A10, A11, CURVATURE, END_VALUE, END_VALUE_2 = (LANES * k for k in range(7))
"""Constants of a lot: transfer, curvature, worth of both states at the end."""
CONSTANTS = LANES * 7
"""Numbers in a lot's constants."""

OWN_COST, BOUND, PRODUCTS, SECOND, FALL = (LANES * k for k in range(5))
"""Totals of a lot: cost of the agents themselves, what they add to the bound, sum of products, of
the prediction's second-order products, fastest relative fall along a direction."""
TOTALS = LANES * 5
"""Numbers in a lot's totals."""

X0, X1, P00, P01, P11, G0, G1, H0, H1, I0, I1, Y0, Y1 = (LANES * k for k in range(13))
"""What a sweep carries from step to step: states, cost to go, adjoints."""
CARRY = LANES * 13
"""Numbers carried."""
