"""Batteries: energy within limits, losses on both ways, power at the terminals."""

from ems.domain.district import Battery


def energy_low_kwh(battery: Battery) -> float:
    """Least energy that it may hold."""
    return battery.capacity_kwh * battery.soc_low


def energy_high_kwh(battery: Battery) -> float:
    """Greatest energy that it may hold."""
    return battery.capacity_kwh * battery.soc_high


def power_limits_kw(battery: Battery, energy_kwh: float, dt_h: float) -> tuple[float, float]:
    """Least and greatest power at the terminals (positive charges) that it can hold for `dt_h`."""
    room_kwh = max(0.0, energy_high_kwh(battery) - energy_kwh)
    stock_kwh = max(0.0, energy_kwh - energy_low_kwh(battery))
    charge = min(battery.power_kw, room_kwh / (dt_h * battery.efficiency_charge))
    discharge = min(battery.power_kw, stock_kwh * battery.efficiency_discharge / dt_h)
    return -discharge, charge


def step(battery: Battery, energy_kwh: float, power_kw: float, dt_h: float) -> float:
    """Energy held after `dt_h` hours at a power within `power_limits_kw`."""
    if power_kw >= 0:
        return energy_kwh + power_kw * dt_h * battery.efficiency_charge
    return energy_kwh + power_kw * dt_h / battery.efficiency_discharge
