"""The console in a real browser: drawn, live, filtered, in two languages, with nothing foreign."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from console_in_memory import (
    NOW,
    PASSWORD,
    StoreInMemory,
    StubClock,
    entry,
    fill,
    make_plan,
    plug_in,
)

from ems.console.app import create_app
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.district import District
from ems.domain.own_points import LATE_P50, LATE_P99
from ems.domain.plan_life import PlanState
from ems.domain.plans import Mode
from ems.domain.points import Quality
from ems.domain.slots import Slot

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@dataclass
class Served:
    """A console on a port of its own."""

    address: str
    store: StoreInMemory
    clock: StubClock


@dataclass
class Watched:
    """A page, with everything it complained about and asked for."""

    page: Any
    served: Served
    complaints: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.served.address + path)


@pytest.fixture(scope="module")
def served(district: District) -> Iterator[Served]:
    store, clock = fill(StoreInMemory(district)), StubClock()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # who comes before the server is up waits
        app = create_app(store, district, clock)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", store, clock)
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Any, served: Served) -> Iterator[Watched]:
    """A signed-in page; whatever it complained of fails the test."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    watched = Watched(page, served)
    page.on("console", lambda message: message.type in ("error", "warning")
            and watched.complaints.append(message.text))  # fmt: skip
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("request", lambda request: watched.addresses.append(request.url))
    watched.open("/sign-in")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.primary")
    page.locator("#mode", has_text="automatic").wait_for()
    yield watched
    context.close()
    fill(served.store)
    served.clock.moment = NOW
    assert watched.complaints == []
    hosts = {address for address in watched.addresses if not address.startswith(served.address)}
    assert {h for h in hosts if not h.startswith(("ws://127.0.0.1", "data:", "blob:"))} == set()


def text_of(watched: Watched, selector: str, wanted: str) -> None:
    """Wait until an element holds a text."""
    watched.page.locator(selector).filter(has_text=wanted).first.wait_for(timeout=20000)


