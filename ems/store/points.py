"""The points that the database knows, and the numbers it keeps them under."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import StoreError
from ems.domain.points import PointInfo, Unit
from ems.store.database import Database

_REGISTER = """
insert into point (name, device, quantity, unit, writable, dwelling)
select name, device, quantity, unit, writable, nullif(dwelling, '')
from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::text[])
  as given (name, device, quantity, unit, writable, dwelling)
on conflict (name) do update set device = excluded.device, quantity = excluded.quantity,
  unit = excluded.unit, writable = excluded.writable, dwelling = excluded.dwelling
where (point.device, point.quantity, point.unit, point.writable, point.dwelling) is distinct from
  (excluded.device, excluded.quantity, excluded.unit, excluded.writable, excluded.dwelling)
"""


class Points:
    """Registers points; base of the rooms that keep values of them."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._ids: dict[str, int] = {}

    async def register(self, points: Sequence[PointInfo]) -> None:
        """Make `points` known; those known already get the present description."""
        await self._db.do(
            _REGISTER,
            [p.id for p in points],
            [p.device for p in points],
            [p.name for p in points],
            [p.unit.value for p in points],
            [p.writable for p in points],
            [p.dwelling for p in points],
        )
        await self._learn()

    async def points(self) -> tuple[PointInfo, ...]:
        """All points, by name."""
        rows = await self._db.rows(
            "select name, device, quantity, unit, writable, coalesce(dwelling, '') from point"
            " order by name"
        )
        return tuple(
            PointInfo(
                id=name,
                device=device,
                name=quantity,
                unit=Unit(unit),
                writable=writable,
                dwelling=dwelling,
            )
            for name, device, quantity, unit, writable, dwelling in rows
        )

    async def _learn(self) -> None:
        self._ids = dict(await self._db.rows("select name, id from point"))

    async def _numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """The numbers of points; -1 for those that nobody registered. Shape [names]."""
        if not self._ids.keys() >= set(names):
            await self._learn()
        return np.array([self._ids.get(name, -1) for name in names], dtype=np.int32)

    async def _known_numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """The numbers of points. Shape [names].

        Raises:
            StoreError: a point was not registered.
        """
        numbers = await self._numbers(names)
        if (numbers < 0).any():
            raise StoreError(
                f"the database does not know {_some(np.array(names)[numbers < 0])}",
                fix="register the district's points before values of them are stored",
            )
        return numbers


def _some(names: Iterable[str]) -> str:
    listed = sorted(set(names))
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
