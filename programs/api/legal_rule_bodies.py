"""Bodies of legal rules."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Output, Text
from programs.rules.legal import JURISDICTION, Effect

EFFECT = (
    f"`{Effect.ALLOWED}`: by video without an earlier visit in person; `{Effect.REQUIRED}`: no dose at home and no "
    f"order by video without one; `{Effect.WATCH}`: kept in view. Any other word is not known here, and counts as "
    f"`{Effect.REQUIRED}`."
)


class LegalRuleIn(Input):
    code = Text(max_length=60)
    jurisdiction = serializers.RegexField(
        f"^{JURISDICTION.pattern}$",
        help_text="US, or a state such as US-TX",
        error_messages={"invalid": "US, or a state such as US-TX, is expected."},
    )
    effect = Text(max_length=60, help_text=EFFECT)
    source = Text(max_length=500)  # type: ignore[assignment]
    checked_on = serializers.DateField()

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "from": serializers.DateField(required=False, allow_null=True, help_text="first day; null: open"),
            "to": serializers.DateField(required=False, allow_null=True, help_text="last day; null: open"),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"starts": attrs.pop("from", None), "ends": attrs.pop("to", None), **attrs}


class LegalRuleOut(Output):
    id = serializers.UUIDField()
    code = serializers.CharField()
    jurisdiction = serializers.CharField()
    effect = serializers.CharField(help_text=EFFECT)
    source = serializers.CharField()  # type: ignore[assignment]
    checked_on = serializers.DateField()
    shipped = serializers.BooleanField(help_text="comes with the software, and can't be voided")
    is_known = serializers.BooleanField(help_text="false: its effect is not known here, and it fails closed")

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "from": serializers.DateField(source="starts", allow_null=True),
            "to": serializers.DateField(source="ends", allow_null=True),
        }
