"""Values as JSON: dataclasses by their fields, moments as ISO 8601, NaN as null."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Any

import numpy as np
from fastapi import Response


def plain(value: Any) -> Any:
    """`value` in terms of dict, list, str, int, float, bool and None; no NaN, no infinity."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple | frozenset | range):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, int) else value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float | np.floating):
        return round(float(value), 4) if isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value


def text(value: Any) -> str:
    """`value` as compact JSON."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Json(Response):
    """A value of ours as a JSON answer that no cache keeps."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return text(content).encode()
