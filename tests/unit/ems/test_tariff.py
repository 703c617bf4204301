"""The price of a kilowatt-hour follows the hour, the day and the season of the local clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.slots import Slot
from ems.domain.tariff import TimeClass

PARIS = ZoneInfo("Europe/Paris")


def slot_at(text: str) -> Slot:
    return Slot.containing(datetime.fromisoformat(text).replace(tzinfo=PARIS))


@pytest.mark.parametrize(
    ("moment", "time_class"),
    [
        ("2026-01-14T08:30", TimeClass.PEAK),
        ("2026-01-14T12:00", TimeClass.HIGH_FULL),
        ("2026-01-14T23:00", TimeClass.HIGH_OFF),
        ("2026-01-18T09:00", TimeClass.HIGH_OFF),
        ("2026-11-18T09:00", TimeClass.HIGH_FULL),
        ("2026-07-15T18:00", TimeClass.LOW_FULL),
        ("2026-07-15T05:45", TimeClass.LOW_OFF),
    ],
    ids=["peak", "full", "night", "sunday", "no peak in november", "summer day", "summer night"],
)
def test_the_time_class_of_a_moment(district: District, moment: str, time_class: TimeClass) -> None:
    assert district.tariff.time_class(slot_at(moment), PARIS) is time_class


def test_energy_network_and_excise_add_up(district: District) -> None:
    tariff = district.tariff
    noon = slot_at("2026-01-14T12:00").index
    expected = 0.112 + 0.0436 + 0.02998
    assert tariff.import_eur_per_kwh([noon], PARIS) == pytest.approx([expected])


def test_a_day_ahead_price_takes_the_place_of_the_fixed_one_where_it_is_known(
    district: District,
) -> None:
    tariff = district.tariff
    slots = [slot_at("2026-01-14T12:00").index, slot_at("2026-01-14T12:15").index]
    fixed = tariff.import_eur_per_kwh(slots, PARIS)
    dayahead = tariff.import_eur_per_kwh(slots, PARIS, np.array([-0.05, np.nan]))
    assert dayahead[1] == fixed[1]
    assert dayahead[0] == pytest.approx(-0.05 + 0.006 + 0.0436 + 0.02998)
