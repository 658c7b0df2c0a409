"""Worlds outside of pytest: the real servers, and for each world a database as `migrate` leaves it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Running:
    """One process with its share of the servers."""

    run: Any

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """A clinic in which nobody has been yet."""
        from django.db import connections

        name = self.run.spares.lend()
        settings = connections["default"].settings_dict
        usual = settings["NAME"]
        connections.close_all()
        settings["NAME"] = name
        try:
            yield
        finally:
            connections.close_all()
            settings["NAME"] = usual
            self.run.spares.take_back(name)


@contextmanager
def servers() -> Iterator[Running]:
    """The pair is up and Django is ready, as pytest makes it for a test."""
    from kapclinic.local.testrun import TestRun

    run = TestRun.begin()
    os.environ.update(run.env)
    os.environ["DJANGO_SETTINGS_MODULE"] = "kapclinic.settings"
    import django
    from django.test.utils import setup_test_environment

    django.setup()
    from kapclinic.core import scope

    scope.begin("test")
    setup_test_environment()
    from tests.hashers import hash_quickly

    hash_quickly()
    try:
        yield Running(run)
    finally:
        from django.db import connections

        connections.close_all()
        run.end()
