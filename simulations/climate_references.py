"""What typical years on both sides of Marseille are like, carried over as statistics.

Source: typical years of the French thermal regulation RT 2012 (NF EN ISO 15927-4, from records of
1994 to 2008), as distributed with EDF's BuildSysPro (BSD-3). Only figures computed from them by
`simulations.climate.climate_of` stand here, not the files.
"""

from dataclasses import replace

from ems.domain.district import Site
from simulations.climate import Climate


def nice(site: Site) -> Site:
    """Where the coast's typical year belongs; everything else as at `site`."""
    return replace(site, latitude=43.65, longitude=7.2, altitude_m=0.0)


def carpentras(site: Site) -> Site:
    """Where the inland typical year belongs; everything else as at `site`."""
    return replace(site, latitude=44.08, longitude=5.05, altitude_m=0.0)


NICE = Climate(
    temp_c=(8.78, 9.19, 11.73, 13.53, 17.83, 21.03, 23.31, 25.01, 21.76, 17.88, 12.16, 9.14),
    temp_range_k=(7.12, 7.4, 6.91, 5.66, 7.4, 6.61, 7.14, 6.92, 7.0, 6.97, 6.45, 6.95),
    ghi_kwh_m2=(52.3, 72.3, 113.8, 149.7, 196.7, 208.3, 216.3, 182.8, 124.0, 89.9, 53.1, 43.1),
    ghi_spread=(0.435, 0.314, 0.368, 0.359, 0.234, 0.187, 0.172, 0.154, 0.318, 0.344, 0.423, 0.425),
    temp_spread_k=1.471,
    temp_memory=0.648,
    sun_memory=0.144,
    clear_share=0.412,
    diffuse_share=0.379,
    wind_m_per_s=4.091,
    wind_hour_memory=0.894,
)
"""Zone H3, the coast at Nice."""

CARPENTRAS = Climate(
    temp_c=(6.06, 8.82, 10.73, 13.71, 18.11, 22.04, 23.96, 23.04, 19.1, 16.29, 9.38, 5.69),
    temp_range_k=(9.54, 10.66, 13.28, 12.66, 12.82, 14.59, 14.8, 14.11, 12.25, 11.35, 8.7, 9.11),
    ghi_kwh_m2=(47.8, 68.3, 120.6, 145.8, 180.3, 213.7, 226.9, 184.0, 130.0, 84.7, 52.9, 40.7),
    ghi_spread=(0.424, 0.368, 0.311, 0.404, 0.317, 0.209, 0.162, 0.215, 0.344, 0.4, 0.417, 0.44),
    temp_spread_k=2.458,
    temp_memory=0.696,
    sun_memory=0.17,
    clear_share=0.429,
    diffuse_share=0.373,
    wind_m_per_s=2.413,
    wind_hour_memory=0.938,
)
"""Zone H2d, inland at Carpentras."""
