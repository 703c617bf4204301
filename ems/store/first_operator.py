"""The first account, so that nobody has to invent a password before seeing anything."""

import os
import secrets
from pathlib import Path

from ems.store.accounts import Role, User
from ems.store.store import Store

NAME = "operator"
FILE = "operator-password"


async def ensure_operator(store: Store, folder: Path, role: Role = Role.OPERATOR) -> Path:
    """See that there is an account `operator`: the file in `folder` that holds its password.

    The file is written first, readable by its owner only, and only then the account is made, so
    that a start broken off in between is made good by the next one. A password that was changed
    since stays, and a file that was removed since is not written again.
    """
    path = folder / FILE
    if not await store.has_user(NAME):
        password = path.read_text().split()[-1] if path.exists() else _written(path)
        await store.add_user(User(name=NAME, role=role), password)
    return path


def _written(path: Path) -> str:
    password = secrets.token_urlsafe(12)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{NAME} {password}\n")
    return password
