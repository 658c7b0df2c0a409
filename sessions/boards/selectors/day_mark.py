"""Has anything changed that the day board shows? One mark says so, without reading the board.

It names the very row versions that the board is made of: PostgreSQL writes a changed row anew, so that its place
(`ctid`) and who wrote it (`xmin`) are together those of no other version. Whatever changes a row, by whichever verb,
changes the mark. What the gates look at is in it by their own mark.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from sessions.dosing.selectors import gate_mark

# Which rows there are to see, each `t`: of the place, of its sessions that day, and of the courses that these are of.
# `tests/sessions/boards/test_day_board.py` holds this against the board: no table of it may be missing.
SEEN = (
    "day JOIN practice_location t ON t.id = day.location",
    "day JOIN practice_room t ON t.location_id = day.location AND t.is_active",
    "day JOIN practice_workinghours t ON t.location_id = day.location AND t.ended_at IS NULL",
    "worker JOIN practice_user t ON t.id = worker.id",
    """day CROSS JOIN worker JOIN practice_timeoff t
        ON t.user_id = worker.id AND t.cancelled_at IS NULL AND t.starts_at < day.ends AND t.ends_at > day.begins""",
    "today JOIN clinic_sessions_session t ON t.id = today.id",
    "today JOIN practice_client t ON t.id = today.client_id",
    "today JOIN clinic_sessions_allocation t ON t.session_id = today.id AND t.released_at IS NULL",
    "today JOIN clinic_sessions_stage t ON t.session_id = today.id",
    "today JOIN clinic_sessions_moveundo t ON t.session_id = today.id",
    "today JOIN clinic_sessions_attestation t ON t.session_id = today.id",
    "worded JOIN clinic_sessions_historicalsession t ON t.id = worded.id",
    "today JOIN clinic_sessions_obligation t ON t.integration_session_id = today.id",
    "course JOIN programs_program t ON t.id = course.id",
    "course JOIN programs_program p ON p.id = course.id JOIN programs_protocol t ON t.id = p.protocol_id",
    """course JOIN clinic_sessions_session t
        ON t.program_id = course.id AND t.kind = 'preparation' AND t.status = 'completed'""",
    """course JOIN clinic_sessions_session s ON s.program_id = course.id AND s.kind = 'dosing'
        JOIN clinic_sessions_administration t ON t.session_id = s.id""",
    """course JOIN clinic_sessions_session s ON s.program_id = course.id AND s.kind = 'dosing'
        JOIN clinic_sessions_administration a ON a.session_id = s.id
        JOIN clinic_sessions_administrationvoid t ON t.administration_id = a.id""",
    "course JOIN clinic_sessions_obligation t ON t.program_id = course.id",
)
# `earliest` is a column, since behind a policy an index is searched for what is compared with a column, not with a sum.
DAY_MARK = """
(WITH named(location, begins, ends) AS MATERIALIZED (SELECT {day}),
 day AS MATERIALIZED (SELECT *, begins - interval '{longest} seconds' AS earliest FROM named),
 today AS MATERIALIZED (
   SELECT s.id, s.client_id, s.program_id, s.staff, s.reason
     FROM day JOIN clinic_sessions_session s ON s.location_id = day.location
    WHERE s.starts_at >= day.earliest AND s.starts_at < day.ends
      AND s.ends_at > day.begins),
 course AS MATERIALIZED (SELECT DISTINCT program_id AS id FROM today),
 worded AS MATERIALIZED (SELECT id FROM today WHERE reason <> ''),
 worker AS MATERIALIZED (
   SELECT w.user_id AS id
     FROM day JOIN practice_workinghours w ON w.location_id = day.location AND w.ended_at IS NULL
   UNION
   SELECT (seat ->> 'user')::uuid FROM today CROSS JOIN LATERAL jsonb_array_elements(today.staff) seat
   UNION
   SELECT h.history_user_id FROM worded JOIN clinic_sessions_historicalsession h ON h.id = worded.id)
 SELECT left(encode(sha256(convert_to(ARRAY[
   (SELECT begins::text FROM day),
   (SELECT concat(count(*), ' ', sum(version)) FROM (
   {seen}) seen),
   {gates}
 ]::text, 'UTF8')), 'hex'), 32))
"""
# 64 bits of a version, other ones for each table: their sum needs no order.
VERSION = "SELECT hashtextextended(concat(t.ctid, t.xmin), {nth}) AS version FROM {rows}"


class DayMark(Func):
    """The mark of one day at one location: (its id, when the day begins, when the next one does); 32 characters."""

    output_field = CharField()

    def __init__(
        self, location: Combinable, begins: Combinable, ends: Combinable, *, longest_seconds: int
    ) -> None:
        super().__init__(location, begins, ends)
        self.longest_seconds = longest_seconds

    def as_sql(  # type: ignore[override]  # nothing of it is put in from outside, as Func allows
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[object, ...]]:
        parts = [compiler.compile(one) for one in self.source_expressions]
        versions = [VERSION.format(nth=nth, rows=rows) for nth, rows in enumerate(SEEN)]
        said = (
            DAY_MARK.replace("{seen}", "\n   UNION ALL ".join(versions))
            .replace(
                "{gates}",
                gate_mark(day="location, begins, ends FROM day", longest_seconds=self.longest_seconds),
            )
            .replace("{day}", ", ".join(sql for sql, _ in parts))
            .replace("{longest}", str(self.longest_seconds))
        )
        return said, tuple(param for _, params in parts for param in params)
