"""Questions to record exports, and what a part of one says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import BooleanField, OuterRef, Subquery, Value
from django.db.models.expressions import RawSQL

from billing.documents.models import Receipt, Superbill
from billing.documents.sql import of_two
from billing.estimates.models import EstimateIssue
from billing.letters.models import NecessityLetterSignature
from billing.records.models import (
    RecordExport,
    RecordExportFile,
    RecordExportPart,
    RecordExportPiece,
    RecordExportQuerySet,
)
from billing.records.rules import exports as rules
from billing.records.rules.contents import NO_COLUMN, SECTIONS, SIGNED, Table
from billing.records.selectors.pieces import cut
from billing.statements.models import Statement
from billing.statements.sql import OF_TWO as STATEMENT_OF_TWO
from kapclinic.core import crypto
from kapclinic.practice.models import Client, SessionKind, User
from kapclinic.practice.selectors import person
from programs.models import Program
from sessions.booking.models import Session
from sessions.booking.rules import CAME
from sessions.evidence import page
from sessions.evidence.selectors import canonical, plain, put_together
from sessions.files import selectors as files
from sessions.files.models import Attachment
from sessions.files.rules import file_name
from sessions.notes.models import Note
from sessions.notes.page import print_note
from sessions.notes.selectors import on_paper

Kind = RecordExportPart.Kind


class Planned(NamedTuple):
    """A file that an archive will hold."""

    kind: str
    name: str
    subject: UUID | None = None


def exports() -> RecordExportQuerySet:
    """Exports with how far each is and the name of who asked."""
    name = User.objects.filter(pk=OuterRef("created_by")).values("name")[:1]
    found: RecordExportQuerySet = RecordExport.objects.with_progress().annotate(asked_by=Subquery(name))
    return found


def open_exports() -> list[UUID]:
    """Those that are not over, the oldest first."""
    rows = RecordExport.objects.filter(state__in=rules.OPEN).order_by("created_at", "pk")
    return list(rows.values_list("pk", flat=True))


def places_of(client_id: UUID) -> set[UUID]:
    """Every location where this person is or was in care."""
    found: set[UUID] = set(
        Program.objects.filter(client__in=person(client_id)).values_list("location", flat=True)
    )
    for row in Client.objects.filter(pk__in=person(client_id)).values_list("locations", flat=True):
        found.update(row)
    return found


# --- what it is made of ----------------------------------------------------------------------------------------------


def planned(client_id: UUID) -> tuple[list[Planned], list[dict[str, str]]]:
    """The files of a person's archive in their order, and what is left out: too much, or of two people."""
    parts = [Planned(Kind.SECTION, name) for name in SECTIONS]
    doses = Session.objects.filter(client__in=person(client_id), kind=SessionKind.DOSING, status__in=CAME)
    given = doses.order_by("starts_at", "pk").values_list("pk", flat=True)
    parts += [Planned(Kind.EVIDENCE, f"evidence/evidence-{key}.pdf", key) for key in given]
    signed = Note.objects.filter(session__client__in=person(client_id), **SIGNED)
    notes = signed.order_by("signed_at", "pk").values_list("pk", flat=True)
    parts += [Planned(Kind.NOTE, f"notes/note-{key}.pdf", key) for key in notes]
    papers, left_out = _papers(client_id)
    attached, too_large = _attached(client_id)
    return parts + papers + attached, left_out + too_large


def _papers(client_id: UUID) -> tuple[list[Planned], list[dict[str, str]]]:
    """Papers of two people who were taken for one are in no copy: they say of the other what was done and paid."""
    found, left = [], []
    for kind, (model, client) in PAPERS.items():
        rows = model._default_manager.filter(**{f"{client}__in": person(client_id)})
        told = rows.annotate(of_two=_of_two(model)).order_by("created_at", "pk")
        for key, of_two_people in told.values_list("pk", "of_two"):
            name = f"billing/{kind}-{key}.pdf"
            if of_two_people:
                left.append({"name": name, "reason": "of_two_people"})
            else:
                found.append(Planned(kind, name, key))
    return found, left


def _of_two(model: type[models.Model]) -> RawSQL | Value:
    """Does a row tell of another person? Of a table that can't, none does."""
    condition = OF_TWO.get(model)
    if condition is None:
        return Value(False)  # noqa: FBT003
    return RawSQL(condition, (), output_field=BooleanField())  # noqa: S611  (no value in it)


def _attached(client_id: UUID) -> tuple[list[Planned], list[dict[str, str]]]:
    found, left, total = [], [], 0
    for row in files.attachments(client_id).filter(void__isnull=True).order_by("created_at", "pk"):
        name = f"attachments/{file_name(row)}"
        total += row.size
        if total > rules.MOST_FILES:
            left.append({"name": name, "reason": "too_large"})
        else:
            found.append(Planned(Kind.ATTACHMENT, name, row.pk))
    return found, left


