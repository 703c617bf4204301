"""A month of shared sun: exact sums, the 25-hour day, the better option, a page to read."""

import csv
import io
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from ems.config import SMARTSEILLE
from ems.config.loader import read_as
from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.sharing_terms import NetworkOption, SharingTerms, saving
from ems.domain.slots import Horizon
from ems.domain.snapshot import QuarterHours
from ems.feeds.sharing_month import PlainCsv, SharingMonth, sharing_month
from ems.feeds.statement import Statement, statement_csv, statement_pdf, statements

OCTOBER = date(2026, 10, 1)
SOME = ("D1-0304", "D1-0301", "D1-0302")


class Measured:
    """A month in which the district exports 2 kW in the middle of each day."""

    async def quarter_hours(self, points: tuple[str, ...], horizon: Horizon) -> QuarterHours:
        rng = np.random.default_rng(3)
        values = rng.uniform(0.1, 1.5, (len(points), horizon.length))
        values[0] = np.where(np.arange(horizon.length) % 96 // 24 == 2, -2.0, 30.0)
        values[1, 10:14] = np.nan
        return QuarterHours(points=tuple(points), horizon=horizon, values=values)


@pytest.fixture
async def month(district: District) -> SharingMonth:
    return await sharing_month(Measured(), district, OCTOBER, SOME)


@pytest.fixture(scope="module")
def terms() -> SharingTerms:
    return read_as(SMARTSEILLE / "sharing.yaml", SharingTerms)


@pytest.fixture
def own(month: SharingMonth, district: District, terms: SharingTerms) -> tuple[Statement, ...]:
    return statements(month, district, terms)


async def test_the_totals_agree_to_the_watt_hour(month: SharingMonth) -> None:
    rows = csv.DictReader(io.StringIO(PlainCsv().totals(month)))
    told = {(row["party"], row["quantity"]): int(row["energy_wh"]) for row in rows}

    assert told["HTA", "PROD"] == told["HTA", "AUTOPROD"] + told["HTA", "SURPLUS"]
    assert told["HTA", "AUTOPROD"] == sum(told[dwelling, "AUTOCONS"] for dwelling in SOME)
    for dwelling in SOME:
        assert told[dwelling, "CONS"] == told[dwelling, "AUTOCONS"] + told[dwelling, "COMPLEMENT"]


async def test_october_has_one_hour_more(month: SharingMonth) -> None:
    assert month.horizon.length == 31 * 96 + 4


async def test_coefficients_are_there_only_when_the_sun_gives(
    month: SharingMonth, district: District
) -> None:
    rows = list(csv.DictReader(io.StringIO(PlainCsv().coefficients(month, district))))
    by_slot: dict[str, float] = {}
    for row in rows:
        by_slot[row["start_utc"]] = by_slot.get(row["start_utc"], 0) + float(row["coefficient"])

    produced = int((month.allocation.produced_wh > 0).sum())
    assert len(by_slot) == produced
    assert max(by_slot.values()) <= 1 + 1e-5


def test_statements_add_up_by_day_and_say_what_was_not_measured(
    own: tuple[Statement, ...],
) -> None:
    for one in own:
        assert one.used_by_day_wh.sum() == one.used_wh
        assert one.shared_by_day_wh.sum() == one.shared_wh <= one.used_wh
        assert len(one.used_by_day_wh) == 31
    assert [one.missing for one in own] == [4, 0, 0]


def test_sharing_saves_and_the_better_option_is_taken(
    own: tuple[Statement, ...], terms: SharingTerms
) -> None:
    assert all(one.saving.saved_eur > 0 for one in own)
    little, much = np.array([10, 0, 0, 0]), np.array([90_000, 0, 0, 0])
    rest = np.array([200_000, 0, 0, 0])

    assert saving(terms, little, rest).option is NetworkOption.USUAL
    assert saving(terms, much, rest).option is NetworkOption.SHARED


def test_a_saving_reckoned_by_hand(terms: SharingTerms) -> None:
    found = saving(terms, np.array([0, 0, 100_000, 0]), np.zeros(4, dtype=np.int64))

    network = min(0.0166 * 100, 0.0076 * 100 + 4.47 / 12) * 1.2
    assert found.without_eur == pytest.approx(19.40)
    assert found.with_eur == pytest.approx(10.0 + 0.02998 * 1.2 * 100 + network)


def test_the_page_can_be_read_and_names_what_it_saved(
    own: tuple[Statement, ...], district: District, tmp_path: Path
) -> None:
    file = tmp_path / "statement.pdf"
    file.write_bytes(statement_pdf(own[0], district, "en"))

    (page,) = PdfReader(file).pages
    text = page.extract_text()
    assert own[0].participant in text
    assert f"€{own[0].saving.saved_eur:.2f}" in text
    assert "October 2026" in text


def test_the_sheet_says_the_same(own: tuple[Statement, ...]) -> None:
    rows = {r["quantity"]: r["value"] for r in csv.DictReader(io.StringIO(statement_csv(own[1])))}

    assert int(rows["CONS"]) == int(rows["AUTOCONS"]) + int(rows["COMPLEMENT"])
    assert float(rows["saved"]) == round(own[1].saving.saved_eur, 2)


async def test_nobody_taking_part_is_said(district: District) -> None:
    with pytest.raises(EmsError, match="no dwelling takes part"):
        await sharing_month(Measured(), district, OCTOBER, ())
