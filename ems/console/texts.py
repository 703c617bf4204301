"""The console's texts in French and English.

The sources speak English; `locale/<language>/LC_MESSAGES/console.po` holds the translations. They
are read once at start, straight from the catalogue, and serve the templates and, as a plain
dictionary, the scripts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.pofile import read_po
from fastapi import Request

from ems.feeds.reasons import Language

LANGUAGES: dict[Language, str] = {"fr": "Français", "en": "English"}
"""The first is the default."""

DEFAULT: Language = "fr"
COOKIE = "language"
LOCALE = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Texts:
    """The texts of one language, for templates (gettext) and scripts (dictionary)."""

    language: Language
    """Two letters."""

    catalogue: Mapping[str, str]
    """By the English text; empty for English itself."""

    def gettext(self, message: str) -> str:
        """`message` in this language, or itself."""
        return self.catalogue.get(message, message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The form for `n`; the console's texts avoid plurals otherwise."""
        return self.gettext(one if n == 1 else many)


def read_texts() -> dict[Language, Texts]:
    """All languages, by their two letters."""
    return {language: Texts(language, _catalogue(language)) for language in LANGUAGES}


def _catalogue(language: str) -> dict[str, str]:
    path = LOCALE / language / "LC_MESSAGES" / "console.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {str(m.id): str(m.string) for m in catalogue if m.id and m.string}


def language_of(request: Request) -> Language:
    """What a visitor reads: asked for in the address, chosen before, set in the browser, French."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if (known := _known(asked)) is not None:
            return known
    accepted = [
        part.split(";")[0].strip().replace("-", "_")
        for part in request.headers.get("accept-language", "").split(",")
    ]
    return _known(negotiate_locale(accepted, list(LANGUAGES))) or DEFAULT


def _known(asked: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == asked), None)
