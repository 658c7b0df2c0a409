"""What the paper of an estimate says: the content of 45 CFR 149.610(c)(1) in our own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billing.documents.rules import address_lines, billing_provider, ein, patient, text
from billing.estimates.models import Estimate, EstimateLine
from billing.ledger.rules import clinician_as
from kapclinic.core import money

NO_DIAGNOSIS = "No diagnosis is stated: none is known yet that these services are expected for."
NOTES = (
    "This is an estimate of what services that can be expected now will cost, made from what was known when it was "
    "written. What you are billed may differ.",
    "More services may be recommended in the course of care that are scheduled or asked for separately and are not in "
    "this estimate. You can ask for an estimate of any of them.",
    "If you are billed at least $400 more than this estimate for a provider that it names, you may dispute the bill. "
    "Ask us to match the bill to the estimate, or start the dispute process of the U.S. Department of Health and Human "
    "Services within 120 calendar days of the date of the first bill. The fee is $25. If you win, you pay the price of "
    "this estimate; if not, you may have to pay the higher amount. Starting a dispute will not affect the quality of "
    "the care that you get. To learn more, see www.cms.gov/nosurprises or call 1-800-985-3059.",
    "This is not a contract. It does not oblige you to get these services, nor to get them from the providers named.",
)


def line_content(line: EstimateLine) -> dict[str, Any]:
    place = line.location
    return {
        "code": line.code.code,
        "label": line.code.label,
        "quantity": line.quantity,
        "frequency": line.frequency,
        "unit_amount": text(line.unit_amount),
        "amount": text(line.unit_amount * line.quantity),
        "rendering": clinician_as(line.rendering, npi=line.rendering.npi) | {"id": str(line.rendering_id)},
        "location": {
            "id": str(line.location_id),
            "name": place.legal_name or place.name,
            "address": address_lines(place.address),
            "ein": ein(place.ein),
        },
    }


def _by_provider(lines: Sequence[EstimateLine]) -> list[dict[str, str]]:
    """The sum of each clinician's lines: what a bill of theirs is compared with."""
    people = {line.rendering_id: line.rendering for line in lines}
    return [
        {
            "name": user.name,
            "npi": user.npi,
            "amount": text(
                money.total(row.unit_amount * row.quantity for row in lines if row.rendering_id == pk)
            ),
        }
        for pk, user in people.items()
    ]


def content(
    estimate: Estimate, lines: Sequence[EstimateLine], *, described: Mapping[str, str], issued_on: str
) -> dict[str, Any]:
    """All that the paper says; `described` is {diagnosis: description}, dates are ISO 8601."""
    earlier = estimate.supersedes
    return {
        "number": estimate.number,
        "issued_on": issued_on,
        "from_date": estimate.from_date.isoformat(),
        "to_date": estimate.to_date.isoformat(),
        "service_on": estimate.service_on.isoformat() if estimate.service_on else "",
        "corrects": earlier.number if earlier else "",
        "billing_provider": billing_provider(estimate.location),
        "client": patient(estimate.client),
        "primary": lines[0].code.label,
        "diagnoses": [{"code": code, "description": described.get(code, "")} for code in estimate.diagnoses],
        "no_diagnosis": "" if estimate.diagnoses else NO_DIAGNOSIS,
        "items": [line_content(line) for line in lines],
        "providers": _by_provider(lines),
        "total": text(money.total(line.unit_amount * line.quantity for line in lines)),
        "separately": list(estimate.separately),
        "notes": list(NOTES),
    }
