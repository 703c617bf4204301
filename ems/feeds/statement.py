"""A participant's statement of one month: what it used, its share of the sun, and what that saved.

As CSV for a sheet, and as one page of PDF with a picture of its days.
"""

import io
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.sharing_terms import LOW_VOLTAGE, NetworkOption, Saving, SharingTerms, saving
from ems.domain.slots import Slot, slots_of_local_day
from ems.domain.tariff import Tariff, TimeClass
from ems.feeds.reasons import Language
from ems.feeds.sharing_month import SharingMonth
from ems.feeds.table import csv_text

COLUMNS = ("participant", "month", "quantity", "value", "unit")

_TEXTS: dict[str, dict[Language, str]] = {
    "title": {"fr": "Votre part du soleil", "en": "Your share of the sun"},
    "used": {"fr": "Consommation", "en": "Used"},
    "shared": {"fr": "dont part du soleil", "en": "of it, from the common sun"},
    "rest": {"fr": "dont fournisseur", "en": "of it, from your supplier"},
    "without": {"fr": "Coût sans partage", "en": "Cost without sharing"},
    "with": {"fr": "Coût avec partage", "en": "Cost with sharing"},
    "saved": {"fr": "Économie", "en": "Saved"},
    "option": {"fr": "Option réseau la moins chère", "en": "Cheaper network option"},
    "usual": {"fr": "habituelle", "en": "usual"},
    "option_shared": {"fr": "autoconsommation collective", "en": "collective self-consumption"},
    "missing": {
        "fr": "Quarts d'heure sans mesure (comptés comme nuls)",
        "en": "Quarter hours without a reading (counted as nothing)",
    },
    "day": {"fr": "Jour du mois", "en": "Day of the month"},
    "note": {
        "fr": "Coûts avec TVA ; prix et hypothèses : voir la description du partage.",
        "en": "Costs with VAT; prices and assumptions stand in the description of the sharing.",
    },
}
_A4_IN = (8.27, 11.69)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One participant's month."""

    participant: str
    """Its dwelling."""

    first: date
    """The first day of the month, local."""

    used_wh: int
    """CONS."""

    shared_wh: int
    """AUTOCONS."""

    saving: Saving
    """What it saved."""

    missing: int
    """Quarter hours without a reading, in which nothing was shared with it."""

    used_by_day_wh: NDArray[np.int64] = field(repr=False)
    """Shape [days]."""

    shared_by_day_wh: NDArray[np.int64] = field(repr=False)
    """Shape [days]."""


def statements(
    month: SharingMonth, district: District, terms: SharingTerms
) -> tuple[Statement, ...]:
    """A statement for each participant of `month`."""
    classes = low_voltage_classes(month, district)
    days = _days(month, district)
    received, used = month.allocation.received_wh, month.allocation.consumed_wh
    return tuple(
        Statement(
            participant=dwelling,
            first=month.first,
            used_wh=int(used[number].sum()),
            shared_wh=int(received[number].sum()),
            saving=saving(
                terms,
                _grouped(received[number], classes, len(LOW_VOLTAGE)),
                _grouped(used[number] - received[number], classes, len(LOW_VOLTAGE)),
            ),
            missing=int(month.unmeasured_slots[number]),
            used_by_day_wh=_grouped(used[number], days, int(days[-1]) + 1),
            shared_by_day_wh=_grouped(received[number], days, int(days[-1]) + 1),
        )
        for number, dwelling in enumerate(month.participants)
    )


def low_voltage_classes(month: SharingMonth, district: District) -> NDArray[np.int64]:
    """Position in `LOW_VOLTAGE` of each slot's time class. Shape [slots]."""
    return np.array([_class_of(slot, district.tariff, district) for slot in month.horizon.slots])


