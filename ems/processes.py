"""The processes of one command: started together, stopped together, none left behind.

Every child gets a `Lifeline`: it ends when it is told to, and also when its parent has died. A
child that dies by itself ends the whole family, with a line that says which one it was.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any

from ems.domain.errors import EmsError

_CONTEXT = multiprocessing.get_context("spawn")
_WATCH_S = 0.2


@dataclass(frozen=True)
class Lifeline:
    """How a child learns that its time is over."""

    stopped: Event
    """Set by the parent."""

    parent: int
    """The parent's process id; another one means that the parent is gone."""

    @property
    def cut(self) -> bool:
        """Whether the child is to end."""
        return self.stopped.is_set() or os.getppid() != self.parent

    async def until_cut(self) -> None:
        """Return when the child is to end."""
        while not self.cut:
            await asyncio.sleep(_WATCH_S)


class Family:
    """Child processes under one roof; the last one started is the first to end."""

    def __init__(self, log_level: int = logging.INFO) -> None:
        self._log_level = log_level
        self._children: list[tuple[BaseProcess, Lifeline]] = []

    def start(self, name: str, target: Callable[..., None], *values: Any) -> BaseProcess:
        """Start `target(lifeline, *values)` in a process of its own."""
        lifeline = Lifeline(_CONTEXT.Event(), os.getpid())
        child = _CONTEXT.Process(
            target=_child, name=name, args=(self._log_level, target, lifeline, *values)
        )
        child.start()
        self._children.append((child, lifeline))
        return child

    @staticmethod
    def pipe() -> Any:
        """A reading and a writing end, for news from a child."""
        return _CONTEXT.Pipe(duplex=False)

    def dead(self) -> str | None:
        """Name of a child that ended by itself; None while all live."""
        return next((c.name for c, _ in self._children if not c.is_alive()), None)

    def stop(self, patience_s: float = 15.0) -> None:
        """End all of them in turn: each first asked, then made to.

        In turn, so that the service can still give the devices back to the servers behind them.
        """
        deadline = time.monotonic() + patience_s
        for child, lifeline in reversed(self._children):
            lifeline.stopped.set()
            child.join(max(0.5, deadline - time.monotonic()))
            if child.is_alive():
                child.kill()
                child.join()


def _child(level: int, target: Callable[..., None], lifeline: Lifeline, *values: Any) -> None:
    # Ctrl-C reaches every process of a terminal at once; only the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: lifeline.stopped.set())
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("ems").setLevel(level)
    logging.getLogger("simulations").setLevel(level)
    try:
        target(lifeline, *values)
    except EmsError as error:
        logging.getLogger("ems").error("%s", error)
        raise SystemExit(1) from error
