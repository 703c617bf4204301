"""Good rules: what a careful operator programmes without a planner, as a yardstick for one.

- Dwellings lose their margin at night and in the dearest hours, and gain a little before those.
- Offices, shops and the rest follow the schedules of plain rules, warmed two hours ahead.
- Tanks are filled in the cheap hours and kept just above their least temperature in the others.
- A car charges in the cheapest of the slots that it needs before it leaves, with all surplus sun,
  and at once when its time grows short; the subscribed power is kept, the most pressed car first.
- Batteries take surplus sun, are filled in cheap hours, emptied in the dearest ones before the next
  cheap time, and cut what exceeds the subscribed power.

Only what is measured now and the prices that are out enter: no forecast, no model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ems.brain import Ladder
from ems.cycle import PlanRequest
from ems.domain.district import ChargePoint, DeviceKind, District
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.plans import Plan, SetpointRow
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H, Horizon
from ems.domain.snapshot import Snapshot
from ems.domain.weather import Outlook
from ems.forecast.outside import prices_ahead
from ems.optimizer.rules import rule_plan
from ems.optimizer.supply import substation

Floats = NDArray[np.float64]

PRICE = "price/import_eur_per_kwh"
NIGHT_H = (22.5, 5.0)
"""Local hours in which dwellings go without their margin."""
PREHEAT_K = 0.4
PREHEAT_SLOTS = 4
"""How long before the dearest hours dwellings are warmed."""
CHEAP_SHARE, DEAR_SHARE = 0.33, 0.85
"""Quantiles of the coming day's prices that bound cheap and dear hours."""
TANK_KEPT_K, TANK_DEAR_K = 3.0, 1.5
"""Above its least temperature, in ordinary and in dear hours."""
SLACK_H = 0.75
"""A car whose time to spare is less charges at once."""
SPARE_SHARE = 1.25
"""A car is given this many times the slots that it needs."""
CAR_KW_MAX = 11.0
"""What a car is taken to charge with at three phases."""
WELCOME_A = 16.0
"""What a free charge point gives to a car until the next quarter of an hour."""
KEPT_SHARE = 0.95
"""Of the subscribed power, what rules may use."""


@dataclass(frozen=True, kw_only=True)
class _Now:
    """What rules look at."""

    price: Floats
    """Prices of the coming day. Shape [slots]."""

    hour: float
    """Local."""

    net_kw: float
    """Import at the district's meter, less what cars and batteries do now."""

    @property
    def cheap(self) -> bool:
        """The present price is among the lowest of the day."""
        return bool(self.price[0] <= np.quantile(self.price, CHEAP_SHARE) + 1e-9) and self.varies

    @property
    def dear(self) -> bool:
        """The present price is among the highest of the day."""
        return self.dear_in(0)

    def dear_in(self, slots: int) -> bool:
        """The same, some slots ahead."""
        top = np.quantile(self.price, DEAR_SHARE) - 1e-9
        return bool(self.price[slots] >= top) and self.varies

    @property
    def varies(self) -> bool:
        """Prices differ enough to act upon."""
        return float(np.ptp(self.price)) > 0.005


