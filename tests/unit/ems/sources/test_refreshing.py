"""Feeds are refreshed beside the service, and its end does not wait for them."""

from datetime import UTC, datetime
from threading import Event

from ems.sources.refreshing import Refreshing

NOW = datetime(2026, 1, 10, tzinfo=UTC)


class Feeds:
    """Feeds that hang until they are let go."""

    def __init__(self) -> None:
        self.asked, self.go_on = Event(), Event()
        self.at: datetime | None = None

    def refresh(self, now: datetime) -> None:
        self.at = now
        self.asked.set()
        self.go_on.wait(30)


def test_feeds_are_asked_at_once_and_no_more_after_the_end() -> None:
    feeds = Feeds()
    refreshing = Refreshing(feeds, lambda: NOW)
    refreshing.start()
    assert feeds.asked.wait(20)
    assert feeds.at == NOW
    feeds.go_on.set()
    assert refreshing.stop(timeout_s=20)


def test_a_network_that_hangs_holds_nobody() -> None:
    feeds = Feeds()
    refreshing = Refreshing(feeds, lambda: NOW)
    refreshing.start()
    assert feeds.asked.wait(20)
    assert not refreshing.stop(timeout_s=0.1)
    feeds.go_on.set()
    assert refreshing.stop(timeout_s=20)
