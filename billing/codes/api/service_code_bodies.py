"""Bodies of service codes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.codes.models import LineKind, ServiceCode
from billing.codes.rules import requirements
from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from kapclinic.practice.models import SessionKind
from programs.models import Route
from sessions.dosing.models import Administration
from sessions.drugs.rules.names import ESKETAMINE, KETAMINE

DRUGS = (KETAMINE, ESKETAMINE)


class RequiresIn(Input):
    """What the record must bear out; a part that is empty or null asks for nothing.

    The milligrams are those of all fitting doses of the session together, both ends inclusive.
    """

    kinds = serializers.ListField(
        child=serializers.ChoiceField(SessionKind.choices), max_length=5, required=False
    )
    routes = serializers.ListField(child=serializers.ChoiceField(Route.choices), max_length=5, required=False)
    drugs = serializers.ListField(child=serializers.ChoiceField(DRUGS), max_length=2, required=False)
    supply = serializers.ChoiceField(Administration.Supply.choices, required=False, allow_null=True)
    dose_mg_min = Milligrams(required=False, allow_null=True)
    dose_mg_max = Milligrams(required=False, allow_null=True)


class RequiresOut(Output):
    kinds = serializers.ListField(child=serializers.CharField())
    routes = serializers.ListField(child=serializers.CharField())
    drugs = serializers.ListField(child=serializers.CharField())
    supply = serializers.CharField(allow_null=True)
    dose_mg_min = serializers.CharField(allow_null=True)
    dose_mg_max = serializers.CharField(allow_null=True)


class Codes(serializers.ListField):
    """Service codes by their code, each once."""

    child = Text(max_length=15)

    def to_internal_value(self, data: Any) -> list[str]:
        found: list[str] = super().to_internal_value(data)
        return list(dict.fromkeys(code.upper() for code in found))


class ServiceCodePatch(Input):
    """All that may change later; the code itself is what charges were made with."""

    label = Text(max_length=120)  # type: ignore[assignment]
    minutes_min = serializers.IntegerField(min_value=1, max_value=1440, required=False, allow_null=True)
    minutes_max = serializers.IntegerField(min_value=1, max_value=1440, required=False, allow_null=True)
    minutes_of = serializers.ChoiceField(ServiceCode.MinutesOf.choices, required=False)
    unit_minutes = serializers.IntegerField(min_value=1, max_value=1440, required=False, allow_null=True)
    units_max = serializers.IntegerField(min_value=1, max_value=999, required=False, allow_null=True)
    units_by = serializers.ChoiceField(ServiceCode.UnitsBy.choices, required=False, allow_blank=True)
    addon_of = Codes(required=False, max_length=60)
    excludes = Codes(required=False, max_length=60)
    requires = RequiresIn(required=False)
    requires_ndc = serializers.BooleanField(required=False)
    telehealth_ok = serializers.BooleanField(required=False)
    line_kind = serializers.ChoiceField(LineKind.choices, required=False)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    active = serializers.BooleanField(required=False)


class ServiceCodeIn(ServiceCodePatch):
    system = serializers.ChoiceField(ServiceCode.System.choices)
    code = Text(max_length=15)


class ServiceCodeOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    system = serializers.CharField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    minutes_min = serializers.IntegerField(allow_null=True)
    minutes_max = serializers.IntegerField(allow_null=True)
    minutes_of = serializers.CharField()
    unit_minutes = serializers.IntegerField(allow_null=True)
    units_max = serializers.IntegerField(allow_null=True)
    units_by = serializers.CharField()
    addon_of = serializers.ListField(child=serializers.CharField())
    excludes = serializers.ListField(child=serializers.CharField())
    requires = serializers.SerializerMethodField()
    requires_ndc = serializers.BooleanField()
    telehealth_ok = serializers.BooleanField()
    line_kind = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    active = serializers.BooleanField()

    @extend_schema_field(RequiresOut)
    def get_requires(self, row: ServiceCode) -> requirements.Kept:
        return requirements.kept(requirements.read(row.requires))
