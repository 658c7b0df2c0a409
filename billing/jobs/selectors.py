"""Questions to the jobs: what one is about, how far it is, and what its file is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, JSONObject

from billing.documents import selectors as documents
from billing.documents.models import Superbill
from billing.jobs import rules
from billing.jobs.models import Job, JobFile, JobItem, JobQuerySet, JobResult, Kind, State
from billing.jobs.sql import ENTRIES, LINES
from billing.ledger.models import Charge
from kapclinic.practice.models import Client, User
from kapclinic.practice.selectors import mains_of
from sessions.booking.models import Session
from sessions.booking.rules import CAME

DAY = timedelta(days=1)
MONEY = tuple(
    name + ending for name in ("charge", "adjustment", "payment", "refund") for ending in ("", "_reversal")
)
SHARES = ("share", "share_reversal")
TYPES = {Kind.TRANSACTIONS_CSV: MONEY, Kind.BEANCOUNT: MONEY + SHARES}


Values: TypeAlias = dict[str, date | bool | UUID | list[UUID] | list[str] | None]  # of a statement


@dataclass(frozen=True)
class Scope:
    """What somebody asks about: a period, both days inclusive, at `locations`; they see `visible`."""

    from_date: date
    to_date: date
    locations: list[UUID]
    visible: list[UUID]
    since_last: bool = False


def jobs() -> JobQuerySet:
    """Jobs with `done` items, who was `skipped` with the reasons, the file's `sha256` and who asked."""
    results = JobResult.objects.filter(item__job=OuterRef("pk"))
    counted = results.order_by().values("item__job").annotate(n=Count("pk")).values("n")
    rows: JobQuerySet = Job.objects.all()
    found: JobQuerySet = rows.annotate(
        done=Case(
            When(state=State.DONE, then=F("total")),
            default=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0)),
        ),
        skipped=_skipped(results),
        sha256=Subquery(JobFile.objects.filter(job=OuterRef("pk")).values("sha256")),
        asked_by=Subquery(User.objects.filter(pk=OuterRef("created_by")).values("name")),
    )
    return found


def _skipped(results: QuerySet[JobResult]) -> ArraySubquery:
    """Each client who was left out as {client, client_name, reasons}, in the order of the items."""
    left = results.filter(superbill=None).annotate(
        client=Coalesce("item__superbill__client", "item__subject"),
    )
    name = Client.objects.filter(pk=OuterRef("client")).values(
        name=Concat("legal_first_name", Value(" "), "legal_last_name", output_field=CharField())
    )
    told = JSONObject(client="client", client_name=Subquery(name), reasons="reasons")
    return ArraySubquery(left.order_by("item__position").values(told=told))


def open_jobs() -> list[UUID]:
    """Jobs that are not over, the oldest first."""
    return list(
        Job.objects.filter(state__in=rules.OPEN).order_by("created_at", "pk").values_list("pk", flat=True)
    )


def next_item(job: Job) -> JobItem | None:
    """The first item without a result."""
    found: JobItem | None = JobItem.objects.filter(job=job, result__isnull=True).order_by("position").first()
    return found


def clients_of(job: Job) -> set[UUID]:
    """Whose records the job's file tells of, or its papers."""
    if job.kind in TYPES:
        return {entry.client for entry in entries_of(job)}
    items = JobItem.objects.filter(job=job)
    return set(items.values_list(Coalesce("superbill__client", "subject"), flat=True))


def file_of(job: Job) -> bytes:
    return bytes(JobFile.objects.values_list("content", flat=True).get(job=job))


# --- what a job is about ---------------------------------------------------------------------------------------------


def clients_to_bill(scope: Scope, *, user: User) -> list[UUID]:
    """Clients with a charge that stands or a session that took place in the period, each person once.

    Named by the registration that others turned out to be, where the user sees that one.
    """
    charged = Charge.objects.filter(
        location__in=scope.locations,
        date_of_service__range=(scope.from_date, scope.to_date),
        reverses__isnull=True,
        reversal__isnull=True,
    )
    found = set(charged.values_list("client", flat=True)) | _seen(scope)
    return one_each(found, user=user)


def _seen(scope: Scope) -> set[UUID]:
    """Clients who came in the period, by the day there."""
    since = datetime.combine(scope.from_date, time.min, UTC) - DAY
    until = datetime.combine(scope.to_date, time.max, UTC) + DAY
    rows = Session.objects.filter(
        location__in=scope.locations, status__in=CAME, starts_at__range=(since, until)
    ).select_related("location")
    return {
        row.client_id
        for row in rows
        if scope.from_date <= row.starts_at.astimezone(row.location.zone).date() <= scope.to_date
    }


