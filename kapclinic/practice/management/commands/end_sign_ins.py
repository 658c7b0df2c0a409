"""`manage.py end_sign_ins REASON`: everybody signs in anew, e.g. after a backup was restored."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kapclinic.core import clock
from kapclinic.practice import doors
from kapclinic.practice.models import SYSTEM

SHORTEST = 3


class Command(BaseCommand):
    help = "Ends every browser's session and every token of all accounts, and writes down why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reason", metavar="REASON", help="as the audit trail keeps it; name no client")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if len(reason) < SHORTEST:
            raise CommandError("Say why, in words.")
        count = doors.end_all_entries(reason=reason, by=SYSTEM, at=clock.now())
        self.stdout.write(f"Accounts that sign in anew: {count}.")
