"""`manage.py load_service_codes`: the bare codes that a KAP clinic uses, with labels of our own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from billing.codes.services import ensure_codes
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM


class Command(BaseCommand):
    help = "Adds the service codes that are missing; what the clinic changed stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{ensure_codes(by=SYSTEM, at=clock.now())} codes added.")
