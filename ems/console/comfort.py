"""Who is comfortable now: dwellings against what their people chose, zones against their use.

A dwelling is warm enough when its room is not more than a tenth of a kelvin under its `heat_c`: a
sensor and a thermostat are not finer than that. A zone is judged in the hours when it is used, and
against the band of its use. A room without a usable temperature is not judged, but counted.
"""

from collections.abc import Iterable
from datetime import datetime

from ems.console.figures import Tally
from ems.domain.district import District, UseProfile
from ems.domain.points import point_id
from ems.domain.snapshot import Snapshot

TOLERANCE_K = 0.1
WORST_SHOWN = 10


def dwellings(district: District, snapshot: Snapshot) -> Tally:
    """How many dwellings are as warm as their people chose."""
    return tally(
        (d.id, d.heat_c - snapshot.value(point_id(d.id, "room_temp_c")))
        for d in district.dwellings.values()
    )


def zones(district: District, snapshot: Snapshot, now: datetime) -> Tally:
    """How many of the zones in use at `now` are within their band."""
    used = [z for z in district.zones.values() if occupied(district.uses[z.use], now, district)]
    return tally(
        (z.id, _outside_k(district.uses[z.use], snapshot.value(point_id(z.id, "room_temp_c"))))
        for z in used
    )


def occupied(profile: UseProfile, now: datetime, district: District) -> bool:
    """Whether zones of a use have people in them at `now`, by the local clock."""
    local = now.astimezone(district.site.zone)
    if local.isoweekday() not in profile.occupied_days:
        return False
    hour = local.hour + local.minute / 60
    begin, end = profile.occupied_from_h, profile.occupied_to_h
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def tally(outside_k: Iterable[tuple[str, float]]) -> Tally:
    """Count from ids and how far each lies outside its band (NaN: unknown; negative: inside)."""
    judged = list(outside_k)
    known = [(by, key) for key, by in judged if by == by]
    bad = sorted(((by, key) for by, key in known if by > TOLERANCE_K + 1e-9), reverse=True)
    return Tally(
        good=len(known) - len(bad),
        known=len(known),
        total=len(judged),
        worst=tuple(key for _, key in bad[:WORST_SHOWN]),
        worst_by=bad[0][0] if bad else None,
    )


def _outside_k(profile: UseProfile, temp_c: float) -> float:
    below = profile.heat_c - temp_c
    if profile.cool_c is None:
        return below
    return max(below, temp_c - profile.cool_c)
