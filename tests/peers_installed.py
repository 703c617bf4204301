"""Whether the programs that others wrote are on this machine; a test that needs one skips else."""

import ctypes
import ctypes.util
import os
import shutil
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "peers"
NODE_PACKAGES = SCRIPTS.parents[1] / ".venv" / "peers" / "node_modules"
HOW = "sh tests/install_peers.sh"


def needs_program(name: str) -> None:
    """Skip without the program."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed: {HOW}")


def needs_node_package(name: str) -> None:
    """Skip without the package or node."""
    needs_program("node")
    if not (NODE_PACKAGES / name).is_dir():
        pytest.skip(f"{name} is not installed: {HOW}")


def needs_libmodbus() -> str:
    """The library's name; skip without it."""
    name = ctypes.util.find_library("modbus")
    if name is None:
        pytest.skip(f"libmodbus is not installed: {HOW}")
    return name


def node_environment() -> dict[str, str]:
    """Where node finds the packages."""
    return {**os.environ, "NODE_PATH": str(NODE_PACKAGES)}