class GoodRules(Ladder):
    """A brain that plans one slot by rules."""

    def __init__(self, district: District) -> None:
        super().__init__(district)
        self._meter = district.device_of[DeviceKind.METER, "HTA"].id

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """The prices that are known, and nothing else."""
        ahead = prices_ahead(self._district, outlook, request.horizon)[PRICE]
        price = Forecast(
            name=PRICE,
            horizon=request.horizon,
            issued_at=request.issued_at,
            source=ahead.source,
            values=ahead.values,
        )
        return Forecasts(
            horizon=request.horizon, issued_at=request.issued_at, series={PRICE: price}
        )

    async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        """The rules' setpoints for the first slot of the request."""
        slot = Horizon(request.horizon.first, 1)
        plan = rule_plan(
            self._district,
            plan_id=request.plan_id,
            issued_at=request.issued_at,
            horizon=slot,
            why="",
        )
        now = self._now(request, forecasts)
        wanted: dict[str, float] = {
            **self._dwellings(now),
            **self._tanks(now),
            **self._cars_and_batteries(now, request.snapshot),
        }
        rows = tuple(_changed(row, wanted) for row in plan.setpoints)
        return replace(plan, setpoints=rows, report=replace(plan.report, solver="good rules"))

    def _now(self, request: PlanRequest, forecasts: Forecasts) -> _Now:
        local = request.horizon.first.start.astimezone(self._district.site.zone)
        snapshot = request.snapshot
        moved = self._sum(snapshot, DeviceKind.CHARGE_POINT) + self._sum(
            snapshot, DeviceKind.BATTERY
        )
        return _Now(
            price=forecasts[PRICE],
            hour=local.hour + local.minute / 60,
            net_kw=snapshot.value(point_id(self._meter, "power_kw"), 0.0) - moved,
        )

    def _sum(self, snapshot: Snapshot, kind: DeviceKind) -> float:
        points = [point_id(device.id, "power_kw") for device in self._district.of_kind(kind)]
        return float(np.nansum(snapshot.values(points)))

    def _dwellings(self, now: _Now) -> Mapping[str, float]:
        margin = self._district.comfort.margin_k
        night = now.hour >= NIGHT_H[0] or now.hour < NIGHT_H[1]
        above = 0.0 if night or now.dear else margin
        soon = any(now.dear_in(slots) for slots in range(1, PREHEAT_SLOTS + 1))
        if soon and not now.dear:
            above = margin + PREHEAT_K
        return {
            point_id(device.id, "setpoint_c"): self._district.dwellings[device.serves].heat_c
            + above
            for device in self._district.of_kind(DeviceKind.DWELLING)
        }

    def _tanks(self, now: _Now) -> Mapping[str, float]:
        wanted = {}
        for device in self._district.of_kind(DeviceKind.SUBSTATION):
            tank = substation(self._district.buildings[device.serves]).tank
            kept = tank.temp_low_c + (TANK_DEAR_K if now.dear else TANK_KEPT_K)
            goal = tank.temp_high_c if now.cheap or not now.varies else kept
            wanted[point_id(device.id, "tank_setpoint_c")] = goal
        return wanted

    def _cars_and_batteries(self, now: _Now, snapshot: Snapshot) -> Mapping[str, float]:
        room_kw = KEPT_SHARE * self._district.tariff.subscribed_kw - now.net_kw
        sun_kw = max(0.0, -now.net_kw)
        amperes, used_kw = self._cars(now, snapshot, room_kw, sun_kw)
        return amperes | self._batteries(now, snapshot, room_kw - used_kw, now.net_kw + used_kw)

    def _cars(
        self, now: _Now, snapshot: Snapshot, room_kw: float, sun_kw: float
    ) -> tuple[dict[str, float], float]:
        """Currents of all charge points, and the power they are given together."""
        park = self._district.car_park
        cars = [_Car.at(device.id, self._district.charge_points[device.serves], snapshot)
                for device in self._district.of_kind(DeviceKind.CHARGE_POINT)]  # fmt: skip
        amperes, used_kw = {}, 0.0
        for car in sorted(cars, key=lambda each: each.slack_h):
            per_a = car.point.phases * park.voltage_v / 1000
            least_kw = park.least_current_a * per_a
            asked_kw = car.asked_kw(now, max(0.0, sun_kw - used_kw), least_kw)
            given_kw = min(asked_kw, max(room_kw - used_kw, 0.0), park.feeder_kw - used_kw)
            current = given_kw / per_a if given_kw >= least_kw else 0.0
            if car.here or current:
                used_kw += current * per_a
            amperes[point_id(car.device, "current_limit_a")] = min(
                current if car.here else WELCOME_A, car.point.current_a_max
            )
        return amperes, used_kw

    def _batteries(
        self, now: _Now, snapshot: Snapshot, room_kw: float, net_kw: float
    ) -> dict[str, float]:
        devices = self._district.of_kind(DeviceKind.BATTERY)
        wanted = {}
        for number, device in enumerate(devices):
            pack = self._district.batteries[device.serves]
            share = 1 / (len(devices) - number)
            stored = snapshot.value(point_id(device.id, "soc_pct"), 0.0) / 100 - pack.soc_low
            hours = stored * pack.capacity_kwh * pack.efficiency_discharge / pack.power_kw
            power = _battery_kw(now, room_kw * share, net_kw * share, hours)
            power = float(np.clip(power, -pack.power_kw, pack.power_kw))
            room_kw, net_kw = room_kw - power, net_kw + power
            wanted[point_id(device.id, "power_setpoint_kw")] = power
            wanted[point_id(device.id, "setpoint_enable")] = 1.0
        return wanted


