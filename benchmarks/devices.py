"""What the devices cost and whether anything upsets them: one part a file, joined here."""

from collections.abc import Callable, Iterable

from benchmarks import devices_bacnet, devices_fuzz, devices_modbus
from benchmarks.figures import Figure, Report

MEASURED: tuple[Callable[[bool], Iterable[Figure]], ...] = (
    devices_modbus.figures,
    devices_bacnet.figures,
    devices_fuzz.figures,
)
"""Take whether to be quick."""


def measure(quick: bool) -> Report:
    """Figures of all parts."""
    return Report(name="devices", figures=[figure for part in MEASURED for figure in part(quick)])
