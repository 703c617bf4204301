"""Files as data that remembers its lines, so that a complaint can name the place.

YAML is composed into nodes first: the nodes know their line, and a key that stands twice is seen.
CSV lists begin with comment lines, one of which names the source or the assumption.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ems.domain.errors import Problem

Place = tuple[str | int, ...]
"""Keys and indices that lead to a part of a document."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """One file's data and the line of each of its parts."""

    name: str
    """File name, for people."""

    data: Any
    """Plain mappings, lists and scalars."""

    lines: dict[Place, int] = field(repr=False)
    """Line of each path, counted from 1."""

    def where(self, path: Place) -> str:
        """File and line of the deepest known part of `path`."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_yaml(path: Path) -> tuple[Document | None, list[Problem]]:
    """A YAML file, or the problems that keep it from being read."""
    text, problems = _text(path)
    if text is None:
        return None, problems
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [_problem(f"{path.name}:{line}", f"is not YAML: {error.problem}", _INDENT)]
    lines: dict[Place, int] = {}
    for place, mark in _marks(node, ()):
        if place in lines and lines[place] != mark:
            problems.append(_repeated(path.name, mark, place, lines[place]))
        lines.setdefault(place, mark)
    return Document(name=path.name, data=yaml.safe_load(text) or {}, lines=lines), problems


def read_csv(path: Path) -> tuple[Document | None, list[Problem]]:
    """A CSV list as a mapping from the first column to rows, or its problems."""
    text, problems = _text(path)
    if text is None:
        return None, problems
    numbered = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not any(line.startswith(("# source:", "# assumption:")) for _, line in numbered):
        fix = "begin the file with a line `# source: ...` or `# assumption: ...`"
        problems.append(_problem(f"{path.name}:1", "does not say where its figures come from", fix))
    body = [(n, line) for n, line in numbered if not line.startswith("#")]
    if not body:
        return None, [*problems, _problem(f"{path.name}:1", "has no header", "add the columns")]
    return _rows(path.name, body, problems), problems


def _rows(name: str, body: list[tuple[int, str]], problems: list[Problem]) -> Document:
    header = next(csv.reader([body[0][1]]))
    rows: dict[str, dict[str, str]] = {}
    lines: dict[Place, int] = {}
    for number, line in body[1:]:
        cells = next(csv.reader([line]))
        where = f"{name}:{number}"
        if len(cells) != len(header):
            message = f"has {len(cells)} cells for {len(header)} columns"
            problems.append(_problem(where, message, f"give {', '.join(header)}"))
        elif cells[0] in rows:
            message = f"{cells[0]} stands already in line {lines[(cells[0],)]}"
            problems.append(_problem(where, message, "remove one of them"))
        else:
            rows[cells[0]] = {k: v for k, v in zip(header, cells, strict=True) if v != ""}
            lines[(cells[0],)] = number
    return Document(name=name, data=rows, lines=lines)


_INDENT = "check indentation, colons and quotes around this line"


def _text(path: Path) -> tuple[str | None, list[Problem]]:
    try:
        return path.read_text(encoding="utf-8"), []
    except FileNotFoundError:
        return None, [_problem(path.name, f"is missing in {path.parent}", "add the file")]
    except UnicodeDecodeError as error:
        return None, [_problem(path.name, f"is not UTF-8 ({error.reason})", "save it as UTF-8")]
    except OSError as error:
        return None, [_problem(path.name, f"can't be read: {error.strerror}", "check its rights")]


def _marks(node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, int]]:
    if node is None:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, key.value)
            yield inner, key.start_mark.line + 1
            yield from _marks(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*place, index), value.start_mark.line + 1
            yield from _marks(value, (*place, index))


def _problem(where: str, message: str, fix: str) -> Problem:
    return Problem(where=where, field="", message=message, fix=fix)


def _repeated(name: str, line: int, place: Place, first: int) -> Problem:
    message = f"stands already in line {first}"
    return Problem(
        where=f"{name}:{line}",
        field=".".join(map(str, place)),
        message=message,
        fix="remove one of them",
    )
