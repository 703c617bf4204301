"""A table of text read with its line numbers, so that an error names the cell to correct."""

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isinf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import SourceError

_MISSING = frozenset({"", "nan", "na", "n/a", "n/e", "-"})


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text under a header."""

    name: str
    """Name of the file."""

    header: tuple[str, ...]
    """Names of the columns."""

    rows: Sequence[Sequence[str]] = field(repr=False)
    """Cells of each row that is not empty."""

    lines: Sequence[int] = field(repr=False)
    """Line of the file of each row, from 1."""

    def find(self, *names: str) -> int | None:
        """Position of the first of `names` that is a column, or None."""
        return next((self.header.index(name) for name in names if name in self.header), None)

    def place(self, row: int, column: int) -> str:
        """`prices.csv:12 price`: where a cell stands."""
        return f"{self.name}:{self.lines[row]} {self.header[column]}"

    def column(self, *names: str) -> int:
        """Position of the first of `names` that is a column.

        Raises:
            SourceError: there is none of them.
        """
        position = self.find(*names)
        if position is None:
            raise SourceError(
                f"{self.name}:1 has no column {names[0]}; it has {', '.join(self.header)}",
                fix=f"add a column named {' or '.join(names)}",
            )
        return position

    def numbers(self, column: int) -> NDArray[np.float64]:
        """A column as numbers, NaN where its cell is empty. Shape [rows].

        Raises:
            SourceError: a cell holds something else.
        """
        return np.array([self._number(row, column) for row in range(len(self.rows))])

    def cell(self, row: int, column: int) -> str:
        """The text of a cell.

        Raises:
            SourceError: the row is too short to have it.
        """
        cells = self.rows[row]
        if column >= len(cells):
            raise SourceError(
                f"{self.place(row, column)}: the row has {len(cells)} of {len(self.header)} fields",
                fix="complete the row, or remove it",
            )
        return cells[column].strip()

    def _number(self, row: int, column: int) -> float:
        text = self.cell(row, column)
        if text.lower() in _MISSING:
            return float("nan")
        try:
            value = float(text)
        except ValueError as error:
            raise self._not_a_number(row, column, text) from error
        if isinf(value):
            raise self._not_a_number(row, column, text)
        return value

    def _not_a_number(self, row: int, column: int, text: str) -> SourceError:
        return SourceError(
            f"{self.place(row, column)}: {text!r} is not a number",
            fix="write a number with a decimal point, or leave the cell empty",
        )


def read_table(path: Path) -> Table:
    """The table in a CSV file with a header.

    Raises:
        SourceError: it can't be read, or has no rows.
    """
    rows = read_rows(path)
    if len(rows) < 2:
        raise SourceError(f"{path.name} holds no rows", fix="give a file with a header and rows")
    (_, header), *body = rows
    return Table(
        name=path.name,
        header=tuple(cell.strip() for cell in header),
        rows=[cells for _, cells in body],
        lines=[line for line, _ in body],
    )


def read_rows(path: Path, encodings: Sequence[str] = ("utf-8-sig",)) -> list[tuple[int, list[str]]]:
    """Line number and cells of each row of a CSV file that is not empty.

    The first of the encodings that fits is taken.

    Raises:
        SourceError: it can't be read as text.
    """
    try:
        text = _decoded(path.read_bytes(), encodings)
        reader = csv.reader(io.StringIO(text, newline=""))
        return [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except OSError as error:
        raise SourceError(
            f"{path} can't be read: {error.strerror}", fix="check the path and its rights"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{path} is not a table of text: {error}", fix="save it as CSV in UTF-8"
        ) from error


def _decoded(held: bytes, encodings: Sequence[str]) -> str:
    for encoding in encodings[:-1]:
        with suppress(UnicodeDecodeError):
            return held.decode(encoding)
    return held.decode(encodings[-1])
