from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from ems.domain.errors import StoreError
from ems.store import Store, ensure_operator
from ems.store.accounts import Role, User

ANA = User(name="ana", role=Role.RESIDENT, scope="D1-0304")


@pytest_asyncio.fixture
async def with_ana(store: Store) -> AsyncIterator[Store]:
    assert await store.add_user(ANA, "correct horse")
    yield store


async def test_the_right_password_says_who_it_is_and_no_other_does(with_ana: Store) -> None:
    assert await with_ana.check_password("ana", "correct horse") == ANA
    assert await with_ana.check_password("ana", "wrong") is None
    assert await with_ana.check_password("nobody", "correct horse") is None


async def test_a_name_is_given_once(with_ana: Store) -> None:
    assert not await with_ana.add_user(ANA, "other")
    assert await with_ana.users() == (ANA,)


async def test_a_session_lasts_until_it_is_closed(with_ana: Store) -> None:
    token = await with_ana.open_session("ana")
    session = await with_ana.session(token)
    assert session is not None
    assert session.user == ANA
    assert session.csrf not in ("", token)
    await with_ana.close_session(token)
    assert await with_ana.session(token) is None


async def test_a_session_ends_with_its_time(with_ana: Store) -> None:
    token = await with_ana.open_session("ana", timedelta(seconds=-1))
    assert await with_ana.session(token) is None


async def test_a_new_password_or_a_closed_account_ends_every_session(with_ana: Store) -> None:
    token = await with_ana.open_session("ana")
    await with_ana.set_password("ana", "new one")
    assert await with_ana.session(token) is None
    assert await with_ana.check_password("ana", "new one") == ANA
    token = await with_ana.open_session("ana")
    await with_ana.remove_user("ana")
    assert await with_ana.session(token) is None
    assert await with_ana.check_password("ana", "new one") is None


async def test_the_password_of_nobody_can_not_be_changed(store: Store) -> None:
    with pytest.raises(StoreError, match="nobody"):
        await store.set_password("nobody", "x")


async def test_neither_passwords_nor_tokens_can_be_read_from_the_database(
    with_ana: Store, dsn: str
) -> None:
    token = await with_ana.open_session("ana")
    with psycopg.connect(dsn) as connection:
        kept = str(connection.execute("select * from app_session, app_user").fetchall())
    assert "$argon2id$" in kept
    assert token not in kept
    assert "correct horse" not in kept


async def test_wrong_passwords_are_counted_by_account_and_address(store: Store) -> None:
    for _ in range(3):
        await store.note_failure("ana", "192.0.2.1")
    assert await store.failures("ana", "192.0.2.1") == 3
    assert await store.failures("ana", "192.0.2.2") == 0
    assert await store.failures("bob", "192.0.2.1") == 0


async def test_the_first_operator_finds_a_password_in_a_file_of_their_own(
    store: Store, tmp_path: Path
) -> None:
    path = await ensure_operator(store, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    name, password = path.read_text().split()
    user = await store.check_password(name, password)
    assert user == User(name="operator", role=Role.OPERATOR)

    before = path.read_text()
    assert await ensure_operator(store, tmp_path) == path
    assert path.read_text() == before


async def test_a_first_start_broken_off_is_made_good_by_the_next(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "operator-password").write_text("operator from-before\n")
    await ensure_operator(store, tmp_path)
    assert await store.check_password("operator", "from-before") is not None
