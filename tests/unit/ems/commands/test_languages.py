"""The help of the devices' commands, in French as in English."""

from typing import Any

import pytest
import typer

from ems.cli import app
from ems.commands.languages import catalogue, language, paragraphs, translate


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "EMS_LANGUAGE": "fr"}, "fr"),
        ({}, "en"),
    ],
)
def test_the_terminals_language_is_spoken(environment: dict[str, str], spoken: str) -> None:
    assert language(environment) == spoken


def commands_of_devices() -> list[Any]:
    whole: Any = typer.main.get_group(app)
    devices = whole.get_command(None, "devices")
    return [devices, *(devices.get_command(None, name) for name in devices.list_commands(None))]


def test_every_word_of_the_devices_commands_is_translated_and_nothing_else() -> None:
    said = {text for command in commands_of_devices() for text in paragraphs(command)}
    known = set(catalogue("fr"))
    assert said - known == set()
    assert known - said == set()


def test_a_help_is_put_into_french_paragraph_by_paragraph() -> None:
    single = typer.Typer(add_completion=False)

    @single.command(help="Only devices of this kind.\n\nNot in the\ncatalogue.")
    def shown(json: bool = typer.Option(False, help="Print JSON for a machine.")) -> None: ...

    command = typer.main.get_command(single)
    translate(command, catalogue("fr"))
    assert command.help == "Seulement les équipements de ce type.\n\nNot in the\ncatalogue."
    assert [getattr(option, "help", "") for option in command.params] == [
        "Écrit du JSON, pour une machine."
    ]
