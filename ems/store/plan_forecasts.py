"""The forecasts that entered a plan, kept with it."""

from datetime import UTC

import numpy as np
from psycopg import AsyncConnection

from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.slots import Horizon, Slot
from ems.store.database import Database, Row


class PlanForecasts:
    """Gives them back."""

    _db: Database

    async def forecasts(self, plan_id: str) -> Forecasts | None:
        """The forecasts that entered a plan; none when they were not kept."""
        rows = await self._db.rows(
            """select name, source, issued_at, first_slot, values, levels, quantiles, degraded
            from forecast where plan_id = %s order by name""",
            plan_id,
        )
        series = {row[0]: _forecast(row) for row in rows}
        if not series:
            return None
        one = next(iter(series.values()))
        return Forecasts(horizon=one.horizon, issued_at=one.issued_at, series=series)


async def add_forecasts(
    connection: AsyncConnection[Row], plan_id: str, forecasts: Forecasts
) -> None:
    """Keep the forecasts of a plan within the transaction of `connection`."""
    await connection.cursor().executemany(
        "insert into forecast values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                plan_id, f.name, f.source, f.issued_at, f.horizon.first.index, f.values.tolist(),
                list(f.quantiles), [v.tolist() for v in f.quantiles.values()], f.degraded,
            )
            for f in forecasts.series.values()
        ],
    )  # fmt: skip


def _forecast(row: Row) -> Forecast:
    name, source, issued_at, first_slot, values, levels, quantiles, degraded = row
    return Forecast(
        name=name,
        horizon=Horizon(Slot(first_slot), len(values)),
        issued_at=issued_at.astimezone(UTC),
        source=source,
        values=np.array(values),
        quantiles={level: np.array(band) for level, band in zip(levels, quantiles, strict=True)},
        degraded=degraded,
    )
