"""Questions to the capture: sessions with all that a proposal looks at, and the sessions that wait for billing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast, JSONObject, Replace, Trim, Upper

from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.documents import selectors as documents
from billing.documents.models import DocumentQuerySet, Receipt, Superbill, Voidable
from billing.ledger import selectors as ledger
from billing.ledger.models import Charge, LedgerQuerySet
from kapclinic.core.asking import Question
from kapclinic.core.statements import Row
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person_of
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing
from sessions.dosing.models import Discharge
from sessions.drugs.models import DrugLot
from sessions.notes.models import Note

A_DAY_OR_TWO = timedelta(days=2)  # around a start: whatever the zone, the session's local day lies within
PAPER_WITHIN = timedelta(days=180)  # as long as payers commonly take a bill of somebody outside their network
BEGUN = (Session.Status.CHECKED_IN, Session.Status.IN_PROGRESS)
STATES = ("ready", "blocked", "charged", "issued", "unpaid")


def price_list() -> list[tuple[ServiceCode, list[Row]]]:
    """Every code, each with its fees as {location, amount, valid_from, valid_to}."""
    fee = JSONObject(
        location="location_id", amount=_text("amount"), valid_from="valid_from", valid_to="valid_to"
    )
    fees = Fee.objects.filter(code=OuterRef("pk")).order_by("valid_from").values(json=fee)
    rows = ServiceCode.objects.annotate(prices=ArraySubquery(fees)).order_by("code")
    return [(row, row.prices) for row in rows]


def _text(name: str) -> Cast:
    return Cast(name, CharField())


@dataclass(frozen=True)
class Beside:
    """What `cases` puts beside a session, as data."""

    people: list[Row]
    notes: list[Row]
    doses: list[Row]
    discharged_at: datetime | None
    charges: list[Row]
    diagnoses: list[Row]
    seen_before: bool
    was_voided: bool  # a dose, since one of its charges was made


def cases(sessions: QuerySet[Session]) -> list[tuple[Session, Beside]]:
    """The sessions, in one query, each with what a proposal looks at besides."""
    columns = {
        "beside_people": ArraySubquery(_people()),
        "beside_notes": ArraySubquery(_notes()),
        "beside_doses": ArraySubquery(_doses()),
        "beside_discharged_at": Subquery(
            Discharge.objects.filter(session=OuterRef("pk")).values("discharged_at")[:1]
        ),
        "beside_charges": ArraySubquery(_charges()),
        "beside_diagnoses": ArraySubquery(_diagnoses()),
        "beside_seen": Exists(ledger.earlier_visits()),
        "beside_voided": Exists(_overtaken()),
    }
    rows = sessions.select_related("location", "program", "client").annotate(**columns)
    return [(row, Beside(*(getattr(row, name) for name in columns))) for row in rows]


class _IsSeated(Func):
    """Does the staff of a session, [{"user", "role"}], name this user?"""

    template = "(%(expressions)s)))"
    arg_joiner = " @> jsonb_build_array(jsonb_build_object('user', "
    output_field = BooleanField()


def _people() -> Question:
    rows = User.objects.alias(is_seated=_IsSeated(OuterRef("staff"), F("pk"))).filter(is_seated=True)
    return rows.values(json=JSONObject(id="pk", name="name", npi="npi"))


def _notes() -> Question:
    standing = [Note.Status.SIGNED, Note.Status.COSIGN_PENDING]
    rows = Note.objects.filter(session=OuterRef("pk"), status__in=standing).order_by("signed_at", "pk")
    return rows.values(
        json=JSONObject(
            id="pk",
            author="author_id",
            cosigner="cosigner_id",
            kind="kind",
            status="status",
            began="service_started_at",
            ended="service_ended_at",
            source="minutes_source",
        )
    )


def _doses() -> Question:
    lot = JSONObject(ndc="ndc", per_ml=_text("concentration_mg_per_ml"), per_container=_text("container_mg"))
    lots = DrugLot.objects.filter(pk=OuterRef("drug_lot")).values(json=lot)
    return dosing.standing_doses(session_id=OuterRef("pk")).values(
        json=JSONObject(
            drug="drug",
            route="route",
            supply="supply",
            dose_mg=_text("dose_mg"),
            given_mg=_text("given_mg"),
            administered_at="administered_at",
            ended_at="finish__ended_at",
            finish_mg=_text("finish__given_mg"),
            drug_lot="drug_lot",
            lot=Subquery(lots),
        )
    )


def _charges() -> Question:
    """The person's standing charges around that day, wherever rendered."""
    start = OuterRef("starts_at")
    rows = Charge.objects.filter(
        client__in=person_of("client"),
        date_of_service__gte=ExpressionWrapper(start - A_DAY_OR_TWO, output_field=DateTimeField()),
        date_of_service__lte=ExpressionWrapper(start + A_DAY_OR_TWO, output_field=DateTimeField()),
        reverses__isnull=True,
        reversal__isnull=True,
    )
    return rows.order_by("created_at", "pk").values(
        json=JSONObject(
            session="session_id",
            rendering="rendering_id",
            code="code__code",
            units="units",
            on="date_of_service",
        )
    )


