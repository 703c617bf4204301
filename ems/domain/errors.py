"""Everything that can go wrong, as one tree.

    EmsError                       what it is, and in `fix` what to do about it
      NaiveTimeError               a moment without a time zone
      ConfigError                  the district's description does not hold; carries every problem
      SourceError                  a weather, price or CO2 file or service is unusable
      DeviceError                  a device map or an address is unusable
        DeviceUnreachableError     no answer in time
        DeviceReplyInvalidError    an answer that can't be believed
        DeviceRejectedError        the device refused what was asked
      StoreError                   the database refuses, or holds another schema
        StoreAwayError             it does not answer; trying again later makes sense
        SpoolError                 the disk that readings wait on is full or fails
      AllocationError              energies or shares of the common sun contradict themselves
      NotAllowedError              a person's consent or right is missing
      PlanError                    no plan could be made
        ForecastError              the inputs of a plan are missing or not finite
        SolverError                the solver gave up; the ladder's next step takes over

An outcome that is expected in daily operation (a write that was clamped, a point gone stale) is a
value, not an error.
"""

from dataclasses import dataclass
from datetime import datetime


class EmsError(Exception):
    """A failure that a person can read and act on."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message


class NaiveTimeError(EmsError):
    """A moment without a time zone was given where absolute time is needed."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(f"{moment!r} has no time zone", fix="use an aware time, best in UTC")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong in a description."""

    where: str
    """File and line, or file and path: `buildings.yaml:12` or `dwellings.csv:40`."""

    field: str
    """The field, dotted; empty when the whole entry is meant."""

    message: str
    """What is wrong."""

    fix: str
    """What to do about it."""

    def __str__(self) -> str:
        place = f"{self.where} {self.field}".strip()
        return f"{place}: {self.message} (fix: {self.fix})"


class ConfigError(EmsError):
    """The district's description has problems; all of them are listed at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)), fix="correct the entries named above")
        self.problems = problems


class SourceError(EmsError):
    """A weather, price or CO2 source is unusable."""


class DeviceError(EmsError):
    """A device map or an address is unusable."""


class DeviceUnreachableError(DeviceError):
    """A device did not answer in time."""


class DeviceReplyInvalidError(DeviceError):
    """A device answered something that can't be believed."""


class DeviceRejectedError(DeviceError):
    """A device refused what was asked of it."""


class StoreError(EmsError):
    """The database refuses what it was asked, or holds another schema."""


class StoreAwayError(StoreError):
    """The database does not answer; trying again later makes sense."""


class SpoolError(StoreError):
    """The disk on which readings wait for the database is full or fails."""


class AllocationError(EmsError):
    """Energies or shares of collective self-consumption contradict themselves."""


class NotAllowedError(EmsError):
    """A person's consent or right is missing."""


class PlanError(EmsError):
    """No plan could be made."""


class ForecastError(PlanError):
    """The inputs of a plan are missing or not finite."""


class SolverError(PlanError):
    """The solver gave up; the next step of the ladder takes over."""
