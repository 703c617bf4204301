"""`ems demo` as a person meets it: page, plan, exports, devices on the wire, its end, a restart.

One demo of the whole district runs for all of it, at 60 times the speed of the wall.
"""

import csv
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from typer.testing import CliRunner

from ems.cli import app
from ems.store.postmaster import running_on

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
NET = 71
SPEED = 60
PATIENCE_S = 240.0
END_S = 20.0

pytestmark = pytest.mark.timeout(900)


@dataclass
class Demo:
    """A running demo and what it said so far."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    def said(self, name: str = "log") -> str:
        return (self.folder.parent / name).read_text(errors="replace")

    def wait(self, true: Callable[[], Any], what: str) -> Any:
        give_up = time.monotonic() + PATIENCE_S
        while not (found := true()):
            assert self.process.poll() is None, f"the demo ended: {self.said()}"
            assert time.monotonic() < give_up, f"{what} did not come: {self.said()}"
            time.sleep(0.1)
        return found

    def page_is_live(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/sign-in")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def dispatched(self) -> int:
        """How many quarter hours have been dispatched in time since the start."""
        told = [line for line in self.said().splitlines() if "ems.cycle: slot" in line]
        return sum("MISSED" not in line for line in told)

    def of_data(self, *words: str) -> str:
        """What another `ems` prints about the same data."""
        return ems(*words, "--data", str(self.folder))


def ems(*words: str) -> str:
    """What `ems` prints, run inside this process."""
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def started(folder: Path) -> Demo:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--data", folder, "--port", port, "--net", NET, "--speed", SPEED]
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ems", "demo", *map(str, words)],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Demo(process, folder, port)


def processes_of(session: int) -> list[str]:
    """The living processes of a session, by their command lines."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z" and int(fields[3]) == session:
            found.append(line)
    return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data folder with a path short enough for the server's socket."""
    with TemporaryDirectory(prefix="ems-") as made:
        yield Path(made) / "d"


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[Demo]:
    """The demo once its first plan is dispatched."""
    demo = started(folder)
    try:
        demo.wait(demo.page_is_live, "the page")
        demo.wait(demo.dispatched, "the first plan")
        demo.wait(lambda: "stop      Ctrl-C" in demo.said(), "the address")
        yield demo
    finally:
        ended(demo)


def ended(demo: Demo) -> None:
    if demo.process.poll() is None:
        demo.process.send_signal(signal.SIGTERM)
        try:
            demo.process.wait(2 * END_S)
        except subprocess.TimeoutExpired:
            os.killpg(demo.process.pid, signal.SIGKILL)
            demo.process.wait()


@pytest.fixture
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def test_the_first_plan_is_optimised_and_every_device_takes_it(demo: Demo) -> None:
    first = next(line for line in demo.said().splitlines() if "ems.cycle: slot" in line)
    assert " optimised" in first
    assert "unreachable" not in first
    plan = json.loads(demo.of_data("plan", "--json"))
    assert plan["origin"] == "optimised"
    assert plan["setpoints"] > 500


def test_the_page_shows_the_district_to_who_has_the_password(demo: Demo, browser: Any) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://127.0.0.1:{demo.port}/")
    name, password = (demo.folder / "operator-password").read_text().split()
    assert f"{name}  {password}" in demo.said()
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.click("button.primary")
    page.locator("#mode", has_text="automatic").wait_for()
    _import_is_shown(page)
    page.goto(f"http://127.0.0.1:{demo.port}/devices")
    _devices_are_listed(page)
    assert complaints == []
    page.context.close()


def _import_is_shown(page: Any) -> None:
    page.wait_for_function(
        "() => /[0-9]/.test(document.querySelector('[data-figure=net]').textContent)"
    )
    page.locator("#chart canvas").first.wait_for()
    page.locator("#cycles tbody tr").first.wait_for()


def _devices_are_listed(page: Any) -> None:
    page.wait_for_function("() => document.querySelectorAll('#devices tbody tr').length === 548")


def test_the_building_manager_gets_the_plan(demo: Demo) -> None:
    rows = list(csv.DictReader(demo.of_data("export", "plan", "--building", "D1").splitlines()))
    assert len(rows) > 96 * 70
    assert all(row["point"] and row["reason_en"] and row["reason_fr"] for row in rows[:500])
    told = json.loads(demo.of_data("export", "plan", "--building", "D1", "--format", "json"))
    assert (told["building"], len(told["rows"])) == ("D1", len(rows))


def test_the_resident_gets_the_consumption(demo: Demo) -> None:
    words = ("export", "consumption", "--dwelling", "D1-0304")
    rows = list(csv.DictReader(demo.of_data(*words).splitlines()))
    assert len(rows) == 7 * 96
    measured = [row for row in rows if row["electricity_kwh"]]
    assert len(measured) > 6.5 * 96
    told = json.loads(demo.of_data(*words, "--format", "json", "--days", "1"))
    assert (told["dwelling"], len(told["rows"])) == ("D1-0304", 96)


def test_every_device_has_answered(demo: Demo) -> None:
    listed = json.loads(demo.of_data("devices", "list", "--json"))
    assert len(listed) == 548
    assert [one["id"] for one in listed if one["worst"] != "good"] == []


@pytest.mark.parametrize("device", ["HP-1", "B1-0201"], ids=["Modbus", "BACnet"])
def test_a_device_is_read_on_the_wire_beside_the_running_service(demo: Demo, device: str) -> None:
    values = json.loads(ems("devices", "read", device, "--net", str(NET), "--json"))
    assert len(values) > 5
    assert all(point["quality"] == "GOOD" for point in values.values())


def test_a_plain_kill_ends_everything_and_a_second_start_goes_on(demo: Demo) -> None:
    clock = (demo.folder / "clock.json").read_text()
    plan = json.loads(demo.of_data("plan", "--json"))
    demo.of_data("mode", "shadow")
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(END_S) == 0
    assert "Traceback" not in demo.said()
    _nobody_is_left(demo.process.pid)
    assert running_on(demo.folder / "postgres") is None
    again = started(demo.folder)
    try:
        again.wait(again.dispatched, "the first plan after the second start")
        _it_goes_on(again, clock, plan)
    finally:
        ended(again)


def _nobody_is_left(session: int) -> None:
    """Python's own tracker of resources ends a moment after the process that it serves."""
    give_up = time.monotonic() + END_S
    while left := processes_of(session):
        assert time.monotonic() < give_up, left
        time.sleep(0.05)


def _it_goes_on(again: Demo, clock: str, before: dict[str, Any]) -> None:
    """The same clock, the past kept, and the mode that was chosen."""
    assert (again.folder / "clock.json").read_text() == clock
    plan = json.loads(again.of_data("plan", "--json"))
    assert datetime.fromisoformat(plan["issued_at"]) > datetime.fromisoformat(before["issued_at"])
    assert again.of_data("mode").strip() == "shadow"
    again.wait(lambda: "withheld" in again.said(), "a plan that is withheld")
    words = ("export", "consumption", "--dwelling", "D1-0304", "--days", "27", "--format", "json")
    rows = json.loads(again.of_data(*words))["rows"]
    assert sum(row["electricity_kwh"] is not None for row in rows) > 26.8 * 96
