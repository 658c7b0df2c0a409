"""Questions to imports: what waits, whose day a program's is, who may be the same person, what hangs on rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import OuterRef, Subquery

from kapclinic.practice.models import Client, User
from kapclinic.practice.rules import folded
from programs.models import Program
from screening.models import Measure
from sessions.booking.models import Session
from sessions.imports import rules
from sessions.imports.models import Import, ImportKind, ImportQuerySet
from sessions.imports.rules import packing

Name = tuple[date, str, str]
SAME = "Somebody of this name and birth date is there already."
OF_KIND: Mapping[str, type[models.Model]] = {
    ImportKind.CLIENTS: Client,
    ImportKind.APPOINTMENTS: Session,
    ImportKind.MEASURES: Measure,
}
# What a booking makes by itself, and takes away again with its end.
OF_ITSELF = frozenset(
    {("Allocation", "session"), ("Obligation", "integration_session"), ("Session", "for_dose")}
)
TAKEN_BACK = frozenset({("MeasureVoid", "measure")})


def imports() -> ImportQuerySet:
    """Imports with the name of who asked."""
    name = User.objects.filter(pk=OuterRef("created_by")).values("name")[:1]
    found: ImportQuerySet = Import.objects.annotate(asked_by=Subquery(name))
    return found


def waiting() -> list[UUID]:
    """Those that the worker has something to do for, the oldest first."""
    rows = Import.objects.filter(state__in=rules.WAITING).order_by("created_at", "pk")
    return list(rows.values_list("pk", flat=True))


def zones_of(program_ids: Collection[UUID], *, user: User) -> dict[UUID, ZoneInfo]:
    """The zone of the location of each program that the user may see."""
    rows = Program.objects.visible_to(user).filter(pk__in=program_ids)
    return {key: ZoneInfo(zone) for key, zone in rows.values_list("pk", "location__time_zone")}


# --- who may be the same person --------------------------------------------------------------------------------------


def _name(first: str, last: str, born: date) -> Name:
    return born, folded(first), folded(last)


def likely_same(rows: Sequence[tuple[int, packing.Body]], *, user: User) -> list[rules.RowWarning]:
    """Rows whose legal name and birth date an earlier row has, or a client whom the user may see."""
    names = {
        number: _name(body["legal_first_name"], body["legal_last_name"], body["date_of_birth"])
        for number, body in rows
    }
    known: dict[Name, list[str]] = defaultdict(list)
    born = {name[0] for name in names.values()}
    others = Client.objects.visible_to(user).filter(date_of_birth__in=born).order_by("mrn")
    fields = ("pk", "legal_first_name", "legal_last_name", "date_of_birth")
    for key, first, last, day in others.values_list(*fields):
        known[_name(first, last, day)].append(str(key))
    seen: dict[Name, list[int]] = defaultdict(list)
    found = []
    for number, name in names.items():
        if name in known or name in seen:
            found.append(
                rules.RowWarning(
                    row=number,
                    code="likely_duplicate",
                    detail=SAME,
                    same_rows=seen[name][:5],
                    clients=known.get(name, [])[:5],
                )
            )
        seen[name].append(number)
    return found


# --- what hangs on rows ----------------------------------------------------------------------------------------------


def made_by(row: Import) -> list[UUID]:
    """What the rows of the file became, in their order."""
    return list(row.rows.order_by("row").values_list("object_id", flat=True))


def left_of(row: Import) -> list[UUID]:
    """Those of them that nobody has taken back since: no cancelled session, no voided measure."""
    keys = made_by(row)
    if row.kind == ImportKind.APPOINTMENTS:
        cancelled = Session.objects.filter(pk__in=keys, status=Session.Status.CANCELLED)
        gone = set(cancelled.values_list("pk", flat=True))
    elif row.kind == ImportKind.MEASURES:
        gone = set(Measure.objects.filter(pk__in=keys, void__isnull=False).values_list("pk", flat=True))
    else:
        return keys
    return [key for key in keys if key not in gone]


def hanging_on(kind: str, keys: Sequence[UUID]) -> int:
    """How many rows of the record hang on these: each that names one, and each session that people have begun."""
    found = sum(_count(model, name, keys) for model, name in _pointing(OF_KIND[kind]))
    if kind == ImportKind.APPOINTMENTS:
        ahead = [Session.Status.HELD, Session.Status.SCHEDULED]
        found += Session.objects.filter(pk__in=keys).exclude(status__in=ahead).count()
    return found


def _pointing(model: type[models.Model]) -> Iterator[tuple[type[models.Model], str]]:
    """Each table, of whatever app, with a key to this one; histories repeat what the rows say."""
    for link in model._meta.get_fields(include_hidden=True):
        if not (link.auto_created and link.is_relation) or link.concrete:
            continue
        other, name = link.related_model, link.field.name  # type: ignore[union-attr]
        assert isinstance(other, type)
        if not hasattr(other, "instance_type") and (other.__name__, name) not in OF_ITSELF | TAKEN_BACK:
            yield other, name


def _count(model: type[models.Model], name: str, keys: Iterable[UUID]) -> int:
    return model._base_manager.filter(**{f"{name}__in": list(keys)}).count()
