"""No index repeats the beginning of another: each is written with every row, and the longer one answers for both."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import Exists, QuerySet
from django.test.utils import CaptureQueriesContext

from billing.documents.models import Receipt, Superbill
from billing.documents.selectors import numbers_with
from billing.ledger.selectors import earlier_visits, overtaken_charges, was_seen_before
from billing.packages.selectors import session_with_package
from kapclinic.practice.models import User
from programs.models import Program
from screening.selectors import unasked_screeners
from screening.selectors.labs import shown_labs
from sessions.booking.models import Session
from sessions.course.services import advance_all_cleared
from sessions.dosing.selectors import with_seen
from sessions.monitoring.selectors import standing_readings
from tests import cast as people
from tests.asking import analyze, rows_read, sql
from tests.cast import MONDAY, Cast, Desk

# An index that stays although a longer one begins as it does -> why.
KEPT: dict[str, str] = {
    "auth_group_permissions_group_id_b120cbf9": "Django's own table, which no clinic fills",
    "auth_permission_content_type_id_2f476e4b": "Django's own table, which no clinic fills",
}
REPEATED = """
WITH ours AS (
    SELECT x.*, c.relname AS name, x.indkey::int2[] AS columns, x.indclass::oid[] AS classes,
        x.indoption::int2[] AS directions, x.indcollation::oid[] AS collations
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_am a ON a.oid = c.relam
    WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND a.amname = 'btree'
        AND x.indpred IS NULL AND x.indexprs IS NULL
)
SELECT DISTINCT short.name FROM ours short JOIN ours long USING (indrelid)
WHERE short.indexrelid <> long.indexrelid AND NOT short.indisunique AND short.indnkeyatts <= long.indnkeyatts
    AND (
        short.columns[:short.indnkeyatts - 1], short.classes[:short.indnkeyatts - 1],
        short.directions[:short.indnkeyatts - 1], short.collations[:short.indnkeyatts - 1]
    ) = (
        long.columns[:short.indnkeyatts - 1], long.classes[:short.indnkeyatts - 1],
        long.directions[:short.indnkeyatts - 1], long.collations[:short.indnkeyatts - 1]
    )
