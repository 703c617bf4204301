"""A synthetic day of Smartseille for the planner: forecasts, a snapshot and a past."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ems.domain.circumstances import NOTHING_SPECIAL, Circumstances
from ems.domain.demand_response import ImportCap
from ems.domain.district import DeviceKind, District
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.plans import Plan
from ems.domain.points import Quality, Reading
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.optimizer import Planner

PAST = 96


@dataclass(frozen=True)
class Day:
    """Everything that a plan is made of."""

    district: District
    horizon: Horizon
    forecasts: Forecasts
    readings: Mapping[str, float]
    history: QuarterHours
    circumstances: Circumstances = NOTHING_SPECIAL
    on_site: frozenset[str] = frozenset()
    """Points that somebody holds."""

    def with_series(self, series: Mapping[str, np.ndarray | float]) -> "Day":
        """The same with other forecasts."""
        held = dict(self.forecasts.series)
        for name, values in series.items():
            held[name] = _forecast(name, self.horizon, np.asarray(values, dtype=float))
        return replace(self, forecasts=replace(self.forecasts, series=held))

    def with_readings(self, readings: Mapping[str, float]) -> "Day":
        """The same with other readings by point; NaN: the point is silent."""
        return replace(self, readings={**self.readings, **readings})

    def with_caps(self, *caps: ImportCap) -> "Day":
        """The same with events of demand response."""
        return replace(self, circumstances=replace(self.circumstances, caps=caps))

    def with_held(self, readings: Mapping[str, float]) -> "Day":
        """The same with points that somebody on site holds."""
        held = self.on_site | readings.keys()
        return replace(self.with_readings(readings), on_site=frozenset(held))

    def with_car(self, point: str, wanted_kwh: float, hours: float) -> "Day":
        """The same with a car at a charge point."""
        values = {"state": 1.0, "energy_wanted_kwh": wanted_kwh, "session_energy_kwh": 0.0}
        values["departure_min"] = 60 * hours
        added = {f"{point}/{name}": value for name, value in values.items()}
        return replace(self, readings={**self.readings, **added})

    @property
    def snapshot(self) -> Snapshot:
        """The readings as a snapshot, taken as the horizon begins."""
        at = self.horizon.first.start
        return Snapshot(
            taken_at=at,
            readings={
                key: Reading(key, v, self._quality(key, v), at) for key, v in self.readings.items()
            },
        )

    def _quality(self, point: str, value: float) -> Quality:
        if point in self.on_site:
            return Quality.OVERRIDDEN
        return Quality.GOOD if np.isfinite(value) else Quality.COMM_FAIL

    def plan(self, planner: Planner) -> Plan:
        """The plan of this day."""
        return planner.plan(
            plan_id="3f0c4f0e-0000-4000-8000-000000000001",
            issued_at=self.horizon.first.start,
            horizon=self.horizon,
            snapshot=self.snapshot,
            history=self.history,
            forecasts=self.forecasts,
            previous=None,
            circumstances=self.circumstances,
        )


def _forecast(name: str, horizon: Horizon, values: np.ndarray) -> Forecast:
    return Forecast(
        name=name,
        horizon=horizon,
        issued_at=horizon.first.start,
        source="synthetic",
        values=np.broadcast_to(values, (horizon.length,)).copy(),
    )


def day(
    district: District, start: datetime, *, slots: int = 96, outdoor_c: float, cars: int = 0
) -> Day:
    """A day from `start` with a mean outdoor temperature, and sun as the season has it."""
    horizon = Horizon(Slot.containing(start), slots)
    local = [moment.astimezone(district.site.zone) for moment in horizon.starts]
    hour = np.array([moment.hour + moment.minute / 60 for moment in local])
    high = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None)
    strength = 0.9 if outdoor_c > 15 else 0.45
    office = (hour >= 8) & (hour < 19)
    series = {
        "weather/outdoor_temp_c": outdoor_c + 4 * np.cos((hour - 15) / 12 * np.pi),
        "weather/ghi_w_m2": 900 * strength * high,
        "weather/dni_w_m2": 600 * strength * high,
        "weather/dhi_w_m2": 200 * strength * high,
        "weather/sea_temp_c": 13.0 if outdoor_c < 15 else 23.0,
        "price/import_eur_per_kwh": district.tariff.import_eur_per_kwh(
            horizon.slots, district.site.zone
        ),
        "price/shared_eur_per_kwh": 0.135,
        "price/feed_in_eur_per_kwh": 0.0536,
        "grid/co2_kg_per_kwh": 0.05,
        "district/base_load_kw": 150 + 180 * office,
        "district/dwellings_kw": 180 + 120 * ((hour > 18) & (hour < 22)),
        "pv/available_kw": 330 * strength * high,
        "car_park/future_kw": 30.0 * office,
    }
    for name, building in district.heated.items():
        assert building.substation
        most = building.substation.tank.charge_kw_max
        series[f"{name}/hot_water_kw"] = 0.15 * most * (1 + np.cos((hour - 8) / 6 * np.pi))
    rng = np.random.default_rng(7)
    readings = _readings(district, rng, 20.6 if outdoor_c < 15 else 24.5)
    rooms = [key for key in readings if key.endswith("/room_temp_c")]
    history = QuarterHours(
        points=tuple(rooms),
        horizon=Horizon(horizon.first + -PAST, PAST),
        values=np.repeat([[readings[key]] for key in rooms], PAST, axis=1),
    )
    made = Day(
        district,
        horizon,
        Forecasts(
            horizon=horizon,
            issued_at=horizon.first.start,
            series={k: _forecast(k, horizon, np.asarray(v)) for k, v in series.items()},
        ),
        readings,
        history,
    )
    for point in list(district.charge_points)[:cars]:
        made = made.with_car(point, float(rng.uniform(4, 30)), float(rng.uniform(1, 10)))
    return made


def _readings(district: District, rng: np.random.Generator, room_c: float) -> dict[str, float]:
    readings: dict[str, float] = {}
    for device in district.devices.values():
        if device.kind is DeviceKind.DWELLING:
            wish = district.dwellings[device.serves].heat_c
            readings[f"{device.id}/room_temp_c"] = max(room_c, wish) + rng.uniform(0.2, 0.6)
            readings[f"{device.id}/resident_offset_k"] = 0.0
        elif device.kind is DeviceKind.ZONE:
            readings[f"{device.id}/room_temp_c"] = room_c + rng.uniform(-0.2, 0.2)
        elif device.kind is DeviceKind.SUBSTATION:
            readings[f"{device.id}/tank_top_temp_c"] = 59.0
            readings[f"{device.id}/tank_bottom_temp_c"] = 57.0
        elif device.kind is DeviceKind.HEAT_PUMP:
            readings[f"{device.id}/alarm"] = 0.0
        elif device.kind is DeviceKind.CHARGE_POINT:
            readings[f"{device.id}/state"] = 0.0
        elif device.kind is DeviceKind.BATTERY:
            readings[f"{device.id}/soc_pct"] = 50.0
    return readings
