"""Commissioning a small virtual district: found, compared, written by hand, watched."""

import asyncio
import csv
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from ems.commands.discover import unit_numbers
from ems.config import load_district
from ems.devices.inspection import DeviceCheck, PointCheck, Verdict, plausibility
from ems.devices.maps import map_of
from ems.devices.search import ADDRESSES_MAX, addresses
from ems.domain.district import District
from ems.domain.errors import DeviceError
from ems.heart import FILE, Heart
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers

Ems = Callable[..., Result]
NET = 77
FEW = ("D1-0101", "D1-0102", "B1-0201", "A1-Z01", "HP-1", "CP-01", "PV-A1", "BAT-1", "M-A1")
"""Of both protocols, behind a gateway, behind a router, and by themselves."""


@pytest.fixture(scope="module")
def small() -> District:
    moved = load_district().on_loopback(NET)
    return moved.with_devices(moved.devices[name] for name in FEW)


@pytest.fixture(scope="module")
def served(small: District) -> Iterator[ProcessImage]:
    """The virtual devices, answering from a thread of their own."""
    image = ProcessImage.create(small)
    loop, ready = asyncio.new_event_loop(), threading.Event()
    servers = ModbusServers(small, image), BacnetServers(small, image)

    async def start() -> None:
        for server in servers:
            await server.start()
        ready.set()

    async def stop() -> None:
        for server in servers:
            await server.stop()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    ready.wait(10)
    yield image
    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def image(small: District, served: ProcessImage) -> ProcessImage:
    """Believable values everywhere, and every device answers."""
    for device in small.devices.values():
        for spec in map_of(device).points.values():
            codes = [ours for _, ours in spec.translate]
            middle = round(max(spec.low, min(0.0, spec.high)) + min(20.0, spec.high - spec.low) / 2)
            served[f"{device.id}/{spec.name}"] = float(codes[0] if codes else middle)
    for phase in (1, 2, 3):
        served[f"M-A1/power_l{phase}_kw"] = 4.0
    served["M-A1/power_kw"] = 12.0
    served["M-A1/frequency_hz"] = served["PV-A1/frequency_hz"] = 50.0
    served.silent[:] = 0
    return served


def at(*words: object) -> tuple[object, ...]:
    return ("devices", *words, "--net", NET)


def test_all_is_good_where_all_is_as_described(ems: Ems, image: ProcessImage) -> None:
    result = ems(*at("check", *FEW))
    assert result.exit_code == 0, result.output
    assert "9 devices: 9 good; 1 of 1 sums add up" in result.output


def test_what_an_installer_has_to_look_at_is_named(
    ems: Ems, image: ProcessImage, tmp_path: Path
) -> None:
    image.silent[image.device_index["HP-1"]] = 1
    image["D1-0101/room_temp_c"] = 85.0
    image["D1-0102/bedroom_temp_c"] = np.nan
    image["M-A1/power_l2_kw"] = -4.0
    sheet, page = tmp_path / "points.csv", tmp_path / "report.html"
    result = ems(*at("check", *FEW, "--csv", sheet, "--html", page, "--json"))
    assert result.exit_code == 1
    found = json.loads(result.output)
    verdicts = {one["id"]: one["verdict"] for one in found["devices"] if not one["good"]}
    assert verdicts == {"HP-1": "no answer", "D1-0101": "out of range", "D1-0102": "no value"}
    assert all(one["look_at"] for one in found["devices"] if not one["good"])
    (phases,) = found["sums"]
    assert (phases["name"], phases["verdict"]) == ("phases of meter A1", "implausible")
    assert (phases["shown_kw"], phases["summed_kw"]) == (12.0, pytest.approx(4.0))
    rows = list(csv.DictReader(sheet.open()))
    bad = {(row["device"], row["point"]) for row in rows if row["verdict"] != "good"}
    assert bad == {("HP-1", ""), ("D1-0101", "room_temp_c"), ("D1-0102", "bedroom_temp_c")}
    text = page.read_text()
    assert "To be looked at" in text
    assert "HP-1" in text
    assert "current transformers" in text
    assert "http" not in text


def test_the_sum_of_all_meters_is_held_against_the_districts(ems: Ems, district: District) -> None:
    def checks(shown_kw: float) -> list[DeviceCheck]:
        power = {"M-HTA": shown_kw, "PV-A1": 20.0, "BAT-1": -5.0}
        names = [d.id for d in district.devices.values() if d.id[:2] in ("M-", "PV", "BA")]
        return [
            DeviceCheck(
                device=district.devices[name],
                verdict=Verdict.GOOD,
                points=(
                    PointCheck(
                        name="power_kw",
                        value=power.get(name, 10.0 if name.startswith("M-") else 0.0),
                        unit="kW",
                        verdict=Verdict.GOOD,
                    ),
                ),
            )
            for name in names
        ]

    (good,) = plausibility(district, checks(95.0))
    assert (good.summed_kw, good.verdict) == (95.0, Verdict.GOOD)
    (reversed_,) = plausibility(district, checks(-95.0))
    assert reversed_.verdict is Verdict.IMPLAUSIBLE
    assert list(plausibility(district, checks(95.0)[1:])) == []


