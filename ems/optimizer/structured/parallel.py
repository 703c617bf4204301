"""Compiled sweeps over parts of a fleet at once: they hold no lock, so threads are enough."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

Sweep = Callable[..., None]
"""A compiled sweep; its first argument is the span of lots, groups or capacities."""

PARTS = 2 * (os.cpu_count() or 1)
"""Parts of many things that are swept at once, some more than there are cores."""


def in_parallel(sweep: Sweep, spans: list[tuple[int, int]], *given: Any) -> None:
    """`sweep` with `given` over every span; with one span, in the caller's own thread."""
    if len(spans) == 1:
        sweep(spans[0], *given)
        return
    for done in [_threads().submit(sweep, span, *given) for span in spans]:
        done.result()


def even_spans(count: int, least: int) -> list[tuple[int, int]]:
    """`count` things in parts of about as many, `least` at least."""
    parts = min(PARTS, max(1, count // least))
    ends = [count * part // parts for part in range(parts + 1)]
    return list(pairwise(ends))


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="sweep")
