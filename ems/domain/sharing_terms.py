"""What a share of the common sun costs and saves a dwelling.

A shared kilowatt-hour costs the organiser's price, the network's part and the excise. The network
tariff has an option for collective self-consumption (TURPE 7, low voltage below 36 kVA): less for
what is shared, a little more for the rest, and a yearly fee. Which of both costs less depends on
the share, so that a statement gives the better one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ems.domain.bounds import Between, NonNegative, Positive
from ems.domain.shared_sun import Key
from ems.domain.tariff import TimeClass

_WH_PER_KWH = 1000
_MONTHS = 12
_STRICT = {"extra": "forbid", "allow_inf_nan": False}

LOW_VOLTAGE = (TimeClass.HIGH_FULL, TimeClass.HIGH_OFF, TimeClass.LOW_FULL, TimeClass.LOW_OFF)
"""The time classes of dwellings; what is a peak at medium voltage is a full hour here."""


class NetworkOption(StrEnum):
    """How the network is paid."""

    USUAL = "usual"
    """As without sharing."""
    SHARED = "shared"
    """The option for collective self-consumption."""


@dataclass(frozen=True, kw_only=True)
class SharingTerms:
    """Prices of a sharing operation."""

    __pydantic_config__ = _STRICT

    source: str
    assumption: str
    key: Key
    """How the sun is shared."""
    retail_eur_per_kwh: Positive
    """What a dwelling pays its supplier, all in."""
    shared_eur_per_kwh: NonNegative
    """What it pays the organiser, with VAT, without network and excise."""
    vat: Annotated[float, Between(0, 1)]
    excise_eur_per_kwh: NonNegative
    network_eur_per_kwh: dict[TimeClass, NonNegative]
    """Usual option, by time class."""
    network_shared_eur_per_kwh: dict[TimeClass, NonNegative]
    """Option for sharing: on what is shared."""
    network_rest_eur_per_kwh: dict[TimeClass, NonNegative]
    """Option for sharing: on what is not."""
    network_fee_eur_per_year: NonNegative
    """What the option costs beside."""

    def __post_init__(self) -> None:
        if not (self.source or self.assumption):
            raise ValueError("says neither `source` nor `assumption`")
        for name in (
            "network_eur_per_kwh", "network_shared_eur_per_kwh", "network_rest_eur_per_kwh",
        ):  # fmt: skip
            if missing := [c.value for c in LOW_VOLTAGE if c not in getattr(self, name)]:
                raise ValueError(f"{name} has no price for {', '.join(missing)}")


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What sharing saved a dwelling in a month, EUR with VAT."""

    without_eur: float
    """What all its electricity would have cost from its supplier."""

    with_eur: float
    """What it cost with the share of the sun, by the better network option."""

    option: NetworkOption
    """The better one."""

    @property
    def saved_eur(self) -> float:
        """The difference; negative where sharing cost more."""
        return self.without_eur - self.with_eur


def saving(terms: SharingTerms, shared_wh: NDArray[np.int64], rest_wh: NDArray[np.int64]) -> Saving:
    """What a month of sharing saved.

    Args:
        terms: prices.
        shared_wh: from the common sun, by time class in the order of `LOW_VOLTAGE`. Shape [4].
        rest_wh: from the supplier. Shape [4].
    """
    shared_kwh, rest_kwh = shared_wh / _WH_PER_KWH, rest_wh / _WH_PER_KWH
    without = float((shared_kwh + rest_kwh).sum()) * terms.retail_eur_per_kwh
    supplier = float(rest_kwh.sum()) * terms.retail_eur_per_kwh
    energy = float(shared_kwh.sum()) * (
        terms.shared_eur_per_kwh + terms.excise_eur_per_kwh * (1 + terms.vat)
    )
    usual = _prices(terms.network_eur_per_kwh)
    extra = {
        NetworkOption.USUAL: float(shared_kwh @ usual),
        NetworkOption.SHARED: float(
            shared_kwh @ _prices(terms.network_shared_eur_per_kwh)
            + rest_kwh @ (_prices(terms.network_rest_eur_per_kwh) - usual)
            + terms.network_fee_eur_per_year / _MONTHS
        ),
    }
    option = min(extra, key=lambda each: extra[each])
    return Saving(
        without_eur=without,
        with_eur=supplier + energy + extra[option] * (1 + terms.vat),
        option=option,
    )


def _prices(by_class: dict[TimeClass, float]) -> NDArray[np.float64]:
    return np.array([by_class[one] for one in LOW_VOLTAGE])
