"""Billing's own cast: the clock stands at noon in Denver on 20 May 2026."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.billing.builders import Clinic, at_noon, make_clinic
from tests.replay import played


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with at_noon():
        yield


@pytest.fixture
def clinic(db: None) -> Clinic:
    made: Clinic = played("billing", make_clinic)
    return made
