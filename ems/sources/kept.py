"""A service's last good answer, kept on disk, and asked for anew when it is time.

An answer that can't be read is not kept: the one before stays in force. After a failure the next
try comes soon, and then later and later, up to the usual interval.

One thread refreshes (`refresh`), others read (`present`): the state is replaced in one piece.
"""

import json
import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from ems.domain.errors import SourceError

log = logging.getLogger("ems.sources")

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

FIRST_RETRY = timedelta(minutes=2)
"""How soon it is tried again after a failure; twice as late after each further one."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a service said, word for word."""

    known_at: datetime
    """Since when it could be known: the model's run was out, or the question was asked."""

    body: str = field(repr=False)
    """As it was served."""


class Service(Protocol[T_co]):
    """One question to one service."""

    @property
    def name(self) -> str:
        """For people, and as the name of the kept file."""
        ...

    @property
    def every(self) -> timedelta:
        """How often it is asked."""
        ...

    def ask(self, now: datetime) -> Answer:
        """Ask over the network. Raises SourceError."""
        ...

    def read(self, answer: Answer) -> T_co:
        """What an answer means. Raises SourceError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Present(Generic[T]):
    """What is known of a service now."""

    value: T | None = field(default=None, repr=False)
    """What the last good answer means; none: there has never been one."""

    known_at: datetime | None = None
    """Since when it could be known."""

    trouble: str = ""
    """Why the last try failed; empty when it did not."""

    failures: int = 0
    """Tries that failed since the last good answer."""


class Kept(Generic[T]):
    """The last good answer of one service."""

    def __init__(self, service: Service[T], folder: Path) -> None:
        """`folder` is made at the first answer."""
        self.service = service
        self._file = folder / f"{service.name.lower().replace(' ', '-')}.json"
        self._due: datetime | None = None
        self.present: Present[T] = Present()
        self._take_up()

    def refresh(self, now: datetime) -> None:
        """Ask the service if it is time; what goes wrong stands in `present.trouble`."""
        if self._due is not None and now < self._due:
            return
        try:
            answer = self.service.ask(now)
            value = self.service.read(answer)
        except SourceError as error:
            self._failed(now, error)
            return
        self._due = now + self.service.every
        self.present = Present(value=value, known_at=answer.known_at)
        self._keep(answer)

    def _failed(self, now: datetime, error: SourceError) -> None:
        failures = self.present.failures + 1
        self._due = now + min(self.service.every, FIRST_RETRY * 2 ** min(failures - 1, 10))
        self.present = replace(self.present, trouble=error.message, failures=failures)
        log.warning("%s (fix: %s)", error.message, error.fix)

    def _keep(self, answer: Answer) -> None:
        held = {"known_at": answer.known_at.isoformat(), "body": answer.body}
        new = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(held), encoding="utf-8")
            new.replace(self._file)
        except OSError as error:
            log.warning("%s: the answer can't be kept on disk: %s", self.service.name, error)

    def _take_up(self) -> None:
        """Go on with what was kept before a restart."""
        try:
            held = json.loads(self._file.read_text(encoding="utf-8"))
            known_at = datetime.fromisoformat(held["known_at"]).astimezone(UTC)
            answer = Answer(known_at=known_at, body=str(held["body"]))
            self.present = Present(value=self.service.read(answer), known_at=known_at)
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, SourceError) as error:
            log.warning("%s: what was kept on disk is not used: %s", self.service.name, error)
