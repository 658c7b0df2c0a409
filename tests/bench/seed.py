"""Many rows, quickly: copies of the few real ones, written by the database itself, past its triggers.

A copy has every column of its pattern but those that are named here, so a column that comes later is filled too. What
hangs together has ids that can be reckoned: row n of a kind is `row_id(kind, n)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from psycopg import Cursor

from kapclinic.practice.models import Client
from kapclinic.trail.models import Task
from programs.models import PhaseSpan
from sessions.booking.models import Allocation, Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm, Check, Reading
from tests.bench.clinic import LANES, Group

A_DAY = 40  # sessions of a location on one day: ten hours in four rooms
HOURS = 10
READINGS = 100  # of each session that was watched
SYLLABLES = (
    "Mar Bel Cor Dun Fen Gar Hol Lan Per Ros",
    "ta be ni lo mu ka re si vo de",
    "ston ley win man by ton",
)
FIRST = "Alex Bela Casey Drew Eden Finn Gale Hana Indra Jona Kim Lee Mika Noa Olya Pat Quin Rene Sam Toni"
KINDS = {
    name: number for number, name in enumerate(("client", "program", "session", "reading", "order", "dose"))
}


@dataclass(frozen=True)
class Size:
    """How many rows of each kind a scale means."""

    sessions: int
    readings: int
    clients: int
    places: int = 10
    watched: int = 8

    BASE: ClassVar[tuple[int, int, int]] = (50_000, 200_000, 20_000)

    @classmethod
    def of(cls, scale: float) -> Size:
        """Whole days at every place; below a twentieth at two places, with two clients who are being watched."""
        sessions, readings, clients = (round(scale * number) for number in cls.BASE)
        places, watched = (cls.places, cls.watched) if scale >= 0.05 else (2, 2)
        return cls(
            sessions=max(sessions // (places * A_DAY), 2) * places * A_DAY,
            readings=max(readings // READINGS, watched) * READINGS,
            clients=max(clients // places, A_DAY + HOURS) * places,
            places=places,
            watched=watched,
        )

    @property
    def days(self) -> int:
        return self.sessions // (self.places * A_DAY)

    @property
    def past_days(self) -> int:
        return max(1, self.days * 4 // 5)


# From which places each client may be reached, which a trigger keeps of rows that come by the verbs.
REACH = "SELECT practice_reach_anew(array_agg(id)) FROM practice_client WHERE reach IS NULL"


def row_id(kind: str, number: int) -> UUID:
    """The id of row `number` of a kind."""
    return UUID(f"0190{KINDS[kind]:02x}00-0000-7000-8000-{number:012x}")


def _id(kind: str, number: str) -> str:
    """The same in SQL."""
    return f"('0190{KINDS[kind]:02x}00-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def copies(
    cursor: Cursor[Any], pattern: models.Model, rows: str, params: dict[str, Any], **columns: str
) -> None:
    """One copy of `pattern` for each row of the SELECT `rows`, with other values in these columns (`t` is the pattern)."""
    table, names = pattern._meta.db_table, [field.column for field in pattern._meta.concrete_fields]
    assert set(columns) <= set(names), set(columns) - set(names)
    values = ", ".join(columns.get(name, f"t.{name}") for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    statement = (
        f"INSERT INTO {table} ({listed}) SELECT {values} FROM {table} t, ({rows}) g WHERE t.id = %(pattern)s"
    )
    cursor.execute(statement, params | {"pattern": pattern.pk})


def fill(cursor: Cursor[Any], group: Group, size: Size) -> None:
    """All of it; `cursor` is a superuser's: the rows are no acts of anybody, so triggers and history sleep."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("SET maintenance_work_mem = '256MB'")
    _clients(cursor, group, size)
    _sessions(cursor, group, size)
    _allocations(cursor)
    _watched(cursor, group, size)
    _worklist(cursor, group, size)
    cursor.execute(REACH)
    cursor.execute("RESET session_replication_role")
    cursor.execute("VACUUM ANALYZE")


