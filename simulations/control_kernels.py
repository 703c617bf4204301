"""What thermostats on site decide in one step, compiled: one room or one tank at a time.

A room's controller is proportional and integral, and implicit in its step, so always stable. A tank
charges by hysteresis, or up to a commanded temperature within a commanded power.
"""

from typing import NamedTuple

from building_models.compiled import compiled

PROPORTIONAL_BAND_K = 1.0
RESET_TIME_H = 0.75


class Heating(NamedTuple):
    """What a room's controller asks for."""

    power_kw: float
    integral_kw: float
    """Its memory for the next step."""


@compiled
def room_power(
    error_k: float, gain_k_per_kw: float, limit_kw: float, integral_kw: float, dt_h: float
) -> Heating:
    """Power within 0 and `limit_kw`.

    `error_k` is the wanted temperature less the one at the end of the step without power (for
    cooling the other way round); `gain_k_per_kw` is what a kW changes it in the step.
    """
    slope = limit_kw / PROPORTIONAL_BAND_K
    asked = (slope * error_k + integral_kw) / (1.0 + slope * gain_k_per_kw)
    power = min(max(asked, 0.0), limit_kw)
    left_k = error_k - gain_k_per_kw * power
    winds_up = asked > limit_kw and left_k > 0.0
    grown = integral_kw if winds_up else integral_kw + slope * left_k * (dt_h / RESET_TIME_H)
    return Heating(power, min(max(grown, 0.0), limit_kw))


@compiled
def starts_charging(charging: bool, idle_c: float, low_c: float, high_c: float) -> bool:
    """A tank's own hysteresis: on when three tenths above the least, off at the top."""
    return idle_c < high_c if charging else idle_c < low_c + 0.3 * (high_c - low_c)


@compiled
def tank_charge_kw(
    idle_c: float,
    gain_k_per_kw: float,
    charging: bool,
    commanded: bool,
    low_c: float,
    high_c: float,
    setpoint_c: float,
    limit_kw: float,
    most_kw: float,
) -> float:
    """Charging power; `idle_c` is the mean temperature at the end of the step without charging.

    A commanded tank charges up to its setpoint within its limit. Under the least temperature every
    tank is charged with all there is, whatever was commanded: hygiene comes first.
    """
    own = min(max((high_c - idle_c) / gain_k_per_kw, 0.0), most_kw) if charging else 0.0
    if not commanded:
        return own
    limited = min(max((setpoint_c - idle_c) / gain_k_per_kw, 0.0), most_kw, max(limit_kw, 0.0))
    hygiene = min(max((low_c - idle_c) / gain_k_per_kw, 0.0), most_kw)
    return max(limited, hygiene)
