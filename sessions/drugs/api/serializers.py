"""Bodies of the drug ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from sessions.drugs import rules
from sessions.drugs.models import DrugCount
from sessions.drugs.rules import BY_HAND_CHOICES

LEAST = Decimal("0.001")


class WitnessIn(Input):
    """A second staff member, who types their own password."""

    user = serializers.UUIDField()
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class LotIn(Input):
    location = serializers.UUIDField(source="location_id")
    drug = Text(max_length=80)
    form = Text(max_length=60)
    concentration_mg_per_ml = Milligrams(min_value=LEAST, required=False, allow_null=True)
    lot_number = Text(max_length=60)
    expires_on = serializers.DateField()
    quantity_mg = Milligrams(min_value=LEAST)
    container_mg = Milligrams(min_value=LEAST, required=False, allow_null=True)
    ndc = serializers.RegexField(r"^(\d{4,5}-\d{3,4}-\d{1,2}|\d{10,11})$", required=False, allow_blank=True)
    supplier = Text(max_length=160)
    supplier_address = Text(max_length=200, required=False, allow_blank=True)
    supplier_dea_number = serializers.RegexField(r"^[A-Z][A-Z9]\d{7}$", required=False, allow_blank=True)
    invoice = Text(max_length=80)


class ContainersOut(Output):
    """Full containers, and what is left in the open one."""

    whole = serializers.IntegerField()
    open_mg = Milligrams()


class LotOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    location = serializers.UUIDField(source="location_id")
    drug = serializers.CharField()
    form = serializers.CharField()
    concentration_mg_per_ml = Milligrams(allow_null=True)
    lot_number = serializers.CharField()
    expires_on = serializers.DateField()
    quantity_mg = Milligrams()
    container_mg = Milligrams(allow_null=True)
    ndc = serializers.CharField()
    supplier = serializers.CharField()
    supplier_address = serializers.CharField()
    supplier_dea_number = serializers.CharField()
    invoice = serializers.CharField()
    balance_mg = Milligrams()
    containers = serializers.SerializerMethodField()

    @extend_schema_field(ContainersOut(allow_null=True))
    def get_containers(self, lot: Any) -> dict[str, Any] | None:
        held = rules.containers(balance_mg=lot.balance_mg, container_mg=lot.container_mg)
        return None if held is None else dict(ContainersOut(held).data)


class EntryIn(Input):
    """`amount_mg` is signed for `correct`, what was counted for `count`, and more than zero for the rest.

    `to_location` goes with `transfer`, and with nothing else.
    """

    lot = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=BY_HAND_CHOICES)
    amount_mg = Milligrams(min_value=None)
    reason = Text(min_length=3, max_length=1000)
    to_location = serializers.UUIDField(required=False, allow_null=True)
    witness = WitnessIn(required=False, allow_null=True)


class EntryOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    created_by = serializers.UUIDField()
    lot = serializers.UUIDField(source="lot_id")
    sequence = serializers.IntegerField()
    kind = serializers.CharField()
    amount_mg = Milligrams()
    delta_mg = Milligrams()
    balance_mg = Milligrams()
    given_mg = Milligrams(allow_null=True)
    wasted_mg = Milligrams(allow_null=True)
    administration = serializers.UUIDField(allow_null=True)
    session = serializers.UUIDField(source="session_id", allow_null=True)
    client = serializers.UUIDField(source="client_id", allow_null=True)
    occurred_at = Moment(allow_null=True)
    counterpart = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    witness = serializers.UUIDField(source="witness_id", allow_null=True)
    witness_verified_at = Moment(allow_null=True)
    previous_hash = serializers.CharField()
    hash = serializers.CharField()


class CountLineIn(Input):
    lot = serializers.UUIDField()
    counted_mg = Milligrams()


class CountIn(Input):
    """What two people found. `business` goes with an inventory: taken at the open or at the close."""

    location = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=DrugCount.Kind.choices)
    business = serializers.ChoiceField(choices=DrugCount.Business.choices, required=False, allow_null=True)
    counted_at = Moment(required=False, allow_null=True)
    lines = serializers.ListField(child=CountLineIn(), min_length=1, max_length=500)
    witness = WitnessIn()


class CountSheetOut(Output):
    """A lot as the counter sees it: what it is, and not what it should hold."""

    lot = serializers.UUIDField(source="pk")
    location = serializers.UUIDField(source="location_id")
    drug = serializers.CharField()
    form = serializers.CharField()
    concentration_mg_per_ml = Milligrams(allow_null=True)
    container_mg = Milligrams(allow_null=True)
    lot_number = serializers.CharField()
    expires_on = serializers.DateField()


class CountLineOut(Output):
    """One lot of a count, with what an inventory must say of it (21 CFR 1304.11(e))."""

    lot = serializers.UUIDField(source="lot_id")
    drug = serializers.CharField(source="lot.drug")
    form = serializers.CharField(source="lot.form")
    concentration_mg_per_ml = Milligrams(source="lot.concentration_mg_per_ml", allow_null=True)
    container_mg = Milligrams(source="lot.container_mg", allow_null=True)
    lot_number = serializers.CharField(source="lot.lot_number")
    expires_on = serializers.DateField(source="lot.expires_on")
    expected_mg = Milligrams()
    counted_mg = Milligrams()
    difference_mg = Milligrams(min_value=None)
    containers = serializers.SerializerMethodField()
    entry = serializers.UUIDField(source="entry_id", allow_null=True)
    discrepancy = serializers.UUIDField(source="entry.discrepancy.pk", allow_null=True, default=None)

    @extend_schema_field(ContainersOut(allow_null=True))
    def get_containers(self, line: Any) -> dict[str, Any] | None:
        held = rules.containers(balance_mg=line.counted_mg, container_mg=line.lot.container_mg)
        return None if held is None else dict(ContainersOut(held).data)


class CountOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    location = serializers.UUIDField(source="location_id")
    kind = serializers.CharField()
    business = serializers.CharField()
    counted_at = Moment()
    complete = serializers.BooleanField()
    taken_by = serializers.UUIDField(source="created_by")
    witness = serializers.UUIDField(source="witness_id")
    witness_verified_at = Moment()
    lines = CountLineOut(many=True, source="lines.all")


class DrugNoticeIn(Input):
    reference = Text(min_length=3, max_length=200)
    notified_at = Moment()


class Form106In(Input):
    form_106_number = Text(min_length=1, max_length=60)
    filed_at = Moment()


class DiscrepancyOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    created_by = serializers.UUIDField()
    location = serializers.UUIDField(source="location_id")
    lot = serializers.UUIDField(source="lot_id")
    drug = serializers.CharField(source="lot.drug")
    lot_number = serializers.CharField(source="lot.lot_number")
    entry = serializers.UUIDField(source="entry_id")
    cause = serializers.CharField()
    expected_mg = Milligrams()
    counted_mg = Milligrams()
    difference_mg = Milligrams(min_value=None)
    discovered_at = Moment()
    notice_due_at = Moment()
    form_106_due_on = serializers.DateField()
    state = serializers.CharField()
    explanation = serializers.CharField()
    explained_at = Moment(allow_null=True)
    notice_reference = serializers.CharField()
    notified_at = Moment(allow_null=True)
    form_106_number = serializers.CharField()
    filed_at = Moment(allow_null=True)
    close_reason = serializers.CharField()
    closed_at = Moment(allow_null=True)
    notice_overdue_at = Moment(allow_null=True)
    form_106_overdue_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: Any) -> list[str]:
        return rules.discrepancy_moves(row, by=self.context["request"].user)


class RegisterPersonOut(Output):
    name = serializers.CharField()
    initials = serializers.CharField()
    credentials = serializers.CharField()


class RegisterClientOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()


class SupplierOut(Output):
    name = serializers.CharField()
    address = serializers.CharField()
    dea_number = serializers.CharField()
    invoice = serializers.CharField()


class RegisterOut(Output):
    """One line of the register, with what 21 CFR 1304.22(c) asks for."""

    id = serializers.UUIDField()
    lot = serializers.UUIDField()
    drug = serializers.CharField()
    form = serializers.CharField()
    concentration_mg_per_ml = Milligrams(allow_null=True)
    ndc = serializers.CharField()
    lot_number = serializers.CharField()
    expires_on = serializers.DateField()
    sequence = serializers.IntegerField()
    kind = serializers.CharField()
    date = serializers.DateField()
    occurred_at = Moment()
    recorded_at = Moment()
    amount_mg = Milligrams(min_value=None)
    volume_ml = Milligrams(allow_null=True, min_value=None)
    given_mg = Milligrams(allow_null=True)
    wasted_mg = Milligrams(allow_null=True)
    delta_mg = Milligrams(min_value=None)
    balance_mg = Milligrams()
    containers = ContainersOut(allow_null=True)
    client = RegisterClientOut(allow_null=True)
    session = serializers.UUIDField(allow_null=True)
    administration = serializers.UUIDField(allow_null=True)
    by = RegisterPersonOut()
    witness = RegisterPersonOut(allow_null=True)
    witness_verified_at = Moment(allow_null=True)
    supplier = SupplierOut(allow_null=True)
    reason = serializers.CharField()
    form_106_number = serializers.CharField()
    counterpart = serializers.UUIDField(allow_null=True)
