"""Guards that the database holds by itself, room by room."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import append_only, frozen_when
from sessions.drugs.guards import OPERATIONS as DRUGS
from sessions.notes.guards import OPERATIONS as NOTES

FACTS = (
    "stage",
    "reading",
    "readingvoid",
    "order",
    "administration",
    "administrationfinish",
    "administrationvoid",
    "gateoverride",
    "adverseevent",
    "discharge",
    "historicalsession",
    "historicalobligation",
    "historicalcheck",
    "historicalalarm",
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic_sessions", "0001_initial")]

    operations: ClassVar = [
        append_only(*(f"clinic_sessions_{name}" for name in FACTS)),
        frozen_when("clinic_sessions_allocation", "true", unless_changes=("released_at",)),
        *DRUGS,
        *NOTES,
    ]
