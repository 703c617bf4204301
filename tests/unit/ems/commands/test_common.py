"""What goes wrong is told in one clear message with its fix, by every command."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import typer
from typer.testing import Result

from ems.cli import app
from ems.commands.common import fail
from ems.config import SMARTSEILLE
from ems.domain.errors import EmsError
from ems.store.postmaster import running_on

Ems = Callable[..., Result]
AWAY = "postgresql://nobody@127.0.0.1:9/nothing"


def commands() -> Iterator[tuple[str, ...]]:
    """Every command, as the words after `ems`."""

    def below(group: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name in group.list_commands(None) if hasattr(group, "list_commands") else ():
            yield (*words, name)
            yield from below(group.get_command(None, name), (*words, name))

    yield from below(typer.main.get_command(app), ())


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a path short enough for the server's socket."""
    with TemporaryDirectory(prefix="ems-") as made:
        yield Path(made)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_every_command_is_known() -> None:
    known = {" ".join(words) for words in commands()}
    assert {"demo", "run", "plan", "simulate", "mode", "doctor", "config check"} <= known


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_has_a_help_text(ems: Ems, words: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.get_command(None, word)
    assert len(command.help or "") > 20
    assert all(option.help for option in command.params if option.name != "help")
    assert ems(*words, "--help").exit_code == 0


def test_a_command_does_not_wait_for_the_imports_of_the_others() -> None:
    asked = "import sys, ems.cli; sys.exit('pvlib' in sys.modules or 'scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", asked], check=True)


def test_brackets_of_a_message_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    fail(EmsError("no folder [/tmp/x] of shape [slots]", fix="see [bold]"))
    assert "no folder [/tmp/x] of shape [slots]\nfix: see [bold]\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("mode",),
        ("mode", "automatic"),
        ("devices", "list"),
        ("export", "plan", "--building", "D1"),
        ("export", "consumption", "--dwelling", "D1-0304"),
    ],
    ids=" ".join,
)
def test_a_database_that_is_away_is_told(ems: Ems, words: tuple[str, ...]) -> None:
    result = ems(*words, "--dsn", AWAY)
    assert result.exit_code == 1
    assert "the database does not answer" in result.stderr
    assert "fix:" in result.stderr


@pytest.mark.parametrize("words", [("demo",), ("run",)], ids=" ".join)
def test_a_start_without_database_is_told(ems: Ems, folder: Path, words: tuple[str, ...]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = ems(*words, "--dsn", AWAY, "--data", folder, "--port", port)
    assert result.exit_code == 1
    assert "the database does not answer" in result.stderr


@pytest.mark.parametrize("words", [("demo",), ("run",)], ids=" ".join)
def test_a_port_in_use_is_told_and_nothing_is_started(
    ems: Ems, folder: Path, taken_port: int, words: tuple[str, ...]
) -> None:
    result = ems(*words, "--data", folder, "--port", taken_port)
    assert result.exit_code == 1
    assert f"port {taken_port} is in use" in result.stderr
    assert "--port" in result.stderr
    assert running_on(folder / "postgres") is None
    assert not (folder / "postgres").exists()


@pytest.mark.parametrize("words", [("demo",), ("run",), ("plan",), ("mode",)], ids=" ".join)
def test_a_data_folder_that_cant_be_used_is_told(
    ems: Ems, tmp_path: Path, words: tuple[str, ...]
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    result = ems(*words, "--data", in_the_way)
    assert result.exit_code == 1
    assert str(in_the_way) in result.stderr
    assert "fix:" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_data_folder_of_another_is_told(ems: Ems, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    result = ems("demo", "--data", tmp_path)
    assert result.exit_code == 1
    assert "may write to" in result.stderr


def test_a_clock_that_is_none_is_told(ems: Ems, folder: Path) -> None:
    (folder / "clock.json").write_text("yesterday")
    result = ems("doctor", "--json", "--data", folder)
    clock = next(f for f in json.loads(result.stdout)["findings"] if f["name"] == "clock")
    assert result.exit_code == 1
    assert "does not hold a clock" in clock["what"]
    assert "remove" in clock["fix"]


def test_before_anything_was_measured(ems: Ems, folder: Path) -> None:
    """On a fresh folder: no plan, no consumption, no readings, the mode shadow."""
    for words in (
        ("plan",),
        ("export", "plan", "--building", "D1"),
        ("export", "consumption", "--dwelling", "D1-0304"),
    ):
        result = ems(*words, "--data", folder)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "fix: start the district: `ems demo`" in result.stderr
    _the_doctor_finds_devices_that_never_answered(ems, folder)
    _the_mode_is_kept(ems, folder)
    assert running_on(folder.resolve() / "postgres") is None


def _the_doctor_finds_devices_that_never_answered(ems: Ems, folder: Path) -> None:
    result = ems("doctor", "--json", "--data", folder)
    findings = {found["name"]: found for found in json.loads(result.stdout)["findings"]}
    assert result.exit_code == 1
    assert all(findings[name]["ok"] for name in ("description", "clock", "database"))
    assert "548 lack values" in findings["devices"]["what"]
    assert findings["devices"]["fix"]


def _the_mode_is_kept(ems: Ems, folder: Path) -> None:
    assert ems("mode", "--data", folder).stdout.strip() == "shadow"
    assert ems("mode", "advisory", "--data", folder).stdout.strip() == "advisory"
    assert ems("mode", "--data", folder).stdout.strip() == "advisory"
    assert ems("mode", "lazy", "--data", folder).exit_code == 2


def test_a_real_district_is_not_mixed_with_a_demo(ems: Ems, folder: Path) -> None:
    (folder / "clock.json").write_text("{}")
    result = ems("run", "--data", folder)
    assert result.exit_code == 1
    assert "data of a demo" in result.stderr


def test_a_fresh_demo_removes_nothing_that_is_not_a_demos(ems: Ems, folder: Path) -> None:
    (folder / "letters").write_text("dear")
    (folder / "postgres").mkdir()
    ems("demo", "--fresh", "--data", folder, "--dsn", AWAY)
    assert (folder / "letters").exists()
    assert (folder / "postgres").exists()


def test_a_device_that_does_not_answer_is_told(ems: Ems) -> None:
    result = ems("devices", "read", "HP-1", "--net", 72)
    assert result.exit_code == 1
    assert "HP-1" in result.stderr or "127.72" in result.stderr


def test_a_device_that_is_not_there_is_told(ems: Ems) -> None:
    result = ems("devices", "read", "HP-9")
    assert result.exit_code == 1
    assert "there is no device HP-9" in result.stderr


def test_the_program_and_the_module_are_the_same() -> None:
    asked = [sys.executable, "-m", "ems", "--version"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=SMARTSEILLE)
    assert told.stdout.strip().count(".") == 2
