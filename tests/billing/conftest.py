"""Billing sits at its till when the sessions are over: the clock stands at noon in Denver on 20 May 2026."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kapclinic.core import clock
from tests.billing.till import NOW, Till
from tests.cast import Cast, service_codes


@pytest.fixture
def till(cast: Cast) -> Iterator[Till]:
    service_codes()
    with clock.fixed(NOW):
        yield Till(cast)
