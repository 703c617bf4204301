"""Services are chosen by option or environment; doctor names the one that fails, with a fix."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ems.clock import Anchor, DistrictClock
from ems.commands import sources as options
from ems.commands.doctor import connected
from ems.commands.run import Running, connected_outside
from ems.commands.sources import (
    Co2Option,
    Co2Source,
    PricesOption,
    PriceSource,
    Sources,
    WeatherOption,
    WeatherSource,
)
from ems.config import SMARTSEILLE
from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.sources.kept import Answer, Service
from ems.sources.refreshing import Refreshing

NOBODY = "http://127.100.0.2:9"
EVERYTHING = Sources(
    weather=WeatherSource.OPEN_METEO, prices=PriceSource.ENTSOE, co2=Co2Source.ECO2MIX
)


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMS_OPEN_METEO_URL", f"{NOBODY}/")
    monkeypatch.setenv("EMS_ECO2MIX_URL", NOBODY)
    monkeypatch.delenv("ENTSOE_API_KEY", raising=False)
    monkeypatch.delenv("ENTSOE_API_KEY_FILE", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_doctor_names_each_service_that_fails_and_what_to_do() -> None:
    findings = {finding.name: finding for finding in connected(SMARTSEILLE, EVERYTHING)}
    assert set(findings) == {"Open-Meteo", "ENTSO-E", "eCO2mix"}
    assert not any(finding.ok for finding in findings.values())
    assert findings["Open-Meteo"].what == "Open-Meteo does not answer (ConnectError)"
    assert "firewall" in findings["eCO2mix"].fix
    assert "ENTSOE_API_KEY" in findings["ENTSO-E"].fix


@dataclass(frozen=True)
class Well:
    """A service that answers."""

    name: str = "Well"
    every: timedelta = timedelta(minutes=30)

    def ask(self, now: datetime) -> Answer:
        return Answer(known_at=datetime(2026, 5, 12, 9, tzinfo=UTC), body="")

    def read(self, answer: Answer) -> object:
        return answer


def test_doctor_tells_since_when_an_answer_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def services(_self: Sources, _district: District) -> Iterator[Service[object]]:
        yield Well()

    monkeypatch.setattr(options.Sources, "services", services)
    (finding,) = connected(SMARTSEILLE, EVERYTHING)
    assert (finding.ok, finding.what) == (True, "answers; known at 2026-05-12 09:00 UTC")


def test_doctor_asks_nobody_where_nothing_is_connected() -> None:
    assert list(connected(SMARTSEILLE, Sources())) == []


def test_doctor_leaves_a_broken_description_to_its_own_finding(tmp_path: Path) -> None:
    assert list(connected(tmp_path, EVERYTHING)) == []


def test_the_environment_chooses_as_the_options_do(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[Sources] = []
    app = typer.Typer()

    @app.command()
    def choose(
        weather: WeatherOption = Sources.weather,
        prices: PricesOption = Sources.prices,
        co2: Co2Option = Sources.co2,
    ) -> None:
        chosen.append(Sources(weather=weather, prices=prices, co2=co2))

    monkeypatch.setenv("EMS_WEATHER", "open-meteo")
    monkeypatch.setenv("EMS_CO2", "eco2mix")
    assert CliRunner().invoke(app, ["--prices", "entsoe"]).exit_code == 0
    assert chosen == [EVERYTHING]


def test_the_service_has_an_outlook_before_anybody_has_answered(
    district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Refreshing] = []
    monkeypatch.setattr(Refreshing, "start", lambda refreshing: started.append(refreshing))
    now = datetime.now(UTC)
    running = Running(
        district=district,
        dsn="",
        anchor=Anchor(start=now, wall_start=now, speed=1.0),
        port=1,
        heart=tmp_path / "heart",
    )
    outside = connected_outside(EVERYTHING, running)
    present = DistrictClock(running.anchor).now()
    horizon = Horizon(Slot.containing(present) + 1, 96)
    told = asyncio.run(outside.outlook(horizon, present))
    assert len(started) == 1
    assert "the built-in climate is used" in told.weather.degraded
    assert "prices are missing" in told.price_degraded
