"""Files of entries, CSV or JSON, read alike: every value knows the place where it stands.

A JSON file is a list of objects with the same names as the columns of the CSV file; its places
count entries instead of lines.
"""

import json
from pathlib import Path
from typing import Any

from ems.domain.errors import SourceError
from ems.sources.table import Table, read_table


def read_entries(path: Path) -> Table:
    """The entries of a CSV or JSON file.

    Raises:
        SourceError: it can't be read, or holds nothing.
    """
    return _read_json(path) if path.suffix.lower() == ".json" else read_table(path)


def _read_json(path: Path) -> Table:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(
            f"{path} can't be read: {error.strerror}", fix="check the path and its rights"
        ) from error
    except ValueError as error:
        raise SourceError(f"{path.name} is not JSON: {error}", fix="correct that place") from error
    if not (isinstance(entries, list) and entries and all(isinstance(e, dict) for e in entries)):
        raise SourceError(
            f"{path.name} is not a list of entries",
            fix='write [{"time": "...", "name": 1.0}, ...], or give a CSV file',
        )
    header = tuple(dict.fromkeys(name for entry in entries for name in entry))
    return Table(
        name=path.name,
        header=header,
        rows=[[_text(entry.get(name)) for name in header] for entry in entries],
        lines=range(1, len(entries) + 1),
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
