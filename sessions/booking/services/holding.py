"""The lock that everything about one session takes first."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from sessions.booking.sql.hold import HOLD


def hold(*, session_id: UUID, with_course: bool = False) -> None:
    """Lock the session's row until the transaction ends; `with_course` its program's before it.

    What is read afterwards is what stands behind the lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {HOLD}", [session_id, with_course])
