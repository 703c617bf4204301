"""What residents allow, and the private address under which they fetch their own figures.

Nothing is allowed until a resident says so, for each purpose apart, and each can be withdrawn. What
was given and withdrawn, and when, is kept as proof. A feed's address holds a random number of which
only a hash is kept; a new address ends the one before.
"""

import hashlib
import secrets
from enum import StrEnum

from psycopg import AsyncConnection

from ems.store.audit import note
from ems.store.database import Database, Row

TOKEN_BYTES = 16


class Purpose(StrEnum):
    """What quarter-hour figures of a dwelling may be kept and used for."""

    OWN_FEED = "own_feed"
    """The resident's own page and feed."""
    FORECASTS = "forecasts"
    """Better forecasts for the district."""
    SHARING = "sharing"
    """A share of the common sun in proportion to use."""


class Residents:
    """Keeps consents and feed addresses."""

    _db: Database

    async def give_consent(
        self, dwelling: str, purpose: Purpose, by: str, *, proof: str = ""
    ) -> None:
        """Note that it is allowed from now on; `proof` says how it was given."""
        async with self._db.work() as connection:
            await connection.execute(
                """insert into consent (dwelling, purpose, proof) values (%s, %s, %s)
                on conflict do nothing""",
                (dwelling, purpose.value, proof),
            )
            await _noted(connection, by, "consent given", dwelling, purpose)

    async def withdraw_consent(self, dwelling: str, purpose: Purpose, by: str) -> None:
        """Note that it is no longer allowed."""
        async with self._db.work() as connection:
            await connection.execute(
                """update consent set withdrawn_at = clock_timestamp()
                where dwelling = %s and purpose = %s and withdrawn_at is null""",
                (dwelling, purpose.value),
            )
            await _noted(connection, by, "consent withdrawn", dwelling, purpose)

    async def consents(self, dwelling: str) -> frozenset[Purpose]:
        """What is allowed now."""
        rows = await self._db.rows(
            "select purpose from consent where dwelling = %s and withdrawn_at is null", dwelling
        )
        return frozenset(Purpose(purpose) for (purpose,) in rows)

    async def participants(self) -> frozenset[str]:
        """Dwellings whose residents take part in sharing the sun by their quarter hours."""
        rows = await self._db.rows(
            "select dwelling from consent where purpose = %s and withdrawn_at is null",
            Purpose.SHARING.value,
        )
        return frozenset(str(dwelling) for (dwelling,) in rows)

    async def new_feed_address(self, dwelling: str) -> str:
        """Make the number of a dwelling's feed address, shown once; the one before ends."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self._db.do(
            """insert into feed_address (dwelling, token_hash) values (%s, %s)
            on conflict (dwelling) do update
              set token_hash = excluded.token_hash, made_at = clock_timestamp()""",
            dwelling, _hash(token),
        )  # fmt: skip
        return token

    async def feed_dwelling(self, token: str) -> str | None:
        """Whose feed this number opens; none when it opens none."""
        row = await self._db.row(
            "select dwelling from feed_address where token_hash = %s", _hash(token)
        )
        return None if row is None else str(row[0])

    async def feed_access(self, token: str, purpose: Purpose) -> tuple[str, bool] | None:
        """Whose feed this number opens, and whether its resident allows `purpose` now."""
        row = await self._db.row(
            """select dwelling, exists (
              select from consent where consent.dwelling = feed_address.dwelling
              and purpose = %s and withdrawn_at is null
            ) from feed_address where token_hash = %s""",
            purpose.value, _hash(token),
        )  # fmt: skip
        return None if row is None else (str(row[0]), bool(row[1]))

    async def close_feed(self, dwelling: str) -> None:
        """End a dwelling's feed address."""
        await self._db.do("delete from feed_address where dwelling = %s", dwelling)


async def _noted(
    connection: AsyncConnection[Row], by: str, action: str, dwelling: str, purpose: Purpose
) -> None:
    await note(connection, by, {"action": action, "dwelling": dwelling, "purpose": purpose.value})


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
