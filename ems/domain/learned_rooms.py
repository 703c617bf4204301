"""What a district's measurements have taught about its rooms, as factors on the description."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from ems.domain.errors import EmsError

BELIEVED = (0.2, 5.0)
"""A factor outside this is no room's: the description stands."""


class LearnedRoomsError(EmsError):
    """What was learned can't be read."""


@dataclass(frozen=True, kw_only=True)
class RoomFactors:
    """Of one room."""

    loss: float
    """To outdoors."""
    coupling: float
    """Between air and structure."""
    capacity_air: float
    """Of air and furniture."""
    capacity_mass: float
    """Of the structure."""
    aperture: float
    """What the sun finds of windows."""


@dataclass(frozen=True, kw_only=True)
class LearnedRooms:
    """All rooms that run more truly with what was learned than as described."""

    until: datetime
    """End of the history that they were learned from."""
    factors: Mapping[str, RoomFactors]
    """By room."""

    def kept(self) -> dict[str, Any]:
        """As plain data, for a setting."""
        by_room = {room: vars(each) for room, each in self.factors.items()}
        return {"until": self.until.isoformat(), "rooms": by_room}


def learned_rooms(
    until: datetime, figures: Mapping[str, Mapping[str, float | bool]]
) -> LearnedRooms:
    """Those of `figures` that are marked `learned` and that a room can have."""
    names = [field.name for field in fields(RoomFactors)]
    found = {
        room: RoomFactors(**{name: float(each[name]) for name in names})
        for room, each in figures.items()
        if each["learned"] and all(BELIEVED[0] < each[name] < BELIEVED[1] for name in names)
    }
    return LearnedRooms(until=until, factors=found)


def of_setting(kept: Any) -> LearnedRooms | None:
    """What `LearnedRooms.kept` made; none where nothing was ever kept.

    Raises:
        LearnedRoomsError: it is something else.
    """
    if kept is None:
        return None
    try:
        factors = {room: RoomFactors(**each) for room, each in kept["rooms"].items()}
        return LearnedRooms(until=datetime.fromisoformat(kept["until"]), factors=factors)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LearnedRoomsError(
            "what was learned of the rooms can't be read",
            fix="learn them anew: `ems forecast calibrate`",
        ) from error
