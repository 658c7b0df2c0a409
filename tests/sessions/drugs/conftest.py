from __future__ import annotations

from datetime import datetime

import pytest

from tests.sessions import rooms


@pytest.fixture
def clinic(db: None, now: datetime) -> rooms.Clinic:
    return rooms.open_clinic()
