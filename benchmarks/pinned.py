"""A case in a fresh process: one thread of linear algebra, and CPU seconds to spend at most."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from ems.domain.errors import EmsError

T = TypeVar("T")

THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


class CaseError(EmsError):
    """A case ended without an answer."""


class OverLimitError(CaseError):
    """A case had no answer within its CPU seconds."""


def pinned(case: Callable[..., T], *given: Any, cpu_limit_s: int | None = None) -> T:
    """What `case` answers in a process of its own.

    Raises:
        OverLimitError: it took more CPU seconds than it may.
        CaseError: it failed; its own words are on standard error.
    """
    context = get_context("spawn")
    answers, to_answer = context.Pipe(duplex=False)
    with _threads():
        child = context.Process(target=_answer, args=(to_answer, cpu_limit_s, case, given))
        child.start()
    to_answer.close()
    try:
        answer: T = answers.recv()
    except EOFError as lost:
        child.join()
        if child.exitcode == -signal.SIGXCPU:
            raise OverLimitError(
                f"no answer within {cpu_limit_s} CPU seconds", fix="give it more of them"
            ) from lost
        raise CaseError("a case failed", fix="read what its process wrote above") from lost
    child.join()
    return answer


def _answer(
    to_answer: Connection, cpu_limit_s: int | None, case: Callable[..., T], given: tuple[Any, ...]
) -> None:
    os.dup2(STANDARD_ERROR, STANDARD_OUTPUT)  # solvers' own words do not mix with the figures
    if cpu_limit_s is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit_s, resource.RLIM_INFINITY))
    to_answer.send(case(*given))


@contextmanager
def _threads() -> Iterator[None]:
    """One thread for whoever starts inside."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(THREADS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
