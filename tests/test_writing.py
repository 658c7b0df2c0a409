"""How rows are written: with the history that simple-history would keep, together, and in the order of the code."""

from __future__ import annotations

import copy
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, connections, models, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.core.asking import AtOnce
from kapclinic.core.audited import AuditedBase
from kapclinic.core.ids import uuid7
from kapclinic.core.postgresql import held
from kapclinic.core.tables import table_of
from kapclinic.core.writing import together
from kapclinic.trail import services as trail
from kapclinic.trail.models import AuditEvent
from programs import services as programs
from programs.models import Phase, PhaseSpan, Program
from sessions.dosing import selectors as dosing
from sessions.monitoring.models import Check, Reading
from tests import cast as people
from tests.asking import sql, told_apart
from tests.cast import MONDAY, Cast, lot_of
from tests.sessions.giving import attempt, stock

AUDITED = [
    model
    for model in apps.get_models()
    if issubclass(model, AuditedBase) and hasattr(model._meta, "simple_history_manager_attribute")
]


@pytest.fixture
def lived(cast: Cast) -> Any:
    """A day with something of nearly everything: a dose from stock, a late check, a red reading and its repeat."""
    session = people.ready_dose(cast)
    lot = lot_of(cast)
    assert attempt(cast, session, **stock(lot)).status_code == 201
    for minute, systolic in ((16, 120), (31, 190), (37, 190)):
        moment = MONDAY + timedelta(minutes=minute)
        with clock.fixed(moment):
            body = people.calm() | {"systolic": systolic, "measured_at": moment.isoformat()}
            cast.desk("np").must(f"sessions/{session.pk}/readings/", body)
    return session


def kept(row: Any) -> list[dict[str, Any]]:
    """The rows of its history, the newest first, by column, without their own key."""
    model = type(row).history.model
    columns = [field.column for field in model._meta.concrete_fields if field.name != "history_id"]
    found = sql(
        f'SELECT {", ".join(columns)} FROM "{model._meta.db_table}" WHERE id = %s ORDER BY history_id DESC',
        row.pk,
    )
    return [dict(zip(columns, one, strict=True)) for one in found]


def test_a_change_leaves_the_history_that_simple_history_would(cast: Cast, lived: Any) -> None:
    seen = set()
    for model in AUDITED:
        row = model._base_manager.order_by("pk").last()
        if row is None:
            continue
        try:
            with transaction.atomic():
                row.save_by(cast.np, at=MONDAY + timedelta(hours=1))
                ours = kept(row)[0]
                row._history_user, row._history_date = cast.np, MONDAY + timedelta(hours=1)
                _by_simple_history(row, "~")
                theirs = kept(row)[0]
        except DatabaseError as exc:
            if not re.search("frozen|append-only", str(exc)):  # an approved protocol and its like
                raise
            continue
        assert ours == theirs, model
        assert (ours["history_type"], ours["history_user_id"]) == ("~", cast.np.pk)
        seen.add(model.__name__)
    assert {"Session", "Check", "Alarm", "Obligation", "Program", "PhaseSpan", "DrugLot", "User"} <= seen


def _by_simple_history(row: Any, kind: str) -> None:
    receivers = [
        one.__self__
        for found in models.signals.post_save._live_receivers(type(row))
        for one in (found if isinstance(found, list) else [found])
    ]
    (records,) = receivers
    records.create_historical_record(row, kind)


def test_a_new_row_leaves_the_history_that_simple_history_would(cast: Cast, lived: Any) -> None:
    seen = set()
    for model in AUDITED:
        for row in model._base_manager.filter(version=1)[:5]:
            if not kept(row):  # what the cast writes past the services
                continue
            (ours,) = kept(row)
            row._history_user, row._history_date = _Who(row.created_by), row.created_at
            with transaction.atomic():
                _by_simple_history(row, "+")
                assert kept(row)[0] == ours, model
                transaction.set_rollback(True)
            seen.add(model.__name__)
    assert {"Check", "Alarm", "Obligation", "Client", "PhaseSpan"} <= seen


