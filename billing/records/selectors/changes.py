"""What changed in a row, read from its history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias, TypedDict
from uuid import UUID

from django.db import connection, models
from django.db.models import Q, QuerySet

from billing.records.rules.changes import Kept
from billing.records.sql import CHANGES, COUNT, PAGE
from kapclinic.core.moments import utc_text
from kapclinic.practice.models import User


class Change(TypedDict):
    """One field of one version: what stood there before, and what since."""

    at: datetime
    by: UUID | None
    name: str
    field: str
    old: object
    new: object


Line: TypeAlias = tuple[datetime, UUID | None, str, str, str | None, str | None]
# Tables without `visible_to` that belong to a place; the others are the practice's.
PLACES = {"Location": "pk", "Room": "location", "Fee": "location", "Finding": "screening__program__location"}


def row_of(kept: Kept, object_id: UUID, *, user: User) -> models.Model | None:
    """The row, if the user may see it; else None."""
    rows: QuerySet[models.Model] = kept.model._default_manager.all()
    visible_to = getattr(rows, "visible_to", None)
    if visible_to is not None:
        rows = visible_to(user)
    elif (where := PLACES.get(kept.model.__name__)) is not None:
        mine = {f"{where}__in": list(user.locations)}
        rows = rows.filter(Q(**mine) | Q(**{f"{where}__isnull": True}))
    path = kept.client.split(".")[:-1]
    if path:
        rows = rows.select_related("__".join(path))
    return rows.filter(pk=object_id).first()


def client_of(kept: Kept, row: models.Model) -> UUID | None:
    """Whose record the row is, if it is a client's."""
    found: object = row if kept.client else None
    for part in kept.client.split(".") if kept.client else ():
        found = getattr(found, part)
    return found if isinstance(found, UUID) else None


class Changes:
    """The changes of one row in the columns that somebody reads, the newest first: by a slice, and counted apart."""

    def __init__(self, kept: Kept, object_id: UUID, *, columns: Mapping[str, str]) -> None:
        self.columns = columns
        self.fields = {column.attname: column for column in kept.model._meta.concrete_fields}
        table = kept.model.history.model._meta.db_table  # type: ignore[attr-defined]
        # the name of a table of ours; ids and columns are parameters
        self.sql = CHANGES.replace("{table}", connection.ops.quote_name(table))
        self.asked: dict[str, object] = {"key": object_id, "columns": list(columns)}

    def count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(self.sql + COUNT, self.asked)  # type: ignore[arg-type]  # a list is an array
            return int(cursor.fetchall()[0][0])

    def __getitem__(self, span: slice) -> list[Change]:
        start = span.start or 0
        page = {"start": start, "size": span.stop - start}
        with connection.cursor() as cursor:
            cursor.execute(self.sql + PAGE, self.asked | page)  # type: ignore[arg-type]
            found: list[Line] = cursor.fetchall()
        return [
            {
                "at": at,
                "by": by,
                "name": name,
                "field": self.columns[column],
                "old": self._shown(column, old),
                "new": self._shown(column, new),
            }
            for at, by, name, column, old, new in found
        ]

    def _shown(self, column: str, text: str | None) -> object:
        """A value of the history as answers have it: moments with `Z`, amounts as text."""
        kind = self.fields[column]
        if text is None or text == "null":
            return None
        if isinstance(kind, models.DecimalField):
            return text
        value: object = json.loads(text)
        if isinstance(kind, models.DateTimeField):
            return utc_text(datetime.fromisoformat(str(value)))
        return value
