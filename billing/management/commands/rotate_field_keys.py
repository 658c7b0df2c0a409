"""`manage.py rotate_field_keys`: seal all that is sealed with the first of FIELD_KEYS; then old keys may go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from billing.records import services as records
from kapclinic.core import clock
from kapclinic.practice.factors import enrolling
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.keys import reseal_word
from kapclinic.trail.services import reseal_answers
from sessions.files import services as files
from sessions.imports import services as imports
from sessions.notes import services


class Command(BaseCommand):
    help = "Seals again, with the first key of FIELD_KEYS, what an older key sealed."

    def handle(self, *args: Any, **options: Any) -> None:
        done = services.reseal_psychotherapy_notes(by=SYSTEM, at=clock.now())
        self.stdout.write(f"{done} psychotherapy notes sealed again.")
        self.stdout.write(f"{files.reseal_attachments()} attachments sealed again.")
        self.stdout.write(f"{imports.reseal_imports()} imports that wait sealed again.")
        self.stdout.write(f"{reseal_answers()} kept answers sealed again.")
        self.stdout.write(f"{enrolling.reseal()} secrets of second factors sealed again.")
        sealed = records.reseal_exports() + records.reseal_pieces()
        self.stdout.write(f"{sealed} files of exports sealed again.")
        with transaction.atomic():
            reseal_word()
