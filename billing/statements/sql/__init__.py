"""Statements of the accounts, and whether the books of a statement's period say something else now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection

from billing.ledger.rules import HEALTH_CARDS, HEALTH_KINDS
from kapclinic.core.statements import Row

_HERE = Path(__file__).parent
OF_TWO = f"({(_HERE / 'of_two.sql').read_text()})"
OUTDATED = f"({OF_TWO} OR {(_HERE / 'outdated.sql').read_text()})"
_ACCOUNTS = (_HERE / "accounts.sql").read_text()
_ROWS = " SELECT *, count(*) OVER () AS persons FROM standing"
_COUNT = " SELECT count(*) AS persons FROM standing"
_STATES = {None: "", "owes": " WHERE owes > 0", "credit": " WHERE credit > 0"}
_PAGE = " ORDER BY d91 DESC, d61_90 DESC, d31_60 DESC, d0_30 DESC, credit DESC, client OFFSET %(start)s LIMIT %(most)s"


@dataclass
class Accounts:
    """How the persons stand who owe money at `places`, or have some there: read by a slice, which counts them too."""

    places: tuple[UUID, ...]
    state: str | None
    at: datetime
    persons: int | None = None

    def _asked(self, question: str, **more: int) -> list[Row]:
        values: Row = {"places": list(self.places), "at": self.at, **more}
        values |= {"cards": [*map(str, HEALTH_CARDS)], "care": [*map(str, HEALTH_KINDS)]}
        with connection.cursor() as cursor:
            cursor.execute(_ACCOUNTS + question, values)
            columns = [column.name for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def __getitem__(self, span: slice, /) -> list[Row]:
        question = _ROWS + _STATES[self.state] + _PAGE
        rows = self._asked(question, start=span.start, most=span.stop - span.start)
        if rows:
            self.persons = rows[0]["persons"]
        return rows

    def count(self) -> int:
        if self.persons is None:
            self.persons = int(self._asked(_COUNT + _STATES[self.state])[0]["persons"])
        return self.persons
