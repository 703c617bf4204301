import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.feeds.consumption import consumption, consumption_csv, consumption_json

HOUR = Horizon(Slot.containing(datetime(2026, 1, 15, 12, tzinfo=UTC)), 4)


class Past:
    """A past in which the power is 2 kW of electricity and 4 kW of heat, with a gap."""

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        assert tuple(points) == ("D1-0304/electric_power_kw", "D1-0304/heat_power_kw")
        values = np.array([[2.0] * horizon.length, [4.0] * horizon.length])
        values[1, 1] = np.nan
        return QuarterHours(points=tuple(points), horizon=horizon, values=values)


async def test_a_dwelling_uses_a_quarter_of_its_power_in_a_quarter_hour(district: District) -> None:
    used = await consumption(Past(), district, "D1-0304", HOUR)
    np.testing.assert_array_equal(used.electricity_kwh, [0.5] * 4)
    np.testing.assert_array_equal(used.heat_kwh, [1.0, np.nan, 1.0, 1.0])


async def test_what_was_not_measured_is_empty_and_never_zero(district: District) -> None:
    used = await consumption(Past(), district, "D1-0304", HOUR)
    rows = list(csv.DictReader(consumption_csv(used, district).splitlines()))
    assert rows[1] == {
        "start_utc": "2026-01-15T12:15:00Z",
        "start_local": "2026-01-15T13:15:00+01:00",
        "electricity_kwh": "0.5",
        "heat_kwh": "",
    }
    read = json.loads(consumption_json(used, district))
    assert read["schema"] == "smartseille-ems/consumption/1"
    assert read["rows"][1]["heat_kwh"] is None


async def test_an_unknown_dwelling_is_refused(district: District) -> None:
    with pytest.raises(EmsError, match="Z9"):
        await consumption(Past(), district, "Z9", HOUR)
