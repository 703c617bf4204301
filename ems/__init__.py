"""Energy management for eco-districts: measure, forecast, plan, control."""

__version__ = "0.1.0"
