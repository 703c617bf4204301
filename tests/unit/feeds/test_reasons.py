import pytest

from ems.domain.plans import Reason, ReasonCode
from ems.feeds.reasons import REASON_TEXTS, Language, reason_text


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name)
def test_every_reason_has_words_in_both_languages(code: ReasonCode) -> None:
    french, english = REASON_TEXTS[code]["fr"], REASON_TEXTS[code]["en"]
    assert french
    assert english
    assert french != english
    assert "nan" not in reason_text(Reason(code), "fr")


@pytest.mark.parametrize(
    ("reason", "language", "text"),
    [
        (Reason(ReasonCode.CHEAP, 0.0944), "en", "Uses a cheap time (0.094 €/kWh)"),
        (Reason(ReasonCode.CHEAP, 0.0944), "fr", "Profite d'une heure bon marché (0,094 €/kWh)"),
        (Reason(ReasonCode.DEPARTURE, 1.25), "en", "The car leaves soon (1.2 h)"),
        (Reason(ReasonCode.CONNECTION_FULL, 1000.0), "en",
         "The subscribed power is reached (1,000 kW)"),
        (Reason(ReasonCode.COMFORT), "en", "Holds comfort"),
        (Reason(ReasonCode.RULE, 3.0), "en", "A plain rule, for want of a plan"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) > 2 else "",
)  # fmt: skip
def test_a_reason_is_said_with_its_figure(reason: Reason, language: Language, text: str) -> None:
    assert reason_text(reason, language) == text
