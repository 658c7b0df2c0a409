"""The limit: bare WSGI, one prepared statement through psycopg, orjson; no login, no guard, no trace of who asked.

It reads and writes the clinic's own tables by their indexes, and answers what a screen would need of them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import orjson
import psycopg
from psycopg.rows import dict_row

LOCAL = threading.local()
Start = Callable[[str, list[tuple[str, str]]], object]

DAY = """SELECT s.id, s.kind, s.number, s.status, s.modality, s.starts_at, s.ends_at, s.staff, s.program_id, s.version,
  s.outcome, s.checked_in_at, s.started_at, s.completed_at, s.cancelled_at, s.reason, s.source, s.override_reason,
  s.client_id, c.mrn, coalesce(nullif(c.chosen_name, ''), c.legal_first_name) AS first_name, c.legal_last_name,
  c.date_of_birth, s.location_id, s.room_id, r.name AS room_name
  FROM clinic_sessions_session s JOIN practice_client c ON c.id = s.client_id LEFT JOIN practice_room r ON r.id = s.room_id
  WHERE s.location_id = %(location)s AND s.starts_at >= %(from)s::timestamptz AND s.starts_at < %(to)s::timestamptz
  ORDER BY s.starts_at, s.id LIMIT 101"""
READINGS = """SELECT id, created_at, session_id, phase, systolic, diastolic, heart_rate, spo2, respiratory_rate, sedation,
  etco2, not_obtainable, unusual, measured_at, recorded_at, recorded_by_id, source, action_taken, bands
  FROM clinic_sessions_reading WHERE session_id = %(session)s ORDER BY measured_at, id LIMIT 201"""
SEARCH = """SELECT id, mrn, legal_first_name, legal_last_name, chosen_name, pronouns, date_of_birth, phone, email
  FROM practice_client WHERE search_text LIKE %(text)s ORDER BY legal_last_name, legal_first_name LIMIT 51"""
RECORD = """INSERT INTO clinic_sessions_reading (id, created_at, created_by, session_id, phase, systolic, diastolic, heart_rate,
  spo2, respiratory_rate, sedation, not_obtainable, unusual, measured_at, recorded_at, recorded_by_id, source,
  action_taken, bands) VALUES (%(id)s, now(), %(by)s, %(session)s, 'in_session', %(systolic)s, %(diastolic)s,
  %(heart_rate)s, %(spo2)s, %(respiratory_rate)s, %(sedation)s, '{}', '[]', %(measured_at)s::timestamptz, now(), %(by)s,
  'manual', '', '{"overall": "green"}')
  RETURNING id, session_id, systolic, diastolic, heart_rate, spo2, respiratory_rate, sedation, measured_at, recorded_at"""
BOOK = """WITH s AS (INSERT INTO clinic_sessions_session (id, created_at, created_by, updated_at, version, program_id, client_id,
    location_id, room_id, staff, kind, number, modality, starts_at, ends_at, status, source, outcome, weight_source,
    weight_confirmed, reason, override_reason, video_url)
  SELECT %(id)s, now(), %(by)s, now(), 1, p.id, p.client_id, p.location_id, %(room)s::uuid, %(staff)s::jsonb, 'preparation', 1,
    'in_person', %(starts_at)s::timestamptz, %(ends_at)s::timestamptz, 'scheduled', 'staff', '', 'measured', true, '', '', ''
  FROM programs_program p WHERE p.id = %(program)s RETURNING *),
a AS (INSERT INTO clinic_sessions_allocation (id, created_at, created_by, session_id, kind, resource, role, lanes,
    starts_at, ends_at)
  SELECT gen_random_uuid(), s.created_at, s.created_by, s.id, r.kind, r.resource, r.role, int4range(0, 100), s.starts_at,
    s.ends_at FROM s, LATERAL (SELECT 'client' AS kind, s.client_id AS resource, '' AS role
      UNION ALL SELECT 'room', s.room_id, ''
      UNION ALL SELECT 'staff', (p ->> 'user')::uuid, p ->> 'role' FROM jsonb_array_elements(s.staff) p) r)
SELECT id, program_id, client_id, location_id, room_id, staff, kind, number, starts_at, ends_at, status, version FROM s"""


def _raw(data: bytes) -> orjson.Fragment:
    return orjson.Fragment(bytes(data))


def _connection() -> psycopg.Connection[dict[str, Any]]:
    found: psycopg.Connection[dict[str, Any]] | None = getattr(LOCAL, "connection", None)
    if found is None:
        url = os.environ["DATABASE_URL"]
        all_rows = "-c kap.scope=all:test"  # it asks for no place's own: nobody is signed in
        found = psycopg.connect(
            url, autocommit=True, prepare_threshold=0, row_factory=dict_row, options=all_rows
        )
        psycopg.types.json.set_json_loads(_raw, found)  # as it comes: nobody looks into it
        LOCAL.connection = found
    return found


def _asked(environ: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the query or of the JSON body."""
    if environ["REQUEST_METHOD"] == "GET":
        return dict(parse_qsl(environ["QUERY_STRING"]))
    body: dict[str, Any] = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    body["id"] = uuid4()
    if "staff" in body:
        body["staff"] = orjson.dumps(body["staff"]).decode()
    return body


JOBS: dict[str, tuple[str, str]] = {
    "/day/": (DAY, "200 OK"),
    "/readings/": (READINGS, "200 OK"),
    "/search/": (SEARCH, "200 OK"),
    "/record/": (RECORD, "201 Created"),
    "/book/": (BOOK, "201 Created"),
}


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Answer one job."""
    if environ["PATH_INFO"] == "/readyz":
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    statement, status = JOBS[environ["PATH_INFO"]]
    asked = _asked(environ)
    if "text" in asked:
        asked["text"] = f"%{asked['text']}%"
    rows = _connection().execute(statement, asked).fetchall()
    body = orjson.dumps({"count": len(rows), "results": rows} if status == "200 OK" else rows[0])
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
