"""What a fuzz case is: a target that takes one fuzzed frame after the other, made from a seed.

A target may answer, or refuse with the error that it names. Anything else is uncaught: it is
counted, and told with the seed and the frame that brought it about.
"""

import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

Case = Callable[[Random], None]
"""Puts one fuzzed frame in; raises what nobody expects."""

Maker = Callable[[], Case]
"""Makes a case, which may take a while."""

_UNEXPECTED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)


class UncaughtError(Exception):
    """What came out of a target, and the frame that brought it about."""


@contextmanager
def only(allowed: type[Exception], what: Callable[[], bytes]) -> Iterator[None]:
    """Pass `allowed`; tell everything else with its frame.

    Raises:
        UncaughtError: something else came out.
    """
    try:
        yield
    except UncaughtError:
        raise
    except allowed:
        return
    except _UNEXPECTED as error:
        raise UncaughtError(f"{error!r} from {what().hex(' ')}") from error


def uncaught(case: Case, count: int, seed: int) -> int:
    """How many of `count` frames brought out what nobody expects; each is told."""
    random = Random(seed)  # noqa: S311 no secret, but repeatable
    found = 0
    for _ in range(count):
        try:
            case(random)
        except UncaughtError as error:
            found += 1
            print(f"seed {seed}: {error}", file=sys.stderr)
    return found


def run_at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing.

    Raises:
        UncaughtError: it waits.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise UncaughtError("it waits")