def test_a_buildings_meter_covers_its_dwellings(district: District) -> None:
    def checks(meter_kw: float) -> list[DeviceCheck]:
        rooms = [d for d in district.dwellings.values() if d.building == "D1"]
        powers = {f"{d.id}": ("electric_power_kw", 0.5) for d in rooms}
        powers["M-D1"] = ("power_kw", meter_kw)
        powers |= {
            r.id: ("power_kw", 0.0) for r in district.pv_roofs.values() if r.building == "D1"
        }
        return [
            DeviceCheck(
                device=district.devices[name],
                verdict=Verdict.GOOD,
                points=(PointCheck(name=point, value=kw, unit="kW", verdict=Verdict.GOOD),),
            )
            for name, (point, kw) in powers.items()
        ]

    (good,) = plausibility(district, checks(80.0))
    assert (good.name, good.verdict) == ("meter D1 covers its dwellings", Verdict.GOOD)
    (less,) = plausibility(district, checks(8.0))
    assert (less.verdict, less.shown_kw) == (Verdict.IMPLAUSIBLE, 8.0)
    assert less.summed_kw > 20
    assert list(plausibility(district, checks(80.0)[1:])) == [], "one is missing: nothing is said"


LIST = """\
# keyname;device obj.-instance;object-name;object-type;object-instance
k;{room};Salon;0;1;;;;;N;N;;;;62;
k;4711;Inconnu;0;1;;;;;N;N;;;;62;
"""


def test_the_integrators_list_is_compared_and_reported(
    ems: Ems, small: District, image: ProcessImage, tmp_path: Path
) -> None:
    points, page = tmp_path / "EDE.csv", tmp_path / "report.html"
    points.write_text(LIST.format(room=small.devices["B1-0201"].unit), encoding="utf-8")
    asked = at("check", "B1-0201", "--ede", points, "--html", page, "--json")
    result = ems(*asked)
    assert result.exit_code == 1
    listed = json.loads(result.output)["listed"]
    assert {one["device"] for one in listed} == {"B1-0201", "instance 4711"}
    assert ("B1-0201", "setpoint_c") in {(one["device"], one["point"]) for one in listed}
    assert ("B1-0201", "room_temp_c") not in {(one["device"], one["point"]) for one in listed}
    assert "Against the integrator" in page.read_text()
    alone = json.loads(ems(*asked, "--list-only").output)
    assert (alone["devices"], alone["listed"]) == ([], listed)


def test_who_of_the_list_is_not_heard_is_named(
    ems: Ems, small: District, image: ProcessImage, tmp_path: Path
) -> None:
    points = tmp_path / "EDE.csv"
    zone = small.devices["A1-Z01"]
    points.write_text(LIST.format(room=zone.unit), encoding="utf-8")
    result = ems(*at("discover", zone.host, "-p", "bacnet", "--ede", points))
    assert "listed, not heard: instance 4711 (not described)" in result.output
    assert f"instance {zone.unit}" not in result.output


def test_who_answers_is_found_and_compared_with_the_description(
    ems: Ems, image: ProcessImage, small: District
) -> None:
    gateway, router = small.devices["D1-0101"], small.devices["B1-0201"]
    zone, roof = small.devices["A1-Z01"], small.devices["PV-A1"]
    result = ems(
        *at(
            "discover",
            f"{gateway.host}:{gateway.port}",
            f"{roof.host}:{roof.port}",
            zone.host,
            f"{router.host}/{router.network}",
            "--wait",
            0.2,
            "--units",
            "1-4",
            "--json",
        )
    )
    assert result.exit_code == 0, result.output
    found = {one["described_as"]: one for one in json.loads(result.output)}
    assert set(found) == {"D1-0101", "D1-0102", "B1-0201", "A1-Z01", "PV-A1"}
    assert found["PV-A1"]["protocol"] == "sunspec"
    assert found["PV-A1"]["about"] == "Virtual Smartseille PV-A1, models 1, 103, 123"


def test_nobody_at_an_address_is_no_error(ems: Ems, small: District) -> None:
    result = ems(*at("discover", f"127.{NET}.99.1-3", "--wait", 0.1))
    assert result.exit_code == 0, result.output
    assert "0 answered" in result.output


