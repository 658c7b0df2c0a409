"""Questions to the documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import RawSQL

from billing.codes.models import Diagnosis, ServiceCode
from billing.documents.models import DocumentQuerySet, Superbill, Voidable
from billing.documents.rules import Borne, is_drug, text
from billing.documents.rules.left_out import LeftOut, why_left_out
from billing.documents.sql import overtaken
from billing.ledger import selectors as ledger
from billing.ledger.models import Charge
from billing.ledger.rules import HEALTH_KINDS, date_of_service
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person
from sessions.booking.models import Session
from sessions.booking.rules import CAME
from sessions.dosing.models import Administration
from sessions.dosing.selectors.doses import total_mg
from sessions.notes import selectors as notes
from sessions.notes.models import Note


def rendered_charges(
    *, client: UUID, from_date: date, to_date: date, user: User, location: UUID | None = None
) -> QuerySet[Charge]:
    """Standing charges of a period for completed sessions with a signed note, by day of service (R12).

    What is dearer than the list and not confirmed is no standing charge yet.
    """
    held = Session.objects.filter(client__in=person(client), status=Session.Status.COMPLETED)
    signed: QuerySet[Session] = notes.sessions_with_signed_notes(held)
    rows = ledger.charges().visible_to(user).select_related("location")
    if location is not None:
        rows = rows.filter(location=location)
    found: QuerySet[Charge] = rows.filter(
        client__in=person(client),
        session__in=signed.filter(Q(has_signed_note=True)).values("pk"),
        date_of_service__range=(from_date, to_date),
        reverses__isnull=True,
        reversal__isnull=True,
        in_review=False,
    )
    return found.order_by("date_of_service", "session__starts_at", "created_at", "pk")


def borne(charges: Sequence[Charge]) -> dict[UUID, Borne]:
    """Charge -> what the record says behind it.

    Who signed is the rendering clinician, under a note of theirs or as its cosigner; behind a drug line the prescriber
    whose order it was given on; else whoever signed the session's first note.
    """
    sessions = {charge.session_id for charge in charges}
    signed = Note.objects.filter(session__in=sessions, status=Note.Status.SIGNED).order_by("signed_at")
    notes_of = grouped(signed.select_related("signed_by", "cosigner"))
    given = Administration.objects.standing().filter(
        session__in=[charge.session_id for charge in charges if is_drug(charge)],
        supply=Administration.Supply.CLINIC_STOCK,
    )
    rows = given.select_related("finish", "order__prescriber").order_by("administered_at", "created_at")
    doses_of = grouped(rows)
    return {
        charge.pk: _borne(charge, notes_of.get(charge.session_id, []), doses_of.get(charge.session_id, []))
        for charge in charges
        if charge.session_id is not None  # as every line of a paper has one
    }


Row = TypeVar("Row", Note, Administration)


def grouped(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    """Session -> its rows, in their order."""
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(row)
    return found


def _borne(charge: Charge, signed: Sequence[Note], doses: Sequence[Administration]) -> Borne:
    name, moment = _signature(charge, signed, doses if is_drug(charge) else ())
    on = moment.astimezone(charge.location.zone).date() if moment else None
    if not is_drug(charge):
        return Borne(signed_by=name, signed_on=on)
    drugs, amounts, ways = [], [], []
    for (drug, route), together in groupby(doses, key=lambda dose: (dose.drug, dose.route)):
        drugs.append(drug)
        ways.append(route)
        amounts.append(f"{total_mg(together).normalize():f} mg")
    words = [" + ".join(part) for part in (dict.fromkeys(drugs), amounts, dict.fromkeys(ways))]
    return Borne(name, on, *words)


def _signature(
    charge: Charge, signed: Sequence[Note], doses: Sequence[Administration]
) -> tuple[str, datetime | None]:
    for note in signed:
        if note.author_id == charge.rendering_id and note.signed_by is not None:
            return charge.clinician["name"], note.signed_at
        if note.cosigner is not None and note.cosigner.pk == charge.rendering_id:
            return charge.clinician["name"], note.cosigned_at
    if doses:
        return doses[0].order.prescriber.name, doses[0].order.created_at
    first = signed[0] if signed else None
    if first is None or first.signed_by is None:
        return "", None
    return _as_signed(first.signed_by, first.signature), first.signed_at


def _as_signed(user: User, line: str) -> str:
    """The signer's name; after they took another one, the whole line that they signed with."""
    return user.name if line.startswith(user.name) else line


def left_out(
    *,
    client: UUID,
    from_date: date,
    to_date: date,
    location: UUID | None,
    lines: Sequence[Charge],
    user: User,
) -> list[LeftOut]:
    """Sessions of the period to which the client came that are not among `lines`."""
    near = timedelta(days=1)
    since = datetime.combine(from_date, time.min, UTC) - near
    until = datetime.combine(to_date, time.max, UTC) + near
    standing = Charge.objects.filter(session=OuterRef("pk"), reverses__isnull=True, reversal__isnull=True)
    held: QuerySet[Session] = Session.objects.visible_to(user).filter(
        client__in=person(client), status__in=CAME, starts_at__range=(since, until)
    )
    if location is not None:
        held = held.filter(location=location)
    rows = notes.sessions_with_signed_notes(held.exclude(pk__in={line.session_id for line in lines}))
    rows = rows.select_related("location").annotate(
        charged=Exists(standing), public=Exists(standing.exclude(code__system=ServiceCode.System.INTERNAL))
    )
    return [
        LeftOut(
            session=row.pk,
            kind=row.kind,
            number=row.number,
            date=_served_on(row),
            reason=why_left_out(
                completed=row.status == Session.Status.COMPLETED,
                signed=bool(vars(row)["has_signed_note"]),
                charged=row.charged,
                public=row.public,
            ),
        )
        for row in rows.order_by("starts_at", "pk")
        if from_date <= _served_on(row) <= to_date
    ]


