"""`manage.py seed_demo`: the demo clinic, built through the API; refuses beside a real one."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from kapclinic.core import clock
from kapclinic.core.http.renderers import dumps
from kapclinic.practice.management.demo import places
from kapclinic.practice.management.demo.seeding import Seeder, email, tell_again
from kapclinic.practice.models import Location, User


class Command(BaseCommand):
    help = "Builds the demo clinic with two locations; prints its logins and some ids."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = os.environ.get("KAP_DEMO_PASSWORD")
        with transaction.atomic():
            told = (
                tell_again(wanted)
                if self._is_demo()
                else Seeder(wanted or secrets.token_urlsafe(12), now=clock.now()).seed()
            )
        if options["json"]:
            self.stdout.write(dumps(told).decode())
            return
        self.stdout.write(f"password: {told['password']}")
        for user in told["users"]:
            self.stdout.write(f"{user['email']:40} {', '.join(user['roles'])}")
        self.stdout.write(f"{places.LOCATIONS[0]['name']} is the first location.")

    def _is_demo(self) -> bool:
        """Is the demo clinic here already?

        :raises CommandError: when a real clinic is
        """
        if User.objects.filter(email=email("admin")).exists():
            return True
        if Location.objects.exists() or User.objects.exists():
            raise CommandError("This database holds a clinic: the demo needs an empty one.")
        return False
