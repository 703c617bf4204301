"""A web server on loopback that answers as the services' published documents say.

Open-Meteo: open-meteo.com/en/docs and /en/docs/model-updates. ENTSO-E: the transparency platform's
guide to its RESTful API, price document (A44) and acknowledgement. ODRE: the Explore API 2.1 of
Opendatasoft with the data set eco2mix-national-tr.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "127.100.0.1"
UNITS = {
    "time": "unixtime",
    "temperature_2m": "°C",
    "wind_speed_10m": "m/s",
    "shortwave_radiation": "W/m²",
    "direct_normal_irradiance": "W/m²",
    "diffuse_radiation": "W/m²",
}


@dataclass
class Reply:
    """What the server says next."""

    status: int = 200
    body: str = ""
    kind: str = "application/json"


@dataclass
class Services:
    """The server: what it answers by the beginning of a path, and what it was asked."""

    url: str
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def questions(self, path: str) -> list[dict[str, str]]:
        """The questions that were asked at a path."""
        return [question for at, question in self.asked if at.startswith(path)]

    def reply_to(self, target: str) -> Reply:
        """Note a question and find its reply."""
        parts = urlsplit(target)
        self.asked.append((parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}))
        fitting = (reply for path, reply in self.replies.items() if parts.path.startswith(path))
        return next(fitting, Reply(status=404, body="{}"))


@contextmanager
def serving() -> Iterator[Services]:
    """Run the server on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = services.reply_to(self.path)
            body = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    services = Services(url=f"http://{HOST}:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def forecast(first: datetime, quarters: int, **changed: Any) -> dict[str, Any]:
    """Open-Meteo's answer: a day cycle of sun and air from `first` on."""
    times = [int(first.timestamp()) + 900 * step for step in range(quarters)]
    height = [max(0.0, math.sin((t % 86400 / 3600 - 6) / 12 * math.pi)) for t in times]
    columns: dict[str, Any] = {
        "time": times,
        "temperature_2m": [10 + step / 10 for step in range(quarters)],
        "wind_speed_10m": [3.5] * quarters,
        "shortwave_radiation": [500 * h for h in height],
        "direct_normal_irradiance": [400 * (h > 0) for h in height],
        "diffuse_radiation": [120 * h for h in height],
    }
    return {
        "latitude": 43.32,
        "longitude": 5.38,
        "generationtime_ms": 0.21,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": 12.0,
        "minutely_15_units": UNITS,
        "minutely_15": columns | changed,
    }


def runs(initialised: datetime, available: datetime) -> str:
    """Open-Meteo's metadata of a model."""
    return json.dumps(
        {
            "last_run_initialisation_time": int(initialised.timestamp()),
            "last_run_modification_time": int(available.timestamp()) - 90,
            "last_run_availability_time": int(available.timestamp()),
            "temporal_resolution_seconds": 3600,
            "data_end_time": int((initialised + timedelta(hours=51)).timestamp()),
            "update_interval_seconds": 10800,
        }
    )


def prices(begin: datetime, resolution: str, points: dict[int, float | str], steps: int) -> str:
    """The price document of one day: only the positions that are given (curve type A03)."""
    minutes = int(resolution[2:4])
    end = begin.astimezone(UTC) + timedelta(minutes=minutes * steps)
    rows = "".join(
        f"<Point><position>{p}</position><price.amount>{v}</price.amount></Point>"
        for p, v in points.items()
    )
    return f"""<TimeSeries><mRID>1</mRID><auction.type>A01</auction.type>
<businessType>A62</businessType>
<in_Domain.mRID codingScheme="A01">10YFR-RTE------C</in_Domain.mRID>
<out_Domain.mRID codingScheme="A01">10YFR-RTE------C</out_Domain.mRID>
<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>
<currency_Unit.name>EUR</currency_Unit.name>
<price_Measure_Unit.name>MWH</price_Measure_Unit.name>
<curveType>A03</curveType><Period><timeInterval><start>{_minute(begin)}</start>
<end>{_minute(end)}</end></timeInterval><resolution>{resolution}</resolution>{rows}</Period>
</TimeSeries>"""


def price_document(*series: str) -> str:
    """A price document of the transparency platform."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
<mRID>d</mRID><revisionNumber>1</revisionNumber><type>A44</type>
{"".join(series)}
</Publication_MarketDocument>"""


NO_PRICES = """<?xml version="1.0" encoding="utf-8"?>
<Acknowledgement_MarketDocument
 xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"><mRID>a</mRID>
<Reason><code>999</code><text>No matching data found for Data item Day-ahead Prices [12.1.D]</text>
</Reason></Acknowledgement_MarketDocument>"""


def co2_rows(newest: datetime, grams: list[float | None]) -> str:
    """ODRE's answer: quarter hours, the newest first."""
    times = [newest.astimezone(UTC) - timedelta(minutes=15 * step) for step in range(len(grams))]
    rows = [
        {"date_heure": at.astimezone(newest.tzinfo).isoformat(), "taux_co2": value}
        for at, value in zip(times, grams, strict=True)
    ]
    return json.dumps(rows)


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
