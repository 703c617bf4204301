"""A quarter hour as an OpenTelemetry trace: one span, and one below it for each step.

Needs the extra `traces`, and a tracer provider that the site sets up (`opentelemetry-instrument`
does); without them nothing is done.
"""

import time

from ems.domain.cycle_record import CycleRecord

try:
    from opentelemetry import trace
except ImportError:  # the extra is not installed
    trace = None  # type: ignore[assignment]


def tell_trace(record: CycleRecord) -> None:
    """Send the spans of a quarter hour that has just ended."""
    if trace is None:
        return
    tracer = trace.get_tracer("ems.cycle")
    end_ns = time.time_ns()
    begin_ns = end_ns - round(1e9 * sum(record.steps_s.values()))
    whole = tracer.start_span("quarter hour", start_time=begin_ns)
    whole.set_attributes(
        {
            "ems.slot": record.slot.index,
            "ems.plan": record.plan_id,
            "ems.origin": record.origin.value,
            "ems.mode": record.mode,
            "ems.authority": record.authority,
            "ems.missed": record.missed,
            "ems.stale_points": record.stale_points,
        }
    )
    inside = trace.set_span_in_context(whole)
    for name, seconds in record.steps_s.items():
        step = tracer.start_span(name, context=inside, start_time=begin_ns)
        begin_ns += round(1e9 * seconds)
        step.end(end_time=begin_ns)
    whole.end(end_time=end_ns)
