"""The district as described: what is there, how big, what limits it, where its devices answer.

These types are the only model of the description. `ems/config` reads them from files; the
planner, the virtual district and the pages take them as they are. Every block carries `source`
or `assumption`, so that what is known and what is supposed stay apart.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from ems.domain.bounds import Between, Hour, NonNegative, Positive, Share, TempC
from ems.domain.modbus_address import has_scheme, modbus_address
from ems.domain.tariff import Tariff

STRICT = {"extra": "forbid", "allow_inf_nan": False}


class Use(StrEnum):
    """What a zone is used for."""

    DWELLING = "dwelling"
    RESIDENCE = "residence"
    OFFICE = "office"
    HOTEL = "hotel"
    SHOP = "shop"
    CRECHE = "creche"
    SCHOOL = "school"


class DeviceKind(StrEnum):
    """What a device is; devices of a kind have the same points whatever protocol they speak."""

    DWELLING = "dwelling_controller"
    ZONE = "zone_controller"
    SUBSTATION = "substation"
    HEAT_PUMP = "heat_pump"
    LOOP = "loop"
    CHARGE_POINT = "charge_point"
    PV_INVERTER = "pv_inverter"
    BATTERY = "battery"
    METER = "meter"
    HEAT_METER = "heat_meter"
    """Counts heat; a district may have none."""


class Protocol(StrEnum):
    """What a device speaks."""

    MODBUS = "modbus"
    BACNET = "bacnet"
    SUNSPEC = "sunspec"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a block's figures come from: one of the two must be given."""

    __pydantic_config__ = STRICT

    source: str = ""
    """Where the figures are published."""

    assumption: str = ""
    """Why the figures were supposed as they are."""

    def __post_init__(self) -> None:
        if not (self.source or self.assumption):
            raise ValueError("says neither `source` nor `assumption`")


@dataclass(frozen=True, kw_only=True)
class Site(Origin):
    """Where the district lies."""

    id: str
    name: str
    latitude: Annotated[float, Between(-90, 90)]
    longitude: Annotated[float, Between(-180, 180)]
    altitude_m: Annotated[float, Between(-400, 5000)]
    time_zone: str

    @property
    def zone(self) -> ZoneInfo:
        """Its civil time."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, kw_only=True)
class UseProfile(Origin):
    """What people do in zones of one use, and what they want. Hours are of the local day."""

    use: Use
    heat_c: TempC
    """Least comfortable temperature when occupied."""
    heat_setback_c: TempC
    """Least temperature when not occupied."""
    cool_c: TempC | None
    """Greatest comfortable temperature when occupied; none: not cooled."""
    cool_setback_c: TempC | None
    """Greatest temperature when not occupied."""
    occupied_from_h: Hour
    occupied_to_h: Hour
    occupied_days: tuple[Annotated[int, Between(1, 7)], ...]
    """ISO weekdays, 1 is Monday."""
    gains_w_per_m2: NonNegative
    """Heat of people, light and appliances when occupied."""
    gains_idle_w_per_m2: NonNegative
    electricity_w_per_m2: NonNegative
    """Power of light and appliances when occupied (dwellings: mean over the day)."""
    electricity_idle_w_per_m2: NonNegative
    comfort_eur_per_kh: Positive
    """What a kelvin-hour outside the band is worth in the plan."""


@dataclass(frozen=True, kw_only=True)
class Envelope(Origin):
    """Thermal character of a building, per square metre of floor."""

    loss_w_per_k_m2: Annotated[float, Between(0.1, 5)]
    """Transmission and air change."""
    capacity_air_kj_per_k_m2: Annotated[float, Between(5, 60)]
    """Air and furniture."""
    capacity_mass_kj_per_k_m2: Annotated[float, Between(30, 600)]
    """Structure."""
    coupling_w_per_k_m2: Annotated[float, Between(0.5, 20)]
    """Between air and structure."""
    solar_aperture_m2_per_m2: Annotated[float, Between(0, 0.5)]
    """Effective window area (area x g-value x shading) per floor area."""


@dataclass(frozen=True, kw_only=True)
class Tank(Origin):
    """Hot-water storage in a substation."""

    volume_l: Positive
    temp_low_c: TempC
    """Least mean temperature that still serves."""
    temp_high_c: TempC
    loss_w_per_k: NonNegative
    charge_kw_max: Positive
    """Greatest charging power."""


@dataclass(frozen=True, kw_only=True)
class Substation(Origin):
    """A building's heat exchangers and hot-water tank."""

    heat_kw_max: Positive
    """Heating and tank charging together."""
    cool_kw_max: NonNegative
    tank: Tank


