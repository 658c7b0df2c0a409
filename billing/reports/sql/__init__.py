"""What packages owe, as rows and as their sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from django.db import connection

from kapclinic.core.statements import Row

_FIGURES = Path(__file__).with_name("liability.sql").read_text()
_ROWS = " SELECT * FROM figures ORDER BY sold_on DESC, purchase DESC OFFSET %(start)s LIMIT %(most)s"
_SUMS = (
    " SELECT coalesce(sum(opening), 0) AS opening, coalesce(sum(sold), 0) AS sold, coalesce(sum(drawn), 0) AS drawn,"
    " coalesce(sum(returned), 0) AS returned, coalesce(sum(closing), 0) AS closing, count(*) AS purchases FROM figures"
)


@dataclass(frozen=True)
class Liability:
    """The purchases of `places` that owed something, or moved, from `first` to `last`; read by a slice."""

    places: tuple[UUID, ...]
    first: date
    last: date

    def _asked(self, tail: str, **more: int) -> list[Row]:
        values: Row = {"places": list(self.places), "first": self.first, "last": self.last, **more}
        with connection.cursor() as cursor:
            cursor.execute(_FIGURES + tail, values)
            columns = [column.name for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def __getitem__(self, span: slice, /) -> list[Row]:
        return self._asked(_ROWS, start=span.start, most=span.stop - span.start)

    def sums(self) -> Row:
        return self._asked(_SUMS)[0]

    def count(self) -> int:
        return int(self.sums()["purchases"])
