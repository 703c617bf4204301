"""Heat, hot water and cold: tanks with their draws, the units that run and their performance."""

import numpy as np

from building_models import heat_pump, loop, tank
from ems.domain.district import Building, DeviceKind, District, Substation
from ems.domain.errors import PlanError
from ems.domain.forecasts import Forecasts
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H
from ems.domain.snapshot import Snapshot
from ems.optimizer.problem import Floats, Plant, Tanks

SHORTAGE_EUR_PER_KH = 20.0
"""Price of a kelvin-hour of a tank below what serves: more than any heat costs."""
GUARD_K = 1.0
"""A tank is planned this much above its least temperature, where its own protection sets in."""
TANK_ROOM_C = 20.0
"""Around the tanks."""
TANK_KEPT_SHARE = 0.9
"""Of heat left in a tank at the end, what is still there when it is wanted."""
BOTTOM_SHARE = 0.2
"""Part of a tank for which its lower sensor speaks: cold water enters below and is charged there,
so that the rest is as hot as the top. Of eight layers 0.16 to 0.23 fit best, within 0.3 K; the
plain mean of both reads a tank that has just been drawn from up to 6 K too cold."""
CREDIBLE_C = (5.0, 95.0)
"""A tank temperature outside this is taken for a sensor fault."""


def tanks(
    district: District,
    snapshot: Snapshot,
    forecasts: Forecasts,
    heat_eur_per_kwh: float,
) -> tuple[Tanks, list[str]]:
    """The tanks of all substations, and notes on what was not measured."""
    heated = district.heated
    specs = [substation(building).tank for building in heated.values()]
    volume = np.array([spec.volume_l for spec in specs])
    loss = np.array([spec.loss_w_per_k for spec in specs])
    draws = np.stack([forecasts[f"{name}/hot_water_kw"] for name in heated], axis=1)
    step = tank.discretise(volume, loss, SLOT_H)
    low = np.array([spec.temp_low_c for spec in specs]) + GUARD_K
    start, notes = _tank_temps_c(district, snapshot)
    capacity = tank.capacity_kwh_per_k(volume)
    return Tanks(
        names=tuple(heated),
        building=np.arange(len(specs)),
        start_c=start,
        keep=step.keep,
        per_kw=step.gain_k_per_kw,
        drift_c=(1 - step.keep) * TANK_ROOM_C - step.gain_k_per_kw * draws,
        low_c=low,
        high_c=np.maximum([spec.temp_high_c for spec in specs], low),
        charge_kw_max=np.array([spec.charge_kw_max for spec in specs]),
        shortage_eur_per_kh=np.full(len(specs), SHORTAGE_EUR_PER_KH),
        end_eur_per_k=capacity * heat_eur_per_kwh * TANK_KEPT_SHARE,
    ), notes


def plant(district: District, snapshot: Snapshot, forecasts: Forecasts) -> tuple[Plant, list[str]]:
    """The central plant with the units that run, and notes on those that don't."""
    units, notes = running_units(district, snapshot)
    spec, heated = district.plant, district.heated
    sea = forecasts["weather/sea_temp_c"]
    source = loop.source_temp_c(district.loop, sea)
    sink = loop.sink_temp_c(district.loop, sea)
    return Plant(
        buildings=tuple(heated),
        heat_kw_max=units * spec.heat_kw_per_unit,
        cool_kw_max=units * spec.cool_kw_per_unit,
        heating_cop=heat_pump.cop(spec, source, spec.heating_supply_c),
        hot_water_cop=heat_pump.cop(spec, source, spec.hot_water_supply_c),
        cooling_eer=heat_pump.cop_cooling(spec, sink),
        shared_cop=_constant(heat_pump.cop_shared(spec, spec.heating_supply_c), sea),
        shared_hot_cop=_constant(heat_pump.cop_shared(spec, spec.hot_water_supply_c), sea),
        substation_heat_kw_max=np.array([substation(b).heat_kw_max for b in heated.values()]),
        substation_cool_kw_max=np.array([substation(b).cool_kw_max for b in heated.values()]),
    ), notes


def running_units(district: District, snapshot: Snapshot) -> tuple[int, list[str]]:
    """How many heat pumps can be counted on, and notes on the others."""
    units = district.of_kind(DeviceKind.HEAT_PUMP)
    silent = [u.id for u in units if not snapshot.usable(point_id(u.id, "alarm"))]
    alarmed = [u.id for u in units if snapshot.value(point_id(u.id, "alarm"), 0.0) >= 1]
    off = [u.id for u in units if snapshot.held(point_id(u.id, "enable")) == 0]
    if len(silent) == len(units):
        return district.plant.units, ["no heat pump answers: all are taken to run"]
    notes = [f"{unit} does not answer: planned without it" for unit in silent]
    notes += [f"{unit} has an alarm: planned without it" for unit in alarmed]
    notes += [f"{unit} is switched off on site: planned without it" for unit in off]
    return district.plant.units - len({*silent, *alarmed, *off}), notes


def substation(building: Building) -> Substation:
    """The substation of a heated building.

    Raises:
        PlanError: it has none.
    """
    if building.substation is None:
        raise PlanError(f"{building.id} has no substation", fix="describe it in buildings.yaml")
    return building.substation


def _tank_temps_c(district: District, snapshot: Snapshot) -> tuple[Floats, list[str]]:
    """Of the whole tank by top and bottom; one of them where the other fails; else its least."""
    temps, notes = [], []
    for name, building in district.heated.items():
        device = district.device_of.get((DeviceKind.SUBSTATION, name))
        ends = ("top", "bottom") if device else ()
        measured = snapshot.values(f"{device.id}/tank_{end}_temp_c" for end in ends if device)
        known = (measured > CREDIBLE_C[0]) & (measured < CREDIBLE_C[1])
        if not known.any():
            notes.append(f"{name} tank: no temperature, its least one taken")
            temps.append(substation(building).tank.temp_low_c)
            continue
        weights = np.array([1 - BOTTOM_SHARE, BOTTOM_SHARE])[known]
        temps.append(float(np.average(measured[known], weights=weights)))
    return np.array(temps), notes


def _constant(value: Floats, like: Floats) -> Floats:
    return np.broadcast_to(value, like.shape)
