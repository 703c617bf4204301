"""What many tests start from."""

import pytest

from ems.config import SMARTSEILLE, load_district
from ems.domain.district import District


@pytest.fixture(scope="session")
def district() -> District:
    """The whole of Smartseille as described."""
    return load_district(SMARTSEILLE)
