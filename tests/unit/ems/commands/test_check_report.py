"""The installer's page says everything in French as in English."""

import re
from pathlib import Path

import pytest

from ems.commands import check_report
from ems.commands.check_report import html_text
from ems.commands.report_words import Words
from ems.devices.ede import Difference
from ems.devices.inspection import DeviceCheck, Inspection, PointCheck, SumCheck, Verdict
from ems.domain.district import DeviceKind, District

RANGE = "-20 to 60 is believable: compare address, type and scale"
TRANSFORMERS = "look at the current transformers: direction, phase, ratio"


@pytest.fixture(scope="module")
def found(district: District) -> Inspection:
    """A device of each verdict, sums that do not add up, and a gap in the integrator's list."""
    room = PointCheck(
        name="room_temp_c", value=85.0, unit="°C", verdict=Verdict.OUT_OF_RANGE, fix=RANGE
    )
    bad = DeviceCheck(
        device=district.devices["D1-0101"], verdict=Verdict.OUT_OF_RANGE, fix=RANGE,
        what="room_temp_c out of range, bedroom_temp_c no value", points=(room,),
    )  # fmt: skip
    away = DeviceCheck(
        device=district.devices["HP-1"], verdict=Verdict.NO_ANSWER,
        what="10.0.1.1:502 takes no connection", fix="check power, network, host and port",
    )  # fmt: skip
    phases = SumCheck(
        name="phases of meter A1", shown_kw=12.0, summed_kw=4.0, verdict=Verdict.IMPLAUSIBLE,
        fix=TRANSFORMERS,
    )  # fmt: skip
    gap = Difference(
        device="B1-0201", point="room_temp_c", what="analog-input 1 is not in the list",
        fix="correct the map, or have the object added",
    )  # fmt: skip
    return Inspection(devices=(bad, away), sums=(phases,), listed=(gap,))


def test_the_page_is_french_for_who_reads_french(found: Inspection, district: District) -> None:
    page = html_text(found, district, "fr")
    for words in (
        '<html lang="fr">',
        "2 équipements lus, 2 à examiner ; 1 sommes sur 1 ne sont pas cohérentes",
        "room_temp_c hors plage, bedroom_temp_c sans valeur",
        "-20 à 60 est plausible : comparer l&#39;adresse, le type et l&#39;échelle",
        "10.0.1.1:502 n&#39;accepte pas de connexion",
        "régulateur de logement",
        "phases du compteur A1",
        "analog-input 1 n&#39;est pas dans la liste",
    ):
        assert words in page
    for english in ("looked at", "Look at", "believable", "no answer", "out of range", "Done"):
        assert english not in page


def test_the_page_is_english_for_everybody_else(found: Inspection, district: District) -> None:
    page = html_text(found, district, "en")
    assert "2 devices read, 2 to be looked at; 1 of 1 sums do not add up." in page
    assert RANGE in page
    assert TRANSFORMERS in page


def test_every_kind_and_verdict_and_heading_has_its_french_word() -> None:
    source = Path(check_report.__file__).read_text(encoding="utf-8")
    headings = re.findall(r'_\("([^"]+)"\)', source)
    for row in re.findall(r"head\(([^)]+)\)", source):
        headings += re.findall(r'"([^"]+)"', row)
    assert len(headings) > 10
    same = {"Point", "Verdict"}
    say = Words("fr")
    for word in {*headings, *(v.value for v in Verdict), *(k.value for k in DeviceKind)} - same:
        assert say(word) != word, word
