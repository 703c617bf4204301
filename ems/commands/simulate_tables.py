"""What `ems simulate` prints: the catalogue, a scenario, all scenarios beside each other."""

from rich.table import Table

from ems.commands.common import out, print_json
from simulations.catalogue import CATALOGUE
from simulations.report import Page

COLUMNS = {
    "cost_eur": "EUR",
    "valued_eur": "EUR with comfort and cars",
    "energy_kwh": "kWh",
    "co2_kg": "kg CO2",
    "peak_kw": "peak kW",
    "overrun_kwh": "overrun kWh",
    "discomfort_kh": "discomfort K·h",
    "discomfort_kh_per_dwelling_day": "per dwelling and day",
    "ev_shortfall_kwh": "EV shortfall kWh",
    "self_consumption": "self-consumption",
    "battery_cycles": "battery cycles",
    "hygiene_missed_h": "hygiene missed h",
}


def list_scenarios(json: bool) -> None:
    """Print the catalogue, in both languages."""
    rows = [
        {
            "name": entry.name,
            "days": sum(week.days for week in entry.weeks),
            "english": entry.english,
            "french": entry.french,
        }
        for entry in CATALOGUE
    ]
    if json:
        print_json({"scenarios": rows})
        return
    table = Table("name", "days", "English", "français")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)


def table_of(page: Page) -> Table:
    """The figures of all controllers side by side, and what the EMS took of what was possible."""
    day = f"{page.weeks[0].start:%d %B %Y}"
    what = ", ".join(filter(None, [page.entry.name, day, page.cut, page.weather]))
    table = Table("", *page.outcomes, title=what)
    for key, title in COLUMNS.items():
        values = [getattr(outcome.kpis, key) for outcome in page.outcomes.values()]
        table.add_row(title, *(f"{value:,.2f}" for value in values))
    if page.shares is not None:
        table.caption = page.said()
    return table


def overview(pages: list[Page]) -> Table:
    """Cost with comfort and cars of all scenarios, and what was taken of the possible saving."""
    names = list(pages[0].outcomes)
    table = Table("EUR with comfort and cars", *names, "model's bound", "taken")
    for page in pages:
        costs = [f"{page.outcomes[name].kpis.valued_eur:,.0f}" for name in names]
        bound = page.model_bound_eur
        share = page.shares.of_valued if page.shares else None
        table.add_row(
            " ".join(filter(None, [page.entry.name, page.cut])),
            *costs,
            "" if bound is None else f"{bound:,.0f}",
            "" if share is None else f"{100 * share:.0f} %",
        )
    return table
