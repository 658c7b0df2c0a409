"""Bodies of superbills."""

from __future__ import annotations

from rest_framework import serializers

from billing.documents.api.document_bodies import DocumentOut, LetteredOut, LineOut, RenderingOut


class SuperbillLineOut(LineOut):
    pos_code = serializers.CharField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    modifiers = serializers.ListField(child=serializers.CharField())
    diagnoses = serializers.ListField(child=serializers.CharField())
    pointers = serializers.ListField(child=serializers.CharField())
    units = serializers.IntegerField()
    line_kind = serializers.CharField()
    ndc = serializers.CharField()
    rendering = RenderingOut()


class SuperbillOut(DocumentOut):
    diagnoses = LetteredOut(many=True, source="content.diagnoses")
    lines = SuperbillLineOut(many=True, source="content.lines")
    submit_by = serializers.DateField(
        source="content.submit_by",
        default=None,
        allow_null=True,
        help_text="the day on which the first filing limit of the client's payers ends",
    )