@dataclass(frozen=True, kw_only=True)
class Building:
    """One building."""

    __pydantic_config__ = STRICT

    id: str
    name: str
    floors: Annotated[int, Between(1, 100)]
    floor_area_m2: Positive
    envelope: Envelope | None = None
    """None: not heated."""
    substation: Substation | None = None
    hot_water_l_per_day: NonNegative = 0.0
    """At 40 °C, of what is not a dwelling (hotel, offices, crèche)."""
    shared_power_kw: NonNegative = 0.0
    """Mean power of lifts, corridors and fans, behind the district's meter."""
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class Dwelling:
    """One dwelling; a row of `dwellings.csv`."""

    __pydantic_config__ = STRICT

    id: str
    building: str
    floor: Annotated[int, Between(0, 100)]
    use: Literal[Use.DWELLING, Use.RESIDENCE]
    area_m2: Annotated[float, Between(9, 300)]
    orientation_deg: Annotated[float, Between(0, 360)]
    """Main facade: 0 north, 90 east, 180 south."""
    loss_factor: Annotated[float, Between(0.5, 2)]
    """Loss beside the building's mean: 1 in the middle, more at corners and under the roof."""
    occupants: Annotated[int, Between(0, 12)]
    heat_kw_max: Positive
    heat_c: Annotated[float, Between(15, 25)]
    """Least temperature that its people chose."""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A zone that is no dwelling; a row of `zones.csv`."""

    __pydantic_config__ = STRICT

    id: str
    building: str
    use: Use
    area_m2: Positive
    orientation_deg: Annotated[float, Between(0, 360)]
    loss_factor: Annotated[float, Between(0.5, 2)]
    heat_kw_max: Positive
    cool_kw_max: NonNegative


@dataclass(frozen=True, kw_only=True)
class HeatPumpPlant(Origin):
    """The central water-to-water heat pumps.

    COP = `cop_base` + `cop_per_source_k` T_source - `cop_per_sink_k` T_sink, temperatures in °C.
    """

    units: Annotated[int, Between(1, 20)]
    heat_kw_per_unit: Positive
    cool_kw_per_unit: Positive
    least_load: Share
    heating_supply_c: TempC
    hot_water_supply_c: TempC
    chilled_supply_c: TempC
    cop_base: Positive
    cop_per_source_k: NonNegative
    cop_per_sink_k: NonNegative
    cop_max: Positive
    cooling_lift_k: NonNegative
    """Condenser above the loop when cooling."""


@dataclass(frozen=True, kw_only=True)
class SeaLoop(Origin):
    """The tempered loop and the seawater that feeds it."""

    sea_flow_m3_per_h: Positive
    loop_length_m: Positive
    loop_volume_m3: Positive
    pump_kw: NonNegative
    """Sea and loop pumps at full flow."""
    loss_w_per_k_m: NonNegative
    approach_k: NonNegative
    """Loop behind the sea, in the exchanger."""
    sea_temp_c_by_month: tuple[TempC, ...]
    """Twelve monthly means."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.sea_temp_c_by_month) != 12:
            raise ValueError("sea_temp_c_by_month needs twelve values")


@dataclass(frozen=True, kw_only=True)
class CarPark(Origin):
    """Limits of the charge points together."""

    building: str
    feeder_kw: Positive
    group_kw: Positive
    """Limit of each group."""
    least_current_a: Positive
    """Under it a car does not charge: 0 or this and more (IEC 61851-1)."""
    voltage_v: Positive
    shortfall_eur_per_kwh: Positive
    """What a kWh that a car leaves without is worth in the plan."""


@dataclass(frozen=True, kw_only=True)
class ChargePoint:
    """One charge point; a row of `charge_points.csv`."""

    __pydantic_config__ = STRICT

    id: str
    group: str
    phases: Annotated[int, Between(1, 3)]
    power_kw_max: Positive
    current_a_max: Positive


@dataclass(frozen=True, kw_only=True)
class PvRoof:
    """One inverter and its modules; a row of `pv_roofs.csv`."""

    __pydantic_config__ = STRICT

    id: str
    building: str
    peak_kw: Positive
    """Modules, standard test conditions."""
    inverter_kw: Positive
    tilt_deg: Annotated[float, Between(0, 90)]
    azimuth_deg: Annotated[float, Between(0, 360)]
    loss_share: Share
    skyline_n_deg: Annotated[float, Between(0, 80)] = 0.0
    """How high hills and buildings stand over the horizon between north-west and north-east."""
    skyline_e_deg: Annotated[float, Between(0, 80)] = 0.0
    skyline_s_deg: Annotated[float, Between(0, 80)] = 0.0
    skyline_w_deg: Annotated[float, Between(0, 80)] = 0.0


@dataclass(frozen=True, kw_only=True)
class Battery(Origin):
    """One battery."""

    id: str
    building: str
    capacity_kwh: Positive
    power_kw: Positive
    efficiency_charge: Share
    efficiency_discharge: Share
    soc_low: Share
    soc_high: Share
    wear_eur_per_kwh: NonNegative
    """Of energy discharged."""


