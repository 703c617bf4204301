"""Thermal networks of any number of nodes, discretised exactly, many networks at once.

    C dT/dt = -K T + u T_out + q

K joins the nodes of one network by conductances and some of them to the outdoors. Scaled by the
roots of the capacities the matrix is symmetric, so its eigenvalues are real, none is positive, and
functions of it need no general matrix exponential (spectral theorem; compare
`scipy.linalg.expm`, Al-Mohy and Higham, doi 10.1137/09074721X, in the tests).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Network:
    """Networks of N nodes each."""

    capacity_kwh_per_k: Floats
    """Of each node, positive. Shape [networks, N]."""

    between_kw_per_k: Floats
    """Conductances between nodes, symmetric, zero on the diagonal. Shape [networks, N, N]."""

    outdoor_kw_per_k: Floats
    """Conductances of nodes to the outdoors. Shape [networks, N]."""


@dataclass(frozen=True, kw_only=True)
class NetworkStep:
    """One step: next state = a state + b (heat into each node in kW, outdoor in °C)."""

    a: Floats
    """Shape [networks, N, N]."""

    b: Floats
    """Shape [networks, N, N + 1]."""

    mean_a: Floats
    """The mean state over the step, as a map of its first state. Shape [networks, N, N]."""

    mean_b: Floats
    """And of its inputs. Shape [networks, N, N + 1]."""


@dataclass(frozen=True, kw_only=True)
class Modes:
    """Eigenvalues and vectors of networks: what steps of any length are made of."""

    rates_per_h: Floats
    """Not negative. Shape [networks, N]."""

    into: Floats
    """From modes to heat and temperatures. Shape [networks, N, N]."""

    out: Floats
    """From temperatures to modes, transposed. Shape [networks, N, N]."""

    outdoor_kw_per_k: Floats
    """Shape [networks, N]."""

    @classmethod
    def of(cls, network: Network) -> "Modes":
        """The modes of networks."""
        system = -network.between_kw_per_k
        places = np.arange(system.shape[1])
        leaving = network.between_kw_per_k.sum(axis=2) + network.outdoor_kw_per_k
        system[:, places, places] += leaving
        root = np.sqrt(network.capacity_kwh_per_k)
        rates, vectors = np.linalg.eigh(system / (root[:, :, None] * root[:, None, :]))
        return cls(
            rates_per_h=np.maximum(rates, 0.0),
            into=vectors / root[:, :, None],
            out=vectors * root[:, :, None],
            outdoor_kw_per_k=network.outdoor_kw_per_k,
        )

    def step(self, dt_h: float) -> NetworkStep:
        """The exact step over `dt_h` hours with inputs held."""
        x = self.rates_per_h * dt_h
        first, second = _first(x) * dt_h, _second(x) * dt_h**2
        return NetworkStep(
            a=_matrix(self.into, np.exp(-x), self.out),
            b=self._inputs(_matrix(self.into, first, self.into)),
            mean_a=_matrix(self.into, first / dt_h, self.out),
            mean_b=self._inputs(_matrix(self.into, second / dt_h, self.into)),
        )

    def _inputs(self, heat: Floats) -> Floats:
        """Effect of heat, and beside it that of a kelvin outdoors."""
        outdoor = np.einsum("nij,nj->ni", heat, self.outdoor_kw_per_k)
        return np.concatenate([heat, outdoor[:, :, None]], axis=2)


def discretise(network: Network, dt_h: float) -> NetworkStep:
    """The exact step over `dt_h` hours with inputs held."""
    return Modes.of(network).step(dt_h)


def _matrix(left: Floats, values: Floats, right: Floats) -> Floats:
    product: Floats = (left * values[:, None, :]) @ np.swapaxes(right, 1, 2)
    return product


def _first(x: Floats) -> Floats:
    """(1 - exp(-x)) / x."""
    safe = np.where(x > 1e-12, x, 1.0)
    return np.where(x > 1e-12, -np.expm1(-safe) / safe, 1.0)


def _second(x: Floats) -> Floats:
    """(x - 1 + exp(-x)) / x², by its series where that would cancel."""
    safe = np.where(x > 1e-2, x, 1.0)
    series = 0.5 - x / 6 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))
    return np.where(x > 1e-2, (safe + np.expm1(-safe)) / safe**2, series)


def step(made: NetworkStep, state: Floats, inputs: Floats) -> Floats:
    """State after a step; `state` [networks, N], `inputs` [networks, N + 1] (kW, then °C)."""
    result: Floats = np.einsum("nij,nj->ni", made.a, state)
    result += np.einsum("nij,nj->ni", made.b, inputs)
    return result


def mean(made: NetworkStep, state: Floats, inputs: Floats) -> Floats:
    """Mean state over the step that begins with `state`; arrays as in `step`."""
    result: Floats = np.einsum("nij,nj->ni", made.mean_a, state)
    result += np.einsum("nij,nj->ni", made.mean_b, inputs)
    return result
