"""Rooms as two states, air and mass, discretised exactly.

    C_air  dT_air/dt  = loss (T_out - T_air) + coupling (T_mass - T_air) + Q_air
    C_mass dT_mass/dt = coupling (T_air - T_mass) + Q_mass

Inputs are constant over a step, so the matrix exponential gives the step without error whatever
its length. A 2 x 2 matrix has its exponential in closed form by its two eigenvalues, which are
real and distinct as long as `coupling` is positive; all zones are done at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import Envelope

Floats = NDArray[np.float64]

AIR, MASS = 0, 1
"""Positions in a state."""


@dataclass(frozen=True, kw_only=True)
class ZoneParameters:
    """Thermal character of zones. Every array has shape [zones]."""

    loss_kw_per_k: Floats
    """From air to outdoors: transmission and air change."""

    coupling_kw_per_k: Floats
    """Between air and mass."""

    capacity_air_kwh_per_k: Floats
    """Air and furniture."""

    capacity_mass_kwh_per_k: Floats
    """Structure."""


@dataclass(frozen=True, kw_only=True)
class ZoneStep:
    """One step: next state = a state + b inputs."""

    a: Floats
    """Shape [zones, 2, 2]; states are (air, mass) in °C."""

    b: Floats
    """Shape [zones, 2, 3]; inputs are (heat into air kW, heat into mass kW, outdoor °C)."""


def parameters(envelope: Envelope, area_m2: Floats, loss_factor: Floats) -> ZoneParameters:
    """Zones of one building from its envelope. Both arrays have shape [zones]."""
    area = np.asarray(area_m2, dtype=np.float64)
    return ZoneParameters(
        loss_kw_per_k=envelope.loss_w_per_k_m2 * area * loss_factor / 1000.0,
        coupling_kw_per_k=envelope.coupling_w_per_k_m2 * area / 1000.0,
        capacity_air_kwh_per_k=envelope.capacity_air_kj_per_k_m2 * area / 3600.0,
        capacity_mass_kwh_per_k=envelope.capacity_mass_kj_per_k_m2 * area / 3600.0,
    )


def concatenate(parts: Sequence[ZoneParameters]) -> ZoneParameters:
    """Zones of several buildings in one row."""
    names = [f.name for f in fields(ZoneParameters)]
    return ZoneParameters(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def grouped(params: ZoneParameters, groups: NDArray[np.intp]) -> ZoneParameters:
    """Zones that share a group as one zone: everything adds. `groups` has shape [zones], from 0."""
    names = [f.name for f in fields(ZoneParameters)]
    sums = {n: np.bincount(groups, getattr(params, n)).astype(np.float64) for n in names}
    return ZoneParameters(**sums)


def discretise(params: ZoneParameters, dt_h: float) -> ZoneStep:
    """The exact step over `dt_h` hours with inputs held."""
    spectrum = _Spectrum.of(params)
    integral = spectrum.matrix(_first_integral(spectrum.rates, dt_h))
    return ZoneStep(a=np.eye(2) + spectrum.system @ integral, b=integral @ _inputs(params))


def discretise_mean(params: ZoneParameters, dt_h: float) -> ZoneStep:
    """The mean state over a step of `dt_h` hours, as a map of its first state and its inputs."""
    spectrum = _Spectrum.of(params)
    first = spectrum.matrix(_first_integral(spectrum.rates, dt_h))
    second = spectrum.matrix(_second_integral(spectrum.rates, dt_h))
    return ZoneStep(a=first / dt_h, b=second @ _inputs(params) / dt_h)


def step(zone_step: ZoneStep, state: Floats, inputs: Floats) -> Floats:
    """The state after one step. `state` [zones, 2], `inputs` [zones, 3] -> [zones, 2]."""
    result: Floats = np.einsum("nij,nj->ni", zone_step.a, state)
    result += np.einsum("nij,nj->ni", zone_step.b, inputs)
    return result


def steady_state(params: ZoneParameters, inputs: Floats) -> Floats:
    """Where the state comes to rest under constant `inputs` [zones, 3] -> [zones, 2]."""
    heat_air, heat_mass, outdoor = inputs.T
    air = outdoor + (heat_air + heat_mass) / params.loss_kw_per_k
    return np.column_stack([air, air + heat_mass / params.coupling_kw_per_k])


def heat_for(params: ZoneParameters, indoor_c: Floats, outdoor_c: Floats) -> Floats:
    """Heat in kW that holds `indoor_c` for good when it is `outdoor_c` outside. Shape [zones]."""
    return params.loss_kw_per_k * (indoor_c - outdoor_c)


@dataclass(frozen=True, kw_only=True)
class _Spectrum:
    """Eigenvalues and projectors of the system matrices."""

    system: Floats
    """[zones, 2, 2], per hour."""

    rates: Floats
    """Eigenvalues per hour, slow then fast. [zones, 2]"""

    projectors: Floats
    """[zones, 2 eigenvalues, 2, 2]"""

    @classmethod
    def of(cls, params: ZoneParameters) -> "_Spectrum":
        system = _system(params)
        half_trace = (system[:, 0, 0] + system[:, 1, 1]) / 2
        # the product of the eigenvalues, written so that it does not cancel
        product = (params.loss_kw_per_k * params.coupling_kw_per_k) / (
            params.capacity_air_kwh_per_k * params.capacity_mass_kwh_per_k
        )
        half_gap = np.hypot(
            (system[:, 0, 0] - system[:, 1, 1]) / 2, np.sqrt(system[:, 0, 1] * system[:, 1, 0])
        )
        fast = half_trace - half_gap
        slow = product / fast
        rates = np.column_stack([slow, fast])
        unit = np.eye(2)
        gap = (slow - fast)[:, None, None]
        to_slow = (system - fast[:, None, None] * unit) / gap
        return cls(
            system=system, rates=rates, projectors=np.stack([to_slow, unit - to_slow], axis=1)
        )

    def matrix(self, of_rates: Floats) -> Floats:
        """The function of the matrix whose values at the eigenvalues are `of_rates` [zones, 2]."""
        result: Floats = np.einsum("ne,neij->nij", of_rates, self.projectors)
        return result


def _system(params: ZoneParameters) -> Floats:
    loss, coupling = params.loss_kw_per_k, params.coupling_kw_per_k
    air, mass = params.capacity_air_kwh_per_k, params.capacity_mass_kwh_per_k
    rows = [[-(loss + coupling) / air, coupling / air], [coupling / mass, -coupling / mass]]
    return np.moveaxis(np.array(rows), -1, 0)


def _inputs(params: ZoneParameters) -> Floats:
    """The continuous input matrix. [zones, 2, 3]"""
    air, mass = params.capacity_air_kwh_per_k, params.capacity_mass_kwh_per_k
    zero = np.zeros_like(air)
    rows = [[1 / air, zero, params.loss_kw_per_k / air], [zero, 1 / mass, zero]]
    return np.moveaxis(np.array(rows), -1, 0)


def _first_integral(rates: Floats, dt_h: float) -> Floats:
    """Integral of exp(rate t) from 0 to `dt_h`."""
    return np.expm1(rates * dt_h) / rates


def _second_integral(rates: Floats, dt_h: float) -> Floats:
    """Integral of the first integral from 0 to `dt_h`; a series where it would cancel."""
    x = rates * dt_h
    small = np.abs(x) < 1e-2
    safe = np.where(small, 1.0, x)
    exact = (np.expm1(safe) - safe) / safe**2
    series = 0.5 + x / 6 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6)))
    return np.where(small, series, exact) * dt_h**2
