"""Plans from files: a state, forecasts and prices in; setpoints, their reasons and a picture out.

For those who want the optimiser alone, without devices, a database or a running district. What the
files hold stands in `docs/planning-on-files.md`.
"""
