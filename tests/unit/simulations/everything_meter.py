"""A meter with all that Modbus has: four tables, long numbers in odd orders, a scale register."""

MAP = """\
title: A meter with everything that Modbus has
assumption: made up for the tests
kind: meter
protocol: modbus
gap: 4
points:
  power_kw:
    {unit: kW, poll: fast, low: -500, high: 500, scale: 0.1,
     register: {table: holding, address: 0, type: int16},
     scale_register: {table: holding, address: 2, type: int16}}
  import_energy_kwh:
    {unit: kWh, poll: slow, low: 0, high: 1.0e+15, scale: 0.001,
     register: {table: input, address: 0, type: int64, word_order: little}}
  export_energy_kwh:
    {unit: kWh, poll: slow, low: 0, high: 1.0e+9,
     register: {table: input, address: 10, type: float64, byte_order: little}}
  frequency_hz:
    {unit: Hz, poll: normal, low: 45, high: 55,
     register: {table: input, address: 4, type: float32, word_order: little}}
  closed:
    {unit: "", poll: fast, low: 0, high: 1, register: {table: discrete, address: 21, type: bit}}
  alarm:
    {unit: "", poll: fast, low: 0, high: 1, register: {table: discrete, address: 50, type: bit}}
  enable:
    {unit: "", poll: fast, low: 0, high: 1, writable: true, safe: 0,
     register: {table: coil, address: 17, type: bit}}
  boost:
    {unit: "", poll: fast, low: 0, high: 1, writable: true, safe: 0,
     register: {table: coil, address: 18, type: bit}}
  limit_kw:
    {unit: kW, poll: fast, low: 0, high: 500, writable: true, safe: 0, scale: 0.01,
     register: {table: holding, address: 7, type: uint32, word_order: little}}
"""

SHOWN = {
    "power_kw": (-12.34, 0.005),
    "import_energy_kwh": (123_456_789_012.345, 0.001),
    "export_energy_kwh": (98765.4321, 1e-6),
    "frequency_hz": (49.98, 1e-5),
    "closed": (1.0, 0.0),
    "alarm": (1.0, 0.0),
}
"""What the plant gives, and how exactly the registers can say it."""

SEEN = {
    "holding": [0xFB2E, 0, 0xFFFF],
    "input": [0xDF79, 0x860D, 0x7048, 0x0000],
    "discrete": [1, 0, 0],
    "coils": [1, 0],
    "limit": [0x3039, 0],
    "refused": 2,
}
"""What a client finds: -1234, 123456789012345 low word first, bit 21, its own commands."""
