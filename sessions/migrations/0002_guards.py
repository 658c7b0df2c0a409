"""Guards that the database holds by itself, room by room."""

from typing import ClassVar

from django.db import migrations

from kapclinic.core.triggers import append_only, frozen_when
from sessions.dosing.guards import OPERATIONS as DOSING
from sessions.drugs.guards import COUNT_OPERATIONS as COUNTS
from sessions.drugs.guards import OPERATIONS as DRUGS
from sessions.notes.guards import OPERATIONS as NOTES
from sessions.notes.guards import RECORD_OPERATIONS as RECORD

FACTS = (
    "stage",
    "reading",
    "readingvoid",
    "order",
    "orderapproval",
    "administration",
    "administrationfinish",
    "administrationvoid",
    "gateoverride",
    "adverseevent",
    "adverseeventfollowup",
    "adverseeventreview",
    "discharge",
    "evidencebundle",
    "waitlistoffer",
    "historicalsession",
    "historicalsessionhold",
    "historicalobligation",
    "historicalcheck",
    "historicalalarm",
    "historicalwaitlistentry",
    "historicalreminderplan",
    "historicalcalendarfeed",
    "historicalremsrecord",
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("clinic_sessions", "0001_initial")]

    operations: ClassVar = [
        append_only(*(f"clinic_sessions_{name}" for name in FACTS)),
        frozen_when("clinic_sessions_allocation", "true", unless_changes=("released_at",)),
        *DRUGS,
        *NOTES,
        *DOSING,
        *COUNTS,
        *RECORD,
        frozen_when("clinic_sessions_remsrecord", "OLD.state = 'submitted'"),
    ]
