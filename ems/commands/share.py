"""`ems share`: a month of collective self-consumption, for the organiser and each participant."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    opened_store,
    out,
    told,
)
from ems.commands.export import first_of, write
from ems.config import load_district
from ems.config.loader import read_as
from ems.domain.district import District
from ems.domain.shared_sun import Key
from ems.domain.sharing_terms import SharingTerms
from ems.feeds.sharing_month import PlainCsv, SharingMonth, sharing_month
from ems.feeds.statement import statement_csv, statement_pdf, statements

TERMS = "sharing.yaml"


def share(
    month: Annotated[str, typer.Argument(help="A month, 2026-10.")],
    folder: Annotated[Path, typer.Option("--out", help="Where the files go.")],
    dwelling: Annotated[
        list[str] | None, typer.Option(help="Only this dwelling's statement; may be repeated.")
    ] = None,
    french: Annotated[bool, typer.Option("--french/--english", help="Of the statements.")] = True,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Totals and coefficients for the network operator, and a statement for each participant."""
    with told():
        district, terms = load_district(config), read_as(config / TERMS, SharingTerms)
        shared = asyncio.run(_shared(district, terms, first_of(month), dsn, data))
        writer = PlainCsv()
        write(writer.totals(shared), folder / "totals.csv")
        write(writer.coefficients(shared, district), folder / "coefficients.csv")
        chosen = [
            one
            for one in statements(shared, district, terms)
            if not dwelling or one.participant in dwelling
        ]
        for one in track(chosen, description="statements"):
            (folder / f"{one.participant}.csv").write_text(statement_csv(one), encoding="utf-8")
            page = statement_pdf(one, district, "fr" if french else "en")
            (folder / f"{one.participant}.pdf").write_bytes(page)
    out.print(f"{folder}: statements of {len(chosen)} participants", highlight=False)


async def _shared(
    district: District, terms: SharingTerms, first: date, dsn: str, data: Path | None
) -> SharingMonth:
    async with opened_store(dsn, data) as store:
        static = terms.key is Key.STATIC
        participants = district.dwellings if static else await store.participants()
        return await sharing_month(store, district, first, participants, terms.key)
