"""Every text of the console is there in French and in English."""

from pathlib import Path

import httpx
import pytest
from babel.messages.extract import extract_from_dir

import ems.console
from ems.console.texts import read_texts

HERE = Path(ems.console.__file__).parent
SOURCES = [
    ("templates/**.html", "jinja2.ext:babel_extract"),
    ("static/js/**.js", "javascript"),
    ("**.py", "python"),
]


def texts_in_use() -> set[str]:
    found = extract_from_dir(HERE, SOURCES, keywords={"_": None, "t": None})
    return {str(message) for _, _, message, _, _ in found}


def test_everything_is_translated_and_nothing_else() -> None:
    assert set(read_texts()["fr"].catalogue) == texts_in_use()


def test_placeholders_survive_translation() -> None:
    def names(text: str) -> set[str]:
        return {part.partition("}")[0] for part in text.split("{")[1:]}

    for english, french in read_texts()["fr"].catalogue.items():
        assert names(english) == names(french), english


@pytest.mark.parametrize(
    ("address", "accepted", "heading"),
    [
        ("/sign-in", "de, es", "Se connecter"),
        ("/sign-in", "en-GB,en;q=0.9", "Sign in"),
        ("/sign-in", "fr-CA", "Se connecter"),
        ("/sign-in?lang=fr", "en", "Se connecter"),
        ("/sign-in?lang=xx", "en", "Sign in"),
    ],
)
async def test_the_language_of_a_visitor(
    visitor: httpx.AsyncClient, address: str, accepted: str, heading: str
) -> None:
    page = (await visitor.get(address, headers={"Accept-Language": accepted})).text
    assert heading in page


async def test_a_language_once_chosen_is_kept(visitor: httpx.AsyncClient) -> None:
    await visitor.get("/sign-in?lang=fr")
    assert "Se connecter" in (await visitor.get("/sign-in")).text
