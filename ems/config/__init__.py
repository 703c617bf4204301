"""The district's description: YAML for what is single, CSV for long lists, all of it checked."""

from ems.config.loader import SMARTSEILLE, check_district, load_district

__all__ = ["SMARTSEILLE", "check_district", "load_district"]
