"""Circulation pumps on variable speed.

Affinity laws: flow goes with the speed, head with its square, power with its cube. A system curve
with a static or held part H = h0 + (1 - h0) q² leaves less of that cube; motor and inverter lose
more at low load (Bernier and Bourret, ASHRAE Transactions 105(2), 1999).
"""

from math import exp

from building_models.compiled import compiled

HELD_HEAD = 0.2
"""Share of the design head that the control holds at no flow."""


FULL_DRIVE = (1.0 - exp(-9.04)) * (0.5087 + 1.283 - 1.42 + 0.5834)


@compiled
def drive_efficiency(load: float) -> float:
    """Motor and inverter at a share of their power, against full load.

    The authors' fits, x in percent: motor 0.94187 (1 - exp(-0.0904 x)), inverter 0.5087 + 0.01283 x
    - 0.000142 x² + 5.834e-7 x³.
    """
    motor = 1.0 - exp(-9.04 * load)
    inverter = 0.5087 + 1.283 * load - 1.42 * load**2 + 0.5834 * load**3
    return motor * inverter / FULL_DRIVE


@compiled
def power_share(flow: float) -> float:
    """Electric power at a share of the design flow, against design, 0 to 1."""
    if flow <= 0.0:
        return 0.0
    hydraulic = flow * (HELD_HEAD + (1.0 - HELD_HEAD) * flow**2)
    return hydraulic / max(drive_efficiency(hydraulic), 0.05)
