"""The processes of one command: started together, stopped together, none left behind.

Every child holds one end of a `Lifeline`, a pipe whose other end is held by the parent alone: it is
cut when the parent lets go of it, and also when the parent dies, however it dies. A child that
dies by itself ends the whole family, with a line that says which one it was.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from ems.domain.errors import EmsError
from ems.json_log import begin_logging

_CONTEXT = multiprocessing.get_context("spawn")
_WATCH_S = 0.2


_FROM_TERMINAL = (signal.SIGINT, signal.SIGHUP)
"""Reach every process of a terminal at once; only the parent decides what they mean."""


class Lifeline:
    """How a child learns that its time is over."""

    def __init__(self, end: Connection) -> None:
        self._end = end
        self._told = False

    def let_go(self) -> None:
        """End this child alone; safe inside a signal's handler."""
        self._told = True

    @property
    def cut(self) -> bool:
        """Whether the child is to end."""
        return self._told or self._end.poll()

    async def until_cut(self) -> None:
        """Return when the child is to end."""
        while not self.cut:
            await asyncio.sleep(_WATCH_S)


class Family:
    """Child processes under one roof; the last one started is the first to end."""

    def __init__(self, log_level: int = logging.INFO) -> None:
        self._log_level = log_level
        self._children: list[tuple[BaseProcess, Connection, float]] = []

    def start(
        self, name: str, target: Callable[..., None], *values: Any, least_s: float = 0.5
    ) -> BaseProcess:
        """Start `target(lifeline, *values)` in a process of its own.

        At the end it gets `least_s` wall seconds in any case, however long the others took.
        """
        far, near = self.pipe()
        child = _CONTEXT.Process(
            target=_child, name=name, args=(self._log_level, target, Lifeline(far), *values)
        )
        with _away_from_terminal():
            child.start()
            self._children.append((child, near, least_s))
        far.close()
        return child

    @staticmethod
    def pipe() -> tuple[Connection, Connection]:
        """A reading and a writing end, for news from a child."""
        return _CONTEXT.Pipe(duplex=False)

    def dead(self) -> str | None:
        """Name of a child that ended by itself; None while all live."""
        return next((c.name for c, _, _ in self._children if not c.is_alive()), None)

    def stop(self, patience_s: float = 15.0) -> None:
        """End all of them in turn: each first asked, then made to.

        In turn, so that the service can still give the devices back to the servers behind them.
        """
        deadline = time.monotonic() + patience_s
        for child, lifeline, least_s in reversed(self._children):
            lifeline.close()
            child.join(max(least_s, deadline - time.monotonic()))
            if child.is_alive():
                child.kill()
                child.join()
        self._children.clear()


@contextmanager
def _away_from_terminal() -> Iterator[None]:
    """Processes started meanwhile inherit what is blocked, and never see these signals.

    What comes meanwhile, on whatever thread, is answered at the end: a start is whole or not begun.
    """
    # Starting the tracker unblocks Ctrl-C, so it must run before.
    resource_tracker.ensure_running()
    came: list[int] = []
    endings = (*_FROM_TERMINAL, signal.SIGTERM)
    handlers = {each: signal.signal(each, lambda sent, _: came.append(sent)) for each in endings}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FROM_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for each, handler in handlers.items():
            signal.signal(each, handler)
        for sent in came:
            signal.raise_signal(sent)


def end_with_parent() -> None:
    """Let this process end at once when its parent is gone, whatever it is doing then.

    For workers of a pool, which wait for work and would wait for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _child(level: int, target: Callable[..., None], lifeline: Lifeline, *values: Any) -> None:
    signal.signal(signal.SIGTERM, lambda *_: lifeline.let_go())
    begin_logging()
    logging.getLogger("ems").setLevel(level)
    logging.getLogger("simulations").setLevel(level)
    try:
        target(lifeline, *values)
    except EmsError as error:
        logging.getLogger("ems").error("%s", error)
        raise SystemExit(1) from error
