"""Air that comes in by itself: leaks, and windows that people open.

Leaks after Sherman and Grimsrud (LBL-10852, 1980) with the coefficients of ASHRAE Fundamentals
2017, chapter 16, tables 4 and 6: Q = A_leak sqrt(C_stack |dT| + C_wind v²), in L/s, cm², K, m/s.
Windows open on one side after de Gids and Phaff (1982; EN 15242): Q = A/2 sqrt(0.001 v² +
0.0035 h |dT| + 0.01), in m³/s, m², m.
"""

from math import sqrt

from building_models.compiled import compiled

AIR_KW_PER_K_M3_S = 1.2
"""Heat capacity of air, 1.2 kg/m³ x 1.0 kJ/kgK."""

STACK, WIND = 0.000145, 0.000104
"""One storey (a flat has its own pressure), urban shielding (class 4); (L/s)²/(cm⁴ K), with v²."""

LEAK_CM2_PER_M2 = 0.86
"""Leakage area at 4 Pa per floor area: 1.0 m³/h m² of cold wall (RT2012, collective), 0.8 m²/m²."""

TILTED_M2_PER_M2, TILTED_HEIGHT_M = 0.0023, 1.2
"""Opening of a tilted window, per floor area: 0.15 m² of 66; an assumption."""

OPEN_M2_PER_M2, OPEN_HEIGHT_M = 0.018, 1.2
"""The same of windows wide open."""

MEAN_RISE_K, MEAN_WIND_M_PER_S = 8.0, 3.5
"""Heating season: what an envelope's mean loss has in it."""


@compiled
def leak_kw_per_k(area_cm2: float, rise_k: float, wind_m_per_s: float) -> float:
    """Heat carried by leaks for each kelvin between inside and outside."""
    litres_per_s = area_cm2 * sqrt(STACK * abs(rise_k) + WIND * wind_m_per_s**2)
    return AIR_KW_PER_K_M3_S * litres_per_s / 1000.0


@compiled
def opening_kw_per_k(area_m2: float, height_m: float, rise_k: float, wind_m_per_s: float) -> float:
    """Heat carried through an open window for each kelvin."""
    inner = 0.001 * wind_m_per_s**2 + 0.0035 * height_m * abs(rise_k) + 0.01
    return AIR_KW_PER_K_M3_S * 0.5 * area_m2 * sqrt(inner)
