"""Between two plans: limits that are means over ten minutes are held by letting cars wait.

Each few seconds, for the connection, the car park's feeder and its groups:

    allowed   the power with which the mean of the last ten minutes, a minute from now, is just
              under the limit; never more than the limit, as what can't be shed may come
    too much  measured power above what is allowed is shed, in the plan's order: batteries first,
              then cars that the plan would let rest soonest, cars in a hurry last
    enough    while a minute at full demand would stay under the limit, what was shed comes back,
              the last first

What is shed is a cap for the rest of the slot on what the plan wants; the next plan begins without.
A car that plugs in between two plans gets a share of what is free in its group and feeder.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)
"""Limits hold for means over so long."""
AHEAD = timedelta(minutes=1)
"""How far ahead the mean is held; a change at a car or a battery takes effect well within it."""
MARGIN_SHARE = 0.01
"""Of each limit, what is kept in hand for loads that nobody can shed."""
SLACK_SHARE = 0.03
"""What was shed comes back when so much of the limit would still be free."""


class RollingMean:
    """The mean power of the last ten minutes, from samples that hold until the next one."""

    def __init__(self) -> None:
        self._samples: deque[tuple[datetime, float]] = deque()

    def add(self, at: datetime, power_kw: float) -> None:
        """Take a measurement; one that is not later than the last is not taken."""
        if self._samples and at <= self._samples[-1][0]:
            return
        self._samples.append((at, power_kw))
        while len(self._samples) > 1 and self._samples[1][0] <= at - WINDOW:
            self._samples.popleft()

    @property
    def power_kw(self) -> float:
        """The last measurement; 0 before the first."""
        return self._samples[-1][1] if self._samples else 0.0

    def energy_kws(self, since: datetime, now: datetime) -> float:
        """Energy between two moments, kilowatt-seconds; before the first sample as that one."""
        if not self._samples:
            return 0.0
        total, until = 0.0, now
        for at, power_kw in reversed(self._samples):
            begin = max(at, since)
            if begin < until:
                total += power_kw * (until - begin).total_seconds()
                until = begin
        if until > since:
            total += self._samples[0][1] * (until - since).total_seconds()
        return total

    def mean_kw(self, now: datetime) -> float:
        """The mean of the ten minutes before `now`."""
        return self.energy_kws(now - WINDOW, now) / WINDOW.total_seconds()

    def allowed_kw(self, limit_kw: float, now: datetime) -> float:
        """The power with which the mean a minute from now is `limit_kw`, a margin kept."""
        held_kws = self.energy_kws(now + AHEAD - WINDOW, now)
        whole_kws = (1 - MARGIN_SHARE) * limit_kw * WINDOW.total_seconds()
        return min(limit_kw, (whole_kws - held_kws) / AHEAD.total_seconds())


@dataclass(frozen=True, kw_only=True)
class Load:
    """A charge point or battery that may be asked to take less."""

    point: str
    """Where its limit is written: `<device>/<name>`."""

    power_kw: float
    """What it takes now; a battery that discharges: negative."""

    planned: float
    """What the plan wants of the point, in the point's unit."""

    least: float
    """The least that may be asked, in the point's unit; a battery may be asked to discharge."""

    least_on: float = 0.0
    """Above 0: the point takes nothing between 0 and this (6 A of a charge point)."""

    unit_kw: float = 1.0
    """Kilowatts of one of the point's units."""

    rank: int = 0
    """Its turn in the plan's order: small ones are shed first."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit with what stands behind it."""

    name: str
    """`connection`, `feeder`, or the group."""

    limit_kw: float
    """As a mean over ten minutes."""

    members: frozenset[str]
    """Points of the loads behind it."""

    mean: RollingMean = field(repr=False)
    """What was measured there."""


def shed(
    limits: Sequence[Limit], loads: Sequence[Load], caps: Mapping[str, float], now: datetime
) -> dict[str, float]:
    """New caps by point, in the points' units: those in force, more where needed, less where not.

    A point without a cap is not in the result. `caps` are those in force.
    """
    found = dict(caps)
    taken = {load.point: load.power_kw for load in loads}
    touched: set[str] = set()
    for limit in limits:
        excess_kw = limit.mean.power_kw - max(0.0, limit.mean.allowed_kw(limit.limit_kw, now))
        before_kw = sum(load.power_kw for load in loads if load.point in limit.members)
        excess_kw -= before_kw - sum(taken[p] for p in taken if p in limit.members)
        for load in sorted(_behind(limit, loads), key=lambda load: load.rank):
            if excess_kw <= 0:
                break
            cap, power_kw = _less(load, taken[load.point], excess_kw)
            excess_kw -= taken[load.point] - power_kw
            if power_kw < taken[load.point]:
                found[load.point] = min(cap, found.get(load.point, cap))
                taken[load.point] = power_kw
                touched.add(load.point)
    for load in sorted(loads, key=lambda load: -load.rank):
        if load.point in found and load.point not in touched and _fits(load, limits, now):
            del found[load.point]
            break  # one at a time: the next look sees what it took
    return found


def share_a(free_kw: float, coming: int, least_a: float, most_a: float, unit_kw: float) -> float:
    """Amperes for each of `coming` cars that plugged in since the plan: a share of what is free.

    None when the share is less than a car can take.
    """
    amperes = min(most_a, float(int(free_kw / max(coming, 1) / unit_kw)))
    return amperes if amperes >= least_a else 0.0


def _behind(limit: Limit, loads: Sequence[Load]) -> list[Load]:
    return [load for load in loads if load.point in limit.members]


def _less(load: Load, power_kw: float, excess_kw: float) -> tuple[float, float]:
    """The cap that sheds `excess_kw` of a load, or all it may; and its power then."""
    wanted = (power_kw - excess_kw) / load.unit_kw
    cap = max(load.least, wanted)
    if load.least_on and cap < load.least_on:
        cap = load.least
    return cap, min(power_kw, cap * load.unit_kw)


def _fits(load: Load, limits: Sequence[Limit], now: datetime) -> bool:
    """Whether what was shed of a load may come back under all its limits."""
    more_kw = max(0.0, load.planned * load.unit_kw - load.power_kw)
    return all(
        limit.mean.power_kw + more_kw
        <= min(limit.mean.allowed_kw(limit.limit_kw, now), limit.limit_kw * (1 - SLACK_SHARE))
        for limit in limits
        if load.point in limit.members
    )
