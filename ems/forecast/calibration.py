"""Every room learned from its history: the nightly job behind `ems forecast calibrate`.

The history's last day is not shown to the fit: it judges it. A room whose free run of that day is
no better than the description's stays as described. Room temperature, heat and electricity are
measured by each room's controller, the weather by the loop's sensors; the sun on each facade is
computed from the measured irradiance (diffuse part after Erbs, doi 10.1016/0038-092X(82)90302-4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from building_models import grey_box, solar, zone
from building_models.grey_box import DAY, Fit, Measured, Rooms
from ems.domain.district import DeviceKind, District, Dwelling, Zone
from ems.domain.errors import ForecastError
from ems.domain.points import point_id
from ems.domain.slots import SLOT, Horizon, Slot
from ems.domain.snapshot import History

Floats = NDArray[np.float64]

DAYS = 21
"""How far back a calibration looks."""

JUDGING_DAYS = 3
"""Of these, the last ones judge the fit."""

CREDIBLE_C = (-5.0, 50.0)
"""A room temperature outside this is taken for a sensor fault."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What was learned of every room; dwellings, then zones, as listed."""

    names: tuple[str, ...]
    horizon: Horizon
    """What it was learned from."""
    fit: Fit = field(repr=False)
    rooms: Rooms = field(repr=False)
    """As described."""
    described_k: Floats = field(repr=False)
    """Root-mean-square error of a free day, of the description. Shape [rooms]."""
    learned_k: Floats = field(repr=False)
    """The same of what is believed now. Shape [rooms]."""

    def as_dict(self) -> dict[str, dict[str, float | bool]]:
        """By room, for the store: factors and spreads."""
        factors, spread = self.fit.factors, self.fit.spread
        result: dict[str, dict[str, float | bool]] = {}
        for row, name in enumerate(self.names):
            values = [*factors[row], self.fit.figures[row, -1]]
            figures = dict(zip(grey_box.FIGURES, np.round(values, 5).tolist(), strict=True))
            spreads = {
                f"{figure}_spread": float(round(value, 5))
                for figure, value in zip(grey_box.FIGURES, spread[row], strict=True)
            }
            result[name] = {"learned": bool(self.fit.known[row]), **figures, **spreads}
        return result


def history_points(district: District) -> tuple[str, ...]:
    """The points that a calibration looks back on."""
    rooms, heat, cool, power = _points(district)
    return tuple(p for p in (*rooms, *heat, *cool, *power, *_loop_points(district)) if p)


def calibrate(
    district: District, history: History, before: Slot, *, days: int = DAYS
) -> Calibration:
    """Learn all rooms from the `days` before a slot.

    Raises:
        ForecastError: there is too little weather in the history.
    """
    horizon = Horizon(before + -days * DAY, days * DAY)
    rooms, measured = _rooms(district), _measured(district, history, horizon)
    if np.isfinite(measured.outdoor_c).mean() < 0.5:
        raise ForecastError(
            f"the outdoor temperature is known for less than half of the last {days} days",
            fix="calibrate when the district has been measured for some days",
        )
    judged = JUDGING_DAYS * DAY
    learned_from = Measured(*(each[..., :-judged] for each in measured))
    found = grey_box.fit(rooms, learned_from)
    nothing = np.zeros_like(found.figures)
    described = _last(grey_box.free_run_error_k(rooms, measured, nothing), judged)
    fitted = _last(grey_box.free_run_error_k(rooms, measured, found.figures), judged)
    kept = grey_box.kept_where_better(described, fitted, found)
    learned = np.where(kept.known[:, None], fitted, described)
    return Calibration(
        names=(*district.dwellings, *district.zones),
        horizon=horizon,
        fit=kept,
        rooms=rooms,
        described_k=_rms(described),
        learned_k=_rms(learned),
    )


def _last(errors: Floats, slots: int) -> Floats:
    return errors[:, -slots:]


def _rms(errors: Floats) -> Floats:
    """Root mean squares of rows; NaN for a row without a value."""
    known = np.isfinite(errors)
    count = known.sum(axis=1)
    total = np.where(known, np.square(errors), 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt(np.where(count > 0, total / count, np.nan)))


