"""`manage.py create_admin EMAIL NAME`: the first administrator, who then makes every other account through the API."""

from __future__ import annotations

import os
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from kapclinic.core import clock
from kapclinic.core.errors import ClinicError
from kapclinic.practice import services
from kapclinic.practice.models import SYSTEM, Role, User
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.services import log_act

VARIABLE = "KAP_ADMIN_PASSWORD"


class Command(BaseCommand):
    help = f"Makes an administrator of no location; the password is read from {VARIABLE}, or asked for twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument(
            "--role",
            action="append",
            default=[],
            choices=sorted(CLINICIANS),
            help="also this clinical role, while the practice is empty: later a medical director gives it",
        )
        parser.add_argument("--another", action="store_true", help="also beside an active administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        email, name = options["email"].strip(), options["name"].strip()
        self._refuse(email, name, another=options["another"], roles=options["role"])
        password = os.environ.get(VARIABLE) or self._asked()
        values: services.StaffFields = {
            "email": email,
            "name": name,
            "roles": [Role.ADMIN, *dict.fromkeys(options["role"])],
            "locations": [],
            "password": password,
        }
        at = clock.now()
        try:
            with transaction.atomic():
                user = services.save_staff(user=None, values=values, by=SYSTEM, at=at)
                log_act(
                    by=SYSTEM.pk,
                    roles=SYSTEM.role_set,
                    action="staff.create",
                    object_type="staff",
                    object_id=user.pk,
                    at=at,
                )
        except ClinicError as refused:
            raise CommandError(refused.detail) from refused
        self.stdout.write(f"{user.email} is an administrator.")

    def _refuse(self, email: str, name: str, *, another: bool, roles: list[str]) -> None:
        """:raises CommandError: for a malformed e-mail, no name, or beside an administrator unless asked for; for a
        clinical role where somebody works already, who may ask a medical director"""
        try:
            validate_email(email)
        except ValidationError as exc:
            raise CommandError(f"{email!r} is not an e-mail address.") from exc
        if not name or len(name) > 120:
            raise CommandError("A name of 1 to 120 characters is expected.")
        if not another and User.objects.filter(is_active=True, roles__contains=[Role.ADMIN]).exists():
            raise CommandError("There is an active administrator. Give --another to make one more.")

        if roles and User.objects.exists():
            raise CommandError("Somebody works here: a medical director gives clinical roles.")

    def _asked(self) -> str:
        password = getpass("Password: ")
        if getpass("Again: ") != password:
            raise CommandError("The two passwords differ.")
        return password
