"""What the devices cost and whether anything upsets them: one part a file, joined here."""

from collections.abc import Callable, Iterable
from random import SystemRandom

from benchmarks import bacnet_fuzz, devices_bacnet, devices_fuzz, devices_modbus
from benchmarks.figures import Figure, Report

MEASURED: tuple[Callable[[bool], Iterable[Figure]], ...] = (
    devices_modbus.figures,
    devices_bacnet.figures,
)
"""Take whether to be quick."""

FUZZED: tuple[Callable[[bool, int], Iterable[Figure]], ...] = (
    devices_fuzz.figures,
    bacnet_fuzz.figures,
)
"""Take that, and the seed."""


def measure(quick: bool) -> Report:
    """Figures of all parts."""
    seed = SystemRandom().randrange(2**32)
    figures = [figure for part in MEASURED for figure in part(quick)]
    figures += [figure for part in FUZZED for figure in part(quick, seed)]
    return Report(name="devices", figures=figures)
