"""Fixtures of the reminder tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sessions.reminders.telling import Gateway, gateway


@pytest.fixture
def sms(settings: Any) -> Iterator[Gateway]:
    """An SMS gateway that the clinic uses."""
    with gateway() as place:
        settings.SMS_WEBHOOK_URL, settings.SMS_WEBHOOK_SECRET = place.url, "between us"
        yield place
