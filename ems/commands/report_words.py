"""The words of the installer's report in the language of its reader.

The sources speak English; `locale/fr/LC_MESSAGES/report.po` holds what stands on the page, what was
found and what to look at. Where a message has numbers or names in it, `{}` stands for each. What
the catalogue lacks stays English.
"""

import re
from collections.abc import Mapping
from functools import cache

from ems.commands.languages import catalogue

DOMAIN = "report"
_GAP = "{}"


class Words:
    """Says things in one language."""

    def __init__(self, spoken: str) -> None:
        """`spoken`: two letters."""
        self._known = _known(spoken)

    def __call__(self, said: str) -> str:
        """What `said` is in this language; where several things are listed, each of them."""
        if said in self._known:
            return self._known[said]
        for pattern, there in _patterns(tuple(self._known.items())):
            if found := pattern.fullmatch(said):
                return there.format(*map(self, found.groups()))
        several = said.split(", ")
        return ", ".join(map(self, several)) if len(several) > 1 else said


def _known(spoken: str) -> Mapping[str, str]:
    return {} if spoken == "en" else catalogue(spoken, DOMAIN)


@cache
def _patterns(known: tuple[tuple[str, str], ...]) -> list[tuple[re.Pattern[str], str]]:
    """The messages with gaps, the longest first."""
    gapped = sorted((pair for pair in known if _GAP in pair[0]), key=lambda pair: -len(pair[0]))
    return [(re.compile("(.+?)".join(map(re.escape, a.split(_GAP)))), b) for a, b in gapped]
