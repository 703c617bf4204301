"""What deserves colour: the few things of the overview that may be wrong, each with its level.

If nothing is wrong the screen is grey. An alarm asks for action now, a caution for a look; both are
told by shape and words too, never by colour alone.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ems.console.figures import Tally
from ems.console.overview import Overview, PlanState, Standing
from ems.domain.plans import Origin

NEAR_SHARE = 0.05
"""Closer than this share of the subscribed power is a caution."""

MANY_SHARE = 0.05
"""More rooms than this share out of their band, or points without value, is an alarm."""

SILENCE = timedelta(minutes=5)
"""Nothing at all was read for so long: the device process stands still."""


class Level(StrEnum):
    """How much attention a thing deserves."""

    QUIET = "quiet"
    CAUTION = "caution"
    ALARM = "alarm"


@dataclass(frozen=True, kw_only=True)
class Levels:
    """The level of each thing that may be wrong."""

    plan: Level
    data: Level
    connection: Level
    dwellings: Level
    zones: Level
    charging: Level


def levels(seen: Overview, speed: float = 1.0) -> Levels:
    """Judge an overview."""
    return Levels(
        plan=plan_level(seen.plan),
        data=_data(seen, speed),
        connection=_connection(seen),
        dwellings=tally_level(seen.dwellings),
        zones=tally_level(seen.zones),
        charging=Level.CAUTION if seen.charging.short else Level.QUIET,
    )


def plan_level(plan: PlanState | None) -> Level:
    """No plan, or rules in its place: alarm; an older plan carried on or poorer inputs: caution."""
    if plan is None or plan.standing is Standing.ENDED or plan.origin is Origin.RULES:
        return Level.ALARM
    if plan.standing is Standing.AHEAD or plan.origin is Origin.PREVIOUS or plan.degraded:
        return Level.CAUTION
    return Level.QUIET


def tally_level(tally: Tally) -> Level:
    """One room out of its band: caution; many: alarm."""
    return _share_level(tally.known - tally.good, tally.known)


def _connection(seen: Overview) -> Level:
    distance_kw = seen.connection.distance_kw
    if distance_kw is None:
        return Level.CAUTION
    if distance_kw < 0:
        return Level.ALARM
    near_kw = NEAR_SHARE * seen.connection.subscribed_kw
    over_ahead = (seen.connection.peak_kw or 0.0) > seen.connection.subscribed_kw
    return Level.CAUTION if distance_kw < near_kw or over_ahead else Level.QUIET


def _data(seen: Overview, speed: float) -> Level:
    newest_at = seen.data.newest_at
    if newest_at is None or seen.now - newest_at > SILENCE * max(1.0, speed / 5):
        return Level.ALARM
    return _share_level(seen.data.stale + seen.data.failed, seen.data.points)


def _share_level(bad: int, of: int) -> Level:
    if not bad:
        return Level.QUIET
    return Level.ALARM if bad > MANY_SHARE * of else Level.CAUTION
