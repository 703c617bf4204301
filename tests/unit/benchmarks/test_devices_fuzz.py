"""Thousands of fuzzed frames into each decoder and simulator; the benchmark sends a million."""

import logging
from random import Random, SystemRandom

import pytest

from benchmarks.devices_fuzz import targets
from benchmarks.fuzzed_frames import fuzzed
from benchmarks.fuzzing import UncaughtError, uncaught

FRAMES = 2000


@pytest.mark.parametrize("name", targets())
def test_no_fuzzed_frame_brings_out_what_nobody_expects(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    seed = SystemRandom().randrange(2**32)
    assert uncaught(targets()[name](), FRAMES, seed) == 0, f"seed {seed}"


def test_a_seed_gives_the_same_frames_again() -> None:
    valid = [b"\0\1\0\0\0\6\7\3\0\0\0\4", b"\7\3\0\0\0\4"]
    first, again, other = ([fuzzed(r, valid) for _ in range(200)] for r in map(Random, (1, 1, 2)))
    assert first == again != other
    assert len(set(first)) > 150


def test_what_nobody_expects_is_counted_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    def every_other(random: Random) -> None:
        if random.random() < 0.5:
            raise UncaughtError("from 01 02")

    assert 30 < uncaught(every_other, 100, 4) < 70
    assert "seed 4: from 01 02" in capsys.readouterr().err
