"""The past of the series that are forecast, put together from what the meters measured.

A fleet of many like devices is summed even when a few of them are silent, or a dwelling's meter is
frozen or says what can't be: those that may be believed stand in for the others by their size. Too
few of them, and the sum is unknown (NaN), never small.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.own_points import DWELLINGS_POWER
from ems.domain.points import point_id
from ems.domain.slots import Horizon
from ems.domain.snapshot import History
from ems.forecast.cleaning import cleaned
from ems.forecast.local_time import QUARTERS

_LEAST_SHARE = 0.8
"""Of a fleet, by size, that must speak for the rest."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Like devices that are summed."""

    points: tuple[str, ...]
    """What each of them measures."""

    sizes: NDArray[np.float64] = field(repr=False)
    """By which they stand in for each other. Shape [points]."""

    least_share: float = _LEAST_SHARE
    """Of their size that must have a value."""

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Their sum, from `values` [points, slots]; NaN where too few have one. Shape [slots]."""
        if not self.points:
            return np.zeros(values.shape[1])
        known = np.isfinite(values)
        speaking = self.sizes @ known / self.sizes.sum()
        enough = (speaking > 0) & (speaking >= self.least_share - 1e-9)
        summed = np.where(known, values, 0.0).sum(axis=0)
        return np.asarray(
            np.divide(summed, speaking, out=np.full(len(summed), np.nan), where=enough)
        )


class MeasuredPoints:
    """Which points the forecasts look back on."""

    def __init__(self, district: District) -> None:
        self.district_meter = point_id(district.device_of[DeviceKind.METER, "HTA"].id, "power_kw")
        self.heat_pumps = _fleet(district, DeviceKind.HEAT_PUMP, "electric_power_kw", {}, 1.0)
        self.batteries = _fleet(district, DeviceKind.BATTERY, "power_kw", {}, 1.0)
        self.pv = _fleet(
            district,
            DeviceKind.PV_INVERTER,
            "power_kw",
            {roof.id: roof.peak_kw for roof in district.pv_roofs.values()},
        )
        self.charge_points = _fleet(
            district,
            DeviceKind.CHARGE_POINT,
            "power_kw",
            {point.id: point.power_kw_max for point in district.charge_points.values()},
        )
        self.dwellings = _fleet(
            district,
            DeviceKind.DWELLING,
            "electric_power_kw",
            {dwelling.id: dwelling.area_m2 for dwelling in district.dwellings.values()},
        )
        loops = district.of_kind(DeviceKind.LOOP)
        self.sky = tuple(
            point_id(loop.id, name)
            for loop in loops[:1]
            for name in ("irradiance_w_m2", "outdoor_temp_c")
        )
        self.hot_water = tuple(
            point_id(district.device_of[DeviceKind.SUBSTATION, building].id, "hot_water_draw_kw")
            for building in district.heated
        )

    @property
    def all(self) -> tuple[str, ...]:
        """All of them."""
        fleets = (self.heat_pumps, self.batteries, self.pv, self.charge_points, self.dwellings)
        summed = (point for fleet in fleets for point in fleet.points)
        return (self.district_meter, DWELLINGS_POWER, *summed, *self.hot_water, *self.sky)


def _fleet(
    district: District,
    kind: DeviceKind,
    name: str,
    sizes: dict[str, float],
    least_share: float = _LEAST_SHARE,
) -> Fleet:
    devices = district.of_kind(kind)
    return Fleet(
        points=tuple(point_id(device.id, name) for device in devices),
        sizes=np.array([sizes.get(device.serves, 1.0) for device in devices]),
        least_share=least_share,
    )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The past over `horizon`, which ends when the forecast is issued. NaN where unknown."""

    horizon: Horizon
    """Slots that are over."""

    base_load_kw: NDArray[np.float64] = field(repr=False)
    """What is behind the district's meter and can't be controlled. Shape [slots]."""

    dwellings_kw: NDArray[np.float64] = field(repr=False)
    """All dwellings' own electricity. Shape [slots]."""

    charging_kw: NDArray[np.float64] = field(repr=False)
    """Each charge point. Shape [charge points, slots]."""

    hot_water_kw: NDArray[np.float64] = field(repr=False)
    """Draw of each heated building. Shape [buildings, slots]."""


def measured(points: MeasuredPoints, history: History, horizon: Horizon) -> Measured:
    """What `history` holds over `horizon`."""
    charging = history.quarter_hours(points.charge_points.points, horizon)
    base = history.quarter_hours((points.district_meter,), horizon)[0]
    for fleet, sign in ((points.heat_pumps, -1), (points.batteries, -1), (points.pv, 1)):
        base = base + sign * fleet.total(history.quarter_hours(fleet.points, horizon))
    return Measured(
        horizon=horizon,
        base_load_kw=base - points.charge_points.total(charging),
        dwellings_kw=_dwellings_kw(points.dwellings, history, horizon),
        charging_kw=charging,
        hot_water_kw=history.quarter_hours(points.hot_water, horizon),
    )


def _dwellings_kw(dwellings: Fleet, history: History, horizon: Horizon) -> NDArray[np.float64]:
    """What all dwellings use; the sum that was kept where their own curves no longer are."""
    each_kw = cleaned(history.quarter_hours(dwellings.points, horizon), QUARTERS).values
    own_kw = dwellings.total(each_kw)
    kept_kw = history.quarter_hours((DWELLINGS_POWER,), horizon)[0]
    return np.where(np.isfinite(own_kw), own_kw, kept_kw)
