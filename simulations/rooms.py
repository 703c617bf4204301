"""All rooms of the district as one array: dwellings, then zones.

Richer than a planner's model on purpose: four states, sun through each facade's glass with blinds
and with what stands opposite, leaks driven by wind, windows opened to air or to cool, radiators and
fan coils with a mass of their own.
"""

import numpy as np
from numpy.typing import NDArray

from building_models import air_change, emitter, fine_zone, windows
from building_models.thermal_network import Modes, Network
from ems.domain.district import District, Dwelling, Zone
from ems.domain.weather import Weather
from simulations.people import People
from simulations.room_kernels import Bodies, States, Step

Floats = NDArray[np.float64]

STEPS_KEPT = 32
"""A plant in real time makes steps of ever new lengths; only so many are remembered."""


class Rooms:
    """Temperatures of all rooms, and what moves them."""

    def __init__(self, district: District, weather: Weather, people: People) -> None:
        rooms: list[Dwelling | Zone] = [*district.dwellings.values(), *district.zones.values()]
        heated = list(district.heated)
        self.building = np.array([heated.index(room.building) for room in rooms], dtype=np.intp)
        self.area_m2 = np.array([room.area_m2 for room in rooms])
        self.dwellings = len(district.dwellings)
        network = _network(district, rooms)
        self.bodies = _bodies(self.building, self.area_m2, rooms, network)
        self.heat_kw_max, self.cool_kw_max = self.bodies.heat_kw_max, self.bodies.cool_kw_max
        self._modes = Modes.of(network)
        self._sun_kw = _sun_kw(district, weather, rooms)
        self._gains_kw = people.gains_kw
        self._present = np.asfortranarray(np.vstack([people.presence, people.attendance]))
        self._airing = people.airing
        self._weather = weather
        self._steps: dict[float, Step] = {}
        count = len(rooms)
        self.states = States(
            nodes_c=np.full((count, fine_zone.NODES), 20.0),
            emitter_c=np.full(count, 20.0),
            heat_integral_kw=np.zeros(count),
            cool_integral_kw=np.zeros(count),
            open=np.zeros(count, dtype=np.bool_),
        )

    @property
    def air_c(self) -> Floats:
        """Air temperatures. Shape [rooms]."""
        return self.states.nodes_c[:, fine_zone.AIR]

    @property
    def surface_c(self) -> Floats:
        """What walls and furniture radiate at. Shape [rooms]."""
        return self.states.nodes_c[:, fine_zone.SURFACE]

    @property
    def stored_kwh(self) -> float:
        """Heat in air, structure and emitters above 0 °C."""
        structure = (self.bodies.capacity_kwh_per_k * self.states.nodes_c).sum()
        return float(structure + self.bodies.emitter_kwh_per_k @ self.states.emitter_c)

    def settle(self, wanted_c: Floats, outdoor_c: float) -> None:
        """Start where rooms plausibly are: at what is wanted, or warmer when it is warm outside."""
        air = np.maximum(wanted_c, min(outdoor_c + 3.0, 25.0))
        self.states.nodes_c[:] = fine_zone.settled(air, outdoor_c)
        self.states.emitter_c[:] = air

    def gains_kw(self, k: int) -> Floats:
        """Heat of people and appliances in slot `k`. Shape [rooms]."""
        return self._gains_kw[:, k].copy()

    def sun_kw(self, k: int) -> Floats:
        """Sun through the windows in slot `k`. Shape [rooms]."""
        sun: Floats = self._sun_kw[k]
        return sun

    def weather(self, k: int) -> tuple[float, float]:
        """Outdoor temperature and wind in slot `k`."""
        return float(self._weather.outdoor_temp_c[k]), float(self._weather.wind_m_per_s[k])

    def airing(self, k: int) -> NDArray[np.bool_]:
        """Windows tilted for fresh air in slot `k`. Shape [rooms]."""
        tilted = np.zeros(len(self.area_m2), dtype=np.bool_)
        tilted[: self.dwellings] = self._airing[:, k]
        return tilted

    def may_open(self, k: int) -> NDArray[np.bool_]:
        """Where somebody without cooling is, who opens windows when it is warm. Shape [rooms]."""
        there: NDArray[np.bool_] = (self._present[:, k] > 0) & (self.cool_kw_max == 0)
        return there

    def return_c(self, heat_kw: Floats, supply_c: Floats) -> Floats:
        """What comes back to each substation; `heat_kw` [rooms], `supply_c` [buildings].

        Emitters return their own temperature, each as much water as its heat needs.
        """
        drop_k = np.maximum(supply_c[self.building] - self.states.emitter_c, 0.5)
        flow = heat_kw / drop_k + 1e-9
        water, warmth = (
            np.bincount(self.building, weights, len(supply_c))
            for weights in (flow, flow * self.states.emitter_c)
        )
        back: Floats = warmth / water
        return back

    def step(self, dt_h: float) -> Step:
        """The exact step over `dt_h` hours."""
        if dt_h not in self._steps:
            if len(self._steps) >= STEPS_KEPT:
                self._steps.clear()
            self._steps[dt_h] = _step(self._modes, dt_h)
        return self._steps[dt_h]


