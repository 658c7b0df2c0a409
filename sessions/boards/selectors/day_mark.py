"""Has anything changed that the day board shows? One mark says so, without reading the board.

It names the very row versions that the board is made of: PostgreSQL writes a changed row anew, so that its place
(`ctid`) and who wrote it (`xmin`) are together those of no other version. Whatever changes a row, by whichever verb,
changes the mark. What the gates look at is in it by their own mark. `sessions/boards/sql/day_mark.py` says which rows.
"""

from __future__ import annotations

from django.db.models import CharField, Func


class DayMark(Func):
    """The mark of one day at one location: (its id, when the day begins, when the next one does); 32 characters.

    Null for a location that is not in the scope of whoever asks.
    """

    function = "clinic_sessions_day_mark"
    arity = 3
    output_field = CharField()
