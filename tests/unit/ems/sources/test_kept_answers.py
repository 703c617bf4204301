"""What a service last said outlives failures and restarts, and is asked for when it is time."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ems.domain.errors import SourceError
from ems.sources.kept import Answer, Kept

T0 = datetime(2026, 1, 10, 12, tzinfo=UTC)


@dataclass
class Numbers:
    """A service that says numbers, and fails when it has none left."""

    says: list[str] = field(default_factory=list)
    asked: int = 0
    name: str = "The numbers"
    every: timedelta = timedelta(minutes=30)

    def ask(self, now: datetime) -> Answer:
        self.asked += 1
        if not self.says:
            raise SourceError("The numbers answers 500", fix="wait")
        return Answer(known_at=now - timedelta(minutes=7), body=self.says.pop(0))

    def read(self, answer: Answer) -> int:
        try:
            return int(answer.body)
        except ValueError as error:
            raise SourceError("The numbers can't be read", fix="wait") from error


def test_it_is_asked_at_once_and_then_at_its_interval(tmp_path: Path) -> None:
    service = Numbers(says=["1", "2"])
    kept = Kept(service, tmp_path)
    kept.refresh(T0)
    kept.refresh(T0 + timedelta(minutes=29))
    assert (service.asked, kept.present.value) == (1, 1)
    kept.refresh(T0 + timedelta(minutes=30))
    assert (service.asked, kept.present.value) == (2, 2)
    assert kept.present.known_at == T0 + timedelta(minutes=23)


@pytest.mark.parametrize("second", [[], ["half a num"]], ids=["no answer", "unreadable"])
def test_after_a_failure_the_last_answer_stays_and_the_reason_is_told(
    tmp_path: Path, second: list[str]
) -> None:
    kept = Kept(Numbers(says=["1", *second]), tmp_path)
    kept.refresh(T0)
    kept.refresh(T0 + timedelta(minutes=30))
    assert kept.present.value == 1
    assert kept.present.known_at == T0 - timedelta(minutes=7)
    assert kept.present.trouble.startswith("The numbers")


def test_it_is_tried_again_soon_and_then_less_and_less_often(tmp_path: Path) -> None:
    service = Numbers()
    kept = Kept(service, tmp_path)
    tries: list[int] = []
    for minute in range(95):
        before = service.asked
        kept.refresh(T0 + timedelta(minutes=minute))
        tries += [minute] * (service.asked - before)
    assert tries == [0, 2, 6, 14, 30, 60, 90]


def test_a_good_answer_ends_the_trouble(tmp_path: Path) -> None:
    service = Numbers()
    kept = Kept(service, tmp_path)
    kept.refresh(T0)
    service.says.append("5")
    kept.refresh(T0 + timedelta(minutes=2))
    assert (kept.present.value, kept.present.trouble, kept.present.failures) == (5, "", 0)


def test_a_restart_goes_on_with_what_was_known_and_since_when(tmp_path: Path) -> None:
    Kept(Numbers(says=["1"]), tmp_path / "new").refresh(T0)
    again = Kept(Numbers(), tmp_path / "new")
    assert again.present.value == 1
    assert again.present.known_at == T0 - timedelta(minutes=7)


@pytest.mark.parametrize(
    "held",
    ["", "{", "[]", '{"known_at": "x", "body": "1"}', '{"known_at": "2026-01-10T12:00+00:00"}'],
)
def test_a_damaged_file_is_no_answer(tmp_path: Path, held: str) -> None:
    (tmp_path / "the-numbers.json").write_text(held)
    assert Kept(Numbers(), tmp_path).present.value is None


def test_a_full_disk_does_not_lose_the_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Kept(Numbers(says=["1"]), tmp_path / "file" / "below")
    kept.refresh(T0)
    assert kept.present.value == 1
