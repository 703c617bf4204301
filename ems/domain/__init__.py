"""The words of the district as frozen values: slots, points, devices, plans, forecasts, errors.

Pure: standard library and numpy only; no clock, no file, no socket.
"""
