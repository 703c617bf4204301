"""Who may come in: a name, a password, and not too many wrong ones.

The store checks passwords and keeps sessions as hashes of opaque tokens. Here the tries are
limited: ten wrong ones for an account from one address within a quarter of an hour. Tries are taken
one at a time, so that many at once neither slip past the limit nor fill the memory with hashing.
The sign-in form itself carries a token that only this console can have made for that browser.
"""

import asyncio
import hashlib
import hmac
import secrets
from enum import Enum, auto

from ems.console.store_protocol import AccountStore
from ems.store.accounts import Session

TRIES = 10
WAIT_S = 15 * 60


class Refusal(Enum):
    """Why somebody does not come in."""

    WRONG = auto()
    """The name or the password is wrong."""
    TOO_MANY = auto()
    """Too many wrong ones lately."""


class SigningIn:
    """The door."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store
        self._one_at_a_time = asyncio.Lock()
        self._secret = secrets.token_bytes(32)

    async def sign_in(self, name: str, password: str, address: str) -> str | Refusal:
        """A new session's token, or why there is none."""
        if not name.isprintable():
            return Refusal.WRONG
        async with self._one_at_a_time:
            if await self._store.failures(name, address) >= TRIES:
                return Refusal.TOO_MANY
            if await self._store.check_password(name, password) is None:
                await self._store.note_failure(name, address)
                return Refusal.WRONG
            return await self._store.open_session(name)

    async def session(self, token: str | None) -> Session | None:
        """Whose session `token` opens; None: nobody's."""
        return await self._store.session(token) if token else None

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await self._store.close_session(token)

    def form_token(self, seed: str) -> str:
        """What the sign-in form must bring back beside the cookie that holds `seed`."""
        return hmac.new(self._secret, seed.encode(), hashlib.sha256).hexdigest()

    def form_token_holds(self, seed: str | None, given: str) -> bool:
        """Whether this console made the form for the holder of the cookie."""
        return bool(seed) and same(self.form_token(str(seed)), given)


def same(expected: str, given: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how far."""
    return hmac.compare_digest(expected.encode(), given.encode())
