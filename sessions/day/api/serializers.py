"""Bodies of sessions, availability and programs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Reason, Text
from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from programs.api.serializers import PhaseOut
from programs.models import Modality
from programs.rules import PROGRAM_MOVES
from sessions.booking.models import Stage
from sessions.booking.rules import SESSION_MOVES
from sessions.day.board import COLUMNS

ATTESTATION = re.compile(r"[a-z_]{1,40}")  # a clinic may have its own beside those that the gates read
MOST_ATTESTATIONS = 40
DOUBLE_USE = ["room", "staff"]  # what a deliberate override may use twice; a client is never in two places


class StaffRow(Input):
    user = serializers.UUIDField()
    role = serializers.ChoiceField(Role.choices)


class PlaceIn(Input):
    """Where the client is: at home also the nearest emergency department and the number of the ambulance there."""

    state = serializers.RegexField(r"^[A-Z]{2}$")
    address = Text(max_length=300)
    emergency_department = Text(max_length=300, required=False)
    ems_phone = Text(max_length=30, required=False)


class SessionIn(Input):
    program = serializers.UUIDField()
    kind = serializers.ChoiceField(SessionKind.choices)
    modality = serializers.ChoiceField(Modality.choices)
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, max_length=10)  # type: ignore[call-arg]
    obligation = serializers.UUIDField(required=False, allow_null=True)
    override_reason = Text(max_length=1000, required=False, allow_blank=True, default="")
    override = serializers.ListField(child=serializers.ChoiceField(DOUBLE_USE), required=False, max_length=2)
    client_location = PlaceIn(required=False, allow_null=True)
    hold = serializers.UUIDField(required=False, allow_null=True)


class HoldIn(Input):
    program = serializers.UUIDField()
    kind = serializers.ChoiceField(SessionKind.choices)
    modality = serializers.ChoiceField(Modality.choices)
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, max_length=10)  # type: ignore[call-arg]


class HoldOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    kind = serializers.CharField()
    modality = serializers.CharField()
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(source="room_id", allow_null=True)
    staff = StaffRow(many=True)
    expires_at = Moment()
    released_at = Moment(allow_null=True)


class RescheduleIn(Input):
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, required=False, max_length=10)  # type: ignore[call-arg]
    modality = serializers.ChoiceField(Modality.choices, required=False)
    reason = Text(min_length=3, max_length=1000)
    override_reason = Text(max_length=1000, required=False, allow_blank=True, default="")
    override = serializers.ListField(child=serializers.ChoiceField(DOUBLE_USE), required=False, max_length=2)


class SwapIn(Reason):
    first = serializers.UUIDField()
    second = serializers.UUIDField()


class EffectOut(Output):
    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=["breaks", "moves", "warns"])
    detail = serializers.CharField()
    session = serializers.UUIDField(allow_null=True)


class PreviewOut(Output):
    possible = serializers.BooleanField()
    refusal = serializers.JSONField(allow_null=True)
    effects = EffectOut(many=True)


class MomentIn(Input):
    """When it happened, for late entry; now unless said."""

    at = Moment(required=False)


class EndIn(Reason):
    """Why, and when it happened; now unless said."""

    at = Moment(required=False)


class MayReason(Input):
    reason = Text(max_length=1000, required=False, allow_blank=True, default="")


class StageIn(MomentIn):
    stage = serializers.ChoiceField(Stage.Name.choices)


class StageOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    stage = serializers.CharField()
    at = Moment()
    by = serializers.UUIDField(source="created_by")


class EscortNamed(Input):
    name = Text(max_length=120)
    phone = Text(max_length=30)
    relationship = Text(max_length=60, required=False, allow_blank=True, default="")


class AttestedOut(Output):
    by = serializers.UUIDField()
    at = Moment()


def _attestation_codes(value: dict[str, bool]) -> None:
    if len(value) > MOST_ATTESTATIONS or not all(ATTESTATION.fullmatch(code) for code in value):
        raise serializers.ValidationError("Codes of small letters and _, at most 40 of them, are expected.")


class SessionPatch(Input):
    escort = EscortNamed(allow_null=True)
    client_location = PlaceIn(allow_null=True)
    fasting_since = Moment(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2)
    attestations = serializers.DictField(child=serializers.BooleanField(), validators=[_attestation_codes])
    client_confirmed_at = Moment(allow_null=True)


class LatestStage(Output):
    stage = serializers.CharField()
    at = Moment()
    by = serializers.UUIDField()


class SessionOut(Output):
    """A session for anybody who may see it; clinical fields are empty for the front desk and billing (R13).

    `reason`: the front desk reads what the front desk wrote; billing reads none, and neither escort nor address.
    """

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField()
    client = serializers.UUIDField()
    client_name = serializers.CharField()
    client_mrn = serializers.CharField()
    location = serializers.UUIDField()
    room = serializers.UUIDField(allow_null=True)
    staff = StaffRow(many=True)
    kind = serializers.CharField()
    number = serializers.IntegerField()
    modality = serializers.CharField()
    starts_at = Moment()
    ends_at = Moment()
    status = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    outcome = serializers.CharField()
    for_dose = serializers.UUIDField(allow_null=True)
    obligation = serializers.UUIDField(allow_null=True)
    stage = LatestStage(allow_null=True)
    client_confirmed_at = Moment(allow_null=True)
    client_location = PlaceIn(allow_null=True)
    escort = EscortNamed(allow_null=True)
    fasting_since = Moment(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    attestations = serializers.DictField(child=serializers.BooleanField())
    attested = serializers.DictField(child=AttestedOut())
    checked_in_at = Moment(allow_null=True)
    started_at = Moment(allow_null=True)
    completed_at = Moment(allow_null=True)
    reason = serializers.CharField()
    override_reason = serializers.CharField()
    cancelled_at = Moment(allow_null=True)
    double_use = serializers.BooleanField()
    allowed_moves = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField(), required=False)


CLINICAL = ("fasting_since", "weight_kg")
OF_THE_VISIT = ("escort", "client_location")


def shown(row: dict[str, Any], user: Any) -> dict[str, Any]:
    """A row of `selectors.session_rows` as `SessionOut` for this user."""
    first, chosen = row.pop("client_first_name"), row.pop("client_chosen_name")
    row["client_name"] = f"{chosen or first} {row.pop('client_last_name')}"
    row["obligation"], row["stage"] = row.pop("owed"), row.pop("latest_stage")
    if row["stage"] is not None:
        row["stage"]["at"] = datetime.fromisoformat(row["stage"]["at"])  # JSON made in SQL holds text
    row["allowed_moves"] = _moves(row, user)
    writer = frozenset(row.pop("reason_roles") or ())
    if not user.role_set & CLINICIANS:
        row |= dict.fromkeys(CLINICAL) | {"attestations": {}, "attested": {}}
        own = Role.FRONT_DESK in user.role_set & writer and not writer & CLINICIANS
        row["reason"] = row["reason"] if own and not row["outcome"] else ""
    if not user.role_set & BOOKERS:
        row |= dict.fromkeys(OF_THE_VISIT)
    return row


def _moves(row: dict[str, Any], user: Any) -> list[str]:
    moves = transitions.allowed(SESSION_MOVES, state=row["status"], by=user)
    dosing = row["kind"] == SessionKind.DOSING
    return [move for move in moves if move != "not_dosed" or (dosing and not row["outcome"])]


class BoardRoomOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    turnover_min = serializers.IntegerField()


class BoardSessionOut(SessionOut):
    """A card: a session with its column and since when it stands there."""

    column = serializers.ChoiceField(choices=list(COLUMNS))
    since = Moment(allow_null=True)


class BoardOut(Output):
    location = serializers.UUIDField()
    date = serializers.DateField()
    time_zone = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    counts = serializers.DictField(child=serializers.IntegerField())
    rooms = BoardRoomOut(many=True)
    sessions = BoardSessionOut(many=True)


class SlotOut(Output):
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.CharField()
    room = serializers.UUIDField(allow_null=True)
    staff = StaffRow(many=True)


class PlanRow(Input):
    """One session of a plan; the proposal's rows are sent back as they came, or changed."""

    kind = serializers.ChoiceField(SessionKind.choices)
    number = serializers.IntegerField(min_value=1, max_value=100, required=False, allow_null=True)
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.ChoiceField(Modality.choices)
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, max_length=10)  # type: ignore[call-arg]


class UnmetOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class PlanOut(Output):
    sessions = PlanRow(many=True)
    weeks = serializers.IntegerField()
    unmet = UnmetOut(many=True)


class PlanIn(Input):
    """The proposal may come back whole; only its sessions are read."""

    weeks = serializers.IntegerField(required=False)
    unmet = serializers.ListField(child=serializers.DictField(), required=False)
    sessions = PlanRow(many=True, min_length=1, max_length=60)  # type: ignore[call-arg]


class BookedPlanOut(Output):
    sessions = SessionOut(many=True)
    warnings = serializers.ListField(child=serializers.CharField(), required=False)


def _moment(text: str | None) -> datetime | None:
    """JSON made in SQL holds times as text."""
    return None if text is None else datetime.fromisoformat(text)


class NextOut(Output):
    results = SlotOut(many=True)


class ProgramOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    protocol = serializers.UUIDField(source="protocol_id")
    location = serializers.UUIDField(source="location_id")
    therapist = serializers.UUIDField(source="therapist_id", allow_null=True)
    prescriber = serializers.UUIDField(source="prescriber_id")
    program_type = serializers.CharField(source="protocol.program_type")
    diagnosis = serializers.CharField()
    goals = serializers.CharField()
    pathway_reason = serializers.CharField()
    accepted_modalities = serializers.ListField(child=serializers.CharField())
    preferred_days = serializers.ListField(child=serializers.IntegerField())
    preferred_hours = serializers.JSONField(allow_null=True)
    status = serializers.CharField()
    status_reason = serializers.CharField()
    phase = serializers.CharField()
    phases = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    def get_phases(self, program: Any) -> list[dict[str, Any]]:
        times = ("started_at", "ended_at")
        return [row | {name: _moment(row[name]) for name in times} for row in program.phase_rows]

    def get_progress(self, program: Any) -> dict[str, dict[str, int]]:
        return self.context["progress"][program.pk]  # type: ignore[no-any-return]

    def get_allowed_moves(self, program: Any) -> list[str]:
        return transitions.allowed(PROGRAM_MOVES, state=program.status, by=self.context["request"].user)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Front desk may send diagnosis and goals, not read them; billing reads the diagnosis (R13)."""
        row: dict[str, Any] = super().to_representation(instance)
        roles = self.context["request"].user.role_set
        if not roles & CLINICIANS:
            hidden = ["goals", "pathway_reason", "status_reason"]
            hidden += [] if Role.BILLING in roles else ["diagnosis"]
            row |= dict.fromkeys(hidden, "")
        return row


class TimelineSessionOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    number = serializers.IntegerField()
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.CharField()
    status = serializers.CharField()
    outcome = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    for_dose = serializers.UUIDField(allow_null=True)


class TimelineDoseOut(Output):
    session = serializers.UUIDField()
    administered_at = Moment()


class TimelineObligationOut(Output):
    id = serializers.UUIDField()
    dosing_session = serializers.UUIDField()
    integration_session = serializers.UUIDField(allow_null=True)
    dosed_at = Moment()
    window_start = Moment()
    window_end = Moment()
    state = serializers.CharField()


class TimelineOut(Output):
    phases = PhaseOut(many=True)
    sessions = TimelineSessionOut(many=True)
    doses = TimelineDoseOut(many=True)
    obligations = TimelineObligationOut(many=True)
