"""Bodies of measures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from programs import policy
from screening.rules import instruments


def _counts() -> str:
    """How many answers each instrument has, and of what."""
    rows = []
    for key, one in instruments.INSTRUMENTS.items():
        most = one.items + one.unscored
        fewest = one.fewest or one.items
        number = str(most) if fewest == most else f"{fewest} to {most}"
        rows.append(f"`{key}` {number} (0 to {one.high})")
    return "; ".join(rows)


BY_TOTAL = [key for key, one in instruments.INSTRUMENTS.items() if one.highest_total is not None]
TOTAL_ONLY = ", ".join(f"`{key}`" for key in BY_TOTAL)
ASKED = ", ".join(f"`{key}`" for key in BY_TOTAL if key in policy.SUICIDE_ITEMS)
ITEM_ALERT = f"with a total, required for {ASKED}: does the answer about wanting to die raise an alert?"
ITEM = {"oneOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "null"}]}
ANSWERS = {
    "type": "array",
    "maxItems": 40,
    "items": ITEM
    | {"description": "the answer to one item: true and false are 1 and 0, null was not answered"},
    "description": f"One answer for each item, in the order of the form. How many: {_counts()}. Empty where the total "
    "came alone.",
    "example": [1, 0, 2, 1, 0, 0, 1, 0, 0],
}


class ItemAnswer(serializers.JSONField):
    """A whole number, true or false for yes and no, or null for an item that was not answered."""

    default_error_messages = {"item": "A whole number, true, false or null is expected."}

    def to_internal_value(self, data: Any) -> Any:
        if data is not None and not isinstance(data, int):
            self.fail("item")
        return data


class InstrumentName(serializers.CharField):
    """Any usual spelling of an instrument that is kept here."""

    default_error_messages = {"instrument": "One of {known} is expected."}

    def to_internal_value(self, data: Any) -> str:
        key = instruments.key_of(super().to_internal_value(data))
        if key is None:
            self.fail("instrument", known=", ".join(instruments.INSTRUMENTS))
        return key


@extend_schema_field(ANSWERS)
class ItemAnswers(serializers.ListField):
    child = ItemAnswer(allow_null=True)


class MeasureIn(Input):
    program = serializers.UUIDField()
    instrument = InstrumentName(max_length=40)
    answers = ItemAnswers(max_length=40, required=False)
    total = serializers.IntegerField(
        min_value=0,
        max_value=1000,
        required=False,
        help_text=f"in place of `answers`, of {TOTAL_ONLY}: their forms may not be kept here",
    )
    item_alert = serializers.BooleanField(required=False, allow_null=True, help_text=ITEM_ALERT)
    taken_at = Moment()
    administered_by = Text(max_length=80)
    form = Text(max_length=30, required=False)
    threshold = serializers.IntegerField(min_value=1, max_value=12, required=False, allow_null=True)
    language = serializers.RegexField(r"^[a-z]{2}(-[A-Z]{2})?$", default="en")


class MeasureOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    instrument = serializers.CharField()
    loinc = serializers.SerializerMethodField(
        help_text="the LOINC code of its score (of the C-SSRS: of its tier), where there is one that is confirmed"
    )
    form = serializers.CharField()
    answers = serializers.JSONField()
    item_alert = serializers.BooleanField(allow_null=True, help_text="as it was sent with a total; else null")
    total = serializers.IntegerField(allow_null=True)
    band = serializers.CharField(allow_null=True)
    flags = serializers.ListField(child=serializers.CharField())
    threshold = serializers.IntegerField(allow_null=True)
    language = serializers.CharField()
    administered_by = serializers.CharField()
    taken_at = Moment()
    recorded_by = serializers.UUIDField(
        source="created_by",
        help_text="who recorded it; of one that the client filled in by a link, that link",
    )
    voided = serializers.SerializerMethodField()

    def get_loinc(self, measure: Any) -> str | None:
        kept = instruments.INSTRUMENTS.get(measure.instrument)
        return kept.loinc if kept else None

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, measure: Any) -> dict[str, Any] | None:
        return dict(VoidedOut(measure.void).data) if hasattr(measure, "void") else None
