"""Load, sun and price forecasts with quantiles; pure."""
