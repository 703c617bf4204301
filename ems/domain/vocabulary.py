"""The point names that devices of a kind have, whatever protocol they speak.

The cycle, the virtual district and the pages rely on these names; a device map may offer more, and
`ems config check` reports a map that lacks one of those which the EMS can't do without (`NEEDED`).
A `*` marks the points that the EMS writes.
"""

from ems.domain.district import DeviceKind

_NAMES = {
    DeviceKind.DWELLING: (
        "room_temp_c bedroom_temp_c setpoint_c* resident_offset_k mode valve_pct heat_power_kw "
        "heat_energy_kwh hot_water_volume_m3 hot_water_energy_kwh electric_power_kw "
        "electric_energy_kwh window_open heartbeat* alarm"
    ),
    DeviceKind.ZONE: (
        "room_temp_c heat_setpoint_c* cool_setpoint_c* mode heat_valve_pct cool_valve_pct "
        "heat_power_kw cool_power_kw co2_ppm occupied heartbeat* alarm"
    ),
    DeviceKind.SUBSTATION: (
        "heating_supply_temp_c heating_return_temp_c heating_setpoint_c* heat_limit_kw* "
        "heating_power_kw heating_energy_kwh cooling_supply_temp_c cooling_power_kw "
        "cooling_energy_kwh tank_top_temp_c tank_bottom_temp_c tank_setpoint_c* "
        "tank_charge_limit_kw* tank_charge_kw hot_water_draw_kw pump_pct heartbeat* alarm"
    ),
    DeviceKind.HEAT_PUMP: (
        "enable* heat_limit_pct* mode running compressor_pct evaporator_in_temp_c "
        "evaporator_out_temp_c condenser_in_temp_c condenser_out_temp_c source_flow_m3_per_h "
        "sink_flow_m3_per_h heat_power_kw hot_water_power_kw cool_power_kw shared_heat_kw "
        "electric_power_kw heat_energy_kwh cool_energy_kwh electric_energy_kwh cop starts run_h "
        "heartbeat* alarm"
    ),
    DeviceKind.LOOP: (
        "sea_temp_c sea_return_temp_c sea_flow_m3_per_h loop_supply_temp_c loop_return_temp_c "
        "loop_flow_m3_per_h pump_1_pct pump_2_pct pump_power_kw pump_energy_kwh "
        "loop_pressure_bar outdoor_temp_c irradiance_w_m2 alarm"
    ),
    DeviceKind.CHARGE_POINT: (
        "state cable current_l1_a current_l2_a current_l3_a voltage_l1_v power_kw energy_kwh "
        "session_energy_kwh energy_wanted_kwh departure_min current_limit_a* failsafe_s* error"
    ),
    DeviceKind.PV_INVERTER: (
        "power_kw energy_kwh current_a voltage_v frequency_hz dc_power_kw cabinet_temp_c state "
        "power_limit_pct* limit_enable* limit_timeout_s*"
    ),
    DeviceKind.BATTERY: (
        "power_kw charged_kwh discharged_kwh voltage_v current_a frequency_hz soc_pct soh_pct "
        "capacity_kwh state power_setpoint_kw* setpoint_enable* setpoint_timeout_s*"
    ),
    DeviceKind.METER: (
        "voltage_l1_v voltage_l2_v voltage_l3_v current_l1_a current_l2_a current_l3_a "
        "power_l1_kw power_l2_kw power_l3_kw power_kw reactive_power_kvar frequency_hz "
        "power_factor import_energy_kwh export_energy_kwh alarm"
    ),
    DeviceKind.HEAT_METER: (
        "power_kw flow_m3_per_h supply_temp_c return_temp_c heat_energy_kwh volume_m3 alarm"
    ),
}

POINTS: dict[DeviceKind, tuple[str, ...]] = {
    kind: tuple(name.rstrip("*") for name in names.split()) for kind, names in _NAMES.items()
}
"""Names of the points of each kind."""

WRITTEN: dict[DeviceKind, tuple[str, ...]] = {
    kind: tuple(name.rstrip("*") for name in names.split() if name.endswith("*"))
    for kind, names in _NAMES.items()
}
"""Names of those that the EMS writes."""

_NEEDED = {
    DeviceKind.DWELLING: "room_temp_c setpoint_c electric_power_kw",
    DeviceKind.ZONE: "room_temp_c heat_setpoint_c",
    DeviceKind.SUBSTATION: (
        "heating_setpoint_c heat_limit_kw tank_setpoint_c tank_charge_limit_kw heating_power_kw "
        "tank_top_temp_c hot_water_draw_kw"
    ),
    DeviceKind.HEAT_PUMP: "electric_power_kw",
    DeviceKind.LOOP: "sea_temp_c outdoor_temp_c irradiance_w_m2",
    DeviceKind.CHARGE_POINT: "state power_kw current_limit_a",
    DeviceKind.PV_INVERTER: "power_kw",
    DeviceKind.BATTERY: "power_kw soc_pct",
    DeviceKind.METER: "power_kw",
    DeviceKind.HEAT_METER: "heat_energy_kwh",
}

NEEDED: dict[DeviceKind, frozenset[str]] = {
    kind: frozenset(names.split()) for kind, names in _NEEDED.items()
}
"""Names without which forecasts or plans have nothing to go by, or nothing to command.

What a map lacks beside these is not read, not written, and shown as absent; a plan's setpoint for
it counts as rejected.
"""
