"""Readings on disk."""

import math
import multiprocessing
import os
import signal
import time
from contextlib import suppress
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from store_examples import NOON, reading

from ems.domain.errors import SpoolError
from ems.domain.points import Quality, Reading
from ems.store.packing import packed, unpacked
from ems.store.spool import Spool

KILLS = int(os.environ.get("EMS_KILLS", "8"))
"""`make soak` asks for 100."""
SEED = 1


def _seconds(first: int, last: int) -> list[Reading]:
    return [reading(float(k), NOON + timedelta(seconds=k)) for k in range(first, last)]


def test_readings_come_back_as_they_were() -> None:
    some = [
        Reading("D1-0304/room_temp_c", 20.5, Quality.OVERRIDDEN, NOON),
        Reading("M-HTA/power_kw", -1e300, Quality.GOOD, NOON + timedelta(microseconds=1)),
        Reading("é/x", float("nan"), Quality.COMM_FAIL, NOON - timedelta(days=20_000)),
    ]
    back = unpacked(packed(some))
    assert back[:2] == tuple(some[:2])
    assert (back[2].point, back[2].at, back[2].quality) == ("é/x", some[2].at, some[2].quality)
    assert math.isnan(back[2].value)


def test_what_a_resident_withdraws_leaves_the_disk_and_the_rest_waits_on(tmp_path: Path) -> None:
    later = NOON + timedelta(hours=1)
    mine = [Reading("A/x", 1.0, Quality.GOOD, NOON), Reading("A/x", 2.0, Quality.GOOD, later)]
    other = Reading("B/x", 3.0, Quality.GOOD, NOON)
    with Spool(tmp_path / "spool") as spool:
        spool.keep([mine[0]])
        spool.set_aside(spool.last_number, "refused")
        spool.keep([mine[0]])
        spool.keep([*mine, other])
        assert spool.forget_points({"A/x"}, later) == 3
        assert spool.waiting == 2
    with Spool(tmp_path / "spool") as spool:
        assert (spool.waiting, spool.refused) == (2, 0)
        found = []
        while batch := spool.oldest():
            found += batch.readings
            spool.forget(batch.number)
        assert found == [mine[1], other]


def test_what_is_kept_is_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with Spool(path) as spool:
        first = spool.keep(_seconds(0, 5))
        spool.keep(_seconds(5, 7))
        spool.forget(first.number)
        spool.forget(first.number)
    with Spool(path) as spool:
        assert spool.waiting == 2
        left = spool.oldest()
        assert left is not None
        assert left.readings == tuple(_seconds(5, 7))


def test_a_full_spool_drops_its_oldest_and_counts_them_for_good(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    size = len(packed(_seconds(0, 100)))
    with Spool(path, limit_bytes=3 * size) as spool:
        for k in range(10):
            spool.keep(_seconds(100 * k, 100 * k + 100))
        assert spool.waiting + spool.lost == 1000
        assert 0 < spool.waiting <= 300
        oldest = spool.oldest()
        assert oldest is not None
        assert oldest.readings[0].value == 1000 - spool.waiting
        lost = spool.lost
    with Spool(path) as spool:
        assert spool.lost == lost


def test_a_damaged_batch_is_counted_and_passed_over(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.sqlite") as spool:
        spool.keep(_seconds(0, 3))
        spool.keep(_seconds(3, 4))
        spool._db.execute("update waiting set body = x'00' where number = 1")
        left = spool.oldest()
        assert left is not None
        assert left.readings == tuple(_seconds(3, 4))
        assert (spool.waiting, spool.lost) == (1, 3)


def test_a_file_that_is_no_spool_is_put_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "spool.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with Spool(path) as spool:
        spool.keep(_seconds(0, 1))
        assert spool.waiting == 1
    assert "put aside" in caplog.text
    assert len(list(tmp_path.glob("spool.damaged-*"))) == 1


def test_a_disk_without_room_is_named_and_keeps_nothing_of_the_batch(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.sqlite") as spool:
        spool.keep(_seconds(0, 1))
        spool._db.execute("pragma max_page_count = 1")
        with pytest.raises(SpoolError, match="full"):
            spool.keep(_seconds(1, 5000))
        assert spool.waiting == 1


def _keep_until_killed(path: Path, told: Connection) -> None:
    with Spool(path) as spool:
        for k in range(10**6):
            spool.keep(_seconds(3 * k, 3 * k + 3))
            told.send(k)
            if k % 3 == 0 and (oldest := spool.oldest()) is not None and k > 20:
                told.send(-oldest.number)
                spool.forget(oldest.number)


def test_a_killed_program_loses_nothing_that_was_kept_and_keeps_nothing_twice(
    tmp_path: Path,
) -> None:
    draw = np.random.default_rng(SEED)
    for kill in range(KILLS):
        path = tmp_path / f"{kill}.sqlite"
        words = _words_until_killed(path, draw.uniform(0.0, 0.1))
        kept = 1 + max(word for word in words if word >= 0)
        forgotten = max(-min(words), 0)
        with Spool(path) as spool:
            found: list[float] = []
            while (batch := spool.oldest()) is not None:
                found += [r.value for r in batch.readings]
                spool.forget(batch.number)
        assert len(found) == len(set(found)), "none twice"
        assert set(map(float, range(3 * forgotten, 3 * kept))) <= set(found), "none lost"


def _words_until_killed(path: Path, after_s: float) -> list[int]:
    """What a program that keeps readings said before it was killed."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=_keep_until_killed, args=(path, theirs)
    )
    child.start()
    theirs.close()
    words = [ours.recv()]
    time.sleep(after_s)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    with suppress(EOFError):
        while True:
            words.append(ours.recv())
    return words