def _step(modes: Modes, dt_h: float) -> Step:
    """Of the network's inputs, those that rooms have; of its means, those that lose heat."""
    inputs = [fine_zone.AIR, fine_zone.SURFACE, fine_zone.NODES]
    losing = [fine_zone.AIR, fine_zone.WALL]
    made = modes.step(dt_h)
    return Step(
        np.ascontiguousarray(made.a),
        np.ascontiguousarray(made.b[:, :, inputs]),
        np.ascontiguousarray(made.mean_a[:, losing]),
        np.ascontiguousarray(made.mean_b[:, losing][:, :, inputs]),
    )


def _network(district: District, rooms: list[Dwelling | Zone]) -> Network:
    parts = []
    for room in rooms:
        envelope = district.buildings[room.building].envelope
        if envelope is not None:
            area, factor = np.array([room.area_m2]), np.array([room.loss_factor])
            parts.append(fine_zone.network(envelope, area, factor))
    return fine_zone.concatenate(parts)


def _bodies(
    building: NDArray[np.intp], area_m2: Floats, rooms: list[Dwelling | Zone], network: Network
) -> Bodies:
    homes = np.array([isinstance(room, Dwelling) for room in rooms])
    heat_kw_max = np.array([room.heat_kw_max for room in rooms])
    mass = np.where(homes, emitter.RADIATOR_KWH_PER_K_KW, emitter.FAN_COIL_KWH_PER_K_KW)
    leak_cm2 = air_change.LEAK_CM2_PER_M2 * area_m2
    usual = air_change.leak_kw_per_k(1.0, air_change.MEAN_RISE_K, air_change.MEAN_WIND_M_PER_S)
    return Bodies(
        building=building,
        heat_kw_max=heat_kw_max,
        cool_kw_max=np.array([getattr(room, "cool_kw_max", 0.0) for room in rooms]),
        exponent=np.where(homes, emitter.RADIATOR_EXPONENT, emitter.FAN_COIL_EXPONENT),
        emitter_kwh_per_k=mass * heat_kw_max,
        emitter_to_air=np.where(homes, emitter.RADIATOR_TO_AIR, emitter.FAN_COIL_TO_AIR),
        leak_cm2=leak_cm2,
        mean_leak_kw_per_k=leak_cm2 * usual,
        tilted_m2=air_change.TILTED_M2_PER_M2 * area_m2,
        open_m2=air_change.OPEN_M2_PER_M2 * area_m2,
        capacity_kwh_per_k=network.capacity_kwh_per_k,
        outdoor_kw_per_k=network.outdoor_kw_per_k,
    )


def _sun_kw(district: District, weather: Weather, rooms: list[Dwelling | Zone]) -> Floats:
    """Sun through the windows. Shape [slots, rooms], so that a slot's is read at once."""
    facades = {
        azimuth: windows.FacadeSun(district.site, weather, azimuth)
        for azimuth in {room.orientation_deg for room in rooms}
    }
    by_view: dict[tuple[float, int], list[int]] = {}
    for place, room in enumerate(rooms):
        by_view.setdefault((room.orientation_deg, _floor(district, room)), []).append(place)
    aperture = np.array([_aperture_m2(district, room) for room in rooms])
    result = np.empty((weather.horizon.length, len(rooms)))
    for (azimuth, floor), places in by_view.items():
        sun = facades[azimuth].through_glass_w_m2(windows.skyline_deg(floor))
        result[:, places] = sun[:, None] * (aperture[places] / 1000)
    return result


def _floor(district: District, room: Dwelling | Zone) -> int:
    """A dwelling's own; the middle of the building for zones, which may be several floors."""
    return (
        room.floor if isinstance(room, Dwelling) else district.buildings[room.building].floors // 2
    )


def _aperture_m2(district: District, room: Dwelling | Zone) -> float:
    envelope = district.buildings[room.building].envelope
    per_m2 = envelope.solar_aperture_m2_per_m2 if envelope else 0.0
    return per_m2 * room.area_m2 / windows.USUAL_SHADING