@dataclass(frozen=True, kw_only=True)
class Comfort(Origin):
    """How thermostats are set, planned or not."""

    margin_k: NonNegative
    """A thermostat stands this much above the least temperature its people chose."""
    preheat_k: NonNegative
    """A plan may heat this much above it."""
    frost_c: TempC
    """Below this every room is heated, whatever a plan says."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where one device answers; a row of `devices.csv`."""

    __pydantic_config__ = STRICT

    id: str
    kind: DeviceKind
    map: str
    """Name of its device map."""
    serves: str
    """The dwelling, zone, building, charge point, roof or battery that it belongs to."""
    protocol: Protocol
    host: str
    """Address or name; for Modbus also `rtu:...`, `rtu+tcp://...`, `tls://...`
    (`ems/domain/modbus_address.py`)."""
    port: Annotated[int, Between(0, 65535)] = 0
    """0: the address carries it."""
    unit: Annotated[int, Between(0, 4194302)]
    """Modbus unit id, or BACnet device instance."""
    network: Annotated[int, Between(0, 65534)] = 0
    """BACnet network behind the router at `host`; 0: not routed."""
    station: Annotated[int, Between(0, 254)] = 0
    """BACnet station on that network."""

    def __post_init__(self) -> None:
        if self.protocol is not Protocol.BACNET:
            modbus_address(self.host, self.port)
            if self.unit > 255:
                raise ValueError(f"unit {self.unit} does not exist: a Modbus unit is 0 to 255")
        elif has_scheme(self.host) or not self.port:
            raise ValueError("a BACnet device needs a plain host and a port, usually 47808")

    @property
    def line(self) -> str:
        """What it shares with all others behind the same port: `10.0.1.20:502`, `/dev/ttyUSB0`."""
        if self.protocol is Protocol.BACNET:
            return f"{self.host}:{self.port}"
        return modbus_address(self.host, self.port).line


@dataclass(frozen=True, kw_only=True)
class Polling(Origin):
    """How often points are read, seconds of district time, by the poll class of the device map."""

    fast_s: Positive
    normal_s: Positive
    slow_s: Positive
    stale_after: Annotated[float, Between(1)]
    """A value is stale after this many of its intervals."""

    def interval_s(self, poll_class: str) -> float:
        """Seconds between two reads of a poll class: fast, normal or slow."""
        return {"fast": self.fast_s, "normal": self.normal_s, "slow": self.slow_s}[poll_class]


@dataclass(frozen=True, kw_only=True)
class Station(Origin):
    """The EMS's own address on the BACnet network."""

    host: str
    port: Annotated[int, Between(1, 65535)]
    instance: Annotated[int, Between(0, 4194302)]
    """Its device instance."""
    bbmd: str = ""
    """`host:port` of the broadcast management device that it registers with; empty: none."""
    sets_clocks: bool = False
    """Whether it sets the clocks of the BACnet devices once a day."""
    writes_schedules: bool = False
    """Whether it writes plans into the Schedules that device maps name."""


@dataclass(frozen=True, kw_only=True)
class District:
    """All of it."""

    site: Site
    uses: dict[Use, UseProfile]
    buildings: dict[str, Building]
    dwellings: dict[str, Dwelling]
    zones: dict[str, Zone]
    plant: HeatPumpPlant
    loop: SeaLoop
    car_park: CarPark
    charge_points: dict[str, ChargePoint]
    pv_roofs: dict[str, PvRoof]
    batteries: dict[str, Battery]
    comfort: Comfort
    tariff: Tariff
    polling: Polling
    station: Station
    devices: dict[str, Device] = field(repr=False)

    @cached_property
    def device_of(self) -> dict[tuple[DeviceKind, str], Device]:
        """The device of a kind that serves a thing: `device_of[DeviceKind.METER, "D1"]`."""
        return {(device.kind, device.serves): device for device in self.devices.values()}

    @cached_property
    def heated(self) -> dict[str, Building]:
        """Buildings with a substation, by id."""
        return {b.id: b for b in self.buildings.values() if b.substation is not None}

    def of_kind(self, kind: DeviceKind) -> list[Device]:
        """All devices of one kind, in the order of the list."""
        return [device for device in self.devices.values() if device.kind is kind]

    def dwellings_of(self, building: str) -> list[Dwelling]:
        """The dwellings of a building, in the order of the list."""
        return [d for d in self.dwellings.values() if d.building == building]

    def zones_of(self, building: str) -> list[Zone]:
        """The zones of a building, in the order of the list."""
        return [z for z in self.zones.values() if z.building == building]

    def on_loopback(self, net: int) -> "District":
        """The same with each device at 127.`net`.x.y, to keep two virtual districts apart."""
        return replace(
            self,
            station=_moved(self.station, net),
            devices={d.id: _moved(d, net) for d in self.devices.values()},
        )

    def with_devices(self, devices: Iterable[Device]) -> "District":
        """The same with only these devices."""
        return replace(self, devices={d.id: d for d in devices})


T = TypeVar("T", Device, Station)


def _moved(one: T, net: int) -> T:
    return replace(one, host=re.sub(r"\d+\.\d+(\.\d+\.\d+)", rf"127.{net}\1", one.host, count=1))
