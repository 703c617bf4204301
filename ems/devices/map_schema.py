"""The JSON schema of device maps, for editors that complete and check while one types.

It is made from the types that the maps are read into, so that both always say the same; the file
`maps/schema.json` is its printed form. What a schema can't say - two points in one register, a
heartbeat that nobody writes - only `ems devices maps check` finds.
"""

import json
from importlib import resources
from typing import Any

from ems.devices.maps import raw_schema

FILE = "schema.json"


def map_schema() -> dict[str, Any]:
    """The schema of a map's file: like the map, but names stand in the file's name and in keys."""
    raw = raw_schema()
    definitions = raw.pop("$defs")
    for part in (raw, definitions["PointSpec"]):
        del part["properties"]["name"]
        part["required"].remove("name")
    raw["properties"]["points"]["minProperties"] = 1
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **raw,
        "title": "Device map of the Smartseille EMS",
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(map_schema(), ensure_ascii=False, indent=2) + "\n"


def schema_path() -> str:
    """Where the file lies in this installation."""
    return str(resources.files("ems.devices") / "maps" / FILE)
