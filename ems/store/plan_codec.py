"""A plan's setpoints between their domain types and rows of a binary COPY."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ems.domain.plans import Plan, Reason, ReasonCode, SetpointRow
from ems.domain.points import Unit
from ems.store import binary
from ems.store.database import Row

_FIELDS = (9).to_bytes(2, "big")


def encoded(plan: Plan) -> bytes:
    """All setpoints as a whole binary COPY of plan_id, position, point, unit, low, high, values,
    reason_codes, reason_values.
    """
    return b"".join([binary.SIGNATURE, *_rows(plan), binary.TRAILER])


def _rows(plan: Plan) -> Iterator[bytes]:
    identity = binary.field(UUID(plan.id).bytes)
    for position, row in enumerate(plan.setpoints):
        codes = np.array([reason.code for reason in row.reasons], dtype=np.int16)
        figures = np.array([reason.value for reason in row.reasons], dtype=np.float64)
        fields = (
            position.to_bytes(4, "big"),
            row.point.encode(),
            row.unit.value.encode(),
            np.array(row.low, dtype=binary.FLOAT8).tobytes(),
            np.array(row.high, dtype=binary.FLOAT8).tobytes(),
            binary.array_bytes(row.values, binary.FLOAT8),
            binary.array_bytes(codes, binary.INT2),
            binary.array_bytes(figures, binary.FLOAT8),
        )
        yield _FIELDS + identity + b"".join(map(binary.field, fields))


class Reasons:
    """Makes reasons from their code and figure, each kind once.

    A plan has a hundred thousand of them, most alike; those without a figure are shared.
    """

    def __init__(self) -> None:
        self._plain = {code.value: Reason(code) for code in ReasonCode}

    def of(self, codes: NDArray[np.int16], figures: NDArray[np.float64]) -> tuple[Reason, ...]:
        """One reason for each code. Shapes [slots]."""
        return tuple(
            self._plain[code] if figure != figure else Reason(ReasonCode(code), figure)
            for code, figure in zip(codes.tolist(), figures.tolist(), strict=True)
        )


def decoded(rows: list[Row]) -> tuple[SetpointRow, ...]:
    """Setpoint rows from point, unit, low, high, and three arrays as `array_send` gives them."""
    reasons = Reasons()
    return tuple(
        SetpointRow(
            point=point,
            unit=Unit(unit),
            low=low,
            high=high,
            values=floats(values),
            reasons=reasons.of(
                binary.array_of(codes, binary.INT2).astype(np.int16), floats(figures)
            ),
        )
        for point, unit, low, high, values, codes, figures in rows
    )


def floats(data: bytes) -> NDArray[np.float64]:
    """A vector of numbers from what `array_send` gave."""
    return binary.array_of(data, binary.FLOAT8).astype(np.float64)
