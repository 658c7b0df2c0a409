"""`manage.py verify_audit`: seal what waits, then walk every chain from its start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kapclinic.trail import rules, selectors, services
from kapclinic.trail.chains import registered


class Command(BaseCommand):
    help = "Checks the audit chain and every other registered hash chain; fails naming the first bad row."

    def handle(self, *args: Any, **options: Any) -> None:
        while services.seal_events(everything=True):
            pass
        broken = rules.first_broken(selectors.sealed())
        if broken is not None:
            raise CommandError(f"audit chain: link {broken.sequence} {broken.why}.")
        self.stdout.write("audit chain: every link holds.")
        for name, check in registered():
            if (problem := check()) is not None:
                raise CommandError(f"{name}: {problem}")
            self.stdout.write(f"{name}: every link holds.")
