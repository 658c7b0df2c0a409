"""A second database for the tests that name one: the replica of the settings, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from kapclinic.core import standby


@contextmanager
def replica(**where: Any) -> Iterator[None]:
    """There is a replica, which differs from the tests' own database in `where`; it was never found away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections.settings, standby.ALIAS, connections.settings["default"] | where)
        patch.setattr(standby._Away, "until", 0.0)
        own = connections[standby.ALIAS]

        def connect() -> None:
            if own.connection is None:
                with own.wrap_database_errors:
                    own.connect()

        # Django's own, in place of the one that lets a test connect to the databases of its class alone.
        patch.setattr(own, "ensure_connection", connect)
        try:
            yield
        finally:
            own.close()
            del connections[standby.ALIAS]
