"""Bodies of sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Reason, Text
from kapclinic.practice.api.location_bodies import VideoUrl
from kapclinic.practice.models import Role, SessionKind
from programs.models import Modality
from sessions.booking.http import LateReason
from sessions.booking.models import MoveUndo, Session, Stage
from sessions.booking.rules import SESSION_MOVES
from sessions.dosing.models import AttestationCode
from sessions.visits.selectors.sessions import CLINICAL, OF_THE_VISIT

ATTESTED = "yes or no by code: " + "; ".join(f"`{code}`: {words}" for code, words in AttestationCode.choices)
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


class AlsoIn(Input):
    """Another session of the same client that moves with it, or nothing moves. What is not named stays."""

    session = serializers.UUIDField()
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, required=False, max_length=10)  # type: ignore[call-arg]
    override_reason = Text(max_length=1000, required=False, allow_blank=True, default="")
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="the one that was read: 412 when it has moved on"
    )


class RescheduleIn(Input):
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, required=False, max_length=10)  # type: ignore[call-arg]
    modality = serializers.ChoiceField(Modality.choices, required=False)
    reason = Text(min_length=3, max_length=1000)
    override_reason = Text(max_length=1000, required=False, allow_blank=True, default="")
    override = serializers.ListField(child=serializers.ChoiceField(DOUBLE_USE), required=False, max_length=2)
    also = AlsoIn(many=True, required=False, max_length=20)  # type: ignore[call-arg]


class SwapIn(Reason):
    first = serializers.UUIDField()
    second = serializers.UUIDField()


class RemedyOut(Output):
    """The nearest free time at which the session that breaks is whole again; it may be sent as one of `also`."""

    session = serializers.UUIDField(allow_null=True)
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(allow_null=True)
    staff = StaffRow(many=True)


class EffectOut(Output):
    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=["breaks", "moves", "warns"])
    detail = serializers.CharField()
    session = serializers.UUIDField(allow_null=True)
    remedy = RemedyOut(allow_null=True, help_text="of what breaks; null when there is no such time")


class PreviewOut(Output):
    possible = serializers.BooleanField()
    refusal = serializers.JSONField(allow_null=True)
    effects = EffectOut(many=True)


class MomentIn(Input):
    """When it happened, for late entry; now unless said."""

    at = Moment(required=False)
    override_reason = LateReason()


class CheckInIn(MomentIn):
    move_to_now = serializers.BooleanField(
        required=False,
        default=False,
        help_text="the client is here on another day: room, staff and client are moved to now, or 409",
    )


class CancelIn(Reason):
    """Why, and when it happened; now unless said."""

    at = Moment(required=False)


class EndIn(CancelIn):
    override_reason = LateReason()


class UndoIn(Reason):
    """The last move of the session, which was a mistake."""

    move = serializers.ChoiceField(MoveUndo.Move.choices)


class CorrectTimeIn(UndoIn):
    """A move that was made at another time than was typed."""

    at = Moment()


class UndoneOut(Output):
    """A move that was taken back, or with `corrected_to` one whose time was typed wrong (`moment`)."""

    move = serializers.CharField()
    moment = Moment()
    corrected_to = Moment(allow_null=True)
    at = Moment()
    by = serializers.UUIDField()
    reason = serializers.CharField()


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
    """Who takes the client home. Another name is another person: nothing of the one before is left."""

    anew = "name"

    name = Text(max_length=120)
    phone = Text(max_length=30)
    relationship = Text(max_length=60, required=False, allow_blank=True, default="")


class AttestedOut(Output):
    by = serializers.UUIDField()
    at = Moment()


class VisitIn(Input):
    """A visit in person: its day at the place where it was."""

    date = serializers.DateField()
    place = Text(max_length=200)


VISIT = AttestationCode.IN_PERSON_VISIT.value
VISIT_SCHEMA = {
    "type": "object",
    "required": ["date", "place"],
    "properties": {
        "date": {"type": "string", "format": "date"},
        "place": {"type": "string", "maxLength": 200},
    },
}
ATTESTED_SCHEMA = {
    "type": "object",
    "description": ATTESTED,
    "properties": {code: {"type": "boolean", "description": words} for code, words in AttestationCode.choices}
    | {
        VISIT: {
            "oneOf": [VISIT_SCHEMA, {"const": False}],
            "description": AttestationCode.IN_PERSON_VISIT.label,
        }
    },
    "additionalProperties": False,
    "example": {"identifiers": True, VISIT: {"date": "2026-05-04", "place": "North Clinic"}},
}


@extend_schema_field(ATTESTED_SCHEMA)
class Attestations(serializers.DictField):
    """Yes or no by code; a visit in person says its day and place, and `false` takes the word back."""

    child = serializers.BooleanField()
    merges = False  # each word is a row of its own; what is not sent stays

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping) or data.get(VISIT, False) is False:
            return super().to_internal_value(data)
        said = super().to_internal_value({code: value for code, value in data.items() if code != VISIT})
        visit = {} if data[VISIT] is True else data[VISIT]  # without day and place it is no visit
        try:
            return said | {VISIT: dict(VisitIn().run_validation(visit))}
        except serializers.ValidationError as exc:
            raise serializers.ValidationError({VISIT: exc.detail}) from exc

    def to_representation(self, value: Any) -> Any:
        return dict(value)


class SessionPatch(Input):
    escort = EscortNamed(allow_null=True)
    client_location = PlaceIn(allow_null=True)
    video_url = VideoUrl(help_text="its own; empty: that of its staff or its location")
    fasting_since = Moment(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2)
    weight_lb = serializers.DecimalField(
        max_digits=6, decimal_places=2, help_text="in place of weight_kg, which is kept"
    )
    weight_source = serializers.ChoiceField(
        Session.WeightSource.choices,
        help_text="measured when left out; observed: read off on video by a clinician; reported never doses",
    )
    confirm_weight = serializers.BooleanField(
        help_text="a clinician's word for a weight far from the client's last one, sent with it or after it"
    )
    attestations = Attestations()
    client_confirmed_at = Moment(allow_null=True)


class LatestStage(Output):
    stage = serializers.CharField()
    at = Moment()
    by = serializers.UUIDField()


class SessionOut(Output):
    """A session for anybody who may see it; clinical fields are empty for the front desk and billing (R13).

    `reason`: the front desk reads what the front desk wrote; billing reads none, and neither escort nor address. Why a
    move was undone clinicians read.
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
    video_url = serializers.CharField(help_text="where a video session is held, else empty")
    escort = EscortNamed(allow_null=True)
    escort_confirmed_at = Moment(
        allow_null=True, help_text="when the escort was sent for the present start; null after a move"
    )
    fasting_since = Moment(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    weight_source = serializers.CharField(allow_null=True)
    weight_confirmed = serializers.BooleanField(
        allow_null=True, help_text="false: no dose is reckoned with it"
    )
    attestations = Attestations()
    attested = serializers.DictField(child=AttestedOut())
    checked_in_at = Moment(allow_null=True)
    started_at = Moment(allow_null=True)
    completed_at = Moment(allow_null=True)
    reason = serializers.CharField()
    override_reason = serializers.CharField()
    cancelled_at = Moment(allow_null=True)
    double_use = serializers.BooleanField()
    undone = UndoneOut(many=True)
    allowed_moves = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField(), required=False)