def first_day(group: Group, size: Size) -> datetime:
    """The local midnight with which the book begins."""
    today = (
        datetime.now(UTC).astimezone(ZoneInfo(group.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    )
    return today - timedelta(days=size.past_days)


def _params(group: Group, size: Size) -> dict[str, Any]:
    return {
        "places": [place.location.pk for place in group.places],
        "rooms": [room.pk for place in group.places for room in place.rooms],
        "therapists": [user.pk for place in group.places for user in place.staff["therapist"]],
        "prescribers": [user.pk for place in group.places for user in place.staff["prescriber"]],
        "first": first_day(group, size),
        "today": first_day(group, size) + timedelta(days=size.past_days),
    }


def _clients(cursor: Cursor[Any], group: Group, size: Size) -> None:
    """Twenty of each last name, whatever the scale."""
    start, middle, end = (f"(string_to_array('{part}', ' '))" for part in SYLLABLES)
    rows = f"""SELECT n, 'B' || lpad(n::text, 8, '0') AS number, date '1950-01-01' + mod(n, 18000) AS born,
      '303' || lpad((5550000 + n)::text, 7, '0') AS called, (string_to_array('{FIRST}', ' '))[1 + mod(n, 20)] AS first,
      {start}[1 + mod(n / 20, 10)] || {middle}[1 + mod(n / 200, 10)] || {end}[1 + mod(n / 2000, 6)] || chr(97 + mod(n / 12000, 26)) AS last
      FROM generate_series(0, {size.clients - 1}) n"""
    params = _params(group, size)
    assert group.program is not None
    copies(
        cursor,
        Client.objects.get(pk=group.program.client_id),
        rows,
        params,
        id=_id("client", "n"),
        mrn="number",
        legal_first_name="first",
        legal_last_name="last",
        date_of_birth="born",
        phone="called",
        locations=f"ARRAY[(%(places)s::uuid[])[1 + mod(n, {size.places})]]",
        search_text="concat_ws(' ', lower(first), lower(last), lower(number), called, born, to_char(born, 'MM/DD/YYYY'))",
    )
    series = f"SELECT n, mod(n, {size.places}) AS place FROM generate_series(0, {size.clients - 1}) n"
    copies(
        cursor,
        group.program,
        series,
        params,
        id=_id("program", "n"),
        client_id=_id("client", "n"),
        location_id="(%(places)s::uuid[])[1 + place]",
        therapist_id=f"(%(therapists)s::uuid[])[1 + place * {LANES} + mod(n / {size.places}, {LANES})]",
        prescriber_id=f"(%(prescribers)s::uuid[])[1 + place * {LANES} + mod(n / {size.places}, {LANES})]",
    )
    span = PhaseSpan.objects.get(program=group.program, ended_at__isnull=True)
    copies(cursor, span, series, params, id="gen_random_uuid()", program_id=_id("program", "n"))


def _sessions(cursor: Cursor[Any], group: Group, size: Size) -> None:
    """Day by day and place by place, 08 to 18 in four rooms: those before today took place."""
    places, each = size.places, size.clients // size.places
    rows = f"""SELECT *, begins < %(today)s AS past, {_id("client", "who")} AS client, {_id("program", "who")} AS course
      FROM (SELECT n, place, slot, 1 + place * {LANES} + slot / {HOURS} AS lane,
              place + {places} * mod(n / {places}, {each}) AS who,
              %(first)s::timestamptz + make_interval(days => n / {places * A_DAY}, hours => 8 + mod(slot, {HOURS})) AS begins
            FROM (SELECT n, mod(n, {places}) AS place, mod(n / {places}, {A_DAY}) AS slot
                  FROM generate_series(0, {size.sessions - 1}) n) a) b"""
    person = "jsonb_build_object('user', (%(therapists)s::uuid[])[lane], 'role', 'therapist')"
    other = "jsonb_build_object('user', (%(prescribers)s::uuid[])[lane], 'role', 'prescriber')"
    then = {"checked_in_at": "begins", "started_at": "begins", "completed_at": "begins + interval '1 hour'"}
    copies(
        cursor,
        group.watched[0],
        rows,
        _params(group, size),
        id=_id("session", "n"),
        program_id="course",
        client_id="client",
        location_id="(%(places)s::uuid[])[1 + place]",
        room_id="(%(rooms)s::uuid[])[lane]",
        staff=f"jsonb_build_array({person}, {other})",
        kind="(ARRAY['preparation', 'dosing', 'integration', 'medical'])[1 + mod(slot, 4)]",
        outcome="CASE WHEN past AND mod(slot, 4) = 1 THEN 'dosed' ELSE '' END",
        number="1 + mod(n, 12)",
        starts_at="begins",
        ends_at="begins + interval '1 hour'",
        status="CASE WHEN past THEN 'completed' ELSE 'scheduled' END",
        override_reason="''",
        **{name: f"CASE WHEN past THEN {moment} END" for name, moment in then.items()},
    )


def _allocations(cursor: Cursor[Any]) -> None:
    """Client, room and both staff of each session; the index that forbids a clash is built once, at the end.

    What a watched client's dose holds already stays theirs.
    """
    table = Allocation._meta.db_table
    rule = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'allocation_no_clash'"
    (told,) = cursor.execute(rule).fetchone() or ("",)
    cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT allocation_no_clash")
    cursor.execute(
        f"""INSERT INTO {table} (id, created_at, created_by, session_id, kind, resource, role, lanes, starts_at, ends_at)
        SELECT gen_random_uuid(), s.created_at, s.created_by, s.id, r.kind, r.resource, r.role,
               int4range(0, 100), s.starts_at, s.ends_at
        FROM {Session._meta.db_table} s, LATERAL (
          SELECT 'client' AS kind, s.client_id AS resource, '' AS role UNION ALL SELECT 'room', s.room_id, ''
          UNION ALL SELECT 'staff', (p ->> 'user')::uuid, p ->> 'role' FROM jsonb_array_elements(s.staff) p) r
        WHERE starts_with(s.id::text, '0190{KINDS["session"]:02x}00-') AND NOT EXISTS (
          SELECT FROM {table} held WHERE held.resource = r.resource
          AND held.starts_at < s.ends_at AND held.ends_at > s.starts_at)"""
    )
    cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT allocation_no_clash {told}")


def _watched(cursor: Cursor[Any], group: Group, size: Size) -> None:
    """Doses of the past, each with a hundred readings, every tenth of which answered a check."""
    pattern = group.watched[0]
    chosen = f"""SELECT row_number() OVER () - 1 AS n, id, starts_at, program_id, client_id FROM {pattern._meta.db_table}
      WHERE kind = 'dosing' AND status = 'completed' AND starts_with(id::text, '0190{KINDS["session"]:02x}00-')
      ORDER BY id LIMIT {size.readings // READINGS}"""
    each = f"SELECT c.*, i, c.n * {READINGS} + i AS r, starts_at + (i + 1) * interval '30 s' AS at FROM ({chosen}) c, generate_series(0, {READINGS - 1}) i"
    dose = Administration.objects.get(session=pattern)
    copies(cursor, dose.order, chosen, {}, id=_id("order", "n"), session_id="g.id")
    given = {"administered_at": "starts_at", "recorded_at": "starts_at"}
    copies(
        cursor, dose, chosen, {}, id=_id("dose", "n"), session_id="g.id", order_id=_id("order", "n"), **given
    )
    copies(
        cursor,
        Reading.objects.filter(session=pattern, systolic__lt=150).latest("measured_at"),
        each,
        {},
        id=_id("reading", "r"),
        session_id="g.id",
        phase="'in_session'",
        systolic="118 + mod(i, 9)",
        diastolic="76 + mod(i, 5)",
        heart_rate="66 + mod(i, 11)",
        measured_at="at",
        recorded_at="at",
    )
    answered = {"state": "'done'", "reading_id": _id("reading", "r"), "planned_at": "at", "minute": "i"}
    check = Check.objects.filter(session=pattern, kind="planned").latest("minute")
    tenth = f"SELECT * FROM ({each}) e WHERE mod(i, 10) = 0"
    copies(cursor, check, tenth, {}, id="gen_random_uuid()", session_id="g.id", ended_at="NULL", **answered)
    copies(
        cursor,
        Obligation.objects.get(dosing_session=pattern),
        chosen,
        {},
        id="gen_random_uuid()",
        dosing_session_id="g.id",
        program_id="g.program_id",
        client_id="g.client_id",
        dosed_at="starts_at",
        window_start="starts_at + interval '20 h'",
        window_end="starts_at + interval '76 h'",
        state="CASE WHEN mod(n / 10, 10) = 0 THEN 'due' ELSE 'waived' END",
    )
    seen = {
        "state": "CASE WHEN mod(n / 10, 10) = 0 THEN 'open' ELSE 'acknowledged' END",
        "action": "'Looked after'",
    }
    rang = {
        "reading_id": _id("reading", f"n * {READINGS}"),
        "check_row_id": "NULL",
        "cause": "'amber_reading'",
    }
    alarm = Alarm.objects.filter(session=pattern, reading__isnull=False).latest("created_at")
    told = (
        seen
        | rang
        | {"acknowledged_at": "starts_at", "acknowledged_by_id": f"'{group.nurse.pk}'::uuid", "trigger": "''"}
    )
    copies(cursor, alarm, chosen, {}, id="gen_random_uuid()", session_id="g.id", **told)


def _worklist(cursor: Cursor[Any], group: Group, size: Size) -> None:
    """A row for a twentieth of the sessions, a tenth of them open."""
    rows = f"SELECT n, mod(n, {size.places}) AS place FROM generate_series(0, {size.sessions - 1}, 21) n"
    who = {"roles": "ARRAY['front_desk', 'nurse_practitioner']", "assignee": "NULL"}
    who |= {"location": "(%(places)s::uuid[])[1 + place]", "client": _id("client", "mod(n, 400)")}
    state = {"state": "CASE WHEN mod(n / 210, 10) = 0 THEN 'open' ELSE 'done' END", "done_at": "t.created_at"}
    subject = {"subject_type": "'session'", "subject_id": _id("session", "n")}
    task = Task(
        kind="session_unstaffed",
        roles=[],
        location=group.places[0].location.pk,
        subject_type="session",
        subject_id=group.watched[0].pk,
        due_at=datetime.now(UTC),
        created_at=datetime.now(UTC),
        updated_at=datetime.now(UTC),
    )
    task.save_by(group.nurse, at=datetime.now(UTC))
    copies(cursor, task, rows, _params(group, size), id="gen_random_uuid()", **who, **state, **subject)
