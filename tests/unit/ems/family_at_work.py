"""Children for the tests of process families, and a parent that may be killed."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from ems.domain.errors import EmsError
from ems.processes import Family, Lifeline


def wait_and_sign(lifeline: Lifeline, name: str, book: Path, news: Connection) -> None:
    """Say that one lives; at the end write one's name into the book."""
    news.send(os.getpid())
    while not lifeline.cut:
        time.sleep(0.01)
    with book.open("a") as file:
        file.write(f"{name}\n")


def be_deaf(lifeline: Lifeline, news: Connection) -> None:
    """Never look at the lifeline."""
    news.send(os.getpid())
    signal.pause()


def fail(lifeline: Lifeline) -> None:
    """Fail as an expected failure does."""
    raise EmsError("the port is taken", fix="give another")


if __name__ == "__main__":
    family = Family()
    for each in ("plant", "service"):
        reader, writer = family.pipe()
        family.start(each, wait_and_sign, each, Path(sys.argv[1]), writer)
        print(reader.recv(), flush=True)
    signal.pause()
