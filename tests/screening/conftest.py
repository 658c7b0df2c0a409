"""Whom screening's tests screen: Robin Sample, whose program is in its screening phase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from programs.models import Program
from tests.cast import Cast, approved_protocol, client, opened_program


@pytest.fixture
def program(cast: Cast) -> Program:
    return opened_program(cast)


@pytest.fixture
def another_program(cast: Cast) -> Callable[..., Program]:
    """A program of a new client; on a protocol of its own when its values are given."""

    def make(*, of: dict[str, Any] | None = None, **protocol: Any) -> Program:
        somebody = client(cast.north, by=cast.frontdesk, **of or {})
        return opened_program(cast, who=somebody, protocol=approved_protocol(cast, **protocol))

    return make
