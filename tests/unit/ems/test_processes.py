"""Processes that belong together end together, whatever ends the first of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from family_at_work import be_deaf, fail, wait_and_sign

from ems.processes import Family

PATIENCE_S = 20.0


@pytest.fixture
def family() -> Iterator[Family]:
    family = Family()
    yield family
    family.stop()


def wait_until(true: Callable[[], object], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up, f"{what} did not happen"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether a process lives; one that is dead and only not yet reaped does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def started(family: Family, name: str, book: Path) -> int:
    """A child that lives: its process id."""
    reader, writer = family.pipe()
    family.start(name, wait_and_sign, name, book, writer)
    return int(reader.recv())


def test_the_last_one_started_is_the_first_to_end(family: Family, tmp_path: Path) -> None:
    book = tmp_path / "book"
    for name in ("plant", "service", "console"):
        started(family, name, book)
    family.stop()
    assert book.read_text().split() == ["console", "service", "plant"]


def test_a_child_that_dies_is_named(family: Family, tmp_path: Path) -> None:
    started(family, "plant", tmp_path / "book")
    service = started(family, "service", tmp_path / "book")
    assert family.dead() is None
    os.kill(service, signal.SIGKILL)
    wait_until(family.dead, "the death of the service")
    assert family.dead() == "service"


def test_an_expected_failure_ends_a_child_with_its_message_and_no_traceback(
    family: Family, capfd: pytest.CaptureFixture[str]
) -> None:
    child = family.start("console", fail)
    child.join(PATIENCE_S)
    said = capfd.readouterr().err
    assert child.exitcode == 1
    assert "the port is taken" in said
    assert "fix: give another" in said
    assert "Traceback" not in said


def test_a_child_that_does_not_listen_is_made_to_end(family: Family) -> None:
    reader, writer = family.pipe()
    child = family.start("deaf", be_deaf, writer)
    reader.recv()
    family.stop(patience_s=0.1)
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGHUP], ids=lambda sent: sent.name)
def test_what_a_terminal_sends_is_left_to_the_parent(
    family: Family, tmp_path: Path, sent: signal.Signals
) -> None:
    child = started(family, "plant", tmp_path / "book")
    os.kill(child, sent)
    os.kill(started(family, "service", tmp_path / "book"), signal.SIGTERM)
    wait_until(family.dead, "the end of the service")
    assert family.dead() == "service"
    assert runs(child)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = Path(__file__).with_name("family_at_work.py")
    parent = subprocess.Popen(
        [sys.executable, script, tmp_path / "book"], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        children = [int(parent.stdout.readline()) for _ in range(2)]
        assert all(map(runs, children))
        parent.kill()
        wait_until(lambda: not any(map(runs, children)), "the end of the children")
    assert sorted((tmp_path / "book").read_text().split()) == ["plant", "service"]