class MovedOut(SessionOut):
    """The session after its move, and what was moved with it."""

    also = SessionOut(many=True, required=False)


WEIGHT = ("weight_source", "weight_confirmed")
TIMES = ("moment", "corrected_to", "at")
# Of what the caller does not read there is no column (`session_rows`).
UNREAD: dict[str, Any] = dict.fromkeys((*CLINICAL, *OF_THE_VISIT))


def shown(row: Any, user: Any) -> dict[str, Any]:
    """A row of `selectors.session_rows` as `SessionOut` for this user."""
    return all_shown([row], user)[0]


def all_shown(rows: Iterable[Any], user: Any) -> list[dict[str, Any]]:
    """Rows of `selectors.session_rows` as `SessionOut` for this user."""
    moves: dict[tuple[str, bool], list[str]] = {}
    found = []
    for row in rows:
        key = row["status"], row["kind"] == SessionKind.DOSING and not row["outcome"]
        if key not in moves:
            moves[key] = _moves(row, user)
        found.append(_shown(row) | {"allowed_moves": moves[key]})
    return found


def _shown(row: Any) -> dict[str, Any]:
    first, chosen = row.pop("client_first_name"), row.pop("client_chosen_name")
    row["client_name"] = f"{chosen or first} {row.pop('client_last_name')}"
    row["obligation"], row["stage"] = row.pop("owed"), row.pop("latest_stage")
    if row["checked_in_at"] is None:
        row["stage"] = None  # noted for a check-in that was undone
    if row["stage"] is not None:
        row["stage"]["at"] = datetime.fromisoformat(row["stage"]["at"])  # JSON made in SQL holds text
    words = row.pop("words", ())
    row["attestations"] = {word["code"]: _said(word) for word in words}
    row["attested"] = {
        word["code"]: {"by": word["by"], "at": datetime.fromisoformat(word["at"])} for word in words
    }
    for one in row["undone"]:
        one |= {name: one[name] and datetime.fromisoformat(one[name]) for name in TIMES}
    row["reason"], row["video_url"] = row.pop("told_reason"), row.pop("video_address", "")
    found: dict[str, Any] = UNREAD | row
    if found["weight_kg"] is None:
        found |= dict.fromkeys(WEIGHT)
    return found


def _said(word: Mapping[str, Any]) -> Any:
    """As it was sent: yes or no, or the visit in person."""
    return {"date": word["date"], "place": word["place"]} if word["date"] else word["value"]


def _moves(row: Any, user: Any) -> list[str]:
    moves = transitions.allowed(SESSION_MOVES, state=row["status"], by=user)
    dosing = row["kind"] == SessionKind.DOSING
    return [move for move in moves if move != "not_dosed" or (dosing and not row["outcome"])]


class BookedPlanOut(Output):
    sessions = SessionOut(many=True)
    warnings = serializers.ListField(child=serializers.CharField(), required=False)
