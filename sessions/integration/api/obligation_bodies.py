"""Bodies of obligations."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Moment, Output
from sessions.booking.http import NOTHING, AboutOut
from sessions.integration.models import Obligation
from sessions.integration.rules import CALLER_MOVES

TO_DO = {
    Obligation.State.DUE: "Book the integration of this dose inside its window.",
    Obligation.State.BOOKED: "Nothing, if the client knows of the booked integration.",
    Obligation.State.MISSED: "The window passed without an integration: call the client, book it late or waive it.",
}


# Columns of the session that is booked.
BOOKED = ("starts_at", "ends_at", "status", "source", "modality", "client_confirmed_at")


def to_do(state: str) -> str:
    """What to do about an obligation, in plain words."""
    return TO_DO.get(Obligation.State(state), NOTHING)


class BookedOut(Output):
    id = serializers.UUIDField()
    starts_at = Moment()
    ends_at = Moment()
    status = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    modality = serializers.CharField()
    client_confirmed_at = Moment(allow_null=True)
    room = serializers.UUIDField(source="room_id", allow_null=True)
    room_name = serializers.CharField(source="room.name", allow_null=True, default=None)


class ObligationOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    dosing_session = serializers.UUIDField(source="dosing_session_id")
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="client_id")
    therapist = serializers.UUIDField(source="therapist_id", allow_null=True)
    dosed_at = Moment()
    window_start = Moment()
    window_end = Moment()
    state = serializers.CharField()
    integration_session = BookedOut(allow_null=True)
    escalations = serializers.JSONField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, obligation: Any) -> list[str]:
        return transitions.allowed(CALLER_MOVES, state=obligation.state, by=self.context["request"].user)


class WaivedOut(ObligationOut):
    reason = serializers.CharField()


class ListedObligationOut(AboutOut, ObligationOut):
    """`session` is the integration once there is one, else the dose; `assigned_to` is the therapist."""

    dose_number = serializers.IntegerField(source="dosing_session.number")
    therapist_name = serializers.SerializerMethodField()

    def get_label(self, row: Any) -> str:
        return to_do(row.state)

    def get_therapist_name(self, row: Any) -> str | None:
        return self.get_assigned_to(row)
