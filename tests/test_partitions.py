"""Tables that are kept by the month: nothing is lost on the way there, and each month is guarded as its table is."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import Client, override_settings
from psycopg.types.json import Jsonb

from kapclinic.core import clock
from kapclinic.core.ids import uuid7
from kapclinic.practice.models import SYSTEM
from kapclinic.trail import partitions, selectors
from kapclinic.trail.models import AuditEvent, AuditSeal
from kapclinic.trail.services import log_act, make_partitions, seal_events
from tests.asking import sql

CHECKS = "clinic_sessions_historicalcheck"
KEPT = {"trail_auditevent", CHECKS}
DENIED = "permission denied"
pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def first_of(moment: datetime, months: int = 0) -> datetime:
    """The first moment of the month so many months after that of `moment`."""
    number = moment.year * 12 + moment.month - 1 + months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def key_of(moment: datetime) -> UUID:
    """A UUIDv7 of that moment."""
    tail = uuid7().int & ((1 << 80) - 1)
    return UUID(int=int(moment.timestamp() * 1000) << 80 | tail)


def parts(table: str) -> list[str]:
    """Its partitions by name."""
    asked = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1"
    return [name for (name,) in sql(asked, table)]


def where(pk: UUID) -> str:
    """The partition that holds this event."""
    ((name,),) = sql("SELECT tableoid::regclass::text FROM trail_auditevent WHERE id = %s", pk)
    return str(name)


def logged(pk: UUID | None = None) -> UUID:
    event = AuditEvent(id=pk or uuid7(), action="client.retrieve", object_type="client", clients=[uuid4()])
    event.insert_by(SYSTEM, at=now())
    return event.pk


# --- which month a row goes to ------------------------------------------------------------------------------------------


def test_every_table_that_is_kept_by_the_month_is_named_here() -> None:
    asked = "SELECT relname FROM pg_class WHERE relkind = 'p' AND relnamespace = 'public'::regnamespace"
    assert {name for (name,) in sql(asked)} == KEPT


def test_a_row_goes_to_its_month_by_its_own_key() -> None:
    this, then = first_of(now()), first_of(now(), 1)
    assert where(logged()) == f"trail_auditevent_{this:%Y_%m}"
    assert where(logged(key_of(then))) == f"trail_auditevent_{then:%Y_%m}"
    assert where(logged(key_of(then - timedelta(milliseconds=1)))) == f"trail_auditevent_{this:%Y_%m}"


@pytest.mark.parametrize("pk", [UUID(int=7), uuid4(), key_of(now() + timedelta(days=4000))])
def test_a_key_of_no_month_is_kept_all_the_same(pk: UUID) -> None:
    assert where(logged(pk)) == "trail_auditevent_default"
    assert AuditEvent.objects.get(pk=pk).action == "client.retrieve"


# --- months are made ahead ----------------------------------------------------------------------------------------------


def test_months_are_made_ahead_once() -> None:
    at = now() + timedelta(days=150)
    there = {table: set(parts(table)) for table in KEPT}
    made = make_partitions(at=at)
    assert made == sum(len(set(parts(table)) - names) for table, names in there.items()) > 0
    assert make_partitions(at=at) == 0
    for table in KEPT:
        ahead = {f"{table}_{first_of(at, n):%Y_%m}" for n in range(partitions.AHEAD + 1)}
        assert ahead <= set(parts(table))
    assert where(logged(key_of(at))) == f"trail_auditevent_{at:%Y_%m}"


def test_no_month_that_is_over_is_made_and_none_too_far_ahead() -> None:
    for at in (now() - timedelta(days=400), now() + timedelta(days=900)):
        assert partitions.months(at=at, ahead=3) == []
        assert make_partitions(at=at) == 0


@pytest.mark.parametrize(
    ("table", "month"),
    [
        ("trail_auditevent", first_of(now(), -1).date()),
        ("trail_auditevent", first_of(now(), 15).date()),
        ("trail_auditevent", first_of(now(), 5).date() + timedelta(days=1)),
        ("trail_auditseal", first_of(now(), 5).date()),
        ("pg_class", first_of(now(), 5).date()),
    ],
)
def test_the_program_can_make_nothing_but_months_to_come_of_these_tables(table: str, month: date) -> None:
    with (
        pytest.raises(DatabaseError, match=r"no partition of .* is made for") as refused,
        transaction.atomic(),
    ):
        sql("SELECT trail_make_partition(%s::text, %s::date)", table, month)
    assert refused.value.__cause__.sqlstate == "22023"  # type: ignore[union-attr]


def looked() -> dict[str, Any]:
    """What the door tells whoever may see all."""
    with override_settings(METRICS_TOKEN="for-the-tests"):
        answer = Client().get("/readyz", headers={"Authorization": "Bearer for-the-tests"})
    return answer.json()  # type: ignore[no-any-return]


def test_a_month_that_the_default_partition_holds_rows_of_is_left_there_loudly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at = now() + timedelta(days=150)
    late = logged(key_of(at))
    with caplog.at_level(logging.WARNING):
        made = make_partitions(at=at)
    assert f"trail_auditevent {at:%Y-%m}" in caplog.text
    assert made == len(KEPT) * (partitions.AHEAD + 1) - 1
    assert where(late) == where(logged(key_of(at))) == "trail_auditevent_default"
    with clock.fixed(at):
        told = looked()
    assert told["partitions"] == {
        "lacking": [f"trail_auditevent {at:%Y-%m}"],
        "in_default": ["trail_auditevent"],
    }
    assert told["status"] == "degraded"


def test_the_door_says_when_next_months_partition_is_missing() -> None:
    assert looked()["partitions"] == {"lacking": [], "in_default": []}
    at = now() + timedelta(days=150)
    with clock.fixed(at):
        lacking = looked()["partitions"]["lacking"]
        assert lacking == [f"{table} {first_of(at, n):%Y-%m}" for table in sorted(KEPT) for n in (0, 1)]
        make_partitions(at=at)
        assert looked()["partitions"]["lacking"] == []


@pytest.mark.django_db(transaction=True)
def test_who_reads_the_default_partition_keeps_no_month_from_being_made_for_good() -> None:
    at = now() + timedelta(days=150)
    url = os.environ["KAP_SUPERUSER_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url) as backup:
        backup.execute("LOCK TABLE trail_auditevent_default IN ACCESS SHARE MODE")
        make_partitions(at=at)
        assert f"trail_auditevent_{at:%Y_%m}" not in parts("trail_auditevent")
        assert where(logged()) == f"trail_auditevent_{now():%Y_%m}"  # nobody waits for it meanwhile
    try:
        assert make_partitions(at=at) > 0
    finally:
        _forget(url, at)


def _forget(url: str, at: datetime) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        for table in KEPT:
            for n in range(partitions.AHEAD + 1):
                name = f"{table}_{first_of(at, n):%Y_%m}"
                owner.execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
                owner.execute(f"DROP TABLE {name}")


# --- rights and triggers of each month ----------------------------------------------------------------------------------


def all_parts() -> list[str]:
    make_partitions(at=now() + timedelta(days=150))
    return [part for table in KEPT for part in parts(table)]


def test_the_runtime_role_has_no_right_on_a_month_by_its_own_name() -> None:
    names = all_parts()
    assert len(names) >= len(KEPT) * 8
    for name in names:
        for statement in (
            "SELECT count(*) FROM {}",
            "INSERT INTO {} DEFAULT VALUES",
            "UPDATE {} SET created_by = created_by",
            "DELETE FROM {}",
            "TRUNCATE {} CASCADE",
        ):
            with pytest.raises(ProgrammingError, match=DENIED), transaction.atomic():
                sql(statement.format(name))
        with pytest.raises(ProgrammingError, match="must be owner"), transaction.atomic():
            sql(f"ALTER TABLE {name} DISABLE TRIGGER ALL")


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    """The role that owns the tables, in one transaction that is taken back."""
    url = os.environ["KAP_SUPERUSER_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url) as found:
        found.execute("SET LOCAL ROLE kap_owner")
        yield found
        found.rollback()


def plant(owner: psycopg.Connection[Any], key: UUID) -> None:
    owner.execute(
        "INSERT INTO trail_auditevent VALUES (%s, now(), %s, 'client.list', 'client', NULL, %s, %s, 'ok', '{}')",
        [key, uuid4(), [uuid4()], ["therapist"]],
    )


def test_even_the_owner_changes_deletes_and_empties_no_month(owner: psycopg.Connection[Any]) -> None:
    at = now() + timedelta(days=150)
    owner.execute("SELECT trail_make_partition('trail_auditevent', %s)", [first_of(at).date()])
    for key in (uuid7(), key_of(at), uuid4()):
        plant(owner, key)
    for name in (
        f"trail_auditevent_{now():%Y_%m}",
        f"trail_auditevent_{at:%Y_%m}",
        "trail_auditevent_default",
    ):
        for statement in (
            f"UPDATE {name} SET action = 'x'",
            f"DELETE FROM {name}",
            f"TRUNCATE {name} CASCADE",
        ):
            with pytest.raises(psycopg.Error) as refused, owner.transaction():
                owner.execute(statement)
            assert refused.value.sqlstate == "KA001", statement


# --- there and back, with all that hangs on a table ---------------------------------------------------------------------

HANGS = """
SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE %(table)s::regclass IN (conrelid, confrelid) AND contype <> 'p' AND conparentid = 0
UNION ALL SELECT 'index', '', '', replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_index WHERE indrelid = %(table)s::regclass AND NOT indisprimary
UNION ALL SELECT 'trigger', '', tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
UNION ALL SELECT 'column', '', attname, format_type(atttypid, atttypmod) || attnotnull || attidentity::text
        || coalesce(col_description(attrelid, attnum), '')
    FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attnum > 0
