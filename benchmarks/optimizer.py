"""The plan of a whole district, every dwelling by itself: time, proof, growth and the features.

Each case runs in a process of its own with one thread of linear algebra. CPU seconds of that
process count, making of the problem and the matrix not; kernels are compiled before. Every gap is
the certificate's, which shares no code with the solver.
"""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from benchmarks.figures import Figure, Report
from benchmarks.optimizer_features import (
    cars_stepped,
    errors_priced,
    plans_in_a_row,
    units_chosen,
)
from benchmarks.optimizer_growth import growth
from benchmarks.optimizer_memory import memory_and_bandwidth
from benchmarks.optimizer_ours import Run, runs, title_of
from benchmarks.optimizer_peers import PEERS, Peer
from benchmarks.pinned import OverLimitError, pinned
from ems.optimizer.structured.generator import Size

SEEDS = (1, 2, 3)
"""Of random districts; peers solve the first."""
IN_OPERATION, IN_AUDIT, AS_PEERS = 1e-3, 1e-4, 1e-7
"""Gaps: of a running district, of an audit, and as near as peers come."""
AUDIT_GOAL = 1.4
STEPS_GOAL = 26
PEER_LIMIT_S = 300
"""CPU seconds that a peer may take."""
FEATURES = (errors_priced, cars_stepped, units_chosen, plans_in_a_row)


def measure(quick: bool) -> Report:
    """All figures: at 400 dwellings, growth to 40,000; when quick, at 50 and to 400.

    Goals are of 400 dwellings, so quick figures have none.
    """
    raced = 50 if quick else 400
    sizes = (100, 400) if quick else (100, 400, 1600, 6400, 40000)
    figures: list[Figure] = []
    for size in _raced(raced, quick):
        figures += race(size, PEERS if size.slots == Size().slots else PEERS[:1])
    grown, picture = growth(sizes, partial(_peer_s, PEERS[0]), up_to=max(raced, sizes[0]))
    figures += grown
    figures += pinned(memory_and_bandwidth, [Size.of(raced), Size.of(sizes[-2])])
    for feature in FEATURES:
        figures += pinned(feature, Size.of(raced))
    if quick:
        figures = [replace(figure, goal=None) for figure in figures]
    return Report(name="optimizer", figures=figures, pictures=[picture])


def _raced(dwellings: int, quick: bool) -> list[Size]:
    """A tank for each dwelling and for each building; twice as long a horizon."""
    own_tanks = Size.of(dwellings, tank_per_dwelling=True)
    if quick:
        return [own_tanks]
    return [own_tanks, Size.of(dwellings), Size.of(dwellings, slots=192)]


def race(size: Size, peers: Sequence[Peer]) -> list[Figure]:
    """Ours on several districts, and peers once on the first of them."""
    title = title_of(size)
    operation, audit, close = pinned(runs, size, SEEDS, (IN_OPERATION, IN_AUDIT, AS_PEERS))
    figures = _of_ours(title, operation, audit, close)
    for peer in peers:
        figures += against(title, size, peer, operation[0], close[0])
    return figures


def _of_ours(title: str, operation: list[Run], audit: list[Run], close: list[Run]) -> list[Figure]:
    spent = statistics.median(run.cpu_s for run in operation)
    ratios = [more.cpu_s / less.cpu_s for more, less in zip(audit, operation, strict=True)]
    days = f"median of {len(operation)} districts"
    return [
        Figure(name=f"{title}: ours to 0.1 %, {days}", value=spent, unit="s CPU"),
        *_most(f"{title}: ours to 0.1 %", operation, IN_OPERATION, STEPS_GOAL),
        Figure(
            name=f"{title}: ours to 0.01 %, {days}",
            value=statistics.median(run.cpu_s for run in audit),
            unit="s CPU",
        ),
        *_most(f"{title}: ours to 0.01 %", audit, IN_AUDIT, None),
        Figure(
            name=f"{title}: 0.01 % / 0.1 %, {days}",
            value=statistics.median(ratios),
            unit="",
            goal=AUDIT_GOAL,
        ),
        Figure(
            name=f"{title}: ours to {AS_PEERS:g}, {days}",
            value=statistics.median(run.cpu_s for run in close),
            unit="s CPU",
        ),
    ]


def _most(title: str, some: list[Run], gap: float, steps: int | None) -> list[Figure]:
    return [
        Figure(name=f"{title}, slowest", value=max(run.cpu_s for run in some), unit="s CPU"),
        Figure(name=f"{title}, most steps", value=max(r.steps for r in some), unit="", goal=steps),
        Figure(
            name=f"{title}, greatest certified gap",
            value=max(run.gap for run in some),
            unit="",
            goal=gap,
        ),
    ]


def against(title: str, size: Size, peer: Peer, ours: Run, close: Run) -> list[Figure]:
    """A peer's time beside ours on the same district."""
    if not peer.is_installed:
        name = f"{title}: {peer.name} is not installed (pip install smartseille-ems[dev])"
        return [Figure(name=name, value=float("nan"), unit="s CPU")]
    cpu_s: float
    try:
        theirs = pinned(peer.solve, size, SEEDS[0], cpu_limit_s=PEER_LIMIT_S)
    except OverLimitError:
        how, cpu_s, at_most = f"{peer.name}, stopped unsolved at its limit", PEER_LIMIT_S, " <"
    else:
        how, cpu_s, at_most = theirs.how, theirs.cpu_s, ""
    figures = [
        Figure(name=f"{title}: {how}", value=cpu_s, unit="s CPU"),
        Figure(
            name=f"{title}: ours / {peer.name}{at_most}",
            value=ours.cpu_s / cpu_s,
            unit="",
            goal=peer.share_goal,
        ),
        Figure(name=f"{title}: {peer.name} / ours", value=cpu_s / ours.cpu_s, unit="times"),
        Figure(
            name=f"{title}: {peer.name} / ours to {AS_PEERS:g}",
            value=cpu_s / close.cpu_s,
            unit="times",
        ),
    ]
    if not at_most:
        off = abs(close.cost_eur - theirs.cost_eur) / abs(theirs.cost_eur)
        name = f"{title}: cost of ours to {AS_PEERS:g} off {peer.name}'s"
        figures.append(Figure(name=name, value=off, unit="", goal=10 * AS_PEERS))
    return figures


def _peer_s(peer: Peer, dwellings: int) -> float | None:
    """CPU seconds of a peer for a district of that size; none when it took too long."""
    try:
        return pinned(peer.solve, Size.of(dwellings), SEEDS[0], cpu_limit_s=PEER_LIMIT_S).cpu_s
    except OverLimitError:
        return None
