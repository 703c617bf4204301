"""Typical years written on the spot, and the folder of public reference files when there is one."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from web_services import Services, serving

WriteTable = Callable[[str, Sequence[str], Sequence[Sequence[object]]], Path]


@pytest.fixture
def write_table(tmp_path: Path) -> WriteTable:
    """Writes a header and rows as CSV and says where."""

    def write(name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
        path = tmp_path / name
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


@pytest.fixture
def solar_rows() -> list[list[object]]:
    """A year in solar time: the same thin haze all year, each day as warm as its tenth."""
    hours = np.arange(8760)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (285 + hours // 24) / 365)
    latitude, angle = np.radians(43.3), np.radians(15 * (hours % 24 + 0.5 - 12))
    height = np.sin(latitude) * np.sin(declination)
    height = height + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    up = np.maximum(height, 0.0)
    dni, dhi = 600 * (up > 0), 150 * up
    return [
        [hour, hour + 0.5, dni[hour], dhi[hour], 600 * up[hour] + dhi[hour], hour // 24 / 10, 4.0]
        for hour in range(8760)
    ]


@pytest.fixture
def reference_data() -> Path:
    """The folder named by the environment variable EMS_REFERENCE_DATA.

    It holds public files that are not part of the project: `weather/rt2012_H3_hourly_clean.csv`
    (typical year of the RT 2012) and `prices/entsoe_FR_dayahead_2023.csv`. Without the variable,
    or the folder, the tests that compare with them are skipped.
    """
    folder = os.environ.get("EMS_REFERENCE_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("EMS_REFERENCE_DATA names no folder")
    return Path(folder)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The web services, on loopback; the clients ask there, and nowhere else."""
    with serving() as running:
        monkeypatch.setattr("entsoe.entsoe.URL", f"{running.url}/api")
        monkeypatch.setenv("ENTSOE_API_KEY", "very-secret")
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield running
