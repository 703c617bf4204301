"""Charge points and the cars at them.

Without commands a car is charged as soon as it is plugged in. The car park's own load management
always holds the limits of groups and feeder, so nothing trips: what is too much is shared alike.
Commands hold while their time-out is renewed; when it runs out, a charge point that has once been
commanded falls back to 6 A until the EMS is back.
"""

import math
from collections import deque
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from building_models import ev
from ems.domain.district import DeviceKind, District
from simulations import charging_kernels as kernels
from simulations.cars import Departure, Session
from simulations.charging_kernels import Cars, Limits
from simulations.image import ProcessImage
from simulations.local_control import Lease
from simulations.panel import Panel

Floats = NDArray[np.float64]

DEPARTURES_KEPT = 50_000
"""Of a car park that has lived longer, the cars that left last."""


class Charging:
    """All charge points, in the list's order. Every array has shape [charge points]."""

    def __init__(
        self,
        district: District,
        image: ProcessImage,
        sessions: tuple[Session, ...],
        start: datetime,
    ) -> None:
        points = list(district.charge_points.values())
        self._park = district.car_park
        self._panel = Panel(image, district, DeviceKind.CHARGE_POINT, [p.id for p in points])
        self._phases = np.array([float(p.phases) for p in points])
        self._current_a_max = np.array([p.current_a_max for p in points])
        groups = sorted({p.group for p in points})
        self._group = np.array([groups.index(p.group) for p in points], dtype=np.intp)
        self._places = {p.id: place for place, p in enumerate(points)}
        self._panel.write("current_limit_a", self._current_a_max)
        self._panel.write("failsafe_s", 0.0)
        self._lease = Lease(self._panel, "failsafe_s")
        self._sessions = [s for s in sessions if s.departure > start]
        self._next = 0
        self._at: list[Session | None] = [None] * len(points)
        zeros = np.zeros(len(points))
        self._departure_s = np.full(len(points), np.inf)
        self._wanted_kwh, self._delivered_kwh = zeros.copy(), zeros.copy()
        self._car_kw, self._capacity_kwh = zeros.copy(), np.ones(len(points))
        self._first_soc, self._limit_a = zeros.copy(), self._current_a_max.copy()
        self.power_kw, self._energy_kwh, self.mean_kw = (zeros.copy() for _ in range(3))
        self.served_kwh = self.servable_kwh = self.shortfall_kwh = 0.0
        self.departed = 0
        self.departures: deque[Departure] = deque(maxlen=DEPARTURES_KEPT)
        self._change_cars(start)

    def run(self, now: datetime, dt_h: float, steps: int = 1) -> Floats:
        """Charge for some steps of `dt_h` from `now` on: all points' power in each. Shape [steps].

        Cars come and go at the beginnings of steps.
        """
        now_s, dt_s = now.timestamp(), dt_h * 3600
        limits = Limits(
            allowed_kw=ev.power_kw(self._limits_a(now_s), self._phases, self._park.voltage_v),
            group=self._group,
            group_kw=self._park.group_kw,
            feeder_kw=self._park.feeder_kw,
        )
        cars = Cars(
            self._wanted_kwh, self._delivered_kwh, self._car_kw, self._capacity_kwh, self._first_soc
        )
        total, sums, done = np.zeros(steps), np.zeros(len(self._phases)), 0
        while done < steps:
            self._change_cars(now + timedelta(seconds=done * dt_s))
            until = min(float(steps), (self._next_change_s() - now_s) / dt_s - 1e-9)
            end = max(done + 1, math.ceil(until))
            kernels.run(cars, limits, self.power_kw, sums, total[done:end], dt_h)
            done = end
        self.mean_kw = sums / steps
        self._energy_kwh += sums * dt_h
        return total

    def _next_change_s(self) -> float:
        """When the next car comes or goes."""
        coming = self._sessions[self._next :][:1]
        arrival = coming[0].arrival.timestamp() if coming else math.inf
        return min(arrival, float(self._departure_s.min(initial=math.inf)))

    def _limits_a(self, now_s: float) -> Floats:
        timeout_s = self._panel.read("failsafe_s", 0.0)
        held = self._lease.held(now_s, np.where(timeout_s > 0, timeout_s, np.inf))
        asked = self._panel.read("current_limit_a", self._current_a_max)
        lapsed = self._lease.ever & ~held
        limit = np.where(lapsed, self._park.least_current_a, asked)
        self._limit_a = ev.admissible_a(limit, self._park.least_current_a, self._current_a_max)
        return self._limit_a

    def _change_cars(self, now: datetime) -> None:
        for place in np.flatnonzero(self._departure_s <= now.timestamp()):
            self._leave(int(place))
        while self._next < len(self._sessions) and self._sessions[self._next].arrival <= now:
            session = self._sessions[self._next]
            self._next += 1
            if session.departure > now:
                self._arrive(session, now)

    def _arrive(self, session: Session, now: datetime) -> None:
        place = self._places[session.charge_point]
        if self._at[place] is not None:
            self._leave(place)
        been_h = (now - session.arrival).total_seconds() / 3600
        # who came long before the simulation began has been charged as without a plan
        before = session.power_kw_max * been_h if been_h > 0.25 else 0.0
        self._at[place] = session
        self._departure_s[place] = session.departure.timestamp()
        self._wanted_kwh[place] = session.energy_wanted_kwh
        self._delivered_kwh[place] = min(session.energy_wanted_kwh, before)
        self._car_kw[place] = session.power_kw_max
        self._capacity_kwh[place] = session.capacity_kwh
        self._first_soc[place] = session.charge_on_arrival

    def _leave(self, place: int) -> None:
        session = self._at[place]
        if session is None:
            return
        gone = Departure(session=session, delivered_kwh=float(self._delivered_kwh[place]))
        self.departed += 1
        self.departures.append(gone)
        self.served_kwh += gone.delivered_kwh
        self.servable_kwh += session.energy_servable_kwh
        self.shortfall_kwh += gone.short_kwh
        self._at[place] = None
        self._departure_s[place] = np.inf
        for array in (self._wanted_kwh, self._delivered_kwh, self._car_kw, self._first_soc):
            array[place] = 0.0

    @property
    def connected(self) -> int:
        """Cars plugged in."""
        return sum(session is not None for session in self._at)

    def publish(self, now: datetime) -> None:
        """Write what the charge points report."""
        here = np.isfinite(self._departure_s)
        busy = self.power_kw > 1e-6
        current = ev.current_a(self.power_kw, self._phases, self._park.voltage_v)
        stays_min = np.where(here, (self._departure_s - now.timestamp()) / 60, 0.0)
        left_kwh = np.maximum(self._wanted_kwh - self._delivered_kwh, 0.0)
        values = {
            "state": np.where(busy, 2.0, np.where(here, 1.0, 0.0)),
            "cable": here.astype(np.float64),
            "current_l1_a": current,
            "current_l2_a": np.where(self._phases == 3, current, 0.0),
            "current_l3_a": np.where(self._phases == 3, current, 0.0),
            "voltage_l1_v": np.where(busy, self._park.voltage_v - 1.5, self._park.voltage_v),
            "power_kw": self.power_kw,
            "energy_kwh": self._energy_kwh,
            "session_energy_kwh": self._delivered_kwh,
            "energy_wanted_kwh": np.where(here, self._wanted_kwh, 0.0),
            "departure_min": np.maximum(stays_min, 0.0),
            "error": 0.0 * left_kwh,
        }
        for name, value in values.items():
            self._panel.write(name, value)
