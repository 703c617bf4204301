"""When rooms are used: the hours of a use profile laid over slots, in local time."""

from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import UseProfile
from ems.domain.slots import Horizon


def occupied(profile: UseProfile, horizon: Horizon, zone: ZoneInfo) -> NDArray[np.bool_]:
    """Whether rooms of `profile` are used in each slot. Shape [horizon.length]."""
    local = [start.astimezone(zone) for start in horizon.starts]
    hours = np.array([moment.hour + moment.minute / 60 for moment in local])
    on_day = np.isin([moment.isoweekday() for moment in local], profile.occupied_days)
    begin, end = profile.occupied_from_h, profile.occupied_to_h
    inside = (hours >= begin) & (hours < end)
    if begin > end:
        inside = (hours >= begin) | (hours < end)
    return on_day & inside
