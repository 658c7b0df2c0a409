"""Bodies of what waits for a decision."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.booking.http import AboutOut
from sessions.booking.selectors.about import About

# Kind -> what to do.
TO_DO = {
    "screening": "Decide the screening.",
    "order_missing": "Write the order: the dose is booked and has none that is good when it begins.",
    "order_above_cap": "Approve the dose above the cap, as a second prescriber.",
    "override": "Read why a colleague passed a gate.",
    "clearance_review": "Uphold or void the clearance that is suspended.",
    "clearance_ending": "Screen again before the clearance ends.",
    "safety_alert": "Speak to the client, and acknowledge the alert.",
    "alert_release": "Say whether doses may go on after the alert.",
    "adverse_event_review": "Review the adverse event.",
}


class SubjectOut(Output):
    """The row to open."""

    type = serializers.CharField()
    id = serializers.UUIDField()


class WaitingDecisionOut(AboutOut):
    """`since` when it began to wait, `due_at` until when; null without such a time. `assigned_to` is the prescriber of
    the course.
    """

    kind = serializers.CharField(source="about_kind")
    client = serializers.UUIDField(source="about_client")
    program = serializers.UUIDField(source="about_program")
    subject = serializers.SerializerMethodField()
    since = Moment(source="about_since")
    due_at = Moment(source="about_due", allow_null=True)
    reason_gone = serializers.BooleanField(
        source="about_gone",
        help_text="what suspended the clearance was voided since: a prescriber still lifts it",
    )

    def about(self, row: Any) -> About:
        found: About = self.context["about"][row["about_id"]]
        return found

    def get_label(self, row: Any) -> str:
        return TO_DO[row["about_kind"]]

    @extend_schema_field(SubjectOut)
    def get_subject(self, row: Any) -> dict[str, str]:
        return {"type": row["about_type"], "id": str(row["about_id"])}
