"""CityLearn 2022 in its own environment: observations out, actions in, a JSON line each.

Run by the Python of that environment, with the hours to go and the hour from which loads, sun and
carbon are corrupted (-1: never). It hands out what CityLearn itself shows at the present hour and
nothing else, so whoever acts can't know more.
"""

import importlib
import json
import os
import sys
from typing import Any

DATA_SET = "citylearn_challenge_2022_phase_1"


def main() -> None:
    """Play the hours that are asked for."""
    hours, corrupted_from = (int(word) for word in sys.argv[1:3])
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print does not mix with the lines
    env = _environment(hours)
    if corrupted_from >= 0:
        for building in env.buildings:
            _corrupt(building, corrupted_from)
    observed = env.reset()
    batteries = [building.electrical_storage for building in env.buildings]
    hello = {
        "names": env.buildings[0].active_observations,
        "capacity_kwh": [float(battery.capacity) for battery in batteries],
        "power_kw": [float(battery.nominal_power) for battery in batteries],
    }
    print(json.dumps(hello), file=out)
    while not env.done:
        print(json.dumps({"observed": _plain(observed)}), file=out)
        observed = env.step(json.loads(sys.stdin.readline()))[0]
    cost, emissions = env.evaluate()[:2]
    print(json.dumps({"cost": float(cost), "emissions": float(emissions)}), file=out)


def _environment(hours: int) -> Any:
    schema = importlib.import_module("citylearn.data").DataSet.get_schema(DATA_SET)
    schema["simulation_end_time_step"] = hours - 1
    return importlib.import_module("citylearn.citylearn").CityLearnEnv(schema=schema)


def _corrupt(building: Any, begin: int) -> None:
    """Turn what comes from `begin` on into its course backwards, doubled."""
    simulation = building.energy_simulation
    simulation.non_shiftable_load = _backwards(simulation.non_shiftable_load, begin)
    simulation.solar_generation = _backwards(simulation.solar_generation, begin)
    carbon = building.carbon_intensity
    carbon.carbon_intensity = _backwards(carbon.carbon_intensity, begin)


def _backwards(values: Any, begin: int) -> Any:
    changed = values.copy()
    changed[begin:] = 2 * values[begin:][::-1] + 0.1
    return changed


def _plain(observed: Any) -> list[list[float]]:
    return [[float(value) for value in building] for building in observed]


if __name__ == "__main__":
    main()
