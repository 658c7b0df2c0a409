"""Take in the rows of a file, or ask to take them back. The worker does either after the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import crypto, doorbell, transitions
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import User
from kapclinic.practice.rules import ADMIN
from sessions.imports import rules, selectors
from sessions.imports.models import Import, ImportContent, ImportState
from sessions.imports.rules import packing


class ImportedBefore(Conflict):
    code, title = "imported_before", "This file came in before"


class InUse(Conflict):
    code, title = "in_use", "Something hangs on these rows by now"


@transaction.atomic
def ask_to_import(
    *,
    kind: str,
    content: bytes,
    rows: Sequence[tuple[int, packing.Body]],
    dry_run: bool,
    by: User,
    at: datetime,
) -> Import:
    """Let the rows of a file come in, all or none. `rows` are those of `content`, as the POST of one would take each.

    The file itself is not kept; its rows wait sealed.

    :raises NotPermitted: unless `by` is an administrator
    :raises ImportedBefore: for a file that came in, or waits, and was not undone
    """
    transitions.require_role(by, ADMIN, what="An import")
    sha256 = hashlib.sha256(content).hexdigest()
    standing = Import.objects.filter(
        sha256=sha256, dry_run=False, state__in=[*rules.WAITING, ImportState.DONE]
    )
    before = standing.values_list("pk", flat=True).first()
    if before is not None:
        raise ImportedBefore("Undo that import first, or send another file.", before=str(before))
    row = Import(
        kind=kind,
        dry_run=dry_run,
        locations=list(by.locations),
        sha256=sha256,
        size=len(content),
        total=len(rows),
    ).save_by(by, at=at)
    waits = ImportContent(of=row)
    waits.sealed = crypto.seal(packing.packed(rows), aad=waits.bound_to())
    waits.save(force_insert=True)
    doorbell.ring(rules.TASK, import_id=row.pk)
    return row


@transaction.atomic
def ask_to_undo(*, import_id: UUID, reason: str, by: User, at: datetime) -> Import:
    """Take back all that came in: clients are withdrawn, appointments cancelled, measures voided; each row stays.

    :raises NotPermitted: unless `by` is an administrator
    :raises IllegalTransition: for one that brought nothing in, or was undone before
    :raises InUse: when the record has gone on from these rows; `hanging` says by how many rows
    """
    row: Import = Import.objects.select_for_update(of=("self",)).get(pk=import_id)
    if row.dry_run:
        raise Conflict("It was tried and brought nothing in.", state=row.state)
    transitions.apply(rules.IMPORT_MOVES, "undo", instance=row, by=by, field="state")
    hanging = selectors.hanging_on(row.kind, selectors.left_of(row))
    if hanging:
        raise InUse(f"Rows of the record that hang on them: {hanging}.", hanging=hanging)
    row.undo_reason, row.undo_by, row.hanging = reason, by.pk, 0
    row.save_by(by, at=at)
    doorbell.ring(rules.TASK, import_id=row.pk)
    return row
