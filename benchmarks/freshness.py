"""How old the newest value of each device grows before the next one comes, from what was stored.

The age counts from one answer of a device to the next, or to what it told unasked; it is at its
greatest just before that.
"""

import numpy as np
import psycopg

from benchmarks.figures import Figure
from ems.domain.district import DeviceKind, District

GOAL_S = 90.0
"""Every device is heard at least once in this time, district seconds."""

_AGES = """
with heard as (
  select distinct split_part(name, '/', 1) as device, at from sample join point on id = point_id
)
select device, extract(epoch from at - lag(at) over (partition by device order by at))::float
from heard
"""


def ages(dsn: str, district: District) -> list[Figure]:
    """The worst age in each kind of device, and the 99th percentile of all."""
    of_device: dict[str, list[float]] = {name: [] for name in district.devices}
    with psycopg.connect(dsn) as connection:
        for device, age_s in connection.execute(_AGES):
            if device in of_device and age_s is not None:
                of_device[device].append(age_s)
    worst = {name: max(found, default=np.inf) for name, found in of_device.items()}
    figures = [
        _figure(f"{kind.value}: oldest value", max(worst[d.id] for d in devices))
        for kind in DeviceKind
        if (devices := district.of_kind(kind))
    ]
    everything = np.concatenate([np.array(found) for found in of_device.values()])
    return [*figures, _figure("all devices: age, 99th percentile", np.percentile(everything, 99))]


def _figure(name: str, age_s: float) -> Figure:
    return Figure(name=name, value=age_s, unit="s district", goal=GOAL_S)
