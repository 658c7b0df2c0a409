"""Bodies of the client banner: what each role reads of it."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Milligrams, Moment, Output
from screening.api.allergy_bodies import AllergiesOut
from sessions.boards.selectors.banner import CLEARANCE_STATES, CONSENT_STATES


class BannerConsentOut(Output):
    """Of the treatment; `ends_at` is when the signature is too old, or was revoked."""

    state = serializers.ChoiceField(choices=CONSENT_STATES)
    signed_at = Moment(allow_null=True)
    ends_at = Moment(allow_null=True)


class BannerClearanceOut(Output):
    """`expires_on` is its last day, at the location."""

    state = serializers.ChoiceField(choices=CLEARANCE_STATES)
    expires_on = serializers.DateField(allow_null=True)


class BannerWeightOut(Output):
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2)
    weighed_at = Moment()
    source = serializers.CharField()  # type: ignore[assignment]


class BannerAlertOut(Output):
    """Not acknowledged, or holding every dose."""

    id = serializers.UUIDField()
    cause = serializers.CharField()
    status = serializers.CharField()
    acknowledge_by = Moment()
    holds_doses = serializers.BooleanField(source="holds")


class BannerDoseOut(Output):
    drug = serializers.CharField()
    route = serializers.CharField()
    given_mg = Milligrams(help_text="of all its doses that stand")
    first_at = Moment()


class BannerSessionOut(Output):
    session = serializers.UUIDField(source="session.pk")
    location = serializers.UUIDField(source="session.location_id")
    kind = serializers.CharField(source="session.kind")
    number = serializers.IntegerField(source="session.number")
    modality = serializers.CharField(source="session.modality")
    status = serializers.CharField(source="session.status")
    starts_at = Moment(source="session.starts_at")
    ends_at = Moment(source="session.ends_at")
    room_name = serializers.CharField(source="session.room.name", default=None, allow_null=True)
    dose = BannerDoseOut(allow_null=True)


class BannerNameOut(Output):
    """What billing reads."""

    name = serializers.CharField(source="client.display_name")


class BannerPersonOut(BannerNameOut):
    pronouns = serializers.CharField(source="client.pronouns")
    date_of_birth = serializers.DateField(source="client.date_of_birth")
    age = serializers.IntegerField(source="shown.age", help_text="whole years, on the clinic's date")
    mrn = serializers.CharField(source="client.mrn")


class BannerContactOut(Output):
    phone = serializers.CharField()
    email = serializers.CharField()


class DeskBannerOut(BannerPersonOut):
    """What the front desk reads; `consent`: is the treatment consented to?"""

    contact = BannerContactOut(source="client")
    consent = serializers.BooleanField()


class BannerOut(BannerPersonOut):
    """What clinicians read."""

    allergies = AllergiesOut(source="shown.allergies")
    weight = BannerWeightOut(source="shown.weight", allow_null=True)
    consent = BannerConsentOut(source="shown.consent")
    clearance = BannerClearanceOut(source="shown.clearance")
    safety_plan = serializers.BooleanField(source="shown.safety_plan", help_text="does one stand?")
    alerts = BannerAlertOut(source="shown.alerts", many=True)
    today = BannerSessionOut(source="shown.today", many=True)
