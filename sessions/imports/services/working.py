"""Bring an import in, or take it back, in one transaction: all or none. Whoever is killed leaves it waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection, transaction

from kapclinic.core import crypto, doorbell, transitions, writing
from kapclinic.core.errors import ClinicError, FieldError
from kapclinic.core.rows import FAILURES
from kapclinic.practice.models import SYSTEM, User
from kapclinic.practice.rules import ADMIN
from kapclinic.trail import services as trail
from sessions.imports import rules, selectors
from sessions.imports.models import Import, ImportContent, ImportedRow, ImportFailure, ImportKind, ImportState
from sessions.imports.rules import packing
from sessions.imports.services.rows import Brought, Tried, acting, bring, bring_alone, hold, take_back

logger = logging.getLogger(__name__)
ONE_AT_A_TIME = 0x6B61705F696D7074  # "kap_impt"
TOGETHER = 500  # clients whom one audit event names


class _NotKept(Exception):
    """Undoes what was written, when rows were refused or it was only tried."""


def work_on(*, import_id: UUID, at: datetime) -> None:
    """Bring an import in, or take it back. While somebody is at any import it is left for later.

    Two would wait for each other's rooms and people: each holds those of all its rows until its end.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
            if not cursor.fetchone()[0]:
                return
        rows = Import.objects.select_for_update(of=("self",), skip_locked=True)
        row: Import | None = rows.filter(pk=import_id, state__in=rules.WAITING).first()
        if row is None:
            return
        by: User = User.objects.get(pk=row.undo_by or row.created_by)
        by.narrow(row.locations)  # who asked by a narrowed token gets no more than it shows
        may = by.is_active and bool(by.role_set & ADMIN)
        if row.state == ImportState.UNDOING:
            _undo(row, by=by, may=may, at=at)
        elif may:
            _try(row, by=by, at=at)
        else:
            _fail(row, ImportFailure.NOT_PERMITTED, at=at)


def sweep_imports(*, at: datetime) -> int:
    """Ring again for the imports that wait: a message was lost, or another was at work. Returns how many there were.

    They are no work for a pass, which may take less time than ten thousand rows.
    """
    found = selectors.waiting()
    with transaction.atomic():
        for import_id in found:
            doorbell.ring(rules.TASK, import_id=import_id)
    return len(found)


