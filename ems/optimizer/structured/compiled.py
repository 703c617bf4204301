"""How kernels are compiled: by numba, kept on disk, dividing as NumPy does.

What numba compiles it keeps beside the source, or in the user's cache. Where neither can be written
(a read-only install without a home) a folder of this process alone takes it, so that nobody else's
code is ever loaded.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config, njit


def _can_keep() -> bool:
    folders = (Path(__file__).parent, Path.home())
    return bool(os.environ.get("NUMBA_CACHE_DIR")) or any(os.access(f, os.W_OK) for f in folders)


if not _can_keep():
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="ems-kernels-")
    config.reload_config()  # type: ignore[no-untyped-call]


def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """`function` compiled; sums keep their order."""
    return _compiled(function, {"contract", "nsz"})


def compiled_sums(function: Callable[..., None]) -> Callable[..., None]:
    """`function` compiled; sums may change their order, so that they vectorise."""
    return _compiled(function, {"contract", "nsz", "reassoc"})


def _compiled(function: Callable[..., None], fastmath: set[str]) -> Callable[..., None]:
    made: Any = njit(cache=True, error_model="numpy", fastmath=fastmath, nogil=True)
    result: Callable[..., None] = made(function)
    return result
