"""Keys of services: from the environment or a file that it names, never from a description."""

import os
from pathlib import Path

from ems.domain.errors import SourceError


def key_of(service: str, variable: str) -> str:
    """The key in `variable`, or in the file that `variable`_FILE names; empty if neither is set.

    Raises:
        SourceError: the file can't be read.
    """
    path = os.environ.get(f"{variable}_FILE", "")
    if not path:
        return os.environ.get(variable, "").strip()
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        fix = f"set {variable}_FILE to a file that the service may read"
        raise SourceError(f"the key of {service} can't be read from {path}", fix=fix) from error


def needed_key(service: str, variable: str) -> str:
    """The same, where the service asks for one.

    Raises:
        SourceError: there is none.
    """
    if key := key_of(service, variable):
        return key
    fix = f"set {variable}, or {variable}_FILE to a file that holds it"
    raise SourceError(f"{service} has no key", fix=fix)
