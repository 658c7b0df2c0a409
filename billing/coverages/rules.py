"""Pure rules of the coverages: what belongs together, and until when a claim may come."""

from __future__ import annotations

from datetime import date, timedelta

from billing.coverages.models import Coverage
from kapclinic.core.errors import FieldError

Intent, Relationship = Coverage.Intent, Coverage.Relationship


def last_day_to_file(date_of_service: date, *, limit_days: int) -> date:
    """The last day on which a payer takes a claim: `limit_days` count from the day after the service.

    Out of network these limits are the plan's own, often 60 to 180 days or 12 months; hence a field of the payer.
    """
    return date_of_service + timedelta(days=limit_days)


def coverage_errors(row: Coverage) -> list[FieldError]:
    """What is missing or too much: an insured client has payer and number, a dependant has a subscriber."""
    uninsured, own = row.intent == Intent.UNINSURED, row.relationship == Relationship.SELF
    found = (
        (not uninsured and row.payer_id is None, "payer", "required", "Name the payer, or say uninsured."),
        (
            not uninsured and not row.member_id,
            "member_id",
            "required",
            "The number on the card is needed, or say uninsured.",
        ),
        (uninsured and row.payer_id is not None, "payer", "not_expected", "Who is uninsured has no payer."),
        (uninsured and bool(row.member_id), "member_id", "not_expected", "Who is uninsured has no number."),
        (uninsured and not own, "relationship", "not_expected", "Who is uninsured has no subscriber."),
        (not own and not row.subscriber, "subscriber", "required", "Say whose policy this is."),
        (
            own and bool(row.subscriber),
            "subscriber",
            "not_expected",
            "Under self the client is the subscriber: leave it out.",
        ),
        (
            row.valid_to is not None and row.valid_to < row.valid_from,
            "valid_to",
            "reversed",
            "The end must not lie before the start.",
        ),
    )
    return [FieldError(f"/{field}", code, detail) for wrong, field, code, detail in found if wrong]
