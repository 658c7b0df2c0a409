"""Which ids of clients are one person: the app that knows says so here, and a list of the trail asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import QuerySet

Rows: TypeAlias = QuerySet[Any]  # Any: of whichever list
Narrow: TypeAlias = Callable[[Rows, UUID, object], Rows]

_known: dict[str, Callable[[str], Narrow]] = {}


def declare(of_column: Callable[[str], Narrow]) -> None:
    """Make known how rows are narrowed to a person by a column; at the start of the process, once."""
    _known["client"] = of_column


def of_person(column: str) -> Narrow:
    """What a list's filter `client` does: rows whose `column` is any id of that person."""

    def narrow(queryset: Rows, value: UUID, user: object) -> Rows:
        return _known["client"](column)(
            queryset, value, user
        )  # asked now: at the start nobody had said it yet

    return narrow
