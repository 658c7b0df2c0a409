"""The second wall: without a scope there is no row, and in the scope of a place only what is its own (trail/wall.py)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, models, transaction
from psycopg import sql as words

from kapclinic.core import scope
from kapclinic.core.ids import uuid7
from kapclinic.practice.models import Client
from kapclinic.trail import wall
from programs.models import Program, ProgramQuerySet
from sessions.booking.models import Allocation
from sessions.monitoring.models import Reading
from sessions.monitoring.selectors import standing_readings
from tests import cast as people
from tests.asking import as_superuser, sql
from tests.cast import Cast
from tests.sessions.booking import desk

VALUES = {
    "boolean": "false",
    "jsonb": "'{}'::jsonb",
    "bytea": "'x'::bytea",
    "date": "date '2026-01-01' + {n}",
    "timestamp with time zone": "timestamptz '2026-01-01 00:00Z' + {n} * interval '1 day'",
    "time": "time '00:00' + {n} * interval '1 second'",
    "interval": "{n} * interval '1 day'",
    "int4range": "int4range({n}, {n} + 1)",
    "uuid": "gen_random_uuid()",
    "inet": "NULL",
    "numeric": "1",
}
GARBLED = (
    "all",
    "al:worker",
    "user",
    "user:",
    "all:",
    "all:{user}",
    "user:' OR true --",
    "{{{{",
    "ALL:worker",
    "user:{user}{place}",
    "user: {user} {place}",
    "user:{user} {{{place}}}",
    "user:{user} {other}",
    "worker {place}",
)


def _tables() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models() if model._meta.managed}


@pytest.mark.django_db
def test_whatever_has_to_do_with_a_client_or_a_place_stands_behind_it() -> None:
    stands = {
        table for (table,) in sql("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    }
    judged = {
        table
        for (table,) in sql("SELECT DISTINCT polrelid::regclass::text FROM pg_policy WHERE polname = 'wall'")
    }
    walled = set(wall.walled())
    assert (stands, judged) == (walled, walled)
    for table, model in _tables().items():
        named = {field.name for field in model._meta.concrete_fields} & {
            *("client", "clients", "location", "locations", "session", "program")
        }
        base = getattr(model, "instance_type", model)._meta.db_table
        assert table in walled or not named or base in wall.PRACTICE_WIDE, table
    assert all(len(why) > 20 for why in (wall.PRACTICE_WIDE | wall.KNOWN_TO_ALL).values())
    guards = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype"
    assert sql(f"{guards} AND NOT prosecdef") == []
    views = "SELECT has_table_privilege('clinic_sessions_taken', right_) FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) right_"
    assert {may for (may,) in sql(views)} == {False}
    columns = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'clinic_sessions_taken'::regclass AND attnum > 0"
    )
    assert not {name for (name,) in sql(columns)} & {"session_id", "hold_id"}


class House:
    """One row of every table at each of two places, past all rules: what is asked is the wall alone."""

    def __init__(self, cursor: Any) -> None:
        self.cursor, self.numbers = cursor, count(9_000)
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.users = {place: uuid4() for place in ("north", "south")}
        cursor.execute("SET session_replication_role = replica")
        checks = "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        checks += " WHERE contype = 'c' AND conrelid <> 0 AND conparentid = 0"
        for table, name in cursor.execute(checks).fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name} CASCADE")
        for place in self.users:
            for table in wall.walled():
                self.row(table, place)

    def row(self, table: str, place: str) -> dict[str, Any]:
        """The row of this table at this place, made when it is not there yet."""
        if (table, place) in self.rows:
            return self.rows[table, place]
        self.rows[table, place] = {}  # whoever points back to it finds nothing
        model, columns, values = _tables()[table], [], []
        for field in model._meta.concrete_fields:
            if not field.generated:
                columns.append(words.Identifier(field.column))
                values.append(self.value(field, place))
        statement = words.SQL(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) RETURNING to_jsonb({})"
        ).format(
            words.Identifier(table),
            words.SQL(", ").join(columns),
            words.SQL(", ").join(values),
            words.Identifier(table),
        )
        self.rows[table, place] = self.cursor.execute(statement).fetchone()[0]
        return self.rows[table, place]

    def value(self, field: Any, place: str) -> words.Composable:
        named: words.Composable | None = self.named(field, place)
        if named is not None:
            return named
        if isinstance(field, models.ForeignKey):
            found = (
                {}
                if field.related_model is field.model
                else self.row(field.related_model._meta.db_table, place)
            )
            return words.Literal(found.get(field.target_field.column))
        kind, n = (field.db_type(connection) or "").split("(")[0], next(self.numbers)
        if kind.endswith("[]") or "[" in (field.db_type(connection) or ""):
            return words.SQL("'{}'")
        if kind in {"varchar", "text"}:
            return words.Literal(str(n)[-(field.max_length or 9) :])
        return words.SQL(VALUES.get(kind, "{n}").replace("{n}", str(n)))  # type: ignore[arg-type]

    def named(self, field: Any, place: str) -> words.Composable | None:
        """What says whose the row is."""
        of = {"location": "practice_location", "client": "practice_client", "recipient": "practice_client"}
        if field.name in of and isinstance(field, models.UUIDField):
            return words.Literal(self.row(of[field.name], place)["id"])
        if field.name in {"locations", "clients"}:
            return words.Literal([UUID(self.row(of[field.name[:-1]], place)["id"])])
        if field.name == "user_id":
            return words.Literal(self.users[place])
        return words.Literal("client") if field.name == "recipient_kind" else None

    def scope(self, *places: str) -> str:
        ids = ",".join(self.rows["practice_location", place]["id"] for place in places)
        return f"user:{self.users[places[0]]} {ids}"

    def garbled(self) -> list[str]:
        """What is no scope, though much of it stands in there."""
        place, user = self.rows["practice_location", "north"]["id"], uuid4()
        return [said.format(user=user, place=place, other=f"{place[:-1]}x") for said in GARBLED]

    def sees(self, table: str, said: str) -> list[str]:
        key = _tables()[table]._meta.pk
        assert key is not None
        self.cursor.execute("SELECT set_config('kap.scope', %s, true)", [said])
        found = words.SQL("SELECT {}::text FROM {} ORDER BY 1").format(
            words.Identifier(key.column), words.Identifier(table)
        )
        return [pk for (pk,) in self.cursor.execute(found).fetchall()]

    def key(self, table: str, place: str) -> str:
        key = _tables()[table]._meta.pk
        assert key is not None
        return str(self.rows[table, place][key.column])


@contextmanager
def _house() -> Iterator[House]:
    with as_superuser() as admin, admin.transaction(force_rollback=True):
        house = House(admin.cursor())
        yield house


@pytest.mark.django_db(transaction=True)
def test_each_scope_sees_its_own_rows_and_nobody_any_in_every_table() -> None:
    with _house() as house:
        shared = {table for table in wall.walled() if _base(table) in wall.KNOWN_TO_ALL}
        house.cursor.execute("SET LOCAL ROLE kap_app")
        for table in wall.walled():
            own = {place: [house.key(table, place)] for place in house.users}
            both = sorted(own["north"] + own["south"])
            for said in ("", *house.garbled()):
                assert house.sees(table, said) == [], (table, said)
            for place in house.users:
                expected = both if table in shared else own[place]
                assert house.sees(table, house.scope(place)) == expected, (table, place)
            whole = [] if _base(table) == "trail_idempotencyrecord" else both
            assert house.sees(table, house.scope("north", "south")) == (whole or own["north"]), table
            assert house.sees(table, "all:worker") == both, table


@pytest.mark.django_db(transaction=True)
def test_nobody_writes_into_another_place() -> None:
    """A row that names neither a place nor a client of the scope is neither made nor touched."""
    with _house() as house:
        house.cursor.execute("SET LOCAL ROLE kap_app")
        for table in wall.walled():
            if _base(table) in wall.KNOWN_TO_ALL:
                continue
            house.cursor.execute("SELECT set_config('kap.scope', %s, true)", [house.scope("north")])
            row = house.rows[table, "south"]
            columns = [
                field.column for field in _tables()[table]._meta.concrete_fields if not field.generated
            ]
            names = words.SQL(", ").join(map(words.Identifier, columns))
            again = words.SQL(
                "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE"
                " SELECT {names} FROM jsonb_populate_record(NULL::{table}, %s::jsonb)"
            ).format(table=words.Identifier(table), names=names)
            if _base(table) not in wall.WRITTEN_BY_ALL:
                with (
                    pytest.raises(psycopg.errors.InsufficientPrivilege),
                    house.cursor.connection.transaction(),
                ):
                    house.cursor.execute(again, [json.dumps(row)])
            key = _tables()[table]._meta.pk
            assert key is not None
            may = house.cursor.execute("SELECT has_table_privilege(%s, 'UPDATE')", [table]).fetchone()[0]
            if may:
                change = words.SQL("UPDATE {} SET {key} = {key} WHERE {key}::text = %s").format(
                    words.Identifier(table), key=words.Identifier(key.column)
                )
                house.cursor.execute(change, [house.key(table, "south")])
                assert house.cursor.rowcount == 0, table


def _base(table: str) -> str:
    model = _tables()[table]
    return str(getattr(model, "instance_type", model)._meta.db_table)


def _told() -> str:
    """The scope that the server has just now, asked past everything that would set one."""
    assert connection.connection is not None
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("SELECT coalesce(current_setting('kap.scope', true), '')")
        return str(cursor.fetchone()[0])  # type: ignore[index]


@pytest.mark.django_db(transaction=True)
def test_a_scope_lives_no_longer_than_its_transaction() -> None:
    people.location("North", "America/Denver")
    owner = os.environ["MIGRATION_DATABASE_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(owner) as plain:
        counted = "SELECT count(*) FROM practice_location"
        assert plain.execute(counted).fetchone() == (0,)
        plain.execute("SET LOCAL kap.scope TO 'all:command'")
        assert plain.execute(counted).fetchone() == (1,)
    with transaction.atomic():
        assert sql("SELECT 1") == [(1,)]
        assert _told() == "all:test"
        with scope.named("audit"):
            assert sql("SELECT current_setting('kap.scope', true)") == [("all:audit",)]
            with pytest.raises(DatabaseError), transaction.atomic(), scope.named("health"):
                sql(
                    "SELECT 1 / 0 FROM practice_client UNION ALL SELECT 1 / (SELECT count(*) FROM practice_client)::int"
                )
            assert sql("SELECT current_setting('kap.scope', true)") == [("all:audit",)]
        assert sql("SELECT current_setting('kap.scope', true)") == [("all:test",)]
        with scope.named("health"), pytest.raises(KeyError):
            _asked_and_given_up()
        assert sql("SELECT current_setting('kap.scope', true)") == [("all:test",)]
    assert _told() == ""
    assert sql("SELECT current_setting('kap.scope', true)") == [
        ("all:test",)
    ]  # one statement is a transaction too
    assert _told() == ""
    with pytest.raises(DatabaseError):
        sql("SELECT 1 / 0")
    assert _told() == ""
    with pytest.raises(KeyError):
        _asked_and_given_up()
    assert _told() == ""
    with scope.nobody():
        assert sql("SELECT coalesce(current_setting('kap.scope', true), '')") == [("",)]


@transaction.atomic
def _asked_and_given_up() -> None:
    assert sql("SELECT 1") == [(1,)]
    raise KeyError


class Somebody:
    def __init__(self) -> None:
        self.pk, self.locations = uuid4(), [uuid4()]


@pytest.mark.django_db(transaction=True)
def test_two_hands_never_have_each_others_scope() -> None:
    users = [Somebody() for _ in range(4)]
    found: dict[int, set[str]] = {}
    meet = Barrier(len(users))

    def ask(n: int) -> None:
        found[n] = set()
        try:
            for _ in range(20):
                with scope.of(users[n]):
                    meet.wait(30)
                    found[n] |= {said for (said,) in sql("SELECT current_setting('kap.scope', true)")}
        finally:
            connections.close_all()

    hands = [Thread(target=ask, args=[n]) for n in range(len(users))]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)
    assert found == {n: {f"user:{user.pk} {user.locations[0]}"} for n, user in enumerate(users)}


@pytest.mark.django_db
def test_a_forgotten_filter_shows_nobody_of_another_place(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = people.opened_program(cast)
    theirs = people.client(cast.south, by=cast.south_frontdesk, first="Ines")
    monkeypatch.setattr(ProgramQuerySet, "visible_to", lambda self, user: self.all())
    monkeypatch.setattr(type(Client.objects.all()), "visible_to", lambda self, user: self.all())
    assert cast.desk("south_therapist").get(f"programs/{mine.pk}/").status_code == 404
    assert cast.desk("south_therapist").get(f"clients/{mine.client_id}/").status_code == 404
    assert cast.desk("therapist").get(f"clients/{theirs.pk}/").status_code == 404
    assert cast.desk("therapist").get(f"programs/{mine.pk}/").status_code == 200
    with scope.of(cast.south_therapist):
        assert (Program.objects.count(), Client.objects.count()) == (0, 1)
    with scope.nobody():
        assert (Program.objects.count(), Client.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_whoever_works_at_two_places_is_offered_and_booked_at_one_at_a_time(cast: Cast) -> None:
    cast.therapist.locations = [cast.north.pk, cast.south.pk]
    cast.therapist.save_by(cast.admin, at=people.MONDAY)
    for row in cast.therapist.working_hours.all():
        row.pk, row.location, row._state.adding = uuid7(), cast.south, True
        row.save_by(cast.admin, at=people.MONDAY)
    booked = people.booked(cast, people.opened_program(cast), "preparation", desk.TUESDAY)
    course = people.opened_program(
        cast,
        who=people.client(cast.south, by=cast.south_frontdesk),
        by=cast.south_frontdesk,
        location=cast.south.pk,
        therapist=cast.therapist.pk,
        prescriber=cast.south_prescriber.pk,
    )
    wanted = desk.body(cast, course, room=str(cast.cedar.pk))
    with scope.of(cast.south_frontdesk):
        taken = sql("SELECT resource FROM clinic_sessions_taken WHERE resource = %s", cast.therapist.pk)
        assert (taken, Allocation.objects.count()) == ([(cast.therapist.pk,)], 0)
    refused = cast.desk("south_frontdesk").post("sessions/", wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "resource_conflict")
    (clash,) = refused.json()["conflicts"]
    assert (clash["resource"], clash["session"]) == (str(cast.therapist.pk), None)
    assert str(booked.pk) not in refused.content.decode()


@pytest.mark.django_db
def test_the_index_serves_a_statement_that_has_a_scope(cast: Cast) -> None:
    session = people.dosed_session(cast)
    sql("SET LOCAL enable_seqscan = off")
    sql("SET LOCAL plan_cache_mode = auto")
    with scope.of(cast.np):
        assert Reading.objects.filter(session=session).exists()
        statement, params = standing_readings(session_id=session.pk).query.sql_with_params()
        plan = " ".join(line for (line,) in sql(f"EXPLAIN {statement}", *params))
        assert "reading_session" in plan
        taken = "SELECT * FROM clinic_sessions_taken WHERE resource = %s AND starts_at > now()"
        assert "allocation_resource" in " ".join(line for (line,) in sql(f"EXPLAIN {taken}", cast.np.pk))
        scans = "SELECT coalesce(idx_scan, 0), seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'practice_client'"
        ((index, whole),) = sql(scans)
        sql("SELECT practice_found(ARRAY['%%sam%%'])")
        ((again, still),) = sql(scans)
        assert (again > index, still) == (True, whole)