ORDER BY 1
"""
pytestmark = pytest.mark.django_db


def test_no_index_repeats_the_beginning_of_a_longer_one() -> None:
    assert [name for (name,) in sql(REPEATED)] == sorted(KEPT)


def test_every_foreign_key_is_still_found_by_an_index() -> None:
    without = """
    SELECT f.conrelid::regclass || ' ' || a.attname FROM pg_constraint f
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    JOIN pg_class c ON c.oid = f.conrelid
    WHERE f.contype = 'f' AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_index x WHERE x.indrelid = f.conrelid AND x.indkey[0] = f.conkey[1] AND x.indpred IS NULL)
    ORDER BY 1
    """
    assert [name for (name,) in sql(without)] == []


def test_a_sessions_readings_are_found_by_the_longer_one() -> None:
    with connection.cursor() as cursor:
        # A bitmap wants an index that holds the condition; on a small table any other is as cheap to read as a whole.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        statement, params = standing_readings(session_id=uuid4()).query.sql_with_params()
        cursor.execute(f"EXPLAIN {statement}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "reading_session" in plan


def test_old_answers_are_found_by_their_age() -> None:
    """Idempotency records are not kept by the month: their unique key is of whom, where and which."""
    asked = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'trail_idempotencyrecord'::regclass"
    told = " ".join(row for (row,) in sql(asked))
    assert "(created_at)" in told
    assert "(user_id, method, path, key)" in told


def _read_whole(table: str, statement: str, *params: Any) -> tuple[int, int]:
    """How often a statement reads a table from its beginning to its end, and how often by an index, where any index
    would be taken before that."""
    counted = "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = %s"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("DISCARD PLANS")  # of this function too, which somebody may have asked before
    (before,) = sql(counted, table)
    sql(statement, *params)
    (after,) = sql(counted, table)
    return after[0] - before[0], after[1] - before[1]


def test_papers_of_a_charge_are_found_by_their_lines_although_a_policy_stands_before_them() -> None:
    """The operator of that index tells of what it compares, so a policy keeps it from a plain statement."""
    charge: Any = SimpleNamespace(pk=UUID(int=7))
    plain = "SELECT id FROM {} WHERE charges && ARRAY[%s::uuid]"
    for model in (Superbill, Receipt):
        table = model._meta.db_table
        assert _read_whole(table, plain.format(table), charge.pk) == (1, 0)
        assert _read_whole(table, "SELECT billing_papers(ARRAY[%s::uuid])", charge.pk) == (0, 1)
        with CaptureQueriesContext(connection) as captured:
            assert numbers_with(model, [charge], but=None) == []
        assert "billing_papers(" in captured[0]["sql"]


def _plan(desk: Desk, path: str, **query: str) -> str:
    """How the database would find what a list shows, if it could take any index."""
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(path, **query).status_code == 200
    longest = max((one["sql"] for one in captured), key=len)
    with connection.cursor() as cursor:
        ways = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
        cursor.execute("; ".join(f"SET LOCAL {way} = off" for way in ways))
        cursor.execute(f"EXPLAIN {longest}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("; ".join(f"SET LOCAL {way} = on" for way in ways))
    return plan


@pytest.mark.django_db(transaction=True)
def test_behind_a_policy_whose_a_row_is_is_found_by_its_key(cast: Cast) -> None:
    """What is compared with an expression is looked for in the whole table, since the expression might tell of it."""
    people.client(cast.north, by=cast.frontdesk)
    sql(
        "INSERT INTO practice_client SELECT (jsonb_populate_record(c, jsonb_build_object("
        "'id', gen_random_uuid(), 'mrn', 'N' || nth))).* FROM practice_client c, generate_series(1, 500) AS nth"
    )
    analyze("practice_client")
    for path in ("alarms/", "tasks/", "obligations/"):
        assert "Index Cond: (id = whose.client)" in _plan(cast.desk("therapist"), path), path


@pytest.mark.django_db(transaction=True)
def test_sessions_of_somebody_who_was_seldom_there_are_found_by_their_seats(cast: Cast) -> None:
    """Behind a policy no index is asked for what the JSON of a session's staff holds."""
    booked = people.booked(cast, people.opened_program(cast), "preparation", MONDAY + timedelta(days=1))
    columns = "jsonb_build_object('id', gen_random_uuid(), 'number', nth, 'staff', '[]'::jsonb, 'status', 'cancelled')"
    sql(
        f"INSERT INTO clinic_sessions_session SELECT (jsonb_populate_record(s, {columns})).* "
        "FROM clinic_sessions_session s, generate_series(100, 1000) AS nth WHERE s.id = %s",
        booked.pk,
    )
    analyze("clinic_sessions_session", "clinic_sessions_allocation")
    for query in ({}, {"ordering": "-starts_at"}, {"from": "2026-01-01T00:00:00Z", "status": booked.status}):
        with CaptureQueriesContext(connection) as captured:
            told = cast.desk("therapist").get("sessions/", staff=str(cast.therapist.pk), **query).json()
        assert [row["id"] for row in told["results"]] == [str(booked.pk)]
        longest = max((one["sql"] for one in captured), key=len)
        assert rows_read(longest, but="seqscan")["clinic_sessions_session"] < 10, query


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_courses_in_preparation_by_an_index(cast: Cast) -> None:
    program = people.opened_program(cast)
    columns = "jsonb_build_object('id', gen_random_uuid(), 'status', 'completed')"
    sql(
        f"INSERT INTO programs_program SELECT (jsonb_populate_record(p, {columns})).* "
        "FROM programs_program p, generate_series(1, 300) WHERE p.id = %s",
        program.pk,
    )
    analyze("programs_program", "programs_protocol")
    with CaptureQueriesContext(connection) as captured:
        assert advance_all_cleared(at=MONDAY) == 0
    assert rows_read(captured[0]["sql"], but="seqscan").get("programs_program", 0) == 0


OF_EACH_PAIR = "(ANY ("  # as a plan tells of a filter that asks for the person of an outer and an inner row


def _told(rows: QuerySet[Any]) -> str:
    statement, params = rows.query.sql_with_params()
    return "\n".join(line for (line,) in sql(f"EXPLAIN {statement}", *params))


@pytest.mark.django_db
def test_whose_a_row_is_is_asked_once_a_row_and_not_of_each_pair() -> None:
    """Of 20,000 measures and courses each pair took minutes; of 20,000 sessions, most of a second."""
    assert OF_EACH_PAIR in _told(Session.objects.filter(Exists(earlier_visits())))
    for rows in (unasked_screeners(), overtaken_charges(), shown_labs(User(locations=[uuid4()]))):
        assert OF_EACH_PAIR not in _told(rows)
    key = uuid4()
    for ask in (
        lambda: was_seen_before(Session(pk=key)),
        lambda: session_with_package(key, code="90837", user=User(locations=[uuid4()])),
        lambda: list(with_seen(Program.objects.all()).filter(was_seen=False)),
    ):
        with CaptureQueriesContext(connection) as captured:
            ask()
        (asked,) = (one["sql"] for one in captured if "practice_person" in one["sql"])
        plan = "\n".join(line for (line,) in sql(f"EXPLAIN {asked}".replace("%", "%%")))
        assert "practice_person" in plan
        assert OF_EACH_PAIR not in plan
