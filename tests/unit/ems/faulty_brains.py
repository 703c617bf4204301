"""Brains for the worker that fail as a solver may: by dying, by hanging, by a defect."""

import os
import time
from dataclasses import replace

import numpy as np

from ems.brain import LocalBrain
from ems.cycle import PlanRequest
from ems.domain.errors import ForecastError
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.plans import Plan
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import History
from ems.domain.weather import Outlook

ROOM, LOAD = "D1-0101/room_temp_c", "D1-0101/electric_power_kw"
"""A point that plans look back on, and one that only forecasts do."""


def seen(history: History, first: Slot) -> dict[str, np.ndarray]:
    """The day before `first` of both."""
    day = history.quarter_hours((ROOM, LOAD), Horizon(first + -96, 96))
    return {ROOM: day[0], LOAD: day[1]}


class ScriptedBrain(LocalBrain):
    """Does what the name of the plan says."""

    def warm_up(self) -> None:
        """It never solves anything."""

    def plan_now(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        """Hang, break, or answer with the previous plan."""
        if request.plan_id == "hang":
            time.sleep(600)
        if request.plan_id == "defect":
            raise ZeroDivisionError("a model without mass")
        if request.plan_id == "no forecast":
            raise ForecastError("no load was measured", fix="see the meters")
        assert request.previous is not None
        if request.plan_id == "history":
            return replace(request.previous, series=seen(request.history, request.horizon.first))
        return request.previous

    def forecast_now(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """One forecast, of which the worker's process id is the source."""
        one = Forecast(
            name="district/base_load_kw",
            horizon=request.horizon,
            issued_at=request.issued_at,
            source=str(os.getpid()),
            values=np.zeros(request.horizon.length),
        )
        return Forecasts(
            horizon=request.horizon, issued_at=request.issued_at, series={one.name: one}
        )
