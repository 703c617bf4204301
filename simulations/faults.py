"""What breaks at the plant: by script, or drawn from a seed.

A fault begins some hours into the run, lasts some hours, and strikes all devices whose id matches a
pattern. What the devices do is physical (a stuck valve heats, a hung controller holds its last
command); what the EMS sees of it comes through the same image as everything else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import yaml

from ems.domain.district import Device, DeviceKind, District
from ems.domain.errors import SourceError
from ems.domain.slots import Horizon


class FaultKind(StrEnum):
    """What can happen to a device."""

    STUCK_VALVE = "stuck_valve"
    """A room's heating valve stays `size` open, 0 to 1."""
    DRIFT = "drift"
    """The sensor of `point` shows `size` more every day."""
    DEAD = "dead"
    """No answer, no obedience; the thing it controls goes on by itself."""
    FROZEN = "frozen"
    """The controller hangs: it shows and does what it last showed and did."""
    WRONG_CLOCK = "wrong_clock"
    """Its readings are stamped `size` hours too early; later when negative."""
    SLOW = "slow"
    """Readings are `size` minutes old, and commands arrive a quarter of an hour late."""
    OVERRIDE = "override"
    """The people in a dwelling turn their thermostat by `size` kelvin."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one or many devices."""

    kind: FaultKind
    """What happens."""

    devices: str
    """Pattern of device ids, as in `B1-02*`."""

    from_h: float = 0.0
    """When it begins, hours after the start of the run."""

    for_h: float = 1e6
    """How long it lasts."""

    size: float = 0.0
    """How much; the kind says of what."""

    point: str = ""
    """Name of the point that drifts."""

    def active(self, hour: float) -> bool:
        """Whether it holds `hour` hours after the start."""
        return self.from_h <= hour < self.from_h + self.for_h

    def struck(self, district: District) -> list[Device]:
        """The devices that it strikes.

        Raises:
            SourceError: there are none.
        """
        found = [d for d in district.devices.values() if fnmatchcase(d.id, self.devices)]
        if not found:
            raise SourceError(
                f"no device matches {self.devices!r}",
                fix="give the id of a device of devices.csv, or a pattern such as B1-02*",
            )
        return found


def read_faults(path: Path) -> tuple[Fault, ...]:
    """The faults of a YAML file: a list of mappings with the fields of `Fault`.

    Raises:
        SourceError: the file can't be read, or an entry is not a fault.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SourceError(f"{path.name}: {error}", fix="give a YAML list of faults") from error
    if not isinstance(entries, list):
        raise SourceError(f"{path.name} holds no list", fix="begin each fault with a dash")
    return tuple(_fault(path.name, number, entry) for number, entry in enumerate(entries, 1))


def _fault(name: str, number: int, entry: object) -> Fault:
    known, needed = {field.name for field in fields(Fault)}, {"kind", "devices"}
    if not isinstance(entry, Mapping) or not needed <= set(entry) <= known:
        perhaps = ", ".join(sorted(known - needed))
        raise SourceError(
            f"{name}: fault {number} is {entry!r}",
            fix=f"give kind and devices, and perhaps {perhaps}",
        )
    try:
        return Fault(**{**entry, "kind": FaultKind(entry["kind"])})
    except ValueError as error:
        kinds = ", ".join(kind.value for kind in FaultKind)
        raise SourceError(f"{name}: fault {number}: {error}", fix=f"kinds are {kinds}") from error


_PER_THOUSAND_DAYS = {
    FaultKind.STUCK_VALVE: (0.5, (DeviceKind.DWELLING, DeviceKind.ZONE)),
    FaultKind.DRIFT: (1.0, (DeviceKind.DWELLING, DeviceKind.ZONE)),
    FaultKind.DEAD: (4.0, tuple(DeviceKind)),
    FaultKind.FROZEN: (1.0, (DeviceKind.DWELLING, DeviceKind.SUBSTATION, DeviceKind.ZONE)),
    FaultKind.WRONG_CLOCK: (0.5, tuple(DeviceKind)),
    FaultKind.SLOW: (2.0, (DeviceKind.DWELLING,)),
    FaultKind.OVERRIDE: (20.0, (DeviceKind.DWELLING,)),
}
"""How often each strikes a device in a thousand days, and which devices. Assumption: what operators
of some hundred controllers report, one silent device at any time in a hundred or two."""


def drawn_faults(district: District, horizon: Horizon, seed: int) -> tuple[Fault, ...]:
    """The faults that strike over `horizon`, drawn from the seed."""
    rng = np.random.default_rng([seed, 4, horizon.first.index])
    hours = horizon.length / 4
    return tuple(_drawn(district, hours, rng))


def _drawn(district: District, hours: float, rng: np.random.Generator) -> Iterator[Fault]:
    for kind, (rate, struck) in _PER_THOUSAND_DAYS.items():
        devices = [d for d in district.devices.values() if d.kind in struck]
        for _ in range(rng.poisson(rate / 1000 * len(devices) * hours / 24)):
            yield Fault(
                kind=kind,
                devices=devices[rng.integers(len(devices))].id,
                from_h=float(rng.uniform(0.0, hours)),
                for_h=float(1.0 + rng.exponential(6.0)),
                size=_size(kind, rng),
                point="room_temp_c" if kind is FaultKind.DRIFT else "",
            )


def _size(kind: FaultKind, rng: np.random.Generator) -> float:
    return {
        FaultKind.STUCK_VALVE: float(rng.choice([0.0, 0.3, 1.0])),
        FaultKind.DRIFT: float(rng.normal(0.0, 0.5)),
        FaultKind.WRONG_CLOCK: float(rng.choice([-1.0, 1.0, 24.0])),
        FaultKind.SLOW: float(rng.uniform(5.0, 60.0)),
        FaultKind.OVERRIDE: float(rng.choice([-2.0, 1.0, 2.0, 3.0])),
    }.get(kind, 0.0)
