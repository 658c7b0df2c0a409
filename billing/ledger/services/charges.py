"""Charge rendered, signed services; reverse a charge that was wrong."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from billing.codes import rules as code_rules
from billing.codes import selectors as codes
from billing.codes.models import LineKind, ServiceCode
from billing.ledger import rules, selectors
from billing.ledger.models import Charge
from billing.ledger.services import allocations
from billing.ledger.services.prepaid import prepaid_first
from billing.ledger.services.to_bill import settle_to_bill
from kapclinic.core import money
from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.practice.models import User
from kapclinic.practice.rules import npi_is_valid
from sessions.booking.models import Session
from sessions.notes import selectors as notes


class ChargeEntry(TypedDict):
    """`amount` is the price of the whole line; an NDC comes with its quantity and unit."""

    session: UUID
    code: str
    units: int
    amount: NotRequired[Decimal]
    diagnoses: NotRequired[list[str]]
    modifiers: NotRequired[list[str]]
    line_kind: NotRequired[str]
    rendering: NotRequired[UUID]
    pos_code: NotRequired[str]
    ndc: NotRequired[str]
    ndc_quantity: NotRequired[Decimal]
    ndc_unit: NotRequired[str]


class NotRendered(Conflict):
    code, title = "not_rendered", "This service was not rendered"


class NotSigned(Conflict):
    code, title = "not_signed", "There is no signed note of this session"


@prepaid_first
@transaction.atomic
def post_charge(*, values: ChargeEntry, by: User, at: datetime) -> Charge:
    """Charge one service of a completed session with a signed note (R12: rendered, signed services only).

    Left out, the diagnosis is the program's, the amount the fee times the units, the line kind the code's own, and the
    rendering provider the member of the session's staff whose role fits the code. An insurance line needs a diagnosis.

    :raises Invalid: naming each field: a session that the actor can't see, a code or diagnosis that is unknown or not
        in force on the day, a modifier, a rendering provider who does not fit or has no valid NPI, a missing amount
    :raises NotRendered: unless the session is completed, and dosed when the code is a drug's
    :raises NotSigned: unless a note of the session is signed
    """
    session = _rendered_session(values["session"], code=values["code"].upper(), by=by)
    on = rules.date_of_service(
        starts_at=session.starts_at, completed_at=session.completed_at, zone=session.location.zone
    )
    code, errors = codes.code_on(code=values["code"], on=on)
    rendering, more = _rendering(session, values)
    diagnoses = _diagnoses(session, values)
    errors += more + codes.diagnosis_errors(diagnoses, on=on)
    if code is None:
        raise Invalid("; ".join(error.detail for error in errors), errors=errors)
    line_kind = values.get("line_kind") or code.line_kind
    if line_kind == LineKind.INSURANCE and not diagnoses:
        errors.append(FieldError("/diagnoses", "required", "An insurance line names 1 to 12 diagnoses."))
    errors += code_rules.modifier_errors(values.get("modifiers", ()), telehealth_ok=code.telehealth_ok)
    unit_amount, amount = _price(code, session=session, values=values, on=on, errors=errors)
    merge(errors)
    charge = Charge(
        session=session,
        client_id=session.client_id,
        location_id=session.location_id,
        rendering=rendering,
        code=code,
        units=values["units"],
        unit_amount=unit_amount,
        amount=amount,
        diagnoses=diagnoses,
        modifiers=values.get("modifiers", []),
        line_kind=line_kind,
        date_of_service=on,
        pos_code=values.get("pos_code")
        or rules.pos_of(modality=session.modality, location_pos=session.location.pos_code),
        ndc=values.get("ndc", ""),
        ndc_quantity=values.get("ndc_quantity"),
        ndc_unit=values.get("ndc_unit", ""),
    ).insert_by(by, at=at)
    settle_to_bill(session=session, by=by, at=at)
    return charge


def _rendered_session(session_id: UUID, *, code: str, by: User) -> Session:
    rows = Session.objects.visible_to(by).select_related("location", "program")
    session: Session | None = rows.filter(pk=session_id).first()
    if session is None:
        raise Invalid.field("session", "There is no such session for you.", code="not_found")
    if session.status != Session.Status.COMPLETED:
        raise NotRendered("Charges are for completed sessions.", state=session.status)
    undosed = session.outcome in {Session.Outcome.NOT_DOSED, Session.Outcome.TRANSFERRED}
    if undosed and code_rules.family_of(code) == code_rules.Family.DRUG:
        raise NotRendered("No drug was given in this session.", state=session.status)
    if not notes.signed_note_exists(session_id=session.pk):
        raise NotSigned("The clinician signs the note first.")
    return session


def _rendering(session: Session, values: ChargeEntry) -> tuple[User | None, list[FieldError]]:
    named = values.get("rendering")
    user_id, errors = rules.pick_rendering(session.staff, code=values["code"].upper(), named=named)
    user: User | None = User.objects.filter(pk=user_id).first() if user_id else None
    if user is not None and not npi_is_valid(user.npi):
        detail = "The rendering provider has no valid NPI: the administrator enters it under staff."
        errors.append(FieldError("/rendering", "npi_invalid", detail))
    return user, errors


def _diagnoses(session: Session, values: ChargeEntry) -> list[str]:
    given = values.get("diagnoses") or ([session.program.diagnosis] if session.program.diagnosis else [])
    return [code_rules.dotted(code) for code in given]


def _price(
    code: ServiceCode, *, session: Session, values: ChargeEntry, on: date, errors: list[FieldError]
) -> tuple[Decimal | None, Decimal]:
    fee = codes.fee_on(code=code, location=session.location_id, on=on)
    unit_amount = fee.amount if fee else None
    amount: Decimal | None = values.get("amount")
    if amount is None and unit_amount is not None:
        amount = unit_amount * values["units"]
    if amount is None:
        errors.append(FieldError("/amount", "required", f"{code.code} has no fee on {on}: give the amount."))
    return unit_amount, amount or money.ZERO


def warnings_of(charge: Charge) -> list[dict[str, str]]:
    """What payers commonly query about a line that was just charged."""
    session = charge.session
    return rules.line_warnings(
        code=charge.code.code,
        modifiers=charge.modifiers,
        pos_code=charge.pos_code,
        minutes=int((session.ends_at - session.starts_at).total_seconds() // 60),
        least=charge.code.minutes_min,
        ndc_missing=charge.code.requires_ndc and not charge.ndc,
        twins=selectors.twins_of(charge),
    )


COPIED = (
    *(
        "session_id",
        "client_id",
        "location_id",
        "rendering_id",
        "code_id",
        "units",
        "unit_amount",
        "diagnoses",
    ),
    *("modifiers", "line_kind", "date_of_service", "pos_code", "ndc", "ndc_quantity", "ndc_unit"),
)


@transaction.atomic
def reverse_charge(*, charge: Charge, reason: str, by: User, at: datetime) -> Charge:
    """Take back a charge by a row of the opposite amount; what was paid on it is the client's credit again.

    :raises NotReversible: for a reversal
    :raises AlreadyReversed: when it has one
    """
    allocations.lock_ledger(charge.client_id)
    charge = selectors.charges().get(pk=charge.pk)
    allocations.refuse_reversed(charge)
    allocations.free(selectors.standing_allocations().filter(charge=charge), by=by, at=at)
    copied = {name: getattr(charge, name) for name in COPIED}
    return Charge(**copied, amount=-charge.amount, reverses=charge, reason=reason).insert_by(by, at=at)
