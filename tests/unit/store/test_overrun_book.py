"""The connection's ten-minute means are kept by the month, while single samples go."""

from datetime import UTC, datetime, timedelta

from ems.domain.district import District
from ems.domain.own_points import own_points
from ems.domain.points import PointInfo, Quality, Reading, Unit
from ems.domain.slots import Slot
from ems.domain.tariff import TimeClass
from ems.overrun_book import OverrunBook
from ems.store import Store

NOON = Slot.containing(datetime(2026, 1, 14, 11, tzinfo=UTC))
METER = "M-HTA/power_kw"


async def measured(store: Store, slot: Slot, kw: float) -> None:
    """A reading a minute during `slot`."""
    minutes = [slot.start + timedelta(minutes=m) for m in range(15)]
    await store.add_readings([Reading(METER, kw, Quality.GOOD, at) for at in minutes])


async def test_a_month_is_read_back_from_its_quarter_hours(
    store: Store, district: District
) -> None:
    meter = PointInfo(id=METER, device="M-HTA", name="power_kw", unit=Unit.KILOWATT, writable=False)
    await store.register([meter, *own_points()])
    book, subscribed_kw = OverrunBook(store, district), district.tariff.subscribed_kw
    for k, over in enumerate((-100.0, 50.0, 50.0, -100.0)):
        await measured(store, NOON + k, subscribed_kw + over)
        await book.sum_up(NOON + k)
    drawn = await book.drawn(NOON + 4)
    # ten minutes that lie half in a slot without an overrun have none
    assert drawn.peak_kw == subscribed_kw + 50.0
    assert drawn.squares_kw2 == {TimeClass.HIGH_FULL: 2 * 50.0**2}
    assert (await book.drawn(NOON)).squares_kw2 == {}
