"""What must hold on the worst days: the whole control on a virtual clock, fault after fault.

`python -m benchmarks faults` lives through many seeds and counts the invariants that did not hold;
`python -m benchmarks.faults --seed N --days D` replays one, `--seeds N` lives through so many.
"""

import argparse
import logging
import time
from collections import Counter

from benchmarks.figures import Figure, Report
from simulations.fault_district import BrokenInvariantError, lived_through

SEEDS, DAYS = 400, 5.0
QUICK_SEEDS = 40


def measure(quick: bool) -> Report:
    """Seeds of five days each."""
    seeds = QUICK_SEEDS if quick else SEEDS
    began_s = time.process_time()
    broken, happened, slots = lived(range(1, seeds + 1), DAYS)
    took_s = time.process_time() - began_s
    deaths = sum(count for kind, count in happened.items() if kind.startswith("killed"))
    return Report(
        name="faults",
        figures=[
            Figure(name="invariants that did not hold", value=len(broken), unit="seeds", goal=0.0),
            Figure(name="district days lived through", value=seeds * DAYS, unit="days"),
            Figure(name="slots written", value=slots, unit="slots"),
            Figure(name="sudden deaths of the program", value=deaths, unit=""),
            Figure(name="the database away", value=happened["store"], unit="times begun or ended"),
            Figure(name="the disk full", value=happened["disk"], unit="times begun or ended"),
            Figure(name="the solver failed otherwise", value=happened["solver"], unit="changes"),
            Figure(name="the clock set by an hour", value=happened["clock"], unit="times"),
            Figure(name="devices fell silent", value=happened["devices"], unit="changes"),
            Figure(name="a district day", value=1000 * took_s / (seeds * DAYS), unit="CPU ms"),
        ],
    )


def lived(seeds: range, days: float) -> tuple[list[str], Counter[str], int]:
    """What did not hold, what happened, and slots written, over all seeds."""
    broken: list[str] = []
    happened: Counter[str] = Counter()
    slots = 0
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # thousands of faults, each with its line
    try:
        for seed in seeds:
            try:
                district = lived_through(seed, days)
            except BrokenInvariantError as error:
                broken.append(str(error))
                continue
            happened += district.happened
            slots += len({slot for slot, _, _ in district.devices.written})
    finally:
        logging.disable(before)
    return broken, happened, slots


def main() -> None:
    """Replay one seed, or live through many."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="this one alone, with its log")
    parser.add_argument("--seeds", type=int, default=QUICK_SEEDS, help="so many, from 1 on")
    parser.add_argument("--days", type=float, default=DAYS)
    asked = parser.parse_args()
    if asked.seed is not None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        district = lived_through(asked.seed, asked.days)
        print(f"seed {asked.seed}: everything held; {dict(district.happened)}")
        return
    broken, happened, slots = lived(range(1, asked.seeds + 1), asked.days)
    print("\n".join([*broken, f"{asked.seeds} seeds, {slots} slots written, {dict(happened)}"]))
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
