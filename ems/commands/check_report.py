"""The report of an inspection: as plain data, as CSV for a list, as a page for the installer."""

import csv
import io
import math
from datetime import datetime
from typing import Any

from jinja2 import Environment

from ems.devices.connection import connection_key
from ems.devices.inspection import Inspection
from ems.domain.district import District

COLUMNS = (
    "device", "kind", "address", "unit_id", "map", "point", "value", "unit", "verdict", "look_at",
)  # fmt: skip

_PAGE = Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Devices of {{ site }}: {{ at }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc }
td { vertical-align: top }
.bad { background: #fdecea } td.number { text-align: right; font-variant-numeric: tabular-nums }
@media print { body { margin: 0; max-width: none } }
</style></head><body>
<h1>Devices of {{ site }}</h1>
<p>{{ at }}: {{ devices | length }} devices read, {{ bad | length }} to be looked at;
{{ sums | rejectattr("good") | list | length }} of {{ sums | length }} sums do not add up.</p>
{% if bad %}<h2>To be looked at</h2>
<table><tr><th>Device</th><th>At</th><th>Unit</th><th>Verdict</th><th>Found</th><th>Look at</th>
<th>Done</th></tr>
{% for one in bad %}<tr class="bad"><td>{{ one.id }}</td><td>{{ one.address }}</td>
<td>{{ one.unit_id }}</td><td>{{ one.verdict }}</td><td>{{ one.found }}</td>
<td>{{ one.look_at }}</td><td>&#9744;</td></tr>
{% endfor %}</table>{% endif %}
{% if listed %}<h2>Against the integrator's list</h2>
<table><tr><th>Device</th><th>Point</th><th>In the list</th><th>Look at</th><th>Done</th></tr>
{% for one in listed %}<tr class="bad"><td>{{ one.device }}</td><td>{{ one.point }}</td>
<td>{{ one.found }}</td><td>{{ one.look_at }}</td><td>&#9744;</td></tr>
{% endfor %}</table>{% endif %}
<h2>Sums</h2>
<table><tr><th>What</th><th>Shown, kW</th><th>Summed, kW</th><th>Verdict</th><th>Look at</th></tr>
{% for one in sums %}<tr{% if not one.good %} class="bad"{% endif %}><td>{{ one.name }}</td>
<td class="number">{{ "%.2f" | format(one.shown_kw) }}</td>
<td class="number">{{ "%.2f" | format(one.summed_kw) }}</td><td>{{ one.verdict }}</td>
<td>{{ one.look_at }}</td></tr>
{% endfor %}</table>
<h2>All devices</h2>
{% for one in devices %}<details{% if not one.good %} open{% endif %}>
<summary>{{ one.id }} ({{ one.kind }}, {{ one.address }}): {{ one.verdict }}</summary>
<table><tr><th>Point</th><th>Value</th><th>Unit</th><th>Verdict</th></tr>
{% for point in one.points %}<tr{% if point.verdict != "good" %} class="bad"{% endif %}>
<td>{{ point.name }}</td>
<td class="number">{{ "-" if point.value is none else "%g" | format(point.value) }}</td>
<td>{{ point.unit }}</td><td>{{ point.verdict }}</td></tr>
{% endfor %}</table></details>
{% endfor %}</body></html>
"""
)


def as_data(found: Inspection) -> dict[str, Any]:
    """All of it as plain data."""
    return {
        "good": found.good,
        "devices": [
            {
                "id": one.device.id,
                "kind": one.device.kind.value,
                "address": connection_key(one.device),
                "unit_id": one.device.unit,
                "map": one.device.map,
                "good": one.verdict.good,
                "verdict": one.verdict.value,
                "found": one.what,
                "look_at": one.fix,
                "points": [
                    {
                        "name": point.name,
                        "value": point.value if math.isfinite(point.value) else None,
                        "unit": point.unit,
                        "verdict": point.verdict.value,
                        "look_at": point.fix,
                    }
                    for point in one.points
                ],
            }
            for one in found.devices
        ],
        "sums": [
            {
                "name": one.name,
                "shown_kw": one.shown_kw,
                "summed_kw": one.summed_kw,
                "good": one.verdict.good,
                "verdict": one.verdict.value,
                "look_at": one.fix,
            }
            for one in found.sums
        ],
        "listed": [
            {"device": one.device, "point": one.point, "found": one.what, "look_at": one.fix}
            for one in found.listed
        ],
    }


def csv_text(found: Inspection, _district: District) -> str:
    """One line for each point; a device that does not answer has one line without a point."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in as_data(found)["devices"]:
        head = {"device": one["id"], **{name: one[name] for name in COLUMNS[1:5]}}
        if not one["points"]:
            writer.writerow({**head, "verdict": one["verdict"], "look_at": one["look_at"]})
        for point in one["points"]:
            names = ("value", "unit", "verdict", "look_at")
            writer.writerow({**head, "point": point["name"], **{n: point[n] for n in names}})
    for one in as_data(found)["listed"]:
        words = {"device": one["device"], "point": one["point"], "look_at": one["look_at"]}
        writer.writerow({**words, "verdict": one["found"]})
    return text.getvalue()


def html_text(found: Inspection, district: District) -> str:
    """A page that stands by itself, to be printed or sent."""
    data = as_data(found)
    return _PAGE.render(
        site=district.site.name,
        at=f"{datetime.now(district.site.zone):%Y-%m-%d %H:%M}",
        devices=data["devices"],
        bad=[one for one in data["devices"] if not one["good"]],
        sums=data["sums"],
        listed=data["listed"],
    )
