"""Questions to a practice's exports, and every table as its archive holds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Subquery

from billing.jobs.models import JobFile
from billing.records.models import PracticeExport, PracticeExportPiece, PracticeExportQuerySet
from billing.records.rules import practice_exports as rules
from billing.records.rules.practice_contents import LEFT_BEHIND, NARROWED, not_in_rows
from billing.records.selectors.pieces import cut
from billing.records.sql import tables as statements
from kapclinic.core import crypto
from kapclinic.practice.models import Location, User
from sessions.files.models import AttachmentContent
from sessions.imports.models import ImportContent

BATCH = 1000  # rows that are held at once; of a table with bytes, BYTES_BATCH
BYTES_BATCH = 20


class Table(NamedTuple):
    """A table of the practice: its key, whether it holds bytes, and the months of its partitions."""

    name: str
    key: Sequence[str]
    has_bytes: bool
    months: Sequence[str]


def exports() -> PracticeExportQuerySet:
    """Exports with the names of who asked and who decided."""

    def name(column: str) -> Subquery:
        return Subquery(User.objects.filter(pk=OuterRef(column)).values("name")[:1])

    found: PracticeExportQuerySet = PracticeExport.objects.annotate(
        asked_by=name("created_by"), decider=name("decided_by")
    )
    return found


def open_exports() -> list[UUID]:
    """Those that the worker is to make; at most one."""
    return list(PracticeExport.objects.filter(state__in=rules.OPEN).values_list("pk", flat=True))


def places() -> set[UUID]:
    """Every location of the practice."""
    return set(Location.objects.values_list("pk", flat=True))


# --- what an archive holds -------------------------------------------------------------------------------------------


def all_tables() -> list[Table]:
    """Every table, also those that stay behind, by name."""
    with connection.cursor() as cursor:
        cursor.execute(statements.TABLES)
        return [
            Table(name, key or (), bool(held), months or ()) for name, key, held, months in cursor.fetchall()
        ]


def carried() -> list[Table]:
    """The tables of an archive, by name."""
    return [table for table in all_tables() if table.name not in LEFT_BEHIND]


def rows_of(table: Table) -> Iterator[str]:
    """Each row of a table as its archive holds it, by its key, a batch at a time; inside a transaction."""
    only, _ = NARROWED.get(table.name, ("true", ""))
    asked = statements.rows(table.name, key=table.key, empty=not_in_rows(table.name), only=only)
    size = BYTES_BATCH if table.has_bytes else BATCH
    with connection.chunked_cursor() as cursor:
        cursor.execute(asked)
        while batch := cursor.fetchmany(size):
            for (text,) in batch:
                yield text


def files_of(table: str) -> Iterator[tuple[UUID, bytes]]:
    """The bytes of a table that leave as files, opened, each with the key of its row, one at a time.

    :raises Undecipherable: as `core.crypto.unseal`
    """
    if table == JobFile._meta.db_table:
        for file in JobFile.objects.order_by("pk").iterator(chunk_size=1):
            yield file.pk, bytes(file.content)
    elif table == AttachmentContent._meta.db_table:
        contents = AttachmentContent.objects.select_related("attachment").order_by("pk")
        for content in contents.iterator(chunk_size=1):
            yield content.pk, crypto.unseal(bytes(content.sealed), aad=content.attachment.bound_to())
    else:
        for waits in ImportContent.objects.order_by("pk").iterator(chunk_size=1):
            yield waits.pk, crypto.unseal(bytes(waits.sealed), aad=waits.bound_to())


def schema() -> dict[str, str]:
    """The last migration of each app."""
    with connection.cursor() as cursor:
        cursor.execute(statements.SCHEMA)
        return dict(cursor.fetchall())


def sequences() -> dict[str, int]:
    """The last number that each sequence gave."""
    with connection.cursor() as cursor:
        cursor.execute(statements.SEQUENCES)
        return dict(cursor.fetchall())


def stays(table: str) -> int:
    """How many rows of a table that is narrowed don't go."""
    only, _ = NARROWED[table]
    with connection.cursor() as cursor:
        cursor.execute(statements.count_where(table, f"NOT ({only})"))
        (found,) = cursor.fetchone()
        return int(found)


# --- what was made ---------------------------------------------------------------------------------------------------


def has_file(export: PracticeExport) -> bool:
    return PracticeExportPiece.objects.filter(export=export.pk).exists()


def archive_of(export: PracticeExport, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The archive from one byte to before another, some megabytes at a time.

    :raises Undecipherable: when a piece is not there; and from the iterator, without its key, or when a row was
        tampered with
    """
    pieces = PracticeExportPiece.objects.filter(export=export.pk).order_by("position")
    sizes = list(pieces.values_list("position", "size"))
    if [position for position, _ in sizes] != list(range(len(sizes))) or export.size != sum(
        size for _, size in sizes
    ):
        raise crypto.Undecipherable("A piece of the archive is not there.")

    def read(position: int) -> bytes | None:
        piece = PracticeExportPiece.objects.filter(export=export.pk, position=position).first()
        return None if piece is None else crypto.unseal(bytes(piece.sealed), aad=piece.bound_to())

    stop = export.size if stop is None else stop
    return cut([size for _, size in sizes], read, start=start, stop=stop)
