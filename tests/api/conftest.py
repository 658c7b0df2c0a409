"""A clinic with something at every address."""

from __future__ import annotations

import pytest

from tests.api import routes
from tests.api.routes import Places
from tests.cast import Cast


@pytest.fixture
def places(cast: Cast) -> Places:
    return routes.places(cast)
