"""What a district could be instead: more or fewer batteries, modules and charge points.

A design changes the description and nothing else, so that the plant, the forecasts and the planner
take it as they take the district itself. What it costs to build is counted against the district
without any battery, module or charge point, by prices that whoever asks gives.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from ems.domain.bounds import NonNegative, Positive
from ems.domain.district import Battery, ChargePoint, District, PvRoof
from ems.domain.errors import EmsError


@dataclass(frozen=True, kw_only=True)
class BuildingPrices:
    """What building costs, all in."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    battery_eur_per_kwh: NonNegative
    """Of capacity, with its share of power electronics."""
    pv_eur_per_kw: NonNegative
    """Of peak power."""
    charge_point_eur: NonNegative
    """Each."""
    assumption: str
    """Where these come from."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """One thing that the district could be; None leaves it as described."""

    battery_kwh: Positive | None = None
    """Capacity of all batteries; each keeps its share and its hours."""
    pv_kw: Positive | None = None
    """Peak power of all roofs; each keeps its share."""
    charge_points: int | None = None
    """How many of the list, from its beginning."""
    subscribed_kw: Positive | None = None
    """Subscribed power of the tariff."""
    energy_price: Positive | None = None
    """Times the tariff's energy prices."""

    def as_columns(self) -> dict[str, float | None]:
        """As part of a table's row; figures of a run have other names."""
        return {f"design_{name}": value for name, value in asdict(self).items()}

    @classmethod
    def of_columns(cls, row: Mapping[str, Any]) -> Self:
        """The design that stands in a row."""
        return cls(**{item.name: row[f"design_{item.name}"] for item in fields(cls)})

    def of(self, district: District) -> District:
        """The district as designed.

        Raises:
            EmsError: it has fewer charge points than are wanted, or nothing to make larger.
        """
        battery = _ratio(self.battery_kwh, battery_kwh(district), "battery")
        sun = _ratio(self.pv_kw, pv_kw(district), "PV roof")
        points = self._points(district)
        gone = district.charge_points.keys() - points.keys()
        tariff = district.tariff
        times = 1.0 if self.energy_price is None else self.energy_price
        return replace(
            district,
            batteries={b.id: _larger(b, battery) for b in district.batteries.values()},
            pv_roofs={roof.id: _wider(roof, sun) for roof in district.pv_roofs.values()},
            charge_points=points,
            tariff=replace(
                tariff,
                subscribed_kw=self.subscribed_kw or tariff.subscribed_kw,
                energy_eur_per_kwh={k: times * v for k, v in tariff.energy_eur_per_kwh.items()},
            ),
            devices={d.id: d for d in district.devices.values() if d.serves not in gone},
        )

    def _points(self, district: District) -> dict[str, ChargePoint]:
        there = list(district.charge_points.values())
        wanted = len(there) if self.charge_points is None else self.charge_points
        if not 1 <= wanted <= len(there):
            raise EmsError(
                f"{wanted} charge points are asked for, the description has {len(there)}",
                fix=f"ask for 1 to {len(there)}, or describe more of them",
            )
        return {point.id: point for point in there[:wanted]}


def battery_kwh(district: District) -> float:
    """Capacity of all batteries."""
    return sum(battery.capacity_kwh for battery in district.batteries.values())


def pv_kw(district: District) -> float:
    """Peak power of all roofs."""
    return sum(roof.peak_kw for roof in district.pv_roofs.values())


def investment_eur(district: District, prices: BuildingPrices) -> float:
    """What the district's batteries, modules and charge points cost to build."""
    return (
        battery_kwh(district) * prices.battery_eur_per_kwh
        + pv_kw(district) * prices.pv_eur_per_kw
        + len(district.charge_points) * prices.charge_point_eur
    )


def _ratio(wanted: float | None, there: float, what: str) -> float:
    if wanted is None:
        return 1.0
    if there == 0.0:
        raise EmsError(
            f"the district has no {what} to make larger", fix="describe one, of any size"
        )
    return wanted / there


def _larger(battery: Battery, times: float) -> Battery:
    return replace(
        battery, capacity_kwh=times * battery.capacity_kwh, power_kw=times * battery.power_kw
    )


def _wider(roof: PvRoof, times: float) -> PvRoof:
    return replace(roof, peak_kw=times * roof.peak_kw, inverter_kw=times * roof.inverter_kw)
