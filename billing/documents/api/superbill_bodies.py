"""Bodies of superbills."""

from __future__ import annotations

from rest_framework import serializers

from billing.documents.api.document_bodies import (
    DocumentIn,
    LetteredOut,
    LineOut,
    PartyOut,
    RenderingOut,
    VoidableOut,
)
from kapclinic.core.http.fields import Moment, Output


class SuperbillIn(DocumentIn):
    """`only_new` leaves out what stands on another superbill, as a run does."""

    only_new = serializers.BooleanField(default=False)


class ClientAsOut(PartyOut):
    """The client as the paper names them."""

    date_of_birth = serializers.CharField()
    mrn = serializers.CharField()


class SignatureOut(Output):
    """Who signed for a service, and the day on which they did."""

    name = serializers.CharField()
    signed_on = serializers.DateField()


class PolicyHolderOut(PartyOut):
    """Whose plan insures the client; `relationship` is the client's to them."""

    date_of_birth = serializers.CharField()
    relationship = serializers.CharField()
    payer = serializers.CharField()
    member_id = serializers.CharField()
    group_number = serializers.CharField()


class SuperbillLineOut(LineOut):
    """`drug`, `dose` and `route` say what was given, on a drug line alone."""

    pos_code = serializers.CharField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    modifiers = serializers.ListField(child=serializers.CharField())
    diagnoses = serializers.ListField(child=serializers.CharField())
    pointers = serializers.ListField(child=serializers.CharField())
    units = serializers.IntegerField()
    line_kind = serializers.CharField()
    ndc = serializers.CharField()
    drug = serializers.CharField(default="")
    dose = serializers.CharField(default="")
    route = serializers.CharField(default="")
    rendering = RenderingOut()
    signature = SignatureOut(allow_null=True, default=None)


class SuperbillOut(VoidableOut):
    """`signature` is the one that came last under its services."""

    client_as = ClientAsOut(source="content.client")
    subscriber = PolicyHolderOut(source="content.subscriber", allow_null=True, default=None)
    diagnoses = LetteredOut(many=True, source="content.diagnoses")
    lines = SuperbillLineOut(many=True, source="content.lines")
    submit_by = serializers.DateField(
        source="content.submit_by",
        default=None,
        allow_null=True,
        help_text="the day on which the first filing limit of the client's payers ends",
    )
    signature = SignatureOut(source="content.signature", allow_null=True, default=None)
    notes = serializers.ListField(child=serializers.CharField(), source="content.notes")


class LeftOutOut(Output):
    """A session of the period that is not on the paper: which, and why, as a code and in words."""

    session = serializers.UUIDField()
    kind = serializers.CharField()
    number = serializers.IntegerField()
    date = serializers.DateField()
    reason = serializers.CharField()
    detail = serializers.CharField()


class SuperbillPreviewOut(SuperbillOut):
    """What would be issued: the same body without what only an issued paper has, and what it leaves out."""

    id = serializers.UUIDField(allow_null=True)
    created_at = Moment(allow_null=True)
    number = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    left_out = LeftOutOut(many=True)
