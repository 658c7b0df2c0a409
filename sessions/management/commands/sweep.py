"""`manage.py sweep`: one pass of all the periodic work, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from kapclinic.core import clock
from sessions.sweep.steps import sweep


class Command(BaseCommand):
    help = "Runs one pass of all the periodic work: obligations, checks, alarms, messages, seals."

    def handle(self, *args: Any, **options: Any) -> None:
        done = sweep(at=clock.now())
        self.stdout.write(" ".join(f"{name}={count}" for name, count in done.items()))
