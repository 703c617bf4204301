"""How far each part goes along a direction, so that capacities keep some slack."""

from dataclasses import dataclass, replace

import numpy as np

from ems.optimizer.structured.problem import Floats, Indices


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How far to go along a direction."""

    agents: Floats
    """Each agent by itself. Shape [n]."""
    batteries: Floats
    """Each battery by itself. Shape [n]."""
    common: float
    """Prices and meter."""
    together: float
    """When all go equally far."""

    def all_together(self) -> "Lengths":
        """The same length for all."""
        length = self.together
        return replace(
            self,
            agents=0.0 * self.agents + length,
            batteries=0.0 * self.batteries + length,
            common=length,
        )


def blended(
    own: Floats,
    control: Floats,
    of_agents: Indices,
    slack: Floats,
    by_slack: Floats,
) -> Floats:
    """Lengths between each agent's `own` and its capacity's common one, so that slack remains.

    `control` [T, n] is the direction, `of_agents` [n] the capacity, `slack` [C, T] is left, and
    `by_slack` [C] is how far the whole load may go.
    """
    result = own.copy()
    for c in range(slack.shape[0]):
        members = np.flatnonzero(of_agents == c)
        if members.size == 0:
            continue
        common = min(float(own[members].min()), float(by_slack[c]))
        alone = slack[c] - control[:, members] @ own[members]
        joint = slack[c] - common * control[:, members].sum(axis=1)
        floor = np.minimum(0.1 * slack[c], 0.99 * joint)
        short = alone < floor
        blend = ((floor - alone)[short] / (joint - alone)[short]).max(initial=0.0)
        result[members] = (1.0 - blend) * own[members] + blend * common
    return result