def _all(district: District) -> list[Dwelling | Zone]:
    return [*district.dwellings.values(), *district.zones.values()]


def _rooms(district: District) -> Rooms:
    parts = []
    for room in _all(district):
        envelope = district.buildings[room.building].envelope
        if envelope is None:
            raise ForecastError(
                f"{room.building} has rooms and no envelope", fix="describe it in buildings.yaml"
            )
        area, factor = np.array([room.area_m2]), np.array([room.loss_factor])
        parts.append(zone.parameters(envelope, area, factor))
    area = np.array([room.area_m2 for room in _all(district)])
    return Rooms(parameters=zone.concatenate(parts), area_m2=area)


def _measured(district: District, history: History, horizon: Horizon) -> Measured:
    air, heat, cool, power = (
        history.quarter_hours(points, horizon) for points in _points(district)
    )
    outdoor, irradiance = history.quarter_hours(_loop_points(district), horizon)
    credible = (air > CREDIBLE_C[0]) & (air < CREDIBLE_C[1])
    return Measured(
        air_c=np.where(credible, air, np.nan),
        heat_kw=heat - np.nan_to_num(cool),
        gains_kw=_gains_kw(district, power),
        sun_kw=_sun_kw(district, horizon, irradiance),
        outdoor_c=outdoor,
    )


def _gains_kw(district: District, power_kw: Floats) -> Floats:
    """Electricity of dwellings becomes heat in them; what zones use is not measured by zone."""
    area = np.array([room.area_m2 for room in _all(district)])
    idle = np.array([district.uses[room.use].gains_idle_w_per_m2 for room in _all(district)])
    usual = (idle * area / 1000)[:, None]
    return np.where(np.isfinite(power_kw), power_kw, usual)


def _sun_kw(district: District, horizon: Horizon, ghi_w_m2: Floats) -> Floats:
    sun = solar.sun_position(district.site, horizon)
    moments = pd.DatetimeIndex(horizon.starts) + SLOT / 2
    parts = pvlib.irradiance.erbs(ghi_w_m2, sun.zenith_deg, moments)
    direct, diffuse = (np.nan_to_num(np.asarray(parts[name])) for name in ("dni", "dhi"))
    rooms = _all(district)
    facades = {
        azimuth: solar.facade_w_m2(
            district.site, horizon, np.nan_to_num(ghi_w_m2), direct, diffuse, azimuth
        )
        for azimuth in {room.orientation_deg for room in rooms}
    }
    return np.array(
        [facades[room.orientation_deg] * _aperture_m2(district, room) / 1000 for room in rooms]
    )


def _aperture_m2(district: District, room: Dwelling | Zone) -> float:
    envelope = district.buildings[room.building].envelope
    return envelope.solar_aperture_m2_per_m2 * room.area_m2 if envelope else 0.0


def _points(district: District) -> tuple[Sequence[str], ...]:
    """Points of all rooms: air, heat, cold, electricity; empty where a kind has none."""
    homes, zones = DeviceKind.DWELLING, DeviceKind.ZONE
    names = {
        homes: ("room_temp_c", "heat_power_kw", "", "electric_power_kw"),
        zones: ("room_temp_c", "heat_power_kw", "cool_power_kw", ""),
    }
    listed = [*((homes, n) for n in district.dwellings), *((zones, n) for n in district.zones)]
    return tuple(
        [_point(district, kind, serves, names[kind][column]) for kind, serves in listed]
        for column in range(4)
    )


def _point(district: District, kind: DeviceKind, serves: str, name: str) -> str:
    device = district.device_of.get((kind, serves))
    return point_id(device.id, name) if device is not None and name else ""


def _loop_points(district: District) -> tuple[str, str]:
    loops = district.of_kind(DeviceKind.LOOP)
    device = loops[0].id if loops else ""
    return point_id(device, "outdoor_temp_c"), point_id(device, "irradiance_w_m2")
