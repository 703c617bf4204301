"""Those outside learn that the service lives, and what a quarter hour did, in their own ways."""

import asyncio
import json
import logging
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ems import traces
from ems.domain.cycle_record import CycleRecord
from ems.domain.plans import Origin
from ems.domain.slots import Slot
from ems.json_log import JsonLines
from ems.watchdog import Watchdog

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
RECORD = CycleRecord(
    slot=Slot.containing(NOON),
    started_at=NOON,
    origin=Origin.OPTIMISED,
    plan_id="p",
    steps_s={"forecast": 1.0, "plan": 3.0},
    stale_points=0,
    outcomes={"ok": 7},
)


@pytest.mark.parametrize(
    ("well", "words"), [(True, ["READY=1", "WATCHDOG=1"]), (False, ["READY=1"])]
)
async def test_systemd_is_told_while_quarter_hours_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, well: bool, words: list[str]
) -> None:
    path = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(10)
        telling = asyncio.create_task(Watchdog(lambda: well).run())
        await asyncio.sleep(0.05)
        telling.cancel()
        assert [systemd.recv(64).decode() for _ in words] == words


def test_a_quarter_hour_is_a_span_with_its_steps_below(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    traces.tell_trace(RECORD)
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert set(spans) == {"quarter hour", "forecast", "plan"}
    whole, plan = spans["quarter hour"], spans["plan"]
    assert plan.parent is not None
    assert plan.parent.span_id == whole.context.span_id
    assert plan.end_time - plan.start_time == 3_000_000_000


def test_a_log_line_is_one_json_object() -> None:
    record = logging.LogRecord("ems.cycle", logging.INFO, "", 0, "slot %s", ("12:00",), None)
    line = json.loads(JsonLines().format(record))
    assert (line["logger"], line["level"], line["message"]) == ("ems.cycle", "info", "slot 12:00")
