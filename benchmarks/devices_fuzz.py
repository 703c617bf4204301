"""A million fuzzed frames into each decoder and each simulator: nothing may come out unexpected.

The frames of a target are sent in parts, on all processors, each part with a seed of its own; how
far it is stands on the error output.
"""

import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from random import SystemRandom

from benchmarks import bacnet_fuzz, bacnet_port_fuzz, modbus_fuzz, modbus_simulator_fuzz
from benchmarks.figures import Figure, Report
from benchmarks.fuzzing import Maker, uncaught

FULL, QUICK = 1_000_000, 8_000
PARTS = 4
"""In how many parts the frames of a target are sent."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some of the frames of one target."""

    name: str
    """The target's."""

    count: int
    """Frames to send."""

    seed: int
    """The same seed gives the same frames."""


def targets() -> Mapping[str, Maker]:
    """Every decoder and simulator."""
    return {
        **modbus_fuzz.decoders(),
        **modbus_simulator_fuzz.simulators(),
        **bacnet_fuzz.decoders(),
        **bacnet_port_fuzz.ports(),
    }


def measure(quick: bool) -> Report:
    """These figures alone."""
    return Report(name="devices fuzz", figures=figures(quick))


def figures(quick: bool) -> list[Figure]:
    """How many frames brought something unexpected out of each target."""
    count, seed = QUICK if quick else FULL, SystemRandom().randrange(2**32)
    parts = [
        Part(name=name, count=count // PARTS, seed=seed + number)
        for name in targets()
        for number in range(PARTS)
    ]
    return list(_figures(_sent(parts), count, seed))


def _figures(found: Mapping[str, int], count: int, seed: int) -> Iterator[Figure]:
    seeds = f"seeds {seed} to {seed + PARTS - 1}"
    for name in targets():
        title = f"{name}: uncaught in {count:,} fuzzed frames ({seeds})"
        yield Figure(name=title, value=found.get(name, 0), unit="", goal=0)


def _sent(parts: list[Part]) -> Mapping[str, int]:
    """Send all of `parts`, as many at a time as there are processors; what was uncaught."""
    found: Counter[str] = Counter()
    began_s = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as processes:
        work: dict[Future[int], Part] = {processes.submit(send, part): part for part in parts}
        for number, done in enumerate(as_completed(work), 1):
            part = work[done]
            found[part.name] += done.result()
            print(
                f"{time.monotonic() - began_s:4.0f} s, {number} of {len(parts)}: {part.name}, "
                f"{part.count:,} frames, seed {part.seed}; {found[part.name]} uncaught so far",
                file=sys.stderr,
            )
    return found


def send(part: Part) -> int:
    """Send a part: how many of its frames brought out what nobody expects."""
    logging.disable(logging.CRITICAL)  # devices that are refused are said in the log each time
    return uncaught(targets()[part.name](), part.count, part.seed)
