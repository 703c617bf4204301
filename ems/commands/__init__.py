"""The commands of `ems`, one module each; `ems/cli.py` puts them together."""
