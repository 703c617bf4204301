"""What one controller made of some days, small enough to be kept: figures and five curves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.snapshot import QuarterHours
from simulations.closed_loop import Run
from simulations.departures import cells
from simulations.kept import Row
from simulations.kpis import Kpis

Floats = NDArray[np.float64]

_DECIMALS = 3


@dataclass(frozen=True, kw_only=True)
class Lived:
    """Days lived through under one controller."""

    kpis: Kpis

    planned_eur: float | None
    """What the planning model believed that they would cost; none without plans."""

    cars: Sequence[Sequence[str]] = field(repr=False)
    """The cars that left, each as the cells of a line."""

    curves: Sequence[Floats] = field(repr=False)
    """Import, charge points, heat pumps, batteries [kW], mean room [°C]. Shape [slots] each."""

    @classmethod
    def of(cls, district: District, run: Run) -> "Lived":
        """The same out of a run."""
        return cls(
            kpis=run.kpis,
            planned_eur=run.planned_eur,
            cars=[cells(stay, district.site.zone) for stay in run.stays],
            curves=_curves(district, run.history),
        )

    @classmethod
    def from_row(cls, row: Row) -> "Lived":
        """The same as it was kept."""
        curves = [np.array(curve) for curve in row["curves"]]
        return cls(
            kpis=Kpis(**row["kpis"]),
            planned_eur=row["planned_eur"],
            cars=row["cars"],
            curves=curves,
        )

    def as_row(self) -> Row:
        """The same as plain data, without a key."""
        curves = [np.round(curve, _DECIMALS).tolist() for curve in self.curves]
        return {
            "kpis": self.kpis.as_dict(),
            "planned_eur": self.planned_eur,
            "cars": self.cars,
            "curves": curves,
        }


def _curves(district: District, history: QuarterHours) -> list[Floats]:
    return [
        _sum(district, history, DeviceKind.METER, "power_kw", only="M-HTA"),
        _sum(district, history, DeviceKind.CHARGE_POINT, "power_kw"),
        _sum(district, history, DeviceKind.HEAT_PUMP, "electric_power_kw"),
        _sum(district, history, DeviceKind.BATTERY, "power_kw"),
        _sum(district, history, DeviceKind.DWELLING, "room_temp_c") / len(district.dwellings),
    ]


def _sum(
    district: District, history: QuarterHours, kind: DeviceKind, name: str, only: str = ""
) -> Floats:
    devices = [d.id for d in district.of_kind(kind) if only in ("", d.id)]
    points = [point_id(device, name) for device in devices]
    total: Floats = history.quarter_hours(points, history.horizon).sum(axis=0)
    return total
