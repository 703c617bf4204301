"""Brains for the worker that fail as a solver may: by dying, by hanging, by a defect."""

import os
import time

import numpy as np

from ems.brain import LocalBrain
from ems.cycle import PlanRequest
from ems.domain.errors import ForecastError
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.plans import Plan
from ems.domain.weather import Outlook


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
