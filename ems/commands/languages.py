"""The `--help` of commands in French, where the terminal speaks it.

The sources speak English; `locale/fr/LC_MESSAGES/commands.po` holds the translations, a paragraph
each. What it lacks stays English. `EMS_LANGUAGE` goes before the language of the system.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
"""A command or a group, of the click that typer brings along."""

LOCALE = Path(__file__).parent / "locale"
VARIABLES = ("EMS_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
TRANSLATED = ("fr",)


def language(environment: Mapping[str, str]) -> str:
    """Two letters: what the first variable that is set says; English unless it is translated."""
    said = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    return said[:2].lower() if said[:2].lower() in TRANSLATED else "en"


def in_own_language(command: T) -> T:
    """`command` with its help, and that of all below it, in the language of this process."""
    if (spoken := language(os.environ)) != "en":
        translate(command, catalogue(spoken))
    return command


def translate(command: Any, words: Mapping[str, str]) -> None:
    """Put every paragraph that `words` knows in its place."""
    for one in _and_below(command):
        one.help = _translated(one.help, words)
        one.short_help = _translated(one.short_help, words)
        for option in one.params:
            if isinstance(getattr(option, "help", None), str):
                option.help = _translated(option.help, words)


def paragraphs(command: Any) -> Iterator[str]:
    """Every paragraph of help of `command` and of all below it."""
    for one in _and_below(command):
        texts = [one.help, *(getattr(option, "help", None) for option in one.params)]
        for text in filter(None, texts):
            yield from (_joined(part) for part in text.split("\n\n"))


@cache
def catalogue(spoken: str, domain: str = "commands") -> Mapping[str, str]:
    """The translations into a language, by the English paragraph; `domain`: of what."""
    from babel.messages.pofile import read_po  # only who needs it waits for it

    with (LOCALE / spoken / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        found = read_po(file, locale=spoken)
    return {str(m.id): str(m.string) for m in found if m.id and m.string}


def _and_below(command: Any) -> Iterator[Any]:
    yield command
    for child in getattr(command, "commands", {}).values():
        yield from _and_below(child)


def _translated(text: str | None, words: Mapping[str, str]) -> str | None:
    if text is None:
        return None
    return "\n\n".join(words.get(_joined(part), part) for part in text.split("\n\n"))


def _joined(paragraph: str) -> str:
    return " ".join(paragraph.split())
