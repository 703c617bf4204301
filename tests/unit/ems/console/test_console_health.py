"""Machines that watch learn whether the EMS is fit, and its figures; nothing of people."""

import json
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from console_in_memory import NOW
from fastapi import FastAPI

from ems.console.health import figures
from ems.domain.cycle_record import CycleRecord
from ems.domain.plans import Mode, Origin
from ems.domain.points import Quality, Reading
from ems.domain.slots import Slot
from ems.domain.snapshot import Snapshot

DASHBOARD = Path(__file__).parents[4] / "docs/grafana/smartseille-ems.json"
RECORD = CycleRecord(
    slot=Slot.containing(NOW),
    started_at=NOW,
    origin=Origin.OPTIMISED,
    plan_id="p",
    steps_s={"plan": 3.5},
    stale_points=0,
    outcomes={"ok": 7},
    late_s=0.5,
)
SNAPSHOT = Snapshot(
    taken_at=NOW,
    readings={"EMS/devices_down": Reading("EMS/devices_down", 4.0, Quality.GOOD, NOW)},
)


async def test_health_needs_no_session(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/healthz")).text == "ok\n"
    assert (await visitor.get("/readyz")).status_code in (200, 503)


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("192.0.2.7", 403)])
async def test_figures_are_given_to_the_machine_itself(
    app: FastAPI, address: str, status: int
) -> None:
    transport = httpx.ASGITransport(app, client=(address, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == status
    assert ('ems_mode{mode="shadow"}' in answer.text) == (status == 200)


def test_a_quarter_hour_in_figures() -> None:
    told = figures(SNAPSHOT, Mode.AUTOMATIC, RECORD).decode()
    assert 'ems_cycle_step_seconds{step="plan"} 3.5' in told
    assert 'ems_cycle_outcomes{outcome="ok"} 7.0' in told
    assert 'ems_mode{mode="automatic"} 1.0' in told
    assert "ems_devices_down 4.0" in told
    missed = figures(SNAPSHOT, Mode.MANUAL, replace(RECORD, missed=True)).decode()
    assert "ems_cycle_missed 1.0" in missed


def test_every_figure_of_the_dashboard_is_one_that_is_told() -> None:
    told = figures(SNAPSHOT, Mode.AUTOMATIC, RECORD).decode()
    panels = json.loads(DASHBOARD.read_text())["panels"]
    wanted = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"ems_\w+", target["expr"])
    }
    assert len(wanted) > 5
    assert {name for name in wanted if f"\n{name}" not in "\n" + told} <= {
        "ems_points_held_on_site",
        "ems_poll_late_p99_seconds",
    }
