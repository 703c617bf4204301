"""How kernels are compiled: by numba, kept on disk, dividing as NumPy does.

What numba compiles it keeps beside this file, or in the user's cache. Where neither can be written
(a read-only install without a home) a folder of this process alone takes it, so that nobody else's
code is ever loaded. A kernel holds what it calls, and numba looks at its own file only; so the kept
code lies in a folder named after the content of all files that have kernels.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from numba import config, njit

P = ParamSpec("P")
R = TypeVar("R")

_HERE = Path(__file__).parent
_SOURCES: dict[str, tuple[tuple[Path, str], ...]] = {
    "building_models": ((_HERE, "*.py"),),
    "simulations": ((_HERE, "*.py"), (_HERE.parent / "simulations", "*kernels.py")),
    "ems": ((_HERE.parent / "ems" / "optimizer" / "structured", "*.py"),),
}
"""What the kernels of a package are made of."""


@cache
def _folder(package: str) -> str:
    """Where what the present sources of a package compile to is kept."""
    content = hashlib.sha256()
    for folder, pattern in _SOURCES[package]:
        for path in sorted(folder.glob(pattern)):
            source = path.read_bytes()
            content.update(source if b"import compiled" in source else b"")
    return str(_root() / f"kernels-{package}-{content.hexdigest()[:16]}")


@cache
def _root() -> Path:
    if asked := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(asked)
    for folder in (_HERE / "__pycache__", Path.home() / ".cache" / "smartseille-ems"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="ems-kernels-"))


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """`function` compiled; sums keep their order."""
    return _compiled(function, {"contract", "nsz"})


def compiled_sums(function: Callable[P, R]) -> Callable[P, R]:
    """`function` compiled; sums may change their order, so that they vectorise."""
    return _compiled(function, {"contract", "nsz", "reassoc"})


def _compiled(function: Callable[P, R], fastmath: set[str]) -> Callable[P, R]:
    # numba asks for the folder when it decorates
    vars(config)["CACHE_DIR"] = _folder(function.__module__.partition(".")[0])
    made: Any = njit(cache=True, error_model="numpy", fastmath=fastmath, nogil=True)
    result: Callable[P, R] = made(function)
    return result
