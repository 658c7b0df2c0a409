"""Ask for an estimate, issue it as a numbered paper, take it back. A change of scope is the next edition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from billing.codes import rules as code_rules
from billing.codes import selectors as codes
from billing.codes.models import ServiceCode
from billing.documents.selectors import descriptions
from billing.documents.services import Incomplete, next_number
from billing.estimates import rendering, rules, selectors
from billing.estimates.models import Estimate, EstimateIssue, EstimateLine, EstimateVoid
from billing.estimates.rules import business_days
from billing.estimates.rules.paper import content as paper_content
from billing.estimates.services.overdue import settle_estimate_due, settle_estimate_missing
from billing.ledger.services.allocations import lock_ledger
from kapclinic.core import paper, transitions
from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.core.moments import moment_errors
from kapclinic.practice.models import Client, Location, User
from kapclinic.practice.selectors import person
from programs.models import Program


class ItemEntry(TypedDict):
    """`unit_amount` is what this client is expected to pay for one; left out, it is the fee of the day."""

    code: str
    quantity: int
    unit_amount: NotRequired[Decimal | None]
    rendering: UUID
    location: UUID
    frequency: NotRequired[str]


class EstimateEntry(TypedDict):
    """Either `requested_at`, or `scheduled_at` with `service_on`; `supersedes` names the edition before this one."""

    client: UUID
    program: NotRequired[UUID | None]
    requested_at: NotRequired[datetime | None]
    scheduled_at: NotRequired[datetime | None]
    service_on: NotRequired[date | None]
    items: list[ItemEntry]
    diagnoses: NotRequired[list[str]]
    separately: NotRequired[list[str]]
    from_date: NotRequired[date | None]
    to_date: NotRequired[date | None]
    supersedes: NotRequired[UUID | None]


class AlreadySuperseded(Conflict):
    code, title = "already_superseded", "This estimate has a next edition already"


class NotPrintable(Conflict):
    code, title = "name_not_printable", "A character has no form in our fonts"


class NotIssued(Conflict):
    code, title = "not_issued", "This estimate has no paper yet"


@transaction.atomic
def ask_estimate(*, values: EstimateEntry, by: User, at: datetime) -> Estimate:
    """Draft the estimate that a client asked for, or is owed since services were scheduled, and say when it is due.

    It is numbered at once: a draft that is taken back keeps its number. Without days it holds for 12 months.

    :raises Invalid: naming each field: a client, course, place, clinician or estimate that the actor can't see, a code
        or diagnosis that is not in force, a price that is missing, a moment to come, a period that is reversed or
        longer than 12 months
    :raises AlreadySuperseded: when the estimate to supersede has a next edition
    :raises IllegalTransition: when the estimate to supersede is not issued
    """
    client = _visible_client(values["client"], by)
    lock_ledger(client.pk)
    location = _place(values["items"], by)
    earlier = _superseded(values.get("supersedes"), client, by)
    asked_on = _asked_on(values, location, at=at)
    first, last = _period(values, asked_on)
    on = values.get("service_on") or first
    diagnoses = [code_rules.dotted(code) for code in values.get("diagnoses", [])]
    errors = codes.diagnosis_errors(diagnoses, on=on)
    program = _program(values.get("program"), client, by, errors)
    lines = _lines(values["items"], by=by, on=on, errors=errors)
    merge(errors)
    estimate = Estimate(
        number=next_number(rules.ESTIMATE, at.astimezone(location.zone).year),
        client=client,
        program=program,
        location=location,
        locations=sorted({line.location_id for line in lines}),
        requested_at=values.get("requested_at"),
        scheduled_at=values.get("scheduled_at"),
        service_on=values.get("service_on"),
        from_date=first,
        to_date=last,
        due_on=_due_on(values.get("service_on"), asked_on, is_change=earlier is not None),
        diagnoses=diagnoses,
        separately=values.get("separately", []),
        edition=1 if earlier is None else earlier.edition + 1,
        supersedes=earlier,
    ).insert_by(by, at=at)
    for line in lines:
        line.estimate = estimate
        line.insert_by(by, at=at)
    settle_estimate_missing(client=client.pk, by=by, at=at)
    return estimate


def _visible_client(client_id: UUID, by: User) -> Client:
    found: Client | None = Client.objects.visible_to(by).filter(pk=client_id).first()
    if found is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    return found


def _place(items: Sequence[ItemEntry], by: User) -> Location:
    """The first item's location, whose days count; every item's is one of the actor's.

    :raises Invalid: naming each that is not
    """
    merge(
        [
            FieldError(f"/items/{i}/location", "not_found", "There is no such location for you.")
            for i, item in enumerate(items)
            if item["location"] not in by.locations
        ]
    )
    return Location.objects.get(pk=items[0]["location"])


def _superseded(estimate_id: UUID | None, client: Client, by: User) -> Estimate | None:
    if estimate_id is None:
        return None
    rows = selectors.estimates().visible_to(by).filter(client__in=person(client.pk))
    found: Estimate | None = rows.filter(pk=estimate_id).first()
    if found is None:
        raise Invalid.field("supersedes", "There is no such estimate of this client.", code="not_found")
    if (number := selectors.successor_of(found)) is not None:
        raise AlreadySuperseded(f"{number} is its next edition: issue, void or supersede that one.")
    transitions.apply(rules.MOVES, "supersede", instance=found, by=by)
    return found


def _asked_on(values: EstimateEntry, location: Location, *, at: datetime) -> date:
    """The local day on which it was asked for, or the first service was scheduled.

    :raises Invalid: unless it is one of the two, and in the past
    """
    requested, scheduled = values.get("requested_at"), values.get("scheduled_at")
    service_on = values.get("service_on")
    if (requested is None) == (scheduled is None):
        detail = "Say when it was asked for (requested_at) or when a service was scheduled (scheduled_at)."
        raise Invalid.field("requested_at", detail, code="required" if requested is None else "not_expected")
    if requested is not None and service_on is not None:
        raise Invalid.field("service_on", "A day of service goes with scheduled_at.", code="not_expected")
    if scheduled is not None and service_on is None:
        raise Invalid.field("service_on", "Say for which day it was scheduled.", code="required")
    moment, field = (requested, "requested_at") if requested is not None else (scheduled, "scheduled_at")
    assert moment is not None
    merge(moment_errors(moment=moment, at=at, after=None, field=field))
    day = moment.astimezone(location.zone).date()
    if service_on is not None and service_on < day:
        raise Invalid.field("service_on", "It was scheduled for a day that was over.", code="reversed")
    return day


def _due_on(service_on: date | None, asked_on: date, *, is_change: bool) -> date | None:
    if service_on is None:
        return business_days.due_when_requested(asked_on)
    if is_change:
        return business_days.due_when_changed(asked_on, service_on)
    return business_days.due_when_scheduled(asked_on, service_on)


def _period(values: EstimateEntry, asked_on: date) -> tuple[date, date]:
    first, last = rules.period(asked_on=asked_on, service_on=values.get("service_on"))
    if (given := values.get("from_date")) is not None:
        first, last = given, rules.last_day(given)
    if (until := values.get("to_date")) is not None:
        if until < first:
            raise Invalid.field("to_date", "The period ends before it begins.", code="reversed")
        if until > last:
            raise Invalid.field("to_date", "An estimate holds for 12 months at most.", code="too_long")
        last = until
    service_on = values.get("service_on")
    if service_on is not None and not first <= service_on <= last:
        raise Invalid.field(
            "service_on", "The day of service lies outside the period.", code="outside_period"
        )
    return first, last


def _program(program_id: UUID | None, client: Client, by: User, errors: list[FieldError]) -> Program | None:
    if program_id is None:
        return None
    rows = Program.objects.visible_to(by).filter(client__in=person(client.pk))
    found: Program | None = rows.filter(pk=program_id).first()
    if found is None:
        errors.append(FieldError("/program", "not_found", "There is no such course of this client for you."))
    return found


def _lines(items: Sequence[ItemEntry], *, by: User, on: date, errors: list[FieldError]) -> list[EstimateLine]:
    here = User.objects.filter(is_active=True, locations__overlap=list(by.locations))
    people = {user.pk: user for user in here.filter(pk__in=[item["rendering"] for item in items])}
    lines = []
    for i, item in enumerate(items):
        code, found = codes.code_on(code=item["code"], on=on)
        errors += [FieldError(f"/items/{i}{error.pointer}", error.code, error.detail) for error in found]
        clinician = people.get(item["rendering"])
        if clinician is None:
            detail = "There is no such clinician for you."
            errors.append(FieldError(f"/items/{i}/rendering", "not_found", detail))
        if code is None or clinician is None:
            continue
        amount = _unit_amount(item, code, on=on)
        if amount is None:
            detail = f"{code.code} has no fee on {on}: give the amount."
            errors.append(FieldError(f"/items/{i}/unit_amount", "required", detail))
            continue
        lines.append(
            EstimateLine(
                position=i,
                code=code,
                quantity=item["quantity"],
                unit_amount=amount,
                rendering=clinician,
                location_id=item["location"],
                frequency=item.get("frequency", ""),
            )
        )
    return lines


def _unit_amount(item: ItemEntry, code: ServiceCode, *, on: date) -> Decimal | None:
    if (given := item.get("unit_amount")) is not None:
        return given
    fee = codes.fee_on(code=code, location=item["location"], on=on)
    return fee.amount if fee else None


def _locked(estimate: Estimate) -> Estimate:
    """The estimate as it stands behind the lock of its client."""
    lock_ledger(estimate.client_id)
    rows = selectors.estimates().select_related("client", "location", "supersedes")
    found: Estimate = rows.get(pk=estimate.pk)
    return found


@transaction.atomic
def issue_estimate(
    *, estimate: Estimate, delivered_at: datetime, method: str, by: User, at: datetime
) -> Estimate:
    """Print the draft as it was handed to the client; from then on it never changes, and the edition before it is over.

    :raises NotPermitted: :raises IllegalTransition: unless it is a draft
    :raises Invalid: for a delivery to come, or from before it was asked for
    :raises Incomplete: naming each field that an estimate must say and the practice has not entered
    :raises NotPrintable: for a name with a character that our fonts lack
    """
    row = _locked(estimate)
    transitions.apply(rules.MOVES, "issue", instance=row, by=by)
    asked = row.requested_at or row.scheduled_at
    merge(moment_errors(moment=delivered_at, at=at, after=asked, field="delivered_at"))
    lines = selectors.lines_of(row)
    if errors := rules.missing(lines):
        raise Incomplete("; ".join(error.detail for error in errors), errors=errors)
    zone = row.location.zone
    issued_on = at.astimezone(zone).date()
    late = row.due_on is not None and delivered_at.astimezone(zone).date() > row.due_on
    described = descriptions(row.diagnoses, on=row.service_on or row.from_date)
    content = paper_content(row, lines, described=described, issued_on=issued_on.isoformat())
    pdf, complete = rendering.render_pdf(content=content, at=at)
    if not complete:
        raise NotPrintable("Write the name as it can be printed, or ask for a font that has it.")
    EstimateIssue(
        estimate=row,
        issued_on=issued_on,
        delivered_at=delivered_at,
        method=method,
        late=late,
        warnings=rules.warnings(lines, late=late),
        content=content,
        pdf=pdf,
        sha256=paper.fingerprint(pdf),
    ).insert_by(by, at=at)
    settle_estimate_due(estimate=row, by=by, at=at, outcome="issued")
    return row


@transaction.atomic
def void_estimate(*, estimate: Estimate, reason: str, by: User, at: datetime) -> Estimate:
    """Take an estimate back that was a mistake; its paper stays what it was, and binds nobody. The edition before it
    stands again.

    :raises IllegalTransition: once it is voided or superseded
    """
    row = _locked(estimate)
    transitions.apply(rules.MOVES, "void", instance=row, by=by)
    EstimateVoid(estimate=row, reason=reason).insert_by(by, at=at)
    settle_estimate_due(estimate=row, by=by, at=at, outcome="voided")
    return row


def pdf_of(estimate: Estimate) -> tuple[bytes, str]:
    """The bytes that were issued, and their SHA-256.

    :raises NotIssued: for one that never was
    """
    found = EstimateIssue.objects.filter(estimate=estimate).values_list("pdf", "sha256").first()
    if found is None:
        raise NotIssued("Issue it first.")
    return bytes(found[0]), found[1]