def reseal_imports() -> int:
    """Seal again, with the first key, the rows that wait under an older one; returns of how many imports.

    :raises Undecipherable: for one whose key is not among FIELD_KEYS any more
    """
    done = 0
    for key in list(ImportContent.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = ImportContent.objects.select_for_update(of=("self",)).filter(pk=key).first()
            if row is None or crypto.is_current(bytes(row.sealed)):
                continue
            row.sealed = crypto.rotate(bytes(row.sealed), aad=row.bound_to())
            row.save(update_fields=["sealed"])
            done += 1
    return done


# --- in --------------------------------------------------------------------------------------------------------------


def _try(row: Import, *, by: User, at: datetime) -> None:
    """Bring it in; an import that breaks at it has failed."""
    try:
        with transaction.atomic():
            waits = ImportContent.objects.get(pk=row.pk)
            read = packing.unpacked(crypto.unseal(bytes(waits.sealed), aad=waits.bound_to()))
            if row.kind == ImportKind.CLIENTS:
                row.warnings = selectors.likely_same(read, user=by)
            errors = _bring_in(row, read, by=by, at=at)
    except OperationalError:
        raise  # the database is away, or somebody holds a lock: later
    except FAILURES as exc:
        logger.warning("an import could not be brought in: %s", type(exc).__name__)
        row.refresh_from_db()
        _fail(row, ImportFailure.BROKEN, at=at)
        return
    row.errors = errors[: rules.MOST_TOLD]
    row.wrong = len({error["row"] for error in errors})
    if errors:
        _fail(row, ImportFailure.ROWS, at=at)
    else:
        _end(row, "finish", at=at)


def _bring_in(
    row: Import, read: list[tuple[int, packing.Body]], *, by: User, at: datetime
) -> list[rules.RowError]:
    """All rows, or none: a verb that refuses has written nothing, so the others are tried, and the report names each.

    What the database itself refuses ends the trial: nothing can be asked of it in that transaction any more. Which row
    that is shows when they are tried one by one.
    """
    try:
        return _tried(row, read, bring, by=by, at=at)
    except OperationalError:
        raise
    except DatabaseError:
        return _tried(row, read, bring_alone, by=by, at=at)


def _tried(
    row: Import,
    read: list[tuple[int, packing.Body]],
    way: Callable[..., Iterator[Tried]],
    *,
    by: User,
    at: datetime,
) -> list[rules.RowError]:
    errors: list[rules.RowError] = []
    made: list[tuple[int, Brought]] = []
    bodies = [body for _, body in read]
    try:
        with transaction.atomic(), writing.together():
            found = way(row.kind, bodies, by=acting(by), at=at)
            for number, _ in read:
                try:
                    told = next(found)
                except OperationalError:
                    raise
                except DatabaseError:  # without a word of it, which might hold data
                    if way is bring:
                        raise
                    refused = FieldError("", "conflict", "A rule of the database refused this.")
                    errors += rules.row_errors(number, [refused])
                    break
                if isinstance(told, ClinicError):
                    errors += rules.row_errors(
                        number, told.errors or [FieldError("", told.code, told.detail)]
                    )
                else:
                    made.append((number, told))
            if errors or row.dry_run:
                raise _NotKept
            _note(row, made, by=by, at=at)
    except _NotKept:
        return errors
    return []


def _note(row: Import, made: list[tuple[int, Brought]], *, by: User, at: datetime) -> None:
    rows = [
        ImportedRow(of=row, row=number, object_id=key, created_at=at, created_by=by.pk)
        for number, (key, _) in made
    ]
    ImportedRow.objects.bulk_create(rows, batch_size=1000)
    _log(row, "bring_in", [client for _, (_, client) in made], by=by, at=at)


def _log(row: Import, action: str, clients: Iterable[UUID], *, by: User, at: datetime) -> None:
    """The act on each client's record: their access log shows it."""
    whose = sorted(set(clients))
    for begin in range(0, len(whose), TOGETHER):
        trail.log_act(
            by=by.pk,
            roles=by.role_set,
            action=f"import.{action}",
            object_type="import",
            object_id=row.pk,
            clients=whose[begin : begin + TOGETHER],
            at=at,
        )


def _fail(row: Import, failure: ImportFailure, *, at: datetime) -> None:
    row.failure = failure
    _end(row, "fail", at=at)


def _end(row: Import, move: str, *, at: datetime) -> None:
    transitions.apply(rules.IMPORT_MOVES, move, instance=row, by=SYSTEM, field="state")
    row.ended_at = at
    row.save_by(SYSTEM, at=at)
    gone, _ = ImportContent.objects.filter(pk=row.pk).delete()
    if gone:
        trail.log_act(
            by=SYSTEM.pk,
            roles=(),
            action="import.rows_forgotten",
            object_type="import",
            object_id=row.pk,
            detail={"count": row.total},
            at=at,
        )


# --- and back --------------------------------------------------------------------------------------------------------


def _undo(row: Import, *, by: User, may: bool, at: datetime) -> None:
    """Take all of it back, unless something has come to hang on it since that was asked: then it stays, and says so."""
    keys = selectors.left_of(row)
    hold(row.kind, keys)
    row.hanging = selectors.hanging_on(row.kind, keys)
    if row.hanging or not may:
        transitions.apply(rules.IMPORT_MOVES, "keep", instance=row, by=SYSTEM, field="state")
        row.undo_by, row.undo_reason = None, ""
        row.save_by(SYSTEM, at=at)
        return
    with writing.together():
        whose = take_back(row.kind, keys, reason=row.undo_reason, by=acting(by), at=at)
    _log(row, "take_back", whose, by=by, at=at)
    transitions.apply(rules.IMPORT_MOVES, "end", instance=row, by=SYSTEM, field="state")
    row.undone_at = at
    row.save_by(SYSTEM, at=at)