def _diagnoses() -> Question:
    """The billable codes, of whatever set, that the program's diagnosis names."""
    plain = Upper(Replace(Trim(OuterRef("program__diagnosis")), Value("."), Value("")))
    dotted = Func(plain, Value("^(.{3})(.+)$"), Value(r"\1.\2"), function="regexp_replace")
    rows = Diagnosis.objects.filter(code=dotted, billable=True)  # by the index that the code has
    return rows.values(json=JSONObject(valid_from="valid_from", valid_to="valid_to"))


def _overtaken() -> LedgerQuerySet:
    """The session's own charges after which one of its doses was taken back."""
    found: LedgerQuerySet = ledger.overtaken_charges().filter(session=OuterRef("pk"))
    return found


# --- what waits for billing ---------------------------------------------------------------------------------------


class LocalDay(Func):
    """The date that it is at a moment in a zone; both are columns."""

    template = "(%(expressions)s)::date"
    arg_joiner = " AT TIME ZONE "
    output_field = DateField()


def with_day(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Each session with `day`, the local day on which it began."""
    return sessions.alias(day=LocalDay(F("starts_at"), F("location__time_zone")))


def to_charge(sessions: QuerySet[Session], *, at: datetime) -> QuerySet[Session]:
    """Sessions that took place, with `is_charged` and `is_printed`: those that nobody has charged, those that are
    charged and on no paper yet, of which something may be left, and those of which a dose was taken back since. Also
    sessions that should be over by now, or had their dose, and were never completed.
    """
    over = Q(status=Session.Status.COMPLETED)
    late = Q(outcome=Session.Outcome.DOSED) | Q(ends_at__lte=at)
    own = Charge.objects.filter(session=OuterRef("pk"), reverses__isnull=True, reversal__isnull=True)
    printed = own.filter(Exists(_paper(Superbill)) | Exists(_paper(Receipt)))
    partly = Q(starts_at__gte=at - PAPER_WITHIN, is_printed=False)
    held = sessions.annotate(is_charged=Exists(own), is_printed=Exists(printed))
    held = held.filter(over | (Q(status__in=BEGUN) & late))
    return held.filter(Q(is_charged=False) | partly | Exists(_overtaken()))


def charged(sessions: QuerySet[Session], *, state: str) -> QuerySet[Session]:
    """Sessions with a standing charge, with their `lines`: `charged`, one of them belongs on a paper and is on none;
    `issued`, the others; or `unpaid`, something of either is owed.
    """
    rows = sessions.filter(Exists(_own())).select_related("client", "location")
    rows = rows.annotate(lines=ArraySubquery(_lines()))
    if state == "unpaid":
        return rows.filter(Exists(_own().filter(balance__gt=0)))
    on_paper = Exists(_own().filter(Exists(_paper(Superbill)) | Exists(_paper(Receipt))))
    payers = ~Q(code__system=ServiceCode.System.INTERNAL)
    missing = Exists(_own().filter(payers).exclude(Exists(_paper(Superbill))))
    issued = rows.filter(on_paper).exclude(missing)
    return issued if state == "issued" else rows.exclude(pk__in=issued.values("pk"))


def _own() -> LedgerQuerySet:
    rows: LedgerQuerySet = ledger.charges().filter(
        session=OuterRef("pk"), reverses__isnull=True, reversal__isnull=True
    )
    return rows


def _lines() -> Question:
    return (
        _own()
        .order_by("created_at", "pk")
        .values(
            json=JSONObject(
                code="code__code",
                units="units",
                amount=_text("amount"),
                paid=_text("paid"),
                balance=_text("balance"),
            )
        )
    )


def _paper(model: type[Voidable]) -> DocumentQuerySet:
    """Documents of this kind that hold the outer query's charge and still count."""
    this = Func(
        OuterRef("pk"), template="(SELECT billing_papers(ARRAY[%(expressions)s]))", output_field=UUIDField()
    )
    found: DocumentQuerySet = documents.standing(model).filter(pk__in=this)
    return found
