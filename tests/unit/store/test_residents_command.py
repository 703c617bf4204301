"""`ems residents`: consent given, shown and withdrawn; an address made, replaced and closed."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from ems.cli import app
from ems.store import Store


def ems(dsn: str, *words: str) -> str:
    done = CliRunner().invoke(app, ["residents", *words, "--dsn", dsn])
    assert done.exit_code == 0, done.output
    return done.stdout


def whose(dsn: str, secret: str) -> str | None:
    async def asked() -> str | None:
        async with Store.open(dsn) as store:
            return await store.feed_dwelling(secret)

    return asyncio.run(asked())


def allowed(dsn: str, dwelling: str) -> list[str]:
    found: list[str] = json.loads(ems(dsn, "show", dwelling, "--json"))["allowed"]
    return found


def test_consent_is_given_and_withdrawn_for_each_purpose_and_dwelling_apart(dsn: str) -> None:
    ems(dsn, "allow", "D1-0304", "own_feed")
    ems(dsn, "allow", "D1-0304", "sharing")
    ems(dsn, "withdraw", "D1-0304", "own_feed")

    assert allowed(dsn, "D1-0304") == ["sharing"]
    assert allowed(dsn, "D1-0305") == []


def test_an_address_opens_its_feed_until_the_next_one_and_a_code_is_drawn(
    dsn: str, tmp_path: Path
) -> None:
    code = tmp_path / "feed.svg"
    first = ems(dsn, "address", "D1-0304", "--qr", str(code)).split("/feed/")[1].split("/")[0]
    second = ems(dsn, "address", "D1-0304").split("/feed/")[1].split("/")[0]

    assert (whose(dsn, first), whose(dsn, second)) == (None, "D1-0304")
    assert "<svg" in code.read_text()
    ems(dsn, "close", "D1-0304")
    assert whose(dsn, second) is None


def test_a_dwelling_that_is_not_there_is_said() -> None:
    done = CliRunner().invoke(app, ["residents", "show", "Z9-0000", "--dsn", "postgresql://x"])

    assert done.exit_code == 1
    assert "there is no dwelling Z9-0000" in done.output
