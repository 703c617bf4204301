"""Physics of buildings and plant as arrays; pure."""
