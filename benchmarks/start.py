"""How long `ems demo` takes until the page is live and until the first plan is in force."""

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Report

NET = 62
PATIENCE_S = 300.0
PAGE_GOAL_S = 30.0


def measure(quick: bool) -> Report:
    """A first start, and unless quick a second one on the same data."""
    with TemporaryDirectory(prefix="ems-") as folder:
        figures = one_start(Path(folder), "first start", PAGE_GOAL_S)
        if not quick:
            figures += one_start(Path(folder), "start again", PAGE_GOAL_S)
    return Report(name="start", figures=figures)


def one_start(folder: Path, name: str, goal_s: float) -> list[Figure]:
    """Wall seconds from the command to the page, and to the first dispatched quarter hour."""
    port = free_port()
    command = [sys.executable, "-m", "ems", "demo", "--data", str(folder)]
    began = time.perf_counter()
    demo = subprocess.Popen(
        [*command, "--port", str(port), "--net", str(NET)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        page_s = seconds_until_page(port, began)
        plan_s = seconds_until_plan(demo, began)
    finally:
        demo.terminate()
        demo.wait(30)
    return [
        Figure(name=f"{name}: page live", value=page_s, unit="s wall", goal=goal_s),
        Figure(name=f"{name}: first plan dispatched", value=plan_s, unit="s wall"),
    ]


def free_port() -> int:
    """A port that nothing uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def seconds_until_page(port: int, began: float) -> float:
    """Seconds from `began` until the sign-in page answers."""
    while time.perf_counter() - began < PATIENCE_S:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/sign-in")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return time.perf_counter() - began
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no page within {PATIENCE_S:g} s")


def seconds_until_plan(demo: "subprocess.Popen[str]", began: float) -> float:
    """Seconds from `began` until the log tells of the first quarter hour."""
    assert demo.stderr is not None, "the demo's log is read from its pipe"  # noqa: S101
    for line in demo.stderr:
        if "ems.cycle: slot" in line:
            return time.perf_counter() - began
    raise RuntimeError("the demo ended before its first plan")