def one_each(clients: Collection[UUID], *, user: User) -> list[UUID]:
    """Each person once, by the order of their record numbers."""
    mains = {pk: main.pk for pk, main in mains_of(clients).items()}
    seen = set(
        Client.objects.visible_to(user).filter(pk__in=set(mains.values())).values_list("pk", flat=True)
    )
    chosen: dict[UUID, UUID] = {}
    for pk in sorted(clients):
        main = mains.get(pk, pk)
        chosen.setdefault(main, main if main in seen else pk)
    rows = Client.objects.filter(pk__in=chosen.values()).order_by("mrn", "pk")
    return list(rows.values_list("pk", flat=True))


def lines(kind: str, scope: Scope) -> list[tuple[UUID, UUID]]:
    """(charge, superbill) of each line that an export of `kind` would hold: see `sql/lines.sql`."""
    values: Values = {
        "from_date": scope.from_date,
        "to_date": scope.to_date,
        "locations": scope.locations,
        "visible": scope.visible,
        "since_last": scope.since_last,
        "kinds": list(rules.TOGETHER[kind]),
        "papers": kind == Kind.SUPERBILLS_ZIP,
    }
    with connection.cursor() as cursor:
        cursor.execute(LINES, values)
        return [(charge, superbill) for charge, superbill in cursor.fetchall()]


@dataclass(frozen=True)
class Entry:
    """A row of the ledger as an export tells it; `amount` has the row's own sign."""

    id: UUID
    day: date
    type: str
    client: UUID
    mrn: str
    location: str
    code: str
    method: str
    reference: str
    amount: Decimal
    reverses: UUID | None


def entries(kind: str, scope: Scope) -> list[Entry]:
    """The ledger's entries that an export of `kind` would hold: see `sql/entries.sql`."""
    return _entries(
        {
            "from_date": scope.from_date,
            "to_date": scope.to_date,
            "locations": scope.locations,
            "types": list(TYPES[Kind(kind)]),
            "since_last": scope.since_last,
            "kinds": list(rules.TOGETHER[kind]),
            "job": None,
        }
    )


def entries_of(job: Job) -> list[Entry]:
    """The entries that the export took when it was asked for."""
    return _entries(
        {
            "from_date": job.from_date,
            "to_date": job.to_date,
            "locations": job.locations,
            "types": list(TYPES[Kind(job.kind)]),
            "since_last": False,
            "kinds": [],
            "job": job.pk,
        }
    )


def _entries(values: Values) -> list[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, values)
        return [Entry(*row) for row in cursor.fetchall()]


def outdated(superbills: Collection[UUID]) -> set[UUID]:
    """Those of the superbills that the books or a name contradict now."""
    rows = documents.documents(Superbill).filter(pk__in=superbills, outdated=True)
    return set(rows.values_list("pk", flat=True))


# --- what a file is made of ------------------------------------------------------------------------------------------


def papers(job: Job) -> Iterator[Superbill]:
    """The superbills of the job's archive with their bytes, by number, one after the other."""
    issued = JobResult.objects.filter(item__job=job, superbill__isnull=False).values("superbill")
    packed = JobItem.objects.filter(job=job, superbill__isnull=False, result__isnull=True).values("superbill")
    chosen = Q(pk__in=issued) if job.kind == Kind.SUPERBILL_RUN else Q(pk__in=packed)
    return Superbill.objects.filter(chosen).order_by("number").iterator(chunk_size=50)


def lines_of(job: Job) -> Iterator[tuple[Superbill, list[str]]]:
    """The superbills behind the job's lines without their bytes, by number, each with the ids of its charges."""
    wanted: dict[UUID, list[str]] = {}
    items = JobItem.objects.filter(job=job, result__isnull=True).order_by("position")
    for subject, superbill in items.values_list("subject", "superbill"):
        wanted.setdefault(superbill, []).append(str(subject))
    rows = Superbill.objects.defer("pdf").filter(pk__in=wanted).order_by("number")
    return ((row, wanted[row.pk]) for row in rows.iterator(chunk_size=200))


def left_out(job: Job) -> list[tuple[str, str, list[str]]]:
    """(client, number of the superbill or nothing, reasons) of what the job left out, in the order of its items."""
    rows = JobResult.objects.filter(item__job=job, superbill__isnull=True).order_by("item__position")
    told = rows.values_list(
        Coalesce("item__superbill__client", "item__subject"), "item__superbill__number", "reasons"
    )
    return [(str(client), number or "", list(reasons)) for client, number, reasons in told]


def named_errors(clients: Sequence[UUID], *, user: User) -> list[int]:
    """The places of those of `clients` whom the user does not see."""
    seen = set(Client.objects.visible_to(user).filter(pk__in=clients).values_list("pk", flat=True))
    return [index for index, pk in enumerate(clients) if pk not in seen]