UNION ALL SELECT 'comment', '', '', obj_description(%(table)s::regclass, 'pg_class')
UNION ALL SELECT 'rights', '', '', string_agg(a::text, ',' ORDER BY a::text)
    FROM pg_class, unnest(relacl) a WHERE oid = %(table)s::regclass
ORDER BY 1, 2, 3, 4
"""


def hangs(owner: psycopg.Connection[Any], table: str) -> list[Any]:
    return owner.execute(HANGS, {"table": table}).fetchall()


def rows(owner: psycopg.Connection[Any], table: str) -> list[Any]:
    return owner.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()


def test_a_table_with_rows_goes_there_and_back_and_loses_nothing(owner: psycopg.Connection[Any]) -> None:
    table = "trail_auditevent"
    owner.execute(f"COMMENT ON TABLE {table} IS 'Who did what'")
    owner.execute(f"COMMENT ON COLUMN {table}.action IS 'a verb'")
    owner.execute(f"GRANT SELECT ON {table} TO PUBLIC")
    owner.execute(f"SELECT trail_remake('{table}', NULL, 'id')")
    assert owner.execute("SELECT relkind FROM pg_class WHERE relname = %s", [table]).fetchone() == ("r",)
    old, before = now() - timedelta(days=800), now() - timedelta(days=45)
    keys = [
        key_of(old),
        key_of(before),
        key_of(before),
        uuid7(),
        key_of(first_of(now(), 1)),
        uuid4(),
        UUID(int=3),
    ]
    for key in keys:
        plant(owner, key)
    owner.execute(
        "INSERT INTO trail_auditseal VALUES (1, %s, 'a', 'b'), (2, %s, 'b', 'c')", [keys[0], keys[5]]
    )
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    owner.execute("SET CONSTRAINTS ALL DEFERRED")
    hung, held = hangs(owner, table), rows(owner, table)
    assert {row[0] for row in hung} == {"constraint", "index", "trigger", "column", "comment", "rights"}
    assert owner.execute(f"SELECT trail_remake('{table}', 'id', 'id')").fetchone() == (len(keys),)
    assert rows(owner, table) == held
    assert [row for row in hangs(owner, table) if row not in hung] == []
    assert len(hangs(owner, table)) == len(hung)
    found = owner.execute("SELECT id, tableoid::regclass::text FROM trail_auditevent").fetchall()
    dated = {
        key: f"{table}_{moment:%Y_%m}"
        for key, moment in zip(keys, [old, before, before, now()], strict=False)
    }
    dated |= {
        keys[4]: f"{table}_{first_of(now(), 1):%Y_%m}",
        keys[5]: f"{table}_default",
        keys[6]: f"{table}_default",
    }
    assert dict(found) == dated
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(psycopg.errors.ForeignKeyViolation), owner.transaction():
        owner.execute("INSERT INTO trail_auditseal VALUES (3, %s, 'c', 'd')", [uuid4()])
    owner.execute(f"SELECT trail_remake('{table}', NULL, 'id')")
    assert (rows(owner, table), hangs(owner, table)) == (held, hung)


def test_a_history_keeps_its_order_and_its_count_there_and_back(owner: psycopg.Connection[Any]) -> None:
    names = ", ".join(
        name
        for (name,) in owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attname <> 'history_id'",
            [CHECKS],
        )
    )
    empty = {
        "id": str(uuid4()),
        "version": 1,
        "kind": "planned",
        "state": "due",
        "reason": "",
        "history_type": "+",
    }
    empty |= {name: str(uuid4()) for name in ("session_id", "created_by")}
    empty |= dict.fromkeys(("created_at", "updated_at", "planned_at"), now().isoformat())

    def write(moment: datetime) -> int:
        row = Jsonb(empty | {"history_date": moment.isoformat()})
        into = f"INSERT INTO {CHECKS} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{CHECKS}, %s)"
        found = owner.execute(f"{into} RETURNING history_id", [row]).fetchone()
        assert found is not None
        return int(found[0])

    owner.execute(f"SELECT trail_remake('{CHECKS}', NULL, 'history_id')")
    moments = [first_of(now()) - timedelta(days=70), first_of(now()), first_of(now(), 1)]
    first = [write(moment) for moment in moments]
    hung, held = hangs(owner, CHECKS), rows(owner, CHECKS)
    owner.execute(f"SELECT trail_remake('{CHECKS}', 'history_date', 'history_id, history_date')")
    assert (rows(owner, CHECKS), hangs(owner, CHECKS)) == (held, hung)
    assert write(now()) == first[-1] + 1
    found = owner.execute(f"SELECT tableoid::regclass::text FROM {CHECKS} ORDER BY history_id").fetchall()
    assert [name for (name,) in found] == [f"{CHECKS}_{moment:%Y_%m}" for moment in (*moments, now())]
    held = rows(owner, CHECKS)
    owner.execute(f"SELECT trail_remake('{CHECKS}', NULL, 'history_id')")
    assert (rows(owner, CHECKS), hangs(owner, CHECKS)) == (held, hung)
    assert write(now()) == first[-1] + 2


# --- what is read -------------------------------------------------------------------------------------------------------


def looked_at(statement: str, params: Any) -> set[str]:
    """The tables that the plan of this statement scans when it is run."""
    ((plan,),) = sql(f"EXPLAIN (ANALYZE, FORMAT JSON, COSTS OFF, TIMING OFF) {statement}", *params)
    found, nodes = set(), [plan[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node.get("Actual Loops") and "Relation Name" in node:
            found.add(node["Relation Name"])
    return found


def test_the_chain_is_walked_month_by_month_and_says_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(selectors, "WALKED", 3)
    for month in (0, 0, 0, 1, 1, 1, 2, 2):
        logged(key_of(first_of(now(), month) + timedelta(days=1)))
    assert seal_events(everything=True) == 8
    call_command("verify_audit")
    assert "audit chain: every link holds." in capsys.readouterr().out
    assert [seal.sequence for seal in selectors.sealed()] == list(range(1, 9))
    keys = list(AuditSeal.objects.order_by("sequence").values_list("event_id", flat=True))[:3]
    asked = selectors.EVENTS.replace("%(first)s", "%s").replace("%(last)s", "%s").replace("%(keys)s", "%s")
    assert looked_at(asked, [keys[0], keys[-1], keys]) == {f"trail_auditevent_{now():%Y_%m}"}


def test_an_event_is_found_in_its_month_alone_and_a_clients_in_each_by_an_index() -> None:
    pk = logged()
    assert looked_at("SELECT * FROM trail_auditevent WHERE id = %s::uuid", [pk]) == {
        f"trail_auditevent_{now():%Y_%m}"
    }
    log_act(by=SYSTEM.pk, roles=[], action="client.retrieve", object_type="client", at=now(), clients=[pk])
    scans = "SELECT relname, seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = ANY (%s)"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(scans, [list(parts("trail_auditevent"))])
        before = {name: counts for name, *counts in cursor.fetchall()}
        assert len(selectors.access_log(client_ids=[pk])) == 1
        cursor.execute(scans, [list(parts("trail_auditevent"))])
        for name, whole, index in cursor.fetchall():
            assert (whole, index > before[name][1]) == (before[name][0], True), name
