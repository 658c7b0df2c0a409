"""Charge what the record bears out; confirm what is dearer than the list."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from billing.codes import rules as code_rules
from billing.codes import selectors as codes
from billing.codes.models import LineKind, ServiceCode
from billing.codes.rules import requirements
from billing.ledger import rules, selectors
from billing.ledger.models import Charge, ChargeConfirmation
from billing.ledger.rules import record as record_rules
from billing.ledger.services import adjustments, allocations, rendered, watch
from billing.ledger.services.prepaid import NOTHING, Prepaid, prepaid_first
from billing.ledger.services.rendered import Written
from billing.ledger.services.to_bill import settle_to_bill
from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, Invalid, NotPermitted, merge
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import Client, Location, User
from kapclinic.practice.rules import DIRECTOR, npi_is_valid
from programs.models import Modality
from sessions.booking.models import Session


class ChargeEntry(TypedDict):
    """`amount` is the price of the whole line; an NDC comes with its quantity and unit. Without a session the client,
    location and day are named. `prepaid` is said by the room that draws the line from a package, never in a body.
    """

    session: NotRequired[UUID]
    client: NotRequired[UUID]
    location: NotRequired[UUID]
    date_of_service: NotRequired[date]
    code: str
    units: int
    amount: NotRequired[Decimal]
    amount_reason: NotRequired[str]
    diagnoses: NotRequired[list[str]]
    modifiers: NotRequired[list[str]]
    line_kind: NotRequired[str]
    kind_reason: NotRequired[str]
    override_reason: NotRequired[str]
    rendering: NotRequired[UUID]
    pos_code: NotRequired[str]
    ndc: NotRequired[str]
    ndc_quantity: NotRequired[Decimal]
    ndc_unit: NotRequired[str]
    prepaid: NotRequired[Prepaid]


class Borne(TypedDict, total=False):
    """Who rendered the line, what it keeps of that day, and the director's reason where one was needed."""

    rendering: User
    rendering_as: dict[str, str]
    supervisor_as: dict[str, str] | None
    label: str
    override_reason: str


class Priced(TypedDict):
    unit_amount: Decimal | None
    amount: Decimal | None
    amount_reason: str
    needs_review: bool


class Coded(TypedDict):
    line_kind: str
    kind_reason: str
    diagnoses: list[str]
    modifiers: list[str]
    pos_code: str
    ndc: str
    ndc_quantity: Decimal | None
    ndc_unit: str


class NotRendered(Conflict):
    code, title = "not_rendered", "This service was not rendered"


@prepaid_first
@transaction.atomic
def post_charge(*, values: ChargeEntry, by: User, at: datetime) -> Charge:
    """Charge one service of a completed session that its clinician signed (R12), as far as the record bears it out;
    or, without a session, a fee by one of the clinic's own codes.

    Left out, the diagnosis is the program's, the amount the fee times the units, the line kind the code's own, and the
    rendering provider the member of the session's staff whose role fits the code. An insurance line needs a diagnosis.
    A line by video carries modifier 95, which is added when it names none for telehealth.

    :raises Invalid: naming each field: what the actor can't see, a code or diagnosis that is unknown or not in force on
        the day, what the record does not bear out (`rules.record`), a modifier or place, a rendering provider who does
        not fit or has no valid NPI, an amount or reason that is missing
    :raises NotPermitted: by anybody but the director, for an `override_reason` or a self-pay code that a health account
        would pay
    :raises NotRendered: unless the session is completed, and dosed when the code is a drug's
    :raises NotSigned: unless the rendering clinician signed or cosigned a note of the session
    """
    if values.get("override_reason"):
        require_role(by, DIRECTOR, what="override_reason")
    charge = _of_session(values, by) if "session" in values else _without_session(values, by, at=at)
    charge.insert_by(by, at=at)
    adjustments.apply_agreement(charge=charge, prepaid=values.get("prepaid", NOTHING), by=by, at=at)
    watch.look_at(charge, override_reason=values.get("override_reason", ""), by=by)
    if charge.session is not None:
        settle_to_bill(session=charge.session, by=by, at=at)
    return charge


