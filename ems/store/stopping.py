"""Stopping all writing: who asks, and what the service says to it.

The command line and the console ask in the same way: the mode becomes manual, and a request is
filed that the service quotes in the audit trail once it has given every device back.
"""

import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from ems.domain.plans import Mode
from ems.store.audit import AuditEntry

REQUEST = "stop_writing"
"""The setting that holds the last request to stop; what the service does quotes it."""
GAVE_BACK = "gave back"
"""The action that stands in the trail then."""
_LOOKED_AT = 20


class StoppingStore(Protocol):
    """What stopping needs of the store."""

    async def set_mode(self, mode: Mode, by: str) -> None:
        """Change who decides what is written."""
        ...

    async def setting(self, key: str, default: Any = None) -> Any:
        """The value of a setting."""
        ...

    async def set_setting(self, key: str, value: Any, by: str) -> None:
        """Change it."""
        ...

    async def audit_trail(
        self, *, before: int | None = None, limit: int = 100
    ) -> tuple[AuditEntry, ...]:
        """What was done, newest first."""
        ...


async def stop_writing(store: StoppingStore, who: str) -> str:
    """Ask for it in the name of `who`; the number of the request."""
    request = str(uuid.uuid4())
    await store.set_mode(Mode.MANUAL, who)
    await store.set_setting(REQUEST, request, who)
    return request


async def given_back(store: StoppingStore, request: str | None) -> Mapping[str, Any] | None:
    """What the service did upon `request`; None: it has not said yet."""
    for entry in await store.audit_trail(limit=_LOOKED_AT):
        if entry.what.get("action") == GAVE_BACK and entry.what["request"] == request:
            return entry.what
    return None
