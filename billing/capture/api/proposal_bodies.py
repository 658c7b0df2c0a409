"""Bodies of proposed charges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from billing.capture.rules.blockers import Blocker, Code
from billing.capture.rules.coverage import Expectation, expectation
from billing.capture.rules.proposals import Line, Proposal
from billing.capture.rules.terms import Obliged
from billing.ledger.api.charge_bodies import ChargeIn, PostedChargeOut
from billing.ledger.rules import HEALTH_KINDS
from kapclinic.core.http.fields import Input, Money, Output, Text

MOST_LINES = 30


class ChargeSubjectOut(Output):
    """What whoever clears it opens."""

    type = serializers.ChoiceField(
        ("session", "note", "program", "user", "service_code", "drug_lot", "charge")
    )
    id = serializers.UUIDField()


class ChargeBlockerOut(Output):
    """`who_can_clear` holds the id of a person where it is theirs alone, else the roles that may; `service_code` is
    the code that is held back, where it is one.
    """

    code = serializers.ChoiceField([code.value for code in Code])
    detail = serializers.CharField()
    who_can_clear = serializers.ListField(child=serializers.CharField())
    subject = ChargeSubjectOut()
    service_code = serializers.CharField()


class ProposedLineOut(Output):
    """A line that `POST charges/` takes as it is; `rule` says why it is this code. An NDC is on drug lines alone.

    `amount` is the list's: posting it takes off by itself what the client's terms say. `amount` + `expected_adjustment`
    (by a fee agreement, or to the price in a package) - `package_pays` = `client_pays`.
    """

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    units = serializers.IntegerField()
    minutes = serializers.IntegerField(allow_null=True)
    rule = serializers.CharField()
    amount = Money()
    list_amount = Money()
    expected_adjustment = Money()
    package_pays = Money()
    client_pays = Money()
    line_kind = serializers.CharField()
    rendering = serializers.UUIDField()
    rendering_name = serializers.CharField()
    diagnoses = serializers.ListField(child=serializers.CharField())
    ndc = serializers.CharField(required=False)
    ndc_quantity = serializers.CharField(required=False)
    ndc_unit = serializers.CharField(required=False)
    coverage_expectation = serializers.ChoiceField([word.value for word in Expectation])
    hsa_eligible = serializers.BooleanField()


class ProposedLinesOut(Output):
    lines = ProposedLineOut(many=True)
    blockers = ChargeBlockerOut(many=True)


class ProposedLineIn(ChargeIn):
    """A line as it was proposed, or as the biller has changed it: the fields of a charge, and what was shown with them.

    `list_amount` is compared: a line whose price has changed since is refused. What else was only shown is not read.
    """

    session = None  # type: ignore[assignment]
    client = None  # type: ignore[assignment]
    location = None  # type: ignore[assignment]
    date_of_service = None  # type: ignore[assignment]
    label = Text(max_length=120, required=False)  # type: ignore[assignment]
    minutes = serializers.IntegerField(required=False, allow_null=True)
    rule = Text(max_length=300, required=False)
    list_amount = Money(min_value=0, required=False, allow_null=True)
    expected_adjustment = Money(required=False)
    package_pays = Money(min_value=0, required=False)
    client_pays = Money(min_value=0, required=False)
    rendering_name = Text(max_length=200, required=False)
    coverage_expectation = serializers.ChoiceField([word.value for word in Expectation], required=False)
    hsa_eligible = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The session is that of the address."""
        found = super().validate(attrs | {"session": None})
        return {name: value for name, value in found.items() if name != "session"}


class ProposedLinesIn(Input):
    lines = serializers.ListField(child=ProposedLineIn(), min_length=1, max_length=MOST_LINES)


class PostedLinesOut(Output):
    charges = PostedChargeOut(many=True)


def line_of(line: Line, costs: Obliged) -> dict[str, Any]:
    """A proposed line as an answer shows it, and as POST takes it back."""
    amount = str(line.amount)
    drug = (
        {}
        if line.drug is None
        else {
            "ndc": line.drug.ndc,
            "ndc_quantity": str(line.drug.quantity),
            "ndc_unit": line.drug.unit,
        }
    )
    return {
        "code": line.code.code,
        "label": line.code.label,
        "units": line.units,
        "minutes": line.minutes,
        "rule": line.rule,
        "amount": amount,
        "list_amount": amount,
        "expected_adjustment": str(costs.adjustment),
        "package_pays": str(costs.prepaid),
        "client_pays": str(costs.pays),
        "line_kind": line.code.line_kind,
        "rendering": str(line.seat.user),
        "rendering_name": line.seat.name,
        "diagnoses": list(line.diagnoses),
        **drug,
        "coverage_expectation": expectation(line.code).value,
        "hsa_eligible": line.code.line_kind in HEALTH_KINDS,
    }


def proposal_of(made: Proposal, terms: Sequence[Obliged]) -> dict[str, Any]:
    """The proposal, and what each of its lines will oblige the client to pay."""
    blockers: tuple[Blocker, ...] = made.blockers
    lines = [line_of(line, costs) for line, costs in zip(made.lines, terms, strict=True)]
    return {"lines": lines, "blockers": [blocker.as_dict() for blocker in blockers]}
