"""What counts as a lost poll: a turn that passed without an answer, not one that was late."""

import pytest

from benchmarks.load_count import Answers


@pytest.mark.parametrize(
    ("heard_s", "until_s", "lost"),
    [
        ((0, 5, 10, 15), 20, 0),
        ((0, 5, 11.9, 15), 19.9, 0),
        ((0, 5, 15, 20), 22, 1),
        ((0, 5, 20, 25), 26, 2),
        ((0, 5, 10), 21, 1),
        ((0, 5, 10), 16, 0),
        ((3,), 30, 4),
    ],
    ids=["all", "one late", "one lost", "two lost", "last", "due", "fell silent"],
)
def test_a_poll_is_lost_when_its_turn_passes(
    heard_s: tuple[float, ...], until_s: float, lost: int
) -> None:
    answers = Answers(first_s=heard_s[0], last_s=heard_s[0])
    for now_s in heard_s[1:]:
        answers.another(now_s)
    assert answers.lost(5.0, until_s) == lost
