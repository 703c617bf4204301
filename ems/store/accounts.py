"""People and their sessions, in wall time.

Passwords are kept as Argon2id hashes; a session's token is a random number that only the browser
knows, of which the store keeps a hash. Checking a password of nobody takes as long as of somebody.
"""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from ems.domain.errors import StoreError
from ems.store.database import Database

TOKEN_BYTES = 16
SESSION = timedelta(hours=12)
FAILURES_COUNT_FOR = timedelta(minutes=15)

_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe())
_SESSION = """
select user_name, role, scope, csrf, expires_at from app_session
join app_user on name = user_name
where token_hash = %s and expires_at > clock_timestamp() and active
"""


class Role(StrEnum):
    """What somebody may do; the console's table of rights says what that is."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    BUILDING_MANAGER = "building_manager"
    RESIDENT = "resident"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who may sign in."""

    name: str
    """As typed at the sign-in."""

    role: Role
    """What they may do."""

    scope: str = ""
    """The building or dwelling that they may see; empty: everything their role allows."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody signed in."""

    user: User
    """Who."""

    csrf: str
    """A second random number, which a changing request must carry."""

    expires_at: datetime
    """When it ends, wall time, UTC."""


class Accounts:
    """Keeps people, sessions and failed sign-ins."""

    _db: Database

    async def add_user(self, user: User, password: str) -> bool:
        """Make an account; false when the name is taken."""
        hashed = await asyncio.to_thread(_hasher.hash, password)
        made = await self._db.do(
            """insert into app_user (name, role, scope, password_hash) values (%s, %s, %s, %s)
            on conflict do nothing""",
            user.name, user.role.value, user.scope, hashed,
        )  # fmt: skip
        return made > 0

    async def users(self) -> tuple[User, ...]:
        """All who may sign in, by name."""
        rows = await self._db.rows(
            "select name, role, scope from app_user where active order by name"
        )
        return tuple(User(name=n, role=Role(r), scope=s) for n, r, s in rows)

    async def has_user(self, name: str) -> bool:
        """Whether there is or was an account of this name."""
        return await self._db.row("select from app_user where name = %s", name) is not None

    async def remove_user(self, name: str) -> None:
        """Close an account and end its sessions; its name stays in the audit trail."""
        await self._db.do("update app_user set active = false where name = %s", name)
        await self.close_sessions_of(name)

    async def set_password(self, name: str, password: str) -> None:
        """Change a password and end the account's sessions.

        Raises:
            StoreError: there is no such account.
        """
        hashed = await asyncio.to_thread(_hasher.hash, password)
        changed = await self._db.do(
            "update app_user set password_hash = %s where name = %s", hashed, name
        )
        if not changed:
            raise StoreError(f"there is no account {name}", fix="see `users`")
        await self.close_sessions_of(name)

    async def check_password(self, name: str, password: str) -> User | None:
        """Who it is, when the password is right."""
        row = await self._db.row(
            "select role, scope, password_hash from app_user where name = %s and active", name
        )
        hashed = _NOBODY if row is None else row[2]
        right = await asyncio.to_thread(_verified, hashed, password)
        return User(name=name, role=Role(row[0]), scope=row[1]) if row and right else None

    async def note_failure(self, name: str, address: str) -> None:
        """Count a wrong password against an account and an address."""
        async with self._db.work() as connection:
            await connection.execute(
                "delete from sign_in_failure where at < clock_timestamp() - %s",
                (FAILURES_COUNT_FOR,),
            )
            await connection.execute(
                "insert into sign_in_failure (name, address) values (%s, %s)", (name, address)
            )

    async def failures(self, name: str, address: str) -> int:
        """Wrong passwords for this account from this address within the last 15 minutes."""
        row = await self._db.row(
            """select count(*) from sign_in_failure
            where name = %s and address = %s and at > clock_timestamp() - %s""",
            name, address, FAILURES_COUNT_FOR,
        )  # fmt: skip
        return 0 if row is None else int(row[0])

    async def open_session(self, name: str, lasting: timedelta = SESSION) -> str:
        """Start a session of an account: its token, which nobody can read again."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        async with self._db.work() as connection:
            await connection.execute("delete from app_session where expires_at < clock_timestamp()")
            await connection.execute(
                """insert into app_session (token_hash, user_name, csrf, expires_at)
                values (%s, %s, %s, clock_timestamp() + %s)""",
                (_hash(token), name, secrets.token_urlsafe(TOKEN_BYTES), lasting),
            )
        return token

    async def session(self, token: str) -> Session | None:
        """Whose session this is; none when it has ended or never was."""
        row = await self._db.row(_SESSION, _hash(token))
        if row is None:
            return None
        name, role, scope, csrf, expires_at = row
        user = User(name=name, role=Role(role), scope=scope)
        return Session(user=user, csrf=csrf, expires_at=expires_at.astimezone(UTC))

    async def close_session(self, token: str) -> None:
        """End a session."""
        await self._db.do("delete from app_session where token_hash = %s", _hash(token))

    async def close_sessions_of(self, name: str) -> None:
        """End all sessions of an account."""
        await self._db.do("delete from app_session where user_name = %s", name)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _verified(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except VerifyMismatchError:
        return False
