"""Questions to the course."""

from __future__ import annotations

from django.db.models import Case, IntegerField, QuerySet, Value, When

from programs.models import Program, Protocol


def protocols() -> QuerySet[Protocol]:
    """Every version; approved ones first, then by name and newest edition."""
    rank = Case(
        When(status=Protocol.Status.APPROVED, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found: QuerySet[Protocol] = Protocol.objects.annotate(rank=rank)
    return found


def programs_with_relations() -> QuerySet[Program]:
    """Programs with what an answer shows, in one query plus one for the phases."""
    found: QuerySet[Program] = Program.objects.select_related("protocol", "client", "location")
    return found.prefetch_related("spans")