class _Who:
    def __init__(self, pk: Any) -> None:
        self.pk = pk


# --- together -------------------------------------------------------------------------------------------------------


def _event(cast: Cast, action: str) -> AuditEvent:
    return trail.log_act(by=cast.np.pk, roles=["x"], action=action, object_type="thing", at=MONDAY)


def _writes(caught: CaptureQueriesContext) -> int:
    return sum(query["sql"].startswith(("INSERT", "UPDATE", "WITH w0")) for query in caught.captured_queries)


def test_neighbours_leave_as_one_statement(cast: Cast) -> None:
    session = people.dosed_session(cast)
    checks = list(Check.objects.filter(session=session, state="due"))[:2]
    with CaptureQueriesContext(connection) as caught, transaction.atomic(), together():
        for check in checks:
            check.save_by(cast.np, at=MONDAY)
        _event(cast, "a")
        _event(cast, "b")
        assert _writes(caught) == 0
    assert _writes(caught) == 1
    assert [check.history.count() for check in checks] == [2, 2]
    assert AuditEvent.objects.filter(action__in=["a", "b"]).count() == 2


def test_a_question_sees_what_was_written_before_it(cast: Cast) -> None:
    with transaction.atomic(), together():
        _event(cast, "a")
        assert AuditEvent.objects.filter(action="a").exists()


def test_a_row_that_waits_is_as_it_was_when_it_was_saved(cast: Cast) -> None:
    with transaction.atomic(), together():
        event = AuditEvent(action="a", object_type="thing", created_by=cast.np.pk, created_at=MONDAY)
        event.roles = roles = ["x"]
        event.save(force_insert=True)
        roles.append("y")
    assert AuditEvent.objects.get(action="a").roles == ["x"]


def test_what_a_savepoint_undoes_takes_along_what_waited_in_it(cast: Cast) -> None:
    with transaction.atomic(), together():
        _event(cast, "before")
        with suppress(KeyError), transaction.atomic():
            _event(cast, "inside")
            raise KeyError
        _event(cast, "after")
    assert set(AuditEvent.objects.filter(object_type="thing").values_list("action", flat=True)) == {
        "before",
        "after",
    }


def test_a_constraint_speaks_up_where_the_savepoint_ends(cast: Cast) -> None:
    span = PhaseSpan.objects.get(program=people.opened_program(cast))
    with transaction.atomic(), together():
        with pytest.raises(IntegrityError, match="phase_open_once"), transaction.atomic():
            PhaseSpan(program=span.program, phase=Phase.PREPARATION, started_at=MONDAY).save_by(
                cast.np, at=MONDAY
            )
        _event(cast, "went on")
    assert PhaseSpan.objects.filter(program=span.program).count() == 1
    assert AuditEvent.objects.filter(action="went on").exists()


def test_rows_of_one_table_are_written_in_the_order_of_the_code(cast: Cast) -> None:
    """The open span ends before the next one begins, though both are one statement."""
    program = people.opened_program(cast)
    with CaptureQueriesContext(connection) as caught, transaction.atomic(), together():
        programs.enter_phase(program=program, phase=Phase.PREPARATION, by=cast.np, at=MONDAY)
    assert _writes(caught) == 1
    assert list(
        PhaseSpan.objects.filter(program=program).order_by("pk").values_list("phase", "ended_at")
    ) == [
        ("screening", MONDAY),
        ("preparation", None),
    ]


def test_a_row_that_is_saved_twice_keeps_both_in_its_history(cast: Cast) -> None:
    program = people.opened_program(cast)
    with transaction.atomic(), together():
        for goal in ("one", "two"):
            program.goals = goal
            program.save_by(cast.np, at=MONDAY)
    assert list(program.history.order_by("-history_id").values_list("goals", flat=True)[:2]) == ["two", "one"]
    assert Program.objects.get(pk=program.pk).goals == "two"


def test_a_row_that_is_not_there_is_no_change(cast: Cast) -> None:
    ghost = people.opened_program(cast)
    ghost.pk = uuid7()
    with pytest.raises(DatabaseError), transaction.atomic():
        ghost.save_by(cast.np, at=MONDAY)