def test_the_chart_is_drawn(watched: Watched) -> None:
    canvas = watched.page.locator("#chart canvas").first
    canvas.wait_for()
    watched.page.wait_for_timeout(300)
    colours = canvas.evaluate(
        """(canvas) => new Set(new Uint32Array(canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )
    assert colours > 20


def test_the_chart_tells_its_figures_under_the_pointer_and_as_a_table(watched: Watched) -> None:
    watched.page.locator("#chart canvas").first.wait_for()
    watched.page.hover("#chart", position={"x": 900, "y": 150})
    text_of(watched, ".tip", "Net import")
    watched.page.click("#as-table")
    assert watched.page.locator("#chart-table tbody tr").count() == 192
    assert not watched.page.locator("#chart").is_visible()


def test_the_feed_brings_a_new_number(watched: Watched) -> None:
    text_of(watched, "[data-figure=net]", "612")
    watched.served.store.measure("M-HTA/power_kw", 733.0)
    text_of(watched, "[data-figure=net]", "733")


def test_a_stale_value_leans_and_tells_its_age(watched: Watched) -> None:
    watched.served.store.measure("M-HTA/power_kw", 640.0, at=NOW - timedelta(hours=2))
    text_of(watched, "[data-figure=net].stale", "640")
    text_of(watched, "[data-text=net-note]", "2 h old")
    text_of(watched, "[data-text=distance]", "not known")


def test_nothing_is_coloured_when_all_is_well_and_trouble_is(watched: Watched) -> None:
    text_of(watched, "[data-figure=net]", "612")
    assert watched.page.locator(".alarm, .caution, .alarm-tile, .caution-tile").count() == 1, (
        "only the run of the cycle that used the last good plan"
    )
    plug_in(watched.served.store, "CP-02", wanted=30.0, charged=1.0, minutes=60.0)
    text_of(watched, "#charging.caution-tile", "CP-02")


def test_the_list_of_devices_is_filtered_as_one_types(watched: Watched) -> None:
    watched.page.keyboard.press("/")
    watched.page.wait_for_url("**/devices#filter")
    total = len(watched.served.store.district.devices)
    text_of(watched, "#count", f"{total} of {total}")
    watched.page.keyboard.type("d1-03")
    text_of(watched, "#count", f"of {total}")
    rows = watched.page.locator("#devices tbody tr:visible")
    assert 0 < rows.count() < 20
    assert all("D1-03" in row for row in rows.all_inner_texts())
    watched.page.fill("#filter", "")
    watched.page.select_option("#kind", "battery")
    assert rows.count() == 2
    watched.page.select_option("#kind", "")
    watched.page.check("#trouble")
    assert rows.count() == 0


def test_a_row_opens_its_points_with_the_reason_of_a_setpoint(watched: Watched) -> None:
    watched.open("/devices?filter=D1-0304")
    watched.page.click("#devices tbody tr:visible button")
    text_of(watched, "#faceplate", "setpoint_c")
    text_of(watched, "#faceplate .reason", "Heats ahead of a dearer time")
    text_of(watched, "#faceplate", "clamped to its bounds")
    watched.page.keyboard.press("Escape")
    assert not watched.page.locator("#faceplate").is_visible()


def test_a_device_that_does_not_answer_stands_out(watched: Watched) -> None:
    store = watched.served.store
    for point in [point for point in store.readings if point.startswith("BAT-2/")]:
        store.measure(point, float("nan"), quality=Quality.COMM_FAIL)
    watched.open("/devices")
    watched.page.check("#trouble")
    text_of(watched, "#devices tbody tr:visible", "does not answer")
    assert watched.page.locator("#devices tbody tr:visible").count() == 1


def test_the_devices_page_tells_how_late_devices_are_asked(watched: Watched) -> None:
    watched.served.store.measure(LATE_P50, 0.004)
    watched.served.store.measure(LATE_P99, 0.25)
    watched.open("/devices")
    text_of(watched, "#count", "asked 4 ms late, 99 % within 250 ms")


def test_french_and_english(watched: Watched) -> None:
    text_of(watched, "#plan", "optimised")
    watched.page.click(".languages a[lang=fr]")
    text_of(watched, "#plan", "optimisé")
    text_of(watched, "#clock", "15:07:30")
    assert watched.page.locator("html").get_attribute("lang") == "fr"
    watched.open("/devices")
    text_of(watched, "#devices", "logement")


def test_the_keyboard_helps(watched: Watched) -> None:
    watched.page.keyboard.press("?")
    assert watched.page.locator("#keys").is_visible()
    watched.page.keyboard.press("Escape")
    watched.page.keyboard.press("d")
    watched.page.wait_for_url("**/devices")
    text_of(watched, "#count", "of")
    watched.page.keyboard.press("o")
    watched.page.wait_for_url(watched.served.address + "/")
    watched.page.keyboard.press("t")
    assert watched.page.locator("html").get_attribute("data-theme") == "dark"


def test_a_phone_needs_no_sideways_scrolling(watched: Watched) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/", "/devices"):
        watched.open(path)
        watched.page.locator("table tbody tr:nth-child(5)").first.wait_for(state="attached")
        width = watched.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path


def test_a_lost_link_is_said_and_the_figures_dimmed_until_it_is_back(watched: Watched) -> None:
    sockets, broken = [], []

    def route(socket: Any) -> None:
        sockets.append(socket)
        if broken:
            socket.close()
        else:
            socket.connect_to_server()

    watched.page.route_web_socket("**/live", route)
    watched.open("/")
    text_of(watched, "[data-figure=net]", "612")
    broken.append(True)
    sockets[0].close()
    text_of(watched, "#banners", "Link to the console lost")
    assert "lost" in (watched.page.locator("body").get_attribute("class") or "")
    broken.clear()
    watched.page.locator("body:not(.lost)").wait_for(timeout=15000)
    assert watched.page.locator("#banners").inner_text() == ""


def test_the_first_load_is_light(browser: Any, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(served.address + "/sign-in")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.primary")
    page.locator("#chart canvas").first.wait_for()
    began = time.monotonic()
    while page.locator("#cycles table").count() == 0 and time.monotonic() < began + 5:
        page.wait_for_timeout(50)
    context.close()
    assert 100_000 < sum(sizes) < 500_000


@pytest.mark.parametrize("path", ["/", "/devices"])
def test_all_writing_is_stopped_from_any_page_and_taken_up_again(
    watched: Watched, path: str
) -> None:
    store, page = watched.served.store, watched.page
    watched.open(path)
    page.locator("#mode", has_text="automatic").wait_for()
    page.click("button.stop >> nth=0")
    page.click("#stop >> text=Cancel")
    assert store.chosen_mode is Mode.AUTOMATIC
    page.click("button.stop >> nth=0")
    page.click("#stop >> text=Stop now")
    page.wait_for_url(f"**{path}")
    text_of(watched, "#mode", "manual")
    text_of(watched, "#banners", "has not said yet")
    store.service_says(547, ["HP-2"])
    text_of(watched, "#banners .alarm", "not reached, look at them on site: HP-2")
    assert not page.locator("button.stop >> nth=0").is_visible()
    page.click("button.resume >> nth=0")
    page.click("#resume >> button.resume")
    assert store.chosen_mode is Mode.MANUAL, "the box has to be ticked first"
    page.check("#resume >> input[name=sure]")
    page.click("#resume >> button.resume")
    text_of(watched, "#mode", "automatic")
    assert page.locator("#banners").inner_text() == ""
    assert store.chosen_mode is Mode.AUTOMATIC


def test_what_is_held_on_site_is_counted_and_named(watched: Watched) -> None:
    watched.served.store.measure("D1-0304/setpoint_c", 17.0, quality=Quality.OVERRIDDEN)
    text_of(watched, "#data", "1 held on site")
    watched.open("/devices?filter=D1-0304")
    text_of(watched, "#devices tbody tr:visible", "held on site (1)")
    watched.page.click("#devices tbody tr:visible button")
    text_of(watched, "#faceplate tr", "held on site")


def test_an_alarm_is_counted_read_and_acknowledged(watched: Watched) -> None:
    store, page = watched.served.store, watched.page
    text_of(watched, "#alarm-count", "none unacknowledged")
    store.raise_alarm(
        DeviceAlarm(
            device="HP-1", item="loop_supply_temp_c", state=AlarmState.HIGH_LIMIT, since=NOW,
            priority=80, text="too warm", wants_acknowledgement=True,
        )
    )  # fmt: skip
    text_of(watched, "#alarm-count.alarm", "1 not acknowledged, worst priority 2")
    page.keyboard.press("a")
    page.wait_for_url("**/alarms")
    text_of(watched, "#alarms .priority.alarm", "◆2")
    text_of(watched, "#alarms tbody tr", "Above its high limit · too warm")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click('#alarms button:text-is("Acknowledge")')
    text_of(watched, "#alarms tbody tr", "operator")
    text_of(watched, "#alarm-count:not(.alarm)", "none unacknowledged")
    assert store.alarms[0].acknowledged_by == "operator"
    page.click('#alarms button:text-is("Shelve…")')
    page.fill("#shelve input[name=reason]", "the pump is being changed")
    page.click("#shelve button.resume")
    text_of(watched, "#alarms tbody tr", "operator: the pump is being changed")
    page.click('#alarms button:text-is("Put back")')
    text_of(watched, "#alarms tbody tr", "Shelve…")
    assert store.shelves == {}


def test_a_proposed_plan_is_drawn_explained_and_approved(watched: Watched) -> None:
    store, page = watched.served.store, watched.page
    proposal = "7d0c3c1e-0000-4000-8000-000000000002"
    store.plans.insert(0, make_plan(store.district, Slot.containing(NOW) + 1, plan_id=proposal))
    store.decisions[proposal] = {"state": PlanState.PROPOSED, "expires_at": NOW}
    page.keyboard.press("s")
    page.wait_for_url("**/schedule")
    text_of(watched, "#count", "waiting for a decision: 1")
    text_of(watched, "#difference", "Against the plan before (n° 7d0c3c1e)")
    assert page.locator("#quarters tbody tr").count() == 96
    text_of(watched, "#quarters tbody tr", "Heats ahead of a dearer time: 1")
    page.locator("#chart canvas").first.wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click('#plans button:text-is("Approve")')
    page.fill("#decide input[name=reason]", "cheaper")
    page.click("#deciding-yes")
    text_of(watched, "#plans tbody tr", "approved")
    text_of(watched, "#plans tbody tr", "operator · cheaper")
    assert store.decisions[proposal]["state"] is PlanState.APPROVED


def test_the_trail_tells_who_did_what_and_is_searched(watched: Watched) -> None:
    store, page = watched.served.store, watched.page
    for number in range(130):
        store.trail.append(entry("ana", {"action": "mode", "n": number}))
    store.trail.append(entry("bo", {"action": "approved", "reason": "cheaper"}))
    page.keyboard.press("j")
    page.wait_for_url("**/audit")
    text_of(watched, "#count", "entries shown: 100")
    text_of(watched, "#audit tbody tr", "reason: cheaper")
    page.click("#more")
    text_of(watched, "#count", "entries shown: 131")
    assert not page.locator("#more").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("approved bo")
    page.keyboard.press("Enter")
    text_of(watched, "#count", "entries shown: 1")
    assert page.get_attribute("#csv", "href") == "/api/v1/audit.csv?text=approved+bo"
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
