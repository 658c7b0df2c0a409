"""What happened is never changed or deleted: the runtime role has no right to, and triggers refuse everybody (R6, R15)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from kapclinic.core import clock
from kapclinic.core.audited import HistoryBypassed
from kapclinic.trail.rights import append_only_tables, undeletable_tables
from kapclinic.trail.services import seal_events
from sessions.dosing.models import Administration
from sessions.monitoring.models import Alarm, Reading
from tests import cast as people
from tests.cast import IM, MONDAY, Cast, lot_of, weighed
from tests.sessions.giving import attempt, stock, witness

FACTS = sorted(append_only_tables())
KEPT = sorted(undeletable_tables())
DENIED = "permission denied"


def run(statement: str, table: str) -> None:
    composed = sql.SQL(statement).format(table=sql.Identifier(table))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(composed)


def first_column(table: str) -> str:
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, table)
    return str(columns[0].name)


def test_the_walk_finds_the_facts() -> None:
    names = {
        "administration",
        "reading",
        "discharge",
        "order",
        "gateoverride",
        "attestation",
        "drugentry",
        "historicalsession",
    }
    assert {f"clinic_sessions_{name}" for name in names} <= set(FACTS)
    assert {"trail_auditevent", "trail_auditseal"} <= set(FACTS)


@pytest.mark.parametrize("table", FACTS)
def test_the_runtime_role_changes_deletes_and_empties_no_fact(db: None, table: str) -> None:
    column = first_column(table)
    for statement in (
        f'UPDATE {{table}} SET "{column}" = "{column}"',
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(ProgrammingError, match=DENIED):
            run(statement, table)


@pytest.mark.parametrize("table", KEPT)
def test_the_runtime_role_deletes_no_clinical_or_money_row(db: None, table: str) -> None:
    for statement in ("DELETE FROM {table}", "TRUNCATE {table} CASCADE"):
        with pytest.raises(ProgrammingError, match=DENIED):
            run(statement, table)


@pytest.mark.parametrize("table", FACTS)
def test_every_fact_has_its_triggers(db: None, table: str) -> None:
    query = """
        SELECT bool_or(tgtype::int & 2 = 2 AND tgtype::int & 24 = 24 AND tgtype::int & 1 = 1),
               bool_or(tgtype::int & 2 = 2 AND tgtype::int & 32 = 32)
        FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled IN ('O', 'A') AND NOT tgisinternal
    """  # 1 row, 2 before, 8 delete, 16 update, 32 truncate
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        assert cursor.fetchone() == (True, True)


@pytest.fixture
def owner(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """The superuser, who no missing right holds back."""
    url = os.environ["KAP_SUPERUSER_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url, autocommit=True) as found:
        yield found


def what_is_said(cast: Cast, path: str, now: str) -> None:
    """An entry of the record that is taken back; a severe event with its follow-up and its review."""
    seen = {"part": "observation", "content": {"text": "Quiet"}, "observed_at": now}
    entry = cast.desk("therapist").must(f"{path}/record/", seen)
    cast.desk("therapist").must(f"{path}/record/{entry['id']}/void/", {"reason": "Wrong client"})
    event = {"term": "nausea", "grade": 3, "serious": False, "onset_at": now}
    event |= {"causality": "probable", "action": "none", "outcome": "recovering"}
    told = cast.desk("np").must(f"{path}/adverse-events/", event)
    cast.desk("np").must(f"{path}/adverse-events/{told['id']}/follow-ups/", {"text": "Better"})
    judged = {"conclusion": "Expected", "hold_released": True}
    cast.desk("director").must(f"{path}/adverse-events/{told['id']}/review/", judged)


def a_days_work(cast: Cast) -> None:
    """A dose from the safe with its order, readings, waste, alarm, void, event, discharge and overrides."""
    hours = [{"location": str(cast.north.pk), "weekday": 0, "from": "08:00", "to": "20:00"}]
    assert cast.desk("admin").put(f"staff/{cast.np.pk}/working-hours/", hours).status_code == 200
    session, lot = weighed(cast, IM), lot_of(cast)
    amounts = {
        "dose_mg": "40",
        "drawn_mg": "50",
        "given_mg": "40",
        "wasted_mg": "10",
        "witness": witness(cast),
    }
    dose = attempt(cast, session, **stock(lot, **amounts))
    assert dose.status_code == 201, dose.content
    path, now = f"sessions/{session.pk}", clock.now().isoformat()
    reading = cast.desk("np").must(f"{path}/readings/", people.calm() | {"measured_at": now, "systolic": 150})
    cast.desk("np").must(f"{path}/readings/{reading['id']}/void/", {"reason": "Cuff slipped"})
    cast.desk("frontdesk").must(f"{path}/stage/", {"stage": "in_recovery"})
    what_is_said(cast, path, now)
    home = {"checklist": {}, "escort_present": True, "discharged_at": now, "override_reason": "Transfer"}
    cast.desk("prescriber").must(f"{path}/discharge/", home)
    cast.desk("prescriber").must(
        f"{path}/administrations/{dose.json()['id']}/void/", {"reason": "Wrong client"}
    )
    lines = [{"lot": str(lot.pk), "counted_mg": "440"}]
    count = {"location": str(cast.north.pk), "kind": "closing", "lines": lines, "witness": witness(cast)}
    cast.desk("np").must("drug-counts/", count)
    seal_events()


def test_even_the_owner_is_refused_by_every_fact_that_a_day_writes(
    now: Any, owner: psycopg.Connection[Any]
) -> None:
    a_days_work(people.assemble())
    tried = []
    for table in FACTS:
        name = sql.Identifier(table)
        if owner.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone() == (0,):
            continue
        column = sql.Identifier(first_column(table))
        before = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
        for statement in (
            sql.SQL("UPDATE {} SET {c} = {c}").format(name, c=column),
            sql.SQL("DELETE FROM {}").format(name),
        ):
            with pytest.raises(psycopg.Error) as refused:
                owner.execute(statement)
            assert refused.value.sqlstate == "KA001", (table, refused.value)
        assert owner.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone() == before
        tried.append(table)
    said = {"recordentry", "recordentryvoid", "adverseevent", "adverseeventfollowup", "adverseeventreview"}
    said |= {"attestation"}
    assert {f"clinic_sessions_{name}" for name in said} <= set(tried)
    assert len(tried) >= 30, tried
    assert {"clinic_sessions_administration", "clinic_sessions_discharge", "trail_auditseal"} <= set(tried)


def test_even_the_owner_can_not_empty_a_fact(owner: psycopg.Connection[Any]) -> None:
    for table in FACTS:
        with pytest.raises(psycopg.Error) as refused:
            owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
        assert refused.value.sqlstate == "KA001", (table, refused.value)


def test_nor_does_the_code_try(cast: Cast) -> None:
    people.give(cast, people.ready_dose(cast))
    for rows in (Administration.objects.all(), Reading.objects.all()):
        row = rows.get()
        for write in (row.save, row.delete, rows.delete, lambda rows=rows: rows.update(created_at=MONDAY)):
            with pytest.raises(HistoryBypassed):
                write()
    with pytest.raises(HistoryBypassed):
        Alarm.objects.all().update(state="acknowledged")
