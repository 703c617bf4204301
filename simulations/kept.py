"""What long work has done so far, a small file for each run, so that it can go on from there."""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""What is kept of one run, with its `key`."""


class Kept:
    """The finished runs of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def row(self, key: str) -> Row | None:
        """What came of a run, or None."""
        path = self._path(key)
        if not path.exists():
            return None
        row: Row = json.loads(path.read_text(encoding="utf-8"))
        return row

    def keep(self, row: Row) -> None:
        """Keep what came of a run, whole or not at all."""
        path = self._path(str(row["key"]))
        part = path.with_suffix(".part")
        part.write_text(json.dumps(row), encoding="utf-8")
        part.replace(path)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"