# Papers that are kept byte for byte: kind -> their table, and the way to the client.
PAPERS: Mapping[str, tuple[type[models.Model], str]] = {
    Kind.SUPERBILL: (Superbill, "client"),
    Kind.RECEIPT: (Receipt, "client"),
    Kind.STATEMENT: (Statement, "client"),
    Kind.ESTIMATE: (EstimateIssue, "estimate__client"),
    Kind.LETTER: (NecessityLetterSignature, "letter__client"),
}

# Papers that may tell of two people, where a merge was taken back after them: the condition on a row.
OF_TWO: Mapping[type[models.Model], str] = {
    Superbill: of_two("billing_superbill"),
    Receipt: of_two("billing_receipt"),
    Statement: STATEMENT_OF_TWO,
}


def content_of(part: RecordExportPart, *, client_id: UUID) -> bytes:
    """The bytes of one file of the archive, as the record stands now."""
    if part.kind in PAPERS:
        papers = PAPERS[part.kind][0]._default_manager.filter(pk=part.subject)
        return bytes(papers.values_list("pdf", flat=True).get())
    make: Callable[[RecordExportPart, UUID], bytes] = _MADE[part.kind]
    return make(part, client_id)


def _section(part: RecordExportPart, client_id: UUID) -> bytes:
    return canonical({_name(table): list(_rows(table, client_id)) for table in SECTIONS[part.name]})


def _name(table: Table) -> str:
    return str(table.model._meta.verbose_name).replace(" ", "_")


def _rows(table: Table, client_id: UUID) -> Iterator[dict[str, object]]:
    """Each row, every column of it but bytes, in the order in which they were written."""
    rows = table.model._default_manager.filter(**{f"{table.client}__in": person(client_id)}, **table.only)
    columns = [
        column
        for column in table.model._meta.concrete_fields
        if column.name not in NO_COLUMN and not isinstance(column, models.BinaryField)
    ]
    names = [column.attname for column in columns]
    if table.model in OF_TWO:
        rows = rows.alias(of_two=_of_two(table.model)).filter(of_two=False)
    for row in rows.order_by("created_at", "pk").values_list(*names):
        yield {column.name: plain(value) for column, value in zip(columns, row, strict=True)}


def _evidence(part: RecordExportPart, client_id: UUID) -> bytes:
    assert part.subject is not None
    made = put_together(session_id=part.subject)
    return page.print_page(made.content, sha256=made.sha256)


def _note(part: RecordExportPart, client_id: UUID) -> bytes:
    assert part.subject is not None
    return print_note(on_paper().get(pk=part.subject))


def _attachment(part: RecordExportPart, client_id: UUID) -> bytes:
    assert part.subject is not None
    return files.bytes_of(Attachment.objects.get(pk=part.subject))


_MADE: Mapping[str, Callable[[RecordExportPart, UUID], bytes]] = {
    Kind.SECTION: _section,
    Kind.EVIDENCE: _evidence,
    Kind.NOTE: _note,
    Kind.ATTACHMENT: _attachment,
}


# --- what was made ---------------------------------------------------------------------------------------------------


def next_part(export: RecordExport) -> RecordExportPart | None:
    """The first file that is still to be made."""
    found: RecordExportPart | None = export.parts.filter(sealed__isnull=True).order_by("position").first()
    return found


def made_parts(export: RecordExport) -> Iterator[tuple[RecordExportPart, bytes]]:
    """Each file that was made, with its bytes."""
    for part in export.parts.order_by("position").iterator(chunk_size=1):
        assert part.sealed is not None
        content, part.sealed = crypto.unseal(bytes(part.sealed), aad=part.bound_to()), None
        yield part, content


def has_file(export: RecordExport) -> bool:
    """Is the archive there? One that has ended is not."""
    return RecordExportFile.objects.filter(pk=export.pk).exists()


def archive_of(export: RecordExport, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The archive from one byte to before another, some megabytes at a time; the first of them are opened at once.

    :raises Undecipherable: without its key, or when a row was tampered with or is not there: for the first that is
        asked for at once, for those behind it from the iterator
    """
    assert export.size is not None
    pieces = RecordExportPiece.objects.filter(export=export.pk).order_by("position")
    sizes = dict(pieces.values_list("position", "size"))
    if list(sizes) != list(range(1, len(sizes) + 1)):
        raise crypto.Undecipherable("A piece of the archive is not there.")
    told = [export.size - sum(sizes.values()), *sizes.values()]
    stop = export.size if stop is None else stop
    found = cut(told, lambda position: _piece(export, position), start=start, stop=stop)
    return chain([next(found)], found)


def _piece(export: RecordExport, position: int) -> bytes | None:
    if position == 0:
        row = RecordExportFile.objects.filter(pk=export.pk).first()
        return None if row is None else crypto.unseal(bytes(row.sealed), aad=export.bound_to())
    piece = RecordExportPiece.objects.filter(export=export.pk, position=position).first()
    return None if piece is None else crypto.unseal(bytes(piece.sealed), aad=piece.bound_to())