def _of_session(values: ChargeEntry, by: User) -> Charge:
    session = _rendered_session(values["session"], code=values["code"].upper(), by=by)
    allocations.lock_ledger(session.client_id)
    on = rules.date_of_service(
        starts_at=session.starts_at, completed_at=session.completed_at, zone=session.location.zone
    )
    code, errors = codes.code_on(code=values["code"], on=on)
    diagnoses = _diagnoses(session, values)
    errors += codes.diagnosis_errors(diagnoses, on=on)
    if code is None:
        raise Invalid("; ".join(error.detail for error in errors), errors=errors)
    borne = _borne_out(rendered.read_session(session, on=on), code, values, errors=errors)
    priced = _priced(code, location=session.location_id, on=on, values=values, errors=errors)
    line = _coded(code, session, values, by=by, diagnoses=diagnoses, errors=errors)
    merge(errors)
    return Charge(
        session=session,
        client_id=session.client_id,
        location_id=session.location_id,
        code=code,
        units=values["units"],
        date_of_service=on,
        **borne,
        **priced,
        **line,
    )


def _borne_out(
    written: Written, code: ServiceCode, values: ChargeEntry, *, errors: list[FieldError]
) -> Borne:
    """Who rendered the line, and what is kept of that day; adds to `errors` what the record does not bear out.

    :raises NotSigned: unless the rendering clinician signed
    """
    rendering, unfit = _rendering(written, code, values)
    errors += unfit
    if rendering is None:
        return {}
    note = written.note_of(rendering, code)
    record = rendered.record_of(written, code=code, rendering=rendering, note=note)
    found = record_rules.errors(code, units=values["units"], record=record)
    if not any(error.code == record_rules.NOT_IN_RECORD for error in found):  # else no signature would help
        rendered.require_signature(written, note=note, code=code, rendering=rendering)
    reason = values.get("override_reason", "")
    errors += [error for error in found if not reason or error.code not in record_rules.PASSABLE]
    kept = rendered.snapshots(written, code=code, rendering=rendering, note=note)
    return {**kept, "rendering": rendering, "override_reason": reason}


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
    return session


def _rendering(
    written: Written, code: ServiceCode, values: ChargeEntry
) -> tuple[User | None, list[FieldError]]:
    user_id, errors = rules.pick_rendering(
        written.session.staff,
        code=code.code,
        named=values.get("rendering"),
        signed=written.signers,
        taken=written.taken(code),
    )
    user: User | None = User.objects.filter(pk=user_id).first() if user_id else None
    if user is not None and not npi_is_valid(user.npi):
        detail = "The rendering provider has no valid NPI: the administrator enters it under staff."
        errors.append(FieldError("/rendering", "npi_invalid", detail))
    return user, errors


def _diagnoses(session: Session, values: ChargeEntry) -> list[str]:
    given = values.get("diagnoses") or ([session.program.diagnosis] if session.program.diagnosis else [])
    return [code_rules.dotted(code) for code in given]


def _priced(
    code: ServiceCode, *, location: UUID, on: date, values: ChargeEntry, errors: list[FieldError]
) -> Priced:
    """The fee and the amount of a line; above the fee it stands in review. Adds to `errors` what is missing."""
    fee = codes.fee_on(code=code, location=location, on=on)
    unit_amount = fee.amount if fee else None
    whole = rules.whole_fee(unit_amount, units=values["units"])
    given: Decimal | None = values.get("amount")
    reason = values.get("amount_reason", "")
    errors += rules.price_errors(code=code.code, amount=given, whole=whole, reason=reason, on=on)
    amount = whole if given is None else given
    return {
        "unit_amount": unit_amount,
        "amount": amount,
        "amount_reason": reason if amount != whole else "",
        "needs_review": whole is not None and amount is not None and amount > whole,
    }


def _coded(
    code: ServiceCode,
    session: Session,
    values: ChargeEntry,
    *,
    by: User,
    diagnoses: list[str],
    errors: list[FieldError],
) -> Coded:
    """Kind, diagnoses, modifiers, place and drug of a line; adds to `errors` what is wrong with them."""
    by_video = session.modality == Modality.VIDEO and code.system != ServiceCode.System.INTERNAL
    line_kind = values.get("line_kind") or code.line_kind
    if line_kind == LineKind.INSURANCE and not diagnoses:
        errors.append(FieldError("/diagnoses", "required", "An insurance line names 1 to 12 diagnoses."))
    errors += _kind_errors(code, line_kind, values, by)
    ok = code.telehealth_ok
    modifiers = code_rules.with_telehealth(values.get("modifiers", ()), by_video=by_video, telehealth_ok=ok)
    errors += code_rules.modifier_errors(modifiers, telehealth_ok=ok)
    pos_code = values.get("pos_code") or rules.pos_of(
        modality=session.modality, location_pos=session.location.pos_code
    )
    errors += rules.place_errors(pos_code, telehealth_ok=ok)
    return {
        "line_kind": line_kind,
        "kind_reason": values.get("kind_reason", "") if line_kind != code.line_kind else "",
        "diagnoses": diagnoses,
        "modifiers": modifiers,
        "pos_code": pos_code,
        "ndc": values.get("ndc", ""),
        "ndc_quantity": values.get("ndc_quantity"),
        "ndc_unit": values.get("ndc_unit", ""),
    }


