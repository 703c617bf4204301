"""Modbus, SunSpec and BACnet adapters: device maps, poller, dispatcher."""
