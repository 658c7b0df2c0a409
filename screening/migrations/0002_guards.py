"""Guards that the database holds by itself: what was submitted, decided, signed, resolved or acknowledged stays."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations import RunSQL

from kapclinic.core.triggers import append_only, frozen_when

ALWAYS = ("version", "updated_at")


def ended(table: str, condition: str) -> RunSQL:
    """Refuse any UPDATE of rows of `table` for which `condition` (over OLD) holds: their last move was made."""
    return RunSQL(
        f"CREATE TRIGGER {table}_ended BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION kap_refuse_change();",
        f"DROP TRIGGER {table}_ended ON {table};",
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("screening", "0001_initial")]

    operations: ClassVar = [
        append_only(
            "screening_measure",
            "screening_historicalscreening",
            "screening_historicalfinding",
            "screening_historicalclearance",
            "screening_historicalmedication",
            "screening_historicalconsent",
            "screening_historicalsafetyalert",
        ),
        frozen_when("screening_screening", "OLD.status <> 'draft'", unless_changes=(*ALWAYS, "status", "decided_at")),
        ended("screening_screening", "OLD.status = 'decided'"),
        frozen_when(
            "screening_finding", "true", unless_changes=(*ALWAYS, "resolution", "resolved_by_id", "resolved_at")
        ),
        ended("screening_finding", "OLD.resolved_at IS NOT NULL"),
        frozen_when(
            "screening_clearance", "true", unless_changes=(*ALWAYS, "voided_at", "voided_by_id", "void_reason")
        ),
        ended("screening_clearance", "OLD.voided_at IS NOT NULL"),
        frozen_when(
            "screening_consent",
            "OLD.status <> 'draft'",
            unless_changes=(*ALWAYS, "status", "revoked_at", "revoke_reason"),
        ),
        ended("screening_consent", "OLD.status = 'revoked'"),
        frozen_when(
            "screening_safetyalert",
            "true",
            unless_changes=(*ALWAYS, "status", "acknowledged_at", "acknowledged_by_id", "action"),
        ),
        ended("screening_safetyalert", "OLD.status = 'acknowledged'"),
    ]
