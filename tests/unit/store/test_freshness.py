"""How old the values of devices grow, as the benchmark of the cycle tells it from the store."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.freshness import ages
from ems.devices.maps import point_infos
from ems.domain.district import District
from ems.domain.points import Quality, Reading
from ems.store import Store

BEGIN = datetime(2026, 1, 15, 6, tzinfo=UTC)


async def test_the_age_counts_from_one_answer_to_the_next(
    district: District, store: Store, dsn: str
) -> None:
    few = district.with_devices([district.devices[name] for name in ("D1-0101", "M-A1", "M-HTA")])
    await store.register(point_infos(few))
    heard_s = {
        "D1-0101/room_temp_c": (0, 300),
        "D1-0101/heat_power_kw": (50, 100, 150, 220, 300),
        "M-A1/power_kw": (0, 50, 145),
        "M-HTA/power_kw": (10, 60),
    }
    await store.add_readings(
        [
            Reading(point, 1.0, Quality.GOOD, BEGIN + timedelta(seconds=at_s))
            for point, moments in heard_s.items()
            for at_s in moments
        ]
    )
    figures = {figure.name: figure for figure in ages(dsn, few)}
    dwelling, meters = (
        figures[f"{kind}: oldest value"] for kind in ("dwelling_controller", "meter")
    )
    assert (dwelling.value, dwelling.holds) == (80, True)
    assert (meters.value, meters.holds) == (95, False)
    assert figures["all devices: age, 99th percentile"].value == pytest.approx(95, abs=2)


async def test_a_device_that_was_never_heard_again_has_no_age_that_holds(
    district: District, store: Store, dsn: str
) -> None:
    few = district.with_devices([district.devices["D1-0101"], district.devices["M-A1"]])
    await store.register(point_infos(few))
    of_meter = [
        Reading("M-A1/power_kw", 1.0, Quality.GOOD, BEGIN + timedelta(seconds=s)) for s in (0, 50)
    ]
    await store.add_readings(of_meter)
    figures = {figure.name: figure for figure in ages(dsn, few)}
    assert not figures["dwelling_controller: oldest value"].holds
    assert figures["meter: oldest value"].holds
