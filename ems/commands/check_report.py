"""The report of an inspection: as plain data, as CSV for a list, as a page for the installer."""

import csv
import io
import math
from datetime import datetime
from typing import Any

from jinja2 import Environment

from ems.commands.report_words import Words
from ems.devices.connection import connection_key
from ems.devices.inspection import Inspection
from ems.domain.district import District

COLUMNS = (
    "device", "kind", "address", "unit_id", "map", "point", "value", "unit", "verdict", "look_at",
)  # fmt: skip

_PAGE = Environment(autoescape=True).from_string(
    """{% macro head() %}<tr>
{% for word in varargs %}<th>{{ _(word) }}</th>{% endfor %}</tr>{% endmacro %}
<!doctype html>
<html lang="{{ spoken }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}: {{ at }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc }
td { vertical-align: top }
.bad { background: #fdecea } td.number { text-align: right; font-variant-numeric: tabular-nums }
@media print { body { margin: 0; max-width: none } }
</style></head><body>
<h1>{{ title }}</h1>
<p>{{ summary }}</p>
{% if bad %}<h2>{{ _("To be looked at") }}</h2>
<table>{{ head("Device", "At", "Unit", "Verdict", "Found", "Look at", "Done") }}
{% for one in bad %}<tr class="bad"><td>{{ one.id }}</td><td>{{ one.address }}</td>
<td>{{ one.unit_id }}</td><td>{{ _(one.verdict) }}</td><td>{{ _(one.found) }}</td>
<td>{{ _(one.look_at) }}</td><td>&#9744;</td></tr>
{% endfor %}</table>{% endif %}
{% if listed %}<h2>{{ _("Against the integrator's list") }}</h2>
<table>{{ head("Device", "Point", "In the list", "Look at", "Done") }}
{% for one in listed %}<tr class="bad"><td>{{ _(one.device) }}</td><td>{{ one.point }}</td>
<td>{{ _(one.found) }}</td><td>{{ _(one.look_at) }}</td><td>&#9744;</td></tr>
{% endfor %}</table>{% endif %}
<h2>{{ _("Sums") }}</h2>
<table>{{ head("What", "Shown, kW", "Summed, kW", "Verdict", "Look at") }}
{% for one in sums %}<tr{% if not one.good %} class="bad"{% endif %}><td>{{ _(one.name) }}</td>
<td class="number">{{ "%.2f" | format(one.shown_kw) }}</td>
<td class="number">{{ "%.2f" | format(one.summed_kw) }}</td><td>{{ _(one.verdict) }}</td>
<td>{{ _(one.look_at) }}</td></tr>
{% endfor %}</table>
<h2>{{ _("All devices") }}</h2>
{% for one in devices %}<details{% if not one.good %} open{% endif %}>
<summary>{{ one.id }} ({{ _(one.kind) }}, {{ one.address }}): {{ _(one.verdict) }}</summary>
<table>{{ head("Point", "Value", "Unit", "Verdict") }}
{% for point in one.points %}<tr{% if point.verdict != "good" %} class="bad"{% endif %}>
<td>{{ point.name }}</td>
<td class="number">{{ "-" if point.value is none else "%g" | format(point.value) }}</td>
<td>{{ point.unit }}</td><td>{{ _(point.verdict) }}</td></tr>
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


def html_text(found: Inspection, district: District, spoken: str) -> str:
    """A page that stands by itself, to be printed or sent, in the language `spoken`."""
    data, say = as_data(found), Words(spoken)
    at = f"{datetime.now(district.site.zone):%Y-%m-%d %H:%M}"
    bad = [one for one in data["devices"] if not one["good"]]
    wrong = sum(not one["good"] for one in data["sums"])
    counts = f"{len(data['devices'])} devices read, {len(bad)} to be looked at"
    return _PAGE.render(
        _=say,
        spoken=spoken,
        title=say(f"Devices of {district.site.name}"),
        at=at,
        summary=say(f"{at}: {counts}; {wrong} of {len(data['sums'])} sums do not add up."),
        devices=data["devices"],
        bad=bad,
        sums=data["sums"],
        listed=data["listed"],
    )