def _battery_kw(now: _Now, room_kw: float, net_kw: float, hours: float) -> float:
    """Power of a battery that could discharge for `hours` at full power; + charges."""
    if room_kw < 0:
        return room_kw
    if net_kw < 0:
        return -net_kw
    if now.cheap and now.price[1:].max() > 1.15 * max(now.price[0], 0.0) + 0.03:
        return room_kw
    cheap = np.flatnonzero(now.price <= np.quantile(now.price, CHEAP_SHARE) + 1e-9)
    until = now.price[: cheap[cheap > 0][0]] if (cheap > 0).any() else now.price
    slots = max(1, round(hours / SLOT_H))
    dearest = np.sort(until)[-min(slots, len(until))]
    discharges = now.varies and not now.cheap and now.price[0] >= dearest - 1e-9
    return -max(net_kw, 0.0) if discharges else 0.0


@dataclass(frozen=True, kw_only=True)
class _Car:
    """A charge point and the car at it."""

    device: str
    point: ChargePoint
    here: bool
    left_kwh: float
    leaves_h: float

    @classmethod
    def at(cls, device: str, point: ChargePoint, snapshot: Snapshot) -> "_Car":
        """What a charge point tells."""
        wanted = snapshot.value(point_id(device, "energy_wanted_kwh"), 0.0)
        given = snapshot.value(point_id(device, "session_energy_kwh"), 0.0)
        return cls(
            device=device,
            point=point,
            here=snapshot.value(point_id(device, "state"), 0.0) >= 1,
            left_kwh=max(0.0, wanted - given),
            leaves_h=snapshot.value(point_id(device, "departure_min"), 0.0) / 60,
        )

    @property
    def needs_h(self) -> float:
        """How long it needs at its power."""
        return self.left_kwh / min(self.point.power_kw_max, CAR_KW_MAX)

    @property
    def slack_h(self) -> float:
        """Its time to spare."""
        return self.leaves_h - self.needs_h if self.here else np.inf

    def asked_kw(self, now: _Now, sun_kw: float, least_kw: float) -> float:
        """The power that it should have in this slot."""
        if not self.here or self.left_kwh < 0.05:
            return 0.0
        stay = now.price[: max(1, int(self.leaves_h / SLOT_H))]
        slots = min(len(stay), int(np.ceil(SPARE_SHARE * self.needs_h / SLOT_H)))
        cheapest = np.sort(stay)[max(slots, 1) - 1]
        if self.slack_h < SLACK_H or now.price[0] <= cheapest + 1e-9:
            return self.point.power_kw_max
        return min(sun_kw, self.point.power_kw_max) if sun_kw >= least_kw else 0.0


def _changed(row: SetpointRow, wanted: Mapping[str, float]) -> SetpointRow:
    if row.point not in wanted:
        return row
    value = float(np.clip(round(wanted[row.point], 1), row.low, row.high))
    return replace(row, values=np.full(len(row.values), value))