def test_what_is_too_long_is_refused_and_not_cut_off(cast: Cast) -> None:
    program = people.opened_program(cast)
    program.status = "x" * 200
    with pytest.raises(DatabaseError, match="too long"), transaction.atomic():
        program.save_by(cast.np, at=MONDAY)


def test_no_trigger_of_a_table_that_joins_asks_another_that_joins(db: None) -> None:
    """Before a row is written, its trigger does not see what the same statement writes."""
    joined = {model._meta.db_table for model in apps.get_models() if getattr(model, "joins", False)}
    assert "clinic_sessions_check" in joined
    rows = sql(
        "SELECT c.relname, p.prosrc FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND (t.tgtype & 2) <> 0"
    )
    for table, source in rows:
        if table in joined:
            asked = set(re.findall(r"\b(?:FROM|JOIN|INTO)\s+\"?(\w+)", source, re.IGNORECASE))
            assert not asked & joined, (table, asked & joined)


# --- asked at once --------------------------------------------------------------------------------------------------


def test_questions_that_are_asked_at_once_answer_as_each_by_itself(cast: Cast, lived: Any) -> None:
    asked = AtOnce(dosing.for_a_reading)
    for session_id in (lived.pk, uuid7(), lived.pk):
        with transaction.atomic():
            found = asked(session_id=session_id)
            apart = [list(question) for question in dosing.for_a_reading(session_id=session_id)]
        assert [told_apart(rows) for rows in found] == [told_apart(rows) for rows in apart]
    assert Reading.objects.filter(session=lived).count() == len(found[3]) == 4
    with CaptureQueriesContext(connection) as caught, transaction.atomic():
        asked(session_id=lived.pk)
    assert sum(query["sql"].startswith("SELECT") for query in caught.captured_queries) == 1


EXAMPLES: dict[type[Any], Any] = {
    UUID: UUID(int=7),
    datetime: MONDAY,
    date: MONDAY.date(),
    bool: True,
    str: "as it is",
}


def test_a_value_that_goes_as_it_is_goes_as_django_would_send_it() -> None:
    line, kinds = connections["default"], Counter[type[Any]]()
    for model in AUDITED:
        for way in table_of(model).ways:
            for value in (None, *EXAMPLES.values()) if way.kind is None else (None, EXAMPLES[way.kind]):
                try:
                    expected = way.field.get_db_prep_save(value, line)
                except (TypeError, ValueError, ValidationError):
                    continue
                found = way.kept(value, line)
                assert (type(found), str(found)) == (type(expected), str(expected)), (model, way.name)
            kinds[way.kind or object] += 1
    assert set(EXAMPLES) < set(kinds)


def test_what_is_not_of_the_columns_kind_is_looked_at_by_django() -> None:
    line, ways = connections["default"], {way.name: way for way in table_of(Program).ways}
    assert ways["client_id"].kept(str(UUID(int=7)), line) == UUID(int=7)
    with pytest.warns(RuntimeWarning, match="naive datetime"):
        assert ways["updated_at"].kept(MONDAY.replace(tzinfo=None), line) == MONDAY


def test_each_thread_has_a_connection_of_its_own_under_the_same_name(db: None) -> None:
    held.by_thread()  # again, which changes nothing
    mine, others = connections["default"], []
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(lambda: others.append(connections["default"])).result()
    assert connections["default"] is mine
    assert others[0] is not mine
    assert others[0].connection is None


def test_json_that_waits_is_the_writers_no_more() -> None:
    way = next(way for way in table_of(AuditEvent).ways if way.name == "detail")
    given: dict[str, Any] = {"deep": [{"list": [1, None]}, (1, [2])], "who": UUID(int=7)}
    kept, expected = way.kept(given, connections["default"]).obj, copy.deepcopy(given)
    given["deep"][0]["list"].append(2)
    given["deep"][1][1].append(3)
    given["more"] = True
    assert kept == expected