def statement_csv(one: Statement) -> str:
    """The sums of `one`, with the columns `COLUMNS`."""
    month = f"{one.first:%Y-%m}"
    rows = (
        ("CONS", one.used_wh, "Wh"),
        ("AUTOCONS", one.shared_wh, "Wh"),
        ("COMPLEMENT", one.used_wh - one.shared_wh, "Wh"),
        ("cost_without_sharing", round(one.saving.without_eur, 2), "EUR"),
        ("cost_with_sharing", round(one.saving.with_eur, 2), "EUR"),
        ("saved", round(one.saving.saved_eur, 2), "EUR"),
        ("network_option", one.saving.option.value, ""),
        ("quarter_hours_without_reading", one.missing, ""),
    )
    return csv_text(COLUMNS, ((one.participant, month, *row) for row in rows))


def statement_pdf(one: Statement, district: District, language: Language = "fr") -> bytes:
    """One page: the sums, and the days of the month."""
    page = Figure(figsize=_A4_IN)
    month = format_date(one.first, "LLLL yyyy", locale=language)
    page.text(0.1, 0.93, _TEXTS["title"][language], fontsize=20, weight="bold")
    page.text(0.1, 0.90, f"{district.site.name} · {one.participant} · {month}", fontsize=12)
    for row, (name, value) in enumerate(_lines(one, language)):
        page.text(0.1, 0.83 - 0.032 * row, name, fontsize=12)
        page.text(0.9, 0.83 - 0.032 * row, value, fontsize=12, ha="right")
    _draw_days(page, one, language)
    page.text(0.1, 0.06, _TEXTS["note"][language], fontsize=8, color="0.35")
    out = io.BytesIO()
    page.savefig(out, format="pdf", metadata={"CreationDate": None})
    return out.getvalue()


def _lines(one: Statement, language: Language) -> list[tuple[str, str]]:
    def energy(wh: int) -> str:
        return f"{format_decimal(wh / 1000, '#,##0.0', locale=language)} kWh"

    def money(eur: float) -> str:
        return format_currency(eur, "EUR", locale=language)

    shared_option = one.saving.option is NetworkOption.SHARED
    rows = [
        ("used", energy(one.used_wh)),
        ("shared", energy(one.shared_wh)),
        ("rest", energy(one.used_wh - one.shared_wh)),
        ("without", money(one.saving.without_eur)),
        ("with", money(one.saving.with_eur)),
        ("saved", money(one.saving.saved_eur)),
        ("option", _TEXTS["option_shared" if shared_option else "usual"][language]),
    ]
    if one.missing:
        rows.append(("missing", str(one.missing)))
    return [(_TEXTS[name][language], value) for name, value in rows]


def _draw_days(page: Figure, one: Statement, language: Language) -> None:
    axes = page.add_axes((0.12, 0.14, 0.78, 0.38))
    days = np.arange(1, len(one.used_by_day_wh) + 1)
    shared = one.shared_by_day_wh / 1000
    rest = one.used_by_day_wh / 1000 - shared
    axes.bar(days, shared, color="#e3a008", label=_TEXTS["shared"][language])
    axes.bar(days, rest, bottom=shared, color="#9aa5b1", label=_TEXTS["rest"][language])
    axes.set_xlabel(_TEXTS["day"][language])
    axes.set_ylabel("kWh")
    axes.set_xlim(0.4, len(days) + 0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 1.12), ncols=2)


def _class_of(slot: int, tariff: Tariff, district: District) -> int:
    found = tariff.time_class(Slot(slot), district.site.zone)
    return LOW_VOLTAGE.index(TimeClass.HIGH_FULL if found is TimeClass.PEAK else found)


def _days(month: SharingMonth, district: District) -> NDArray[np.int64]:
    """Day of the month, from zero, of each slot. Shape [slots]."""
    result = np.empty(month.horizon.length, dtype=np.int64)
    for day in range(31):
        slots = slots_of_local_day(_plus(month.first, day), district.site.zone)
        begin = slots.start - month.horizon.first.index
        if begin < month.horizon.length:
            result[begin : begin + len(slots)] = day
    return result


def _plus(first: date, days: int) -> date:
    return date.fromordinal(first.toordinal() + days)


def _grouped(values: NDArray[np.int64], group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    sums = np.zeros(groups, dtype=np.int64)
    np.add.at(sums, group, values)
    return sums
