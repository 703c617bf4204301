"""The description read and checked: every problem of every file at once, or the whole district.

Each file is read into data that knows its lines, pydantic checks it against the domain's own
types, and what only shows between files (`checks.py`) is looked at last, once all parts hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ems.config.checks import problems_between
from ems.config.documents import Document, read_csv, read_yaml
from ems.domain.district import (
    Battery,
    Building,
    CarPark,
    ChargePoint,
    Comfort,
    Device,
    District,
    Dwelling,
    HeatPumpPlant,
    Polling,
    PvRoof,
    SeaLoop,
    Site,
    Station,
    Use,
    UseProfile,
    Zone,
)
from ems.domain.errors import ConfigError, Problem
from ems.domain.modbus_address import beside
from ems.domain.tariff import Tariff

T = TypeVar("T")

SMARTSEILLE = Path(__file__).parent / "smartseille"
"""The description of Smartseille that comes with the package."""

MAPS = "maps"
"""The folder of a description that holds the site's own device maps."""

_SINGLES: Mapping[str, Any] = {
    "site": Site,
    "comfort": Comfort,
    "polling": Polling,
    "station": Station,
    "plant": HeatPumpPlant,
    "loop": SeaLoop,
    "car_park": CarPark,
    "batteries": tuple[Battery, ...],
}


@dataclass(frozen=True)
class _Part:
    """A file that holds one part of the description."""

    file: str
    kind: Any
    key: str = ""
    """The field that is filled from the entry's own key."""


_PARTS: Mapping[str, _Part] = {
    "uses": _Part("uses.yaml", dict[Use, UseProfile], "use"),
    "buildings": _Part("buildings.yaml", dict[str, Building], "id"),
    "tariff": _Part("tariff.yaml", Tariff),
    "dwellings": _Part("dwellings.csv", dict[str, Dwelling]),
    "zones": _Part("zones.csv", dict[str, Zone]),
    "charge_points": _Part("charge_points.csv", dict[str, ChargePoint]),
    "pv_roofs": _Part("pv_roofs.csv", dict[str, PvRoof]),
    "devices": _Part("devices.csv", dict[str, Device]),
}


def load_district(folder: Path = SMARTSEILLE) -> District:
    """The district described in `folder`.

    Raises:
        ConfigError: it has problems; all of them are listed.
    """
    district, problems = check_district(folder)
    if district is None or problems:
        raise ConfigError(tuple(problems))
    return district


def read_as(path: Path, kind: type[T]) -> T:
    """One YAML file beside a description, checked against a `kind` of value.

    Raises:
        ConfigError: it has problems; each names file, line, field and fix.
    """
    document, problems = read_yaml(path)
    found: dict[str, Any] = {}
    if document is not None:
        problems += _validate(document, kind, document.data, found, "whole")
    if problems:
        raise ConfigError(tuple(problems))
    whole: T = found["whole"]
    return whole


def check_district(folder: Path) -> tuple[District | None, list[Problem]]:
    """The district as far as it could be read, and everything that is wrong with it."""
    documents: dict[str, Document] = {}
    parts: dict[str, Any] = {}
    problems: list[Problem] = []
    for reader in (_read_singles, _read_parts):
        problems += reader(folder, documents, parts)
    if problems:
        return None, problems
    parts["batteries"] = {battery.id: battery for battery in parts["batteries"]}
    district = _with_own_files(District(**parts), folder.resolve())
    return district, problems_between(district, documents)


def _with_own_files(district: District, folder: Path) -> District:
    """Devices whose map or certificates lie beside the description name those files.

    A map of the site goes before one of the package of the same name.
    """
    own = {file.stem: str(file) for file in (folder / MAPS).glob("*.yaml")}
    devices = district.devices.values()
    return district.with_devices(
        replace(d, map=own.get(d.map, d.map), host=beside(d.host, folder)) for d in devices
    )


def _read_singles(
    folder: Path, documents: dict[str, Document], parts: dict[str, Any]
) -> list[Problem]:
    document, problems = read_yaml(folder / "district.yaml")
    if document is None:
        return problems
    documents["batteries"] = document
    for name, kind in _SINGLES.items():
        if name not in document.data:
            where = document.where(())
            problems.append(Problem(where=where, field=name, message="is missing", fix="add it"))
            continue
        problems += _validate(document, kind, document.data[name], parts, name, prefix=(name,))
    for extra in document.data.keys() - _SINGLES.keys():
        fix = _spelling(str(extra), _SINGLES)
        where = document.where((extra,))
        problems.append(Problem(where=where, field=str(extra), message="is not known", fix=fix))
    return problems


def _read_parts(
    folder: Path, documents: dict[str, Document], parts: dict[str, Any]
) -> list[Problem]:
    problems: list[Problem] = []
    for name, part in _PARTS.items():
        read: Callable[..., Any] = read_csv if part.file.endswith(".csv") else read_yaml
        document, found = read(folder / part.file)
        problems += found
        if document is None:
            continue
        documents[name] = document
        data = _with_keys(document.data, part.key) if part.key else document.data
        problems += _validate(document, part.kind, data, parts, name)
    return problems


def _with_keys(data: Any, key: str) -> Any:
    if not isinstance(data, dict):
        return data
    return {k: {**v, key: k} if isinstance(v, dict) else v for k, v in data.items()}


def _validate(
    document: Document,
    kind: Any,
    data: Any,
    parts: dict[str, Any],
    name: str,
    prefix: tuple[str | int, ...] = (),
) -> list[Problem]:
    try:
        parts[name] = TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        return [_explained(document, prefix, details, kind) for details in error.errors()]
    return []


def _explained(
    document: Document, prefix: tuple[str | int, ...], details: ErrorDetails, kind: Any
) -> Problem:
    place = prefix + details["loc"]
    message, fix = _words(details)
    return Problem(
        where=document.where(place),
        field=".".join(map(str, place)),
        message=message,
        fix=fix,
    )


def _words(details: ErrorDetails) -> tuple[str, str]:
    """What is wrong and what to do, for a person."""
    given = details.get("input")
    match details["type"]:
        case "missing":
            return "is missing", "add it"
        case "unexpected_keyword_argument" | "extra_forbidden":
            return "is not a known field", "remove it, or correct its spelling"
        case "float_parsing" | "float_type" | "int_parsing" | "int_type" | "finite_number":
            return f"{given!r} is not a number", "write a plain number, with a dot"
        case "value_error":
            message = str(details["ctx"]["error"])
            return message, "give a value that fits"
        case _:
            return f"{given!r}: {details['msg'].lower()}", "give one of the values that fit"


def _spelling(word: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(word, list(known), 1)
    return f"did you mean `{close[0]}`?" if close else "remove it"
