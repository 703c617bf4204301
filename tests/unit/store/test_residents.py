import psycopg

from ems.store import Store
from ems.store.residents import Purpose


async def test_nothing_is_allowed_until_a_resident_says_so(store: Store) -> None:
    assert await store.consents("D1-0304") == frozenset()
    await store.give_consent("D1-0304", Purpose.OWN_FEED, "ana")
    await store.give_consent("D1-0304", Purpose.OWN_FEED, "ana")
    assert await store.consents("D1-0304") == {Purpose.OWN_FEED}
    assert await store.consents("D1-0305") == frozenset()


async def test_consent_can_be_withdrawn_and_given_again_and_leaves_a_trail(store: Store) -> None:
    await store.give_consent("D1-0304", Purpose.FORECASTS, "ana")
    await store.withdraw_consent("D1-0304", Purpose.FORECASTS, "ana")
    assert await store.consents("D1-0304") == frozenset()
    await store.give_consent("D1-0304", Purpose.FORECASTS, "ana")
    assert await store.consents("D1-0304") == {Purpose.FORECASTS}
    assert [entry.what["action"] for entry in await store.audit_trail()] == [
        "consent given",
        "consent withdrawn",
        "consent given",
    ]


async def test_a_new_feed_address_ends_the_one_before(store: Store, dsn: str) -> None:
    old = await store.new_feed_address("D1-0304")
    new = await store.new_feed_address("D1-0304")
    assert await store.feed_dwelling(old) is None
    assert await store.feed_dwelling(new) == "D1-0304"
    assert await store.feed_access(new, Purpose.OWN_FEED) == ("D1-0304", False)
    await store.give_consent("D1-0304", Purpose.OWN_FEED, "ana")
    assert await store.feed_access(new, Purpose.OWN_FEED) == ("D1-0304", True)
    assert await store.feed_access(old, Purpose.OWN_FEED) is None
    with psycopg.connect(dsn) as connection:
        assert new not in str(connection.execute("select * from feed_address").fetchall())
    await store.close_feed("D1-0304")
    assert await store.feed_dwelling(new) is None