def _kind_errors(code: ServiceCode, line_kind: str, values: ChargeEntry, by: User) -> list[FieldError]:
    """A kind other than the code's says why; what no health account may pay only the director lets one pay.

    :raises NotPermitted: by anybody else
    """
    if line_kind == code.line_kind:
        return []
    if rules.raises_kind(own=code.line_kind, line_kind=line_kind) and not by.role_set & DIRECTOR:
        raise NotPermitted("Only the medical director lets a health account pay a self-pay service.")
    if values.get("kind_reason"):
        return []
    detail = f"{code.code} is {code.line_kind}: say why this line is {line_kind}."
    return [FieldError("/kind_reason", "required", detail)]


# --- without a session --------------------------------------------------------------------------------------------

OF_A_SESSION = ("diagnoses", "modifiers", "rendering", "pos_code", "ndc", "override_reason")


def _without_session(values: ChargeEntry, by: User, *, at: datetime) -> Charge:
    """A fee of the clinic's own, such as for a missed appointment: the client's to pay, on no paper for others."""
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    if values["location"] not in set(client.locations) & set(by.locations):
        raise Invalid.field("location", "There is no such location of this client for you.", code="not_found")
    location: Location = Location.objects.get(pk=values["location"])
    on = values["date_of_service"]
    code, errors = codes.code_on(code=values["code"], on=on)
    if on > at.astimezone(location.zone).date():
        errors.append(FieldError("/date_of_service", "in_future", "Charge a day that has come."))
    if code is None:
        raise Invalid("; ".join(error.detail for error in errors), errors=errors)
    errors += _sessionless_errors(code, values)
    allocations.lock_ledger(client.pk)
    priced = _priced(code, location=location.pk, on=on, values=values, errors=errors)
    merge(errors)
    return Charge(
        client=client,
        location=location,
        code=code,
        label=code.label,
        units=values["units"],
        line_kind=LineKind.SELF_PAY,
        date_of_service=on,
        pos_code=location.pos_code,
        **priced,
    )


def _sessionless_errors(code: ServiceCode, values: ChargeEntry) -> list[FieldError]:
    """Only a code of the clinic's own that asks for no record, without what belongs to a service."""
    needs = requirements.read(code.requires)
    told = [name for name in OF_A_SESSION if values.get(name)]
    errors = [FieldError(f"/{name}", "session_required", "This belongs to a session.") for name in told]
    if code.system != ServiceCode.System.INTERNAL:
        detail = "Without a session only the clinic's own codes are charged."
        errors.append(FieldError("/code", "session_required", detail))
    elif needs.kinds or needs.a_dose:
        detail = f"{code.code} is not in the record: it is charged with its session."
        errors.append(FieldError("/code", "not_in_record", detail))
    if values.get("line_kind", LineKind.SELF_PAY) != LineKind.SELF_PAY:
        detail = "What no session stands behind is the client's own to pay."
        errors.append(FieldError("/line_kind", "session_required", detail))
    return errors


def warnings_of(charge: Charge) -> list[dict[str, str]]:
    """What payers commonly query about a line that was just charged."""
    if charge.session_id is None:
        twice = f"{charge.code.code} is charged for this day already."
        return [{"code": "duplicate_line", "detail": twice}] if selectors.twins_of(charge) else []
    return watch.warnings_of(charge) + rules.line_warnings(
        code=charge.code.code,
        modifiers=charge.modifiers,
        pos_code=charge.pos_code,
        ndc_missing=charge.code.requires_ndc and not charge.ndc,
        twins=selectors.twins_of(charge),
    )


@transaction.atomic
def confirm_charge(*, charge: Charge, reason: str, by: User, at: datetime) -> Charge:
    """Let a charge above the fee stand: from then on documents take it.

    :raises NotPermitted: by anybody but the medical director
    :raises IllegalTransition: unless it is in review
    """
    require_role(by, DIRECTOR, what="The move 'confirm'")
    allocations.lock_ledger(charge.client_id)
    charge = selectors.charges().get(pk=charge.pk)
    if not charge.in_review:
        raise IllegalTransition("'confirm' is possible from: review.", state=rules.status_of(charge))
    ChargeConfirmation(charge=charge, reason=reason).insert_by(by, at=at)
    return charge
