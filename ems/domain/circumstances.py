"""What holds for a plan beside measurements and forecasts: what people and the month have set."""

from dataclasses import dataclass

from ems.domain.demand_response import ImportCap
from ems.domain.learned_rooms import LearnedRooms
from ems.domain.overruns import Drawn


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """Of one plan; nothing special unless told."""

    caps: tuple[ImportCap, ...] = ()
    """Events of demand response that reach into it."""
    drawn: Drawn | None = None
    """What the running month has drawn so far; none where it is not known."""
    learned: LearnedRooms | None = None
    """What the district's measurements have taught about its rooms."""


NOTHING_SPECIAL = Circumstances()
