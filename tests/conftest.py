"""What many tests start from; linear algebra on one thread, as the program runs it."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

from ems.config import SMARTSEILLE, load_district
from ems.domain.district import District


@pytest.fixture(scope="session")
def district() -> District:
    """The whole of Smartseille as described."""
    return load_district(SMARTSEILLE)
