"""Figures as benchmarks report them: a name, a value, a unit, and the goal that it meets or not."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing measured."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    """At most this much; none when there is no goal."""

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; none when there is none."""
        return None if self.goal is None else bool(self.value <= self.goal)

    def as_dict(self) -> dict[str, Any]:
        """The figure as plain data."""
        return {**asdict(self), "value": round(float(self.value), 6), "holds": self.holds}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One thing along another."""

    name: str
    points: Sequence[tuple[float, float]]
    """Across and up."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Curves that belong together."""

    title: str
    across: str
    up: str
    curves: Sequence[Curve]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one benchmark measured, and where."""

    name: str
    figures: Sequence[Figure]
    commit: str = field(default_factory=lambda: commit())
    machine: str = field(default_factory=lambda: machine())
    pictures: Sequence[Picture] = ()
    """What `--picture` draws."""

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "name": self.name,
            "commit": self.commit,
            "machine": self.machine,
            "figures": [figure.as_dict() for figure in self.figures],
        }


def commit() -> str:
    """The commit that is measured, with a + when files differ from it."""
    root = Path(__file__).parent.parent
    asked = ["git", "-C", str(root), "describe", "--always", "--dirty=+"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine() -> str:
    """Processor, cores and Python, in a line."""
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