def test_a_line_given_by_its_address_is_asked_too(ems: Ems, tmp_path: Path) -> None:
    result = ems(*at("discover", "--at", f"rtu:{tmp_path}/no-such-line"))
    assert result.exit_code == 1
    assert "can't be opened" in result.output
    nobody = ems(*at("discover"))
    assert nobody.exit_code == 1
    assert "nobody is to be asked" in nobody.output


def test_a_search_is_bounded() -> None:
    assert [a.host for a in addresses(["10.0.1.9-11:1502"])] == [
        "10.0.1.9",
        "10.0.1.10",
        "10.0.1.11",
    ]
    for word in ("10.0.1.1-300", "10.0.1.9-3", "router", "10.0.1.1:x"):
        with pytest.raises(DeviceError, match="is no address to ask"):
            addresses([word])
    with pytest.raises(DeviceError, match="too many"):
        addresses(["10.0.1.0-255", "10.0.2.1"])
    assert len(addresses(["10.0.1.0-255"])) == ADDRESSES_MAX
    assert unit_numbers("1-3,255") == [1, 2, 3, 255]
    with pytest.raises(DeviceError, match="no units"):
        unit_numbers("all")


def test_a_routed_address_that_means_nothing_is_told(ems: Ems) -> None:
    result = ems(*at("discover", "10.0.0.1/x/y", "-p", "bacnet"))
    assert result.exit_code == 1
    assert "is no BACnet address" in result.output


@pytest.mark.parametrize("point", ["D1-0101/setpoint_c", "A1-Z01/heat_setpoint_c"])
def test_a_value_written_by_hand_arrives_and_is_given_back(
    ems: Ems, image: ProcessImage, tmp_path: Path, point: str
) -> None:
    device = point.partition("/")[0]
    beat = image[f"{device}/heartbeat"]
    result = ems(*at("write", point, 18.5, "--yes", "--data", tmp_path, "--json"))
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["outcome"] == "ok"
    assert image[point] == pytest.approx(18.5)
    assert image[f"{device}/heartbeat"] != beat
    again = ems(*at("release", device, "--yes", "--data", tmp_path))
    assert again.exit_code == 0, again.output
    assert image[point] != pytest.approx(18.5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("D1-0101/setpoint_c", 40), "outside the bounds"),
        (("D1-0101/setpoint_c", "nan"), "outside the bounds"),
        (("D1-0101/room_temp_c", 20), "no written point"),
        (("M-A1/power_kw", 20), "name a device that takes commands"),
        (("D1-9999/setpoint_c", 20), "there is no device"),
    ],
)
def test_what_may_not_be_written_is_refused(
    ems: Ems, image: ProcessImage, tmp_path: Path, words: tuple[object, ...], said: str
) -> None:
    before = image.values.copy()
    result = ems(*at("write", *words, "--yes", "--data", tmp_path))
    assert result.exit_code == 1
    assert said in " ".join(result.output.split())
    assert "fix:" in result.output
    assert np.array_equal(before, image.values, equal_nan=True)


def test_a_device_that_the_ems_holds_is_left_to_it_unless_forced(
    ems: Ems, image: ProcessImage, tmp_path: Path
) -> None:
    Heart(tmp_path / FILE).beat(["D1-0101"])
    image["D1-0101/setpoint_c"] = 20.0
    words = at("write", "D1-0101/setpoint_c", 18.5, "--yes", "--data", tmp_path)
    refused = ems(*words)
    assert refused.exit_code == 1
    assert "the running EMS holds D1-0101" in refused.output
    assert image["D1-0101/setpoint_c"] == 20.0
    assert ems(*words, "--force").exit_code == 0
    assert image["D1-0101/setpoint_c"] == 18.5


def test_nothing_is_written_without_a_yes(ems: Ems, image: ProcessImage, tmp_path: Path) -> None:
    image["D1-0101/setpoint_c"] = 20.0
    result = ems(*at("write", "D1-0101/setpoint_c", 18.5, "--data", tmp_path))
    assert result.exit_code == 1
    assert image["D1-0101/setpoint_c"] == 20.0


def test_devices_are_watched_live(ems: Ems, image: ProcessImage) -> None:
    image.silent[image.device_index["HP-1"]] = 1
    words = ("M-A1/power_kw", "D1-0101/room_temp_c", "HP-1", "--rounds", 2, "--every", 0.2)
    result = ems(*at("watch", *words))
    assert result.exit_code == 0, result.output
    assert "12" in result.output
    assert "no answer" in result.output
    unknown = ems(*at("watch", "M-A1/glow"))
    assert unknown.exit_code == 1
    assert "has no point" in unknown.output
