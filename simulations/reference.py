"""The planning model's own bound: what its optimum would cost if the district were the model.

Each day's first plan of the run with perfect foresight is priced over that day as the model sees
it. The plant is not the model, so no controller need reach this; it shows what the model leaves
out, and is a reference only.
"""

from collections.abc import Sequence

import numpy as np

from ems.domain.plans import Plan
from ems.domain.slots import SLOT_H, Horizon, Slot
from simulations.kpis import filling_eur_per_kwh, stored_kwh
from simulations.scenario import Scenario

DAY = 96


def planned_eur(scenario: Scenario, plans: Sequence[Plan]) -> float:
    """Cost of the scenario's days as each of their first plans foresaw it.

    `plans` are those made for slots 0, 96, 192, ... of the scenario, optimised ones.
    """
    return sum(_day_eur(scenario, plan) for plan in plans)


def _day_eur(scenario: Scenario, plan: Plan) -> float:
    district, tariff = scenario.district, scenario.district.tariff
    first = plan.horizon.first
    length = min(DAY, scenario.horizon.slots.stop - first.index)
    horizon = Horizon(Slot(first.index), length)
    price = tariff.import_eur_per_kwh(horizon.slots, district.site.zone, scenario.prices(horizon))
    net_kw = plan.series["net_kw"][:length]
    over_kw = np.maximum(net_kw - tariff.subscribed_kw, 0.0)
    bought_eur = price @ np.maximum(net_kw, 0.0) + tariff.overrun_eur_per_kwh * over_kw.sum()
    sold_eur = tariff.shared_eur_per_kwh * np.maximum(-net_kw, 0.0).sum()
    battery_kw = plan.series["battery_kw"][:length]
    kept_kwh = stored_kwh(
        district,
        SLOT_H * float(np.maximum(battery_kw, 0.0).sum()),
        SLOT_H * float(np.maximum(-battery_kw, 0.0).sum()),
    )
    return float(SLOT_H * (bought_eur - sold_eur) - filling_eur_per_kwh(price) * kept_kwh)
