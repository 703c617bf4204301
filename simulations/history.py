"""Quarter-hour means out of a running plant, as the store would hold them."""

from datetime import datetime

import numpy as np

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Weather
from simulations.image import ProcessImage
from simulations.people import People
from simulations.plant import Plant

BASELINE_STEP_S = 300.0


def history_points(district: District) -> tuple[str, ...]:
    """The points that forecasts, plans and figures look back on, in the order of `Plant.recorded`.

    Points of things without a device keep the name that the device would have.
    """
    units = [f"plant-{unit + 1}" for unit in range(district.plant.units)]
    meters = [*district.buildings, "PLANT", "SHARED", "HTA"]
    heated, homes, zones = list(district.heated), list(district.dwellings), list(district.zones)
    blocks = [
        (DeviceKind.METER, meters, "power_kw"),
        (DeviceKind.HEAT_PUMP, units, "electric_power_kw"),
        (DeviceKind.HEAT_PUMP, units, "heat_power_kw"),
        (DeviceKind.BATTERY, list(district.batteries), "power_kw"),
        (DeviceKind.BATTERY, list(district.batteries), "soc_pct"),
        (DeviceKind.PV_INVERTER, list(district.pv_roofs), "power_kw"),
        (DeviceKind.CHARGE_POINT, list(district.charge_points), "power_kw"),
        (DeviceKind.LOOP, ["loop"], "outdoor_temp_c"),
        (DeviceKind.LOOP, ["loop"], "irradiance_w_m2"),
        (DeviceKind.LOOP, ["loop"], "sea_temp_c"),
        (DeviceKind.SUBSTATION, heated, "hot_water_draw_kw"),
        (DeviceKind.SUBSTATION, heated, "heating_power_kw"),
        (DeviceKind.SUBSTATION, heated, "tank_charge_kw"),
        (DeviceKind.SUBSTATION, heated, "tank_top_temp_c"),
        (DeviceKind.SUBSTATION, heated, "cooling_power_kw"),
        (DeviceKind.DWELLING, homes, "room_temp_c"),
        (DeviceKind.DWELLING, homes, "electric_power_kw"),
        (DeviceKind.DWELLING, homes, "heat_power_kw"),
        (DeviceKind.ZONE, zones, "room_temp_c"),
        (DeviceKind.ZONE, zones, "heat_power_kw"),
        (DeviceKind.ZONE, zones, "cool_power_kw"),
    ]
    return tuple(
        point_id(_device(district, kind, serves), name)
        for kind, served, name in blocks
        for serves in served
    )


def _device(district: District, kind: DeviceKind, serves: str) -> str:
    device = district.device_of.get((kind, serves))
    return device.id if device is not None else serves


class Recorder:
    """The means of one slot, while somebody else moves the plant through it."""

    def __init__(self, plant: Plant, slot: Slot) -> None:
        plant.recorded()
        self._plant = plant
        self._slot = slot

    def finish(self) -> QuarterHours:
        """The means since the recorder was made."""
        return QuarterHours(
            points=history_points(self._plant.district),
            horizon=Horizon(self._slot, 1),
            values=self._plant.recorded()[:, None],
        )


def record(plant: Plant, horizon: Horizon) -> QuarterHours:
    """Move the plant through `horizon`, at whose start it must stand, and keep the means."""
    plant.recorded()
    rows = []
    for index in horizon.slots:
        plant.advance(Slot(index).end)
        rows.append(plant.recorded())
    points = history_points(plant.district)
    return QuarterHours(points=points, horizon=horizon, values=np.array(rows).T)


def baseline_history(
    district: District, weather: Weather, people: People, horizon: Horizon, seed: int
) -> QuarterHours:
    """What the district would have measured over `horizon` on its own control."""
    start: datetime = horizon.first.start
    image = ProcessImage.create(district)
    plant = Plant(district, weather, people, image, start, seed=seed, dt_s=BASELINE_STEP_S)
    return record(plant, horizon)
