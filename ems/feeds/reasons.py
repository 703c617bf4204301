"""Why a setpoint is what it is, in words: the one place for these texts, in French and English."""

import math
from functools import lru_cache
from typing import Literal

from babel.numbers import format_decimal

from ems.domain.plans import Reason, ReasonCode

Language = Literal["fr", "en"]

REASON_TEXTS: dict[ReasonCode, dict[Language, str]] = {
    ReasonCode.COMFORT: {
        "fr": "Maintient le confort",
        "en": "Holds comfort",
    },
    ReasonCode.PREHEAT: {
        "fr": "Chauffe d'avance, avant une période plus chère",
        "en": "Heats ahead of a dearer time",
    },
    ReasonCode.COAST: {
        "fr": "Laisse le bâtiment rendre sa chaleur, car l'heure est chère",
        "en": "Lets the building give back its heat, as the time is dear",
    },
    ReasonCode.CHEAP: {
        "fr": "Profite d'une heure bon marché",
        "en": "Uses a cheap time",
    },
    ReasonCode.DEAR: {
        "fr": "Attend, car l'heure est chère",
        "en": "Waits, as the time is dear",
    },
    ReasonCode.SOLAR: {
        "fr": "Utilise le surplus solaire",
        "en": "Uses surplus sun",
    },
    ReasonCode.DEPARTURE: {
        "fr": "La voiture part bientôt",
        "en": "The car leaves soon",
    },
    ReasonCode.FEEDER_FULL: {
        "fr": "Le départ électrique est à sa limite",
        "en": "The feeder is at its limit",
    },
    ReasonCode.CONNECTION_FULL: {
        "fr": "La puissance souscrite est atteinte",
        "en": "The subscribed power is reached",
    },
    ReasonCode.CAPACITY_FULL: {
        "fr": "La sous-station ou la centrale est à sa limite",
        "en": "The substation or the plant is at its limit",
    },
    ReasonCode.HYGIENE: {
        "fr": "Chauffe l'eau stockée par hygiène (légionelles)",
        "en": "Heats stored water for hygiene (legionella)",
    },
    ReasonCode.NOT_NEEDED: {
        "fr": "Rien n'est demandé",
        "en": "Nothing is asked of it",
    },
    ReasonCode.RULE: {
        "fr": "Règle simple, faute de plan",
        "en": "A plain rule, for want of a plan",
    },
    ReasonCode.SHARED_HEAT: {
        "fr": "Utilise la chaleur rejetée par le froid",
        "en": "Uses heat that cooling rejects",
    },
    ReasonCode.UNLIMITED: {
        "fr": "Aucune limite n'est nécessaire",
        "en": "No limit is needed",
    },
    ReasonCode.ON_SITE: {
        "fr": "Réglé sur place par une personne",
        "en": "Set by a person on site",
    },
    ReasonCode.GRID_EVENT: {
        "fr": "Le réseau demande un appel de puissance moindre",
        "en": "The grid asks for less import",
    },
}
"""By code and language, without the figure."""

_PRICE, _POWER, _HOURS = ("€/kWh", "0.000"), ("kW", "#,##0"), ("h", "0.0")

_FIGURES: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.PREHEAT: _PRICE,
    ReasonCode.COAST: _PRICE,
    ReasonCode.CHEAP: _PRICE,
    ReasonCode.DEAR: _PRICE,
    ReasonCode.SOLAR: _POWER,
    ReasonCode.DEPARTURE: _HOURS,
    ReasonCode.FEEDER_FULL: _POWER,
    ReasonCode.CONNECTION_FULL: _POWER,
    ReasonCode.CAPACITY_FULL: _POWER,
    ReasonCode.SHARED_HEAT: _POWER,
    ReasonCode.GRID_EVENT: _POWER,
}
"""Unit and number format of the figure that goes with a code."""


@lru_cache(maxsize=20_000)
def reason_text(reason: Reason, language: Language) -> str:
    """A reason in words, with its figure: `Uses a cheap time (0.094 €/kWh)`."""
    text = REASON_TEXTS[reason.code][language]
    if reason.code not in _FIGURES or not math.isfinite(reason.value):
        return text
    unit, pattern = _FIGURES[reason.code]
    return f"{text} ({format_decimal(reason.value, pattern, locale=language)} {unit})"
