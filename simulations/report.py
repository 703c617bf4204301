"""A report of scenarios: one HTML page and one JSON file each, and a first page over all of them.

A folder gathers reports of several calls: the first page is made of every JSON file in it.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ems.domain.errors import EmsError
from simulations.catalogue import NamedScenario, Week
from simulations.summary import Outcome, Shares

TITLES = {
    "baseline": "plain thermostats",
    "rules": "good rules",
    "ems": "our EMS",
    "foresight": "our EMS, perfect foresight",
}
FIGURES = (
    ("cost", (("cost_eur", "cost", "EUR", 0), ("valued_eur", "with comfort and cars", "EUR", 0))),
    (
        "energy",
        (
            ("energy_kwh", "imported", "kWh", 0),
            ("export_kwh", "exported", "kWh", 0),
            ("co2_kg", "emissions", "kg CO2", 0),
            ("peak_kw", "peak", "kW", 0),
            ("overrun_kwh", "above the subscribed power", "kWh", 1),
            ("self_consumption", "self-consumption", "", 3),
            ("autarky", "autarky", "", 3),
        ),
    ),
    (
        "people",
        (
            ("discomfort_kh", "discomfort", "K·h", 1),
            ("tdis_kh_per_zone", "discomfort by zone", "K·h/zone", 3),
            ("ev_shortfall_kwh", "cars left short by", "kWh", 1),
            ("ev_served_share", "cars' energy served", "", 3),
            ("cold_water_kh", "tanks too cold", "K·h", 1),
            ("hygiene_missed_h", "tank-hours against the hygiene rule", "h", 1),
        ),
    ),
    (
        "devices",
        (
            ("battery_cycles", "battery cycles", "", 2),
            ("battery_flips", "battery flips", "", 0),
            ("heat_pump_starts", "heat pump starts", "", 0),
            ("time_ratio", "processor time ratio", "", 5),
        ),
    ),
    (
        "BOPTEST, by floor area",
        (
            ("ener_kwh_per_m2", "energy", "kWh/m2", 4),
            ("cost_eur_per_m2", "cost", "EUR/m2", 5),
            ("emis_kg_per_m2", "emissions", "kg CO2/m2", 5),
            ("pele_kw_per_m2", "peak", "kW/m2", 5),
        ),
    ),
)
"""Sections of figures: field, title, unit, decimals."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one scenario came to."""

    entry: NamedScenario
    weeks: tuple[Week, ...]
    weather: str
    """Where it comes from."""
    prices: str
    """Where they come from."""
    seed: int
    outcomes: dict[str, Outcome] = field(repr=False)
    """By controller."""
    shares: Shares | None
    """None unless rules, EMS and foresight have run."""
    picture: Path
    """Of the first week."""

    @property
    def model_bound_eur(self) -> float | None:
        """The planning model's own bound, from the run with perfect foresight."""
        best = self.outcomes.get("foresight")
        return best.planned_eur if best else None

    @property
    def cut(self) -> str:
        """What was left out of the scenario's days, in words; nothing when it ran in full."""
        ran, whole = (sum(w.days for w in weeks) for weeks in (self.weeks, self.entry.weeks))
        return f"cut to {ran} of {whole} days" if ran < whole else ""

    def said(self) -> str:
        """How much of the possible saving was taken, in a sentence."""
        if self.shares is None:
            return ""
        taken = _percent(self.shares.of_valued)
        bare = _percent(self.shares.of_cost)
        bound = self.model_bound_eur
        of_model = f"; the planning model's own bound: {bound:,.0f} EUR" if bound else ""
        return (
            "taken of the saving from good rules to perfect foresight: "
            f"{taken} with comfort and cars, {bare} of the bare cost{of_model}"
        )

    def as_dict(self) -> dict[str, Any]:
        """The page as plain data."""
        return {
            "scenario": self.entry.name,
            "weeks": [asdict(week) | {"start": str(week.start)} for week in self.weeks],
            "cut": self.cut,
            "weather": self.weather,
            "prices": self.prices,
            "seed": self.seed,
            "controllers": {name: o.kpis.as_dict() for name, o in self.outcomes.items()},
            "saving_taken": asdict(self.shares) if self.shares else None,
            "reference": {"model_bound_eur": self.model_bound_eur},
        }


def _percent(share: float | None) -> str:
    return "nothing to speak of" if share is None else f"{100 * share:.0f} %"


def write_report(folder: Path, page: Page) -> Path:
    """Write a scenario's page, picture and JSON, and the first page anew; the scenario's page.

    Raises:
        EmsError: the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        data = page.as_dict()
        name = page.entry.name
        (folder / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False, indent=2))
        if page.picture != folder / f"{name}.png":
            shutil.copyfile(page.picture, folder / f"{name}.png")
        html = folder / f"{name}.html"
        html.write_text(render("scenario.html", page=page, ends=_ends(page), data=data))
        (folder / "index.html").write_text(render("index.html", rows=_gathered(folder)))
    except OSError as error:
        raise EmsError(
            f"{folder} can't be written: {error.strerror}", fix="give another with --report"
        ) from error
    return html


def _gathered(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def _ends(page: Page) -> str:
    last = page.weeks[-1]
    return str(last.start + timedelta(days=last.days - 1))


def render(template: str, **values: object) -> str:
    """A page from one of the templates."""
    loader = PackageLoader("simulations", "templates")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    pages.filters["figure"] = lambda value, decimals: f"{value:,.{decimals}f}".replace(",", " ")
    return pages.get_template(template).render(titles=TITLES, sections=FIGURES, **values)
