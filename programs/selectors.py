"""Questions to the course."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from itertools import takewhile
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Value, When
from django.db.models.functions import JSONObject

from kapclinic.core.asking import AtOnce, Questions
from kapclinic.core.statements import at_places, places_of
from kapclinic.practice.models import User
from kapclinic.practice.rules import DIRECTOR, PRESCRIBER
from programs.models import LegalRule, PhaseSpan, Program, Protocol
from programs.rules import legal


def protocols() -> QuerySet[Protocol]:
    """Every version; approved ones first, then by name and newest edition."""
    rank = Case(
        When(status=Protocol.Status.APPROVED, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found: QuerySet[Protocol] = Protocol.objects.annotate(rank=rank)
    return found


def programs_with_relations() -> QuerySet[Program]:
    """Programs with what an answer shows, in one query; `phase_rows` are their spans as JSON, in order."""
    spans = PhaseSpan.objects.filter(program=OuterRef("pk"))
    in_order = spans.order_by("started_at", F("ended_at").asc(nulls_last=True))
    row = JSONObject(phase="phase", started_at="started_at", ended_at="ended_at")
    found: QuerySet[Program] = Program.objects.select_related("protocol", "client", "location")
    return found.annotate(phase_rows=ArraySubquery(in_order.values(row=row)))


def deciding_for(program: Program) -> list[User]:
    """Who is told what the prescriber of a course is to decide: they, as long as they prescribe at its place; else all
    who do, and where nobody does its medical directors.
    """
    there = User.objects.filter(
        is_active=True,
        locations__contains=[program.location_id],
        roles__overlap=sorted(map(str, PRESCRIBER | DIRECTOR)),
    )
    rows = list(there.order_by("created_at", "pk"))
    prescribe = [user for user in rows if user.role_set & PRESCRIBER]
    return [user for user in prescribe if user.pk == program.prescriber_id] or prescribe or rows


def status_at(program: Program, *, moment: datetime) -> str:
    """The status that the course had then: what has happened since ends nothing that went before it. No query for one
    that is active.
    """
    if program.status == Program.Status.ACTIVE:
        return str(program.status)
    versions = Program.history.filter(id=program.pk).order_by("version").values_list("status", "updated_at")
    # a phase may be dated back, so a version may seem older than the one before it
    before = takewhile(lambda row: row[1] <= moment, versions)
    return str(([program.status] + [status for status, _ in before])[-1])


def legal_rules() -> list[legal.Rule]:
    """Every rule of law that stands: those that ship, then the clinic's own that were not voided, oldest first."""
    return with_shipped(own_legal_rules())


def own_legal_rules() -> QuerySet[LegalRule]:
    """The clinic's own rules of law that were not voided, oldest first."""
    own: QuerySet[LegalRule] = LegalRule.objects.filter(void__isnull=True).order_by("created_at", "pk")
    return own


def with_shipped(own: Iterable[LegalRule]) -> list[legal.Rule]:
    """`legal_rules`, where the clinic's own were read."""
    return [*legal.shipped(), *map(as_rule, own)]


def as_rule(row: LegalRule) -> legal.Rule:
    return legal.Rule(
        id=row.pk,
        code=row.code,
        jurisdiction=row.jurisdiction,
        effect=row.effect,
        starts=row.starts,
        ends=row.ends,
        source=row.source,
        checked_on=row.checked_on,
    )


@cache
def _seen(locations: int) -> AtOnce:
    def ask(*, program_id: UUID, **places: UUID) -> Questions:
        seen = Program.objects.visible_to(at_places(places.values()))
        return (seen.select_related("protocol").filter(pk=program_id),)

    return AtOnce(ask)


def seen_program(*, program_id: UUID, by: User) -> Program | None:
    """The program with its protocol, if `by` sees it."""
    places = places_of(by)
    rows = _seen(len(places))(program_id=program_id, **places)[0] if places else []
    return rows[0] if rows else None


def asks_seen_program(*, program_id: UUID, by: User) -> tuple[str, list[object]]:
    """The statement of `seen_program` for somebody with a location, to be sent ahead."""
    places = places_of(by)
    return _seen(len(places)).asks(program_id=program_id, **places)