def _served_on(session: Session) -> date:
    return date_of_service(
        starts_at=session.starts_at, completed_at=session.completed_at, zone=session.location.zone
    )


def paid_medical(charges: Iterable[Charge]) -> list[Charge]:
    """Those that an HSA or FSA may be asked to pay: medical care, rendered and paid at least in part."""
    return [charge for charge in charges if charge.line_kind in HEALTH_KINDS and charge.paid > 0]


def payments_of(charges: Sequence[Charge]) -> list[dict[str, str]]:
    """The proof of payment: each payment and how much of it went to these lines."""
    shares = ledger.standing_allocations().filter(charge__in=[charge.pk for charge in charges])
    rows = shares.values("payment", "payment__received_on", "payment__method", "payment__reference")
    rows = rows.annotate(amount=Sum("amount")).order_by("payment__received_on", "payment")
    return [
        {
            "payment": str(row["payment"]),
            "received_on": row["payment__received_on"].isoformat(),
            "method": row["payment__method"],
            "reference": row["payment__reference"],
            "amount": text(row["amount"]),
        }
        for row in rows
    ]


def descriptions(codes: Iterable[str], *, on: date) -> dict[str, str]:
    return dict(
        Diagnosis.objects.in_force(on).filter(code__in=list(codes)).values_list("code", "description")
    )


def standing(model: type[Voidable]) -> DocumentQuerySet:
    """Documents that still count: neither replaced nor voided."""
    rows: DocumentQuerySet = model.objects.all()
    return rows.filter(corrected_by__isnull=True, voiding__isnull=True)


def on_no_superbill(charges: Sequence[Charge], *, but: UUID | None = None) -> list[Charge]:
    """Those of the charges that stand on no superbill, but for ones that were replaced or voided, or are about to be
    (`but`).
    """
    return _on_none(Superbill, charges, but=but)


def _on_none(model: type[Voidable], charges: Sequence[Charge], *, but: UUID | None) -> list[Charge]:
    rows = standing(model).filter(pk__in=_holding(charges))
    told = {pk for row in rows.exclude(pk=but).values_list("charges", flat=True) for pk in row}
    return [charge for charge in charges if charge.pk not in told]


def dropped(old: Voidable | None, lines: Sequence[Charge]) -> int:
    """How many lines of a paper that is replaced still stand, and would be on none of its kind: they are not among the
    `lines` of the new one. Of a receipt, those that are paid.
    """
    if old is None:
        return 0
    rest = set(old.charges) - {line.pk for line in lines}
    rows = ledger.charges().filter(client__in=person(old.client_id), pk__in=rest)
    still = list(rows.filter(reverses__isnull=True, reversal__isnull=True))
    return len(_on_none(type(old), still if isinstance(old, Superbill) else paid_medical(still), but=old.pk))


def _holding(charges: Sequence[Charge]) -> RawSQL:
    """For `pk__in`: the papers that hold any of these lines, by an index that a policy keeps from a plain `&&`."""
    return RawSQL("SELECT billing_papers(%s::uuid[])", [[charge.pk for charge in charges]])


def numbers_with(model: type[Voidable], charges: Sequence[Charge], *, but: UUID | None) -> list[str]:
    """Numbers of the documents of this kind that hold one of these lines and still count."""
    rows = standing(model).filter(pk__in=_holding(charges))
    return list(rows.exclude(pk=but).order_by("number").values_list("number", flat=True))


def _differs(model: type[Voidable]) -> Q:
    """The books or a name say something else than the paper, which still counts."""
    told = RawSQL(overtaken(model._meta.db_table), (), output_field=BooleanField())  # noqa: S611  (no value in it)
    return Q(voiding__isnull=True) & Q(told)


def documents(model: type[Voidable]) -> DocumentQuerySet:
    """Documents without their bytes, with `replaced_by` and `outdated`: the books or a name say something else now, so
    reissue it. A line was reversed, or is of somebody else since a merge was taken back; what is paid of a line changed
    (a share was given, taken back or refunded); the payments behind it are others; its session was opened again; the
    client or the practice has another name than on the paper. The client's birth date or the coverage that it names
    was corrected, so that a plan would not know them by it. Clinicians keep the name that they signed with.

    And with `status`, and when and why one was voided; such a one is not outdated: nothing is left to mend.
    """
    status = Case(
        When(voiding__isnull=False, then=Value(Voidable.Status.VOIDED.value)),
        When(corrected_by__isnull=False, then=Value(Voidable.Status.REPLACED.value)),
        default=Value(Voidable.Status.ISSUED.value),
        output_field=CharField(),
    )
    plain: DocumentQuerySet = model.objects.defer("pdf").select_related("corrects")
    found: DocumentQuerySet = plain.annotate(
        replaced_by=F("corrected_by__number"),
        outdated=ExpressionWrapper(_differs(model), output_field=BooleanField()),
        status=status,
        voided_at=F("voiding__created_at"),
        void_reason=F("voiding__reason"),
    )
    return found
