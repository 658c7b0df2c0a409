"""A tick on the worklist settles nothing that a fact has to settle: the row comes back, and rings again."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from kapclinic.core import clock
from kapclinic.practice.worklist import Kind, Settled
from kapclinic.trail import services as trail
from kapclinic.trail.kinds import Undeclared, in_words
from kapclinic.trail.models import Outbox, Task
from sessions.dosing.models import AdverseEvent
from sessions.monitoring.models import Alarm
from sessions.sweep.steps import sweep
from sessions.sweep.worklist import WAITING, sweep_worklist
from tests import cast as people
from tests.cast import MONDAY, Cast, dosed_session, lot_of
from tests.sessions.monitoring.watching import take

SERIOUS = {
    "term": "Syncope",
    "grade": 4,
    "serious": True,
    "seriousness": ["hospitalization"],
    "onset_at": MONDAY.isoformat(),
    "causality": "probable",
    "action": "stopped",
    "outcome": "ongoing",
}


def red_alarm(cast: Cast) -> str:
    take(cast, dosed_session(cast), 10, systolic=205)
    for minute in (16, 22):
        sweep(at=MONDAY + timedelta(minutes=minute))
    return str(Alarm.objects.get(cause="red_reading").pk)


def serious_event(cast: Cast) -> str:
    session = people.ready_dose(cast)
    return str(cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", SERIOUS)["id"])


def loss(cast: Cast) -> str:
    body = {"lot": str(lot_of(cast).pk), "kind": "loss", "amount_mg": "50", "reason": "Vial broke"}
    cast.desk("np").must("drug-entries/", body)
    return str(Task.objects.get(kind="drug_loss").subject_id)


def acknowledged(cast: Cast, subject: str) -> None:
    cast.desk("prescriber").must(f"alarms/{subject}/acknowledge/", {"action": "With the client"})


def reviewed(cast: Cast, subject: str) -> None:
    path = AdverseEvent.objects.get(pk=subject).session_id
    body = {"conclusion": "Vasovagal", "hold_released": True}
    cast.desk("director").must(f"sessions/{path}/adverse-events/{subject}/review/", body)


def explained(cast: Cast, subject: str) -> None:
    cast.desk("director").must(f"drug-discrepancies/{subject}/explain/", {"reason": "Found behind the safe"})


@pytest.mark.parametrize(
    ("kind", "happens", "settles"),
    [
        ("alarm", red_alarm, acknowledged),
        (Kind.ADVERSE_EVENT_REVIEW, serious_event, reviewed),
        (Kind.ADVERSE_EVENT_ROOT_CAUSE, serious_event, None),
        ("drug_loss", loss, explained),
    ],
)
def test_ticking_the_row_off_does_not_make_the_matter_disappear(
    cast: Cast,
    kind: str,
    happens: Callable[[Cast], str],
    settles: Callable[[Cast, str], None] | None,
) -> None:
    subject = happens(cast)
    row = Task.objects.open().get(kind=kind, subject_id=subject)
    at = MONDAY + timedelta(minutes=30)
    with clock.fixed(at):
        cast.desk("director").must(f"tasks/{row.pk}/done/", {"outcome": "seen"})
        assert not Task.objects.open().filter(kind=kind, subject_id=subject).exists()
        assert [sweep_worklist(at=at) for _ in range(2)] == [1, 0]
        back = Task.objects.open().get(kind=kind, subject_id=subject)
        copied = ("roles", "assignee", "location", "client", "subject_type", "due_at", "escalation")
        assert [getattr(back, name) for name in copied] == [getattr(row, name) for name in copied]
        told = Outbox.objects.filter(key__startswith=f"back:{back.pk}:").values_list("recipient", flat=True)
        assert cast.director.pk in told
        if settles is not None:
            settles(cast, subject)
            assert sweep_worklist(at=at) == 0
            assert not Task.objects.open().filter(kind=kind, subject_id=subject).exists()


def test_a_kind_that_cannot_be_looked_at_keeps_no_other_from_coming_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = loss(cast)
    row = Task.objects.open().get(kind="drug_loss", subject_id=subject)
    cast.desk("director").must(f"tasks/{row.pk}/done/", {"outcome": "seen"})

    def broken() -> Any:
        raise ValueError("broken")

    monkeypatch.setitem(WAITING, Kind.NOTE_COSIGN, broken)
    with pytest.raises(ValueError, match="broken"):
        sweep_worklist(at=MONDAY + timedelta(minutes=30))
    assert Task.objects.open().filter(kind="drug_loss", subject_id=subject).exists()


def home_with_concern(cast: Cast) -> Task:
    session = dosed_session(cast)
    take(cast, session, 119)
    with clock.fixed(MONDAY + timedelta(minutes=120)):
        stated = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
        body: dict[str, Any] = {"checklist": dict.fromkeys(stated, True), "escort_present": True}
        body |= {"discharged_at": clock.now().isoformat(), "safety_concern": True}
        cast.desk("np").must(f"sessions/{session.pk}/discharge/", body)
    found: Task = Task.objects.get(kind=Kind.DISCHARGE_SAFETY_CONCERN)
    return found


def test_a_safety_concern_is_ticked_off_in_words_or_comes_before_the_director(cast: Cast) -> None:
    row = home_with_concern(cast)
    desk = cast.desk("therapist")
    for nothing in ({}, {"outcome": "  "}):
        answer = desk.post(f"tasks/{row.pk}/done/", nothing)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/outcome")
    due = row.due_at
    assert sweep_worklist(at=due - timedelta(seconds=1)) == 0
    assert [sweep_worklist(at=due) for _ in range(2)] == [1, 0]
    row.refresh_from_db()
    assert (row.state, set(row.roles), row.escalation) == ("open", {"therapist", "medical_director"}, 1)
    desk.must(f"tasks/{row.pk}/done/", {"outcome": "Called: is well, sister stays the night"})
    assert sweep_worklist(at=due) == 0


def test_the_kinds_of_the_worklist_are_those_that_the_rooms_open() -> None:
    by_words = {kind for kind in Kind if kind.settled is Settled.WORDS}
    assert by_words == {Kind.DISCHARGE_SAFETY_CONCERN, Kind.CHECK_IN_SAFETY_CONCERN} == in_words()
    assert {kind for kind in Kind if kind.settled is Settled.FACT} == set(WAITING)


def test_every_kind_is_opened_somewhere_and_none_goes_by_another_name() -> None:
    root = Path(__file__).resolve().parents[3]
    sources = [path for app in ("screening", "sessions", "billing") for path in (root / app).rglob("*.py")]
    trees = {path: ast.parse(path.read_text()) for path in sources if "migrations" not in path.parts}
    named = {
        node.attr
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Kind"
    }
    assert {kind.name for kind in Kind} <= named
    written = {
        f"{path.name}: {node.value.value}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "kind" and isinstance(node.value, ast.Constant)
        if node.value.value in set(Kind)
    }
    assert written == set()


def test_a_row_opens_for_no_kind_and_nobody_that_the_table_does_not_name(cast: Cast) -> None:
    asked: dict[str, Any] = {
        "location": cast.north.pk,
        "subject_type": "session",
        "subject_id": cast.north.pk,
    }
    asked |= {"due_at": MONDAY, "by": cast.np, "at": MONDAY}
    with pytest.raises(Undeclared):
        trail.open_task(kind="call_back", **asked)
    with pytest.raises(Undeclared):
        trail.open_task(kind=Kind.SLOT_FREED, roles=["billing"], **asked)
    assert Task.objects.count() == 0
    row = trail.open_task(kind=Kind.SLOT_FREED, **asked)
    assert row.roles == ["front_desk"]
    with pytest.raises(Undeclared):
        trail.escalate_task(task=row, roles=["medical_director"], by=cast.np, at=MONDAY)


def test_rows_come_back_however_many_are_asked_for_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    matters = [uuid4() for _ in range(3)]
    about: dict[str, Any] = {"kind": Kind.ALARM, "location": cast.north.pk, "subject_type": "alarm"}
    for subject in matters:
        row = trail.open_task(**about, subject_id=subject, due_at=MONDAY, by=cast.np, at=MONDAY)
        trail.finish_task(task_id=row.pk, by=cast.np, at=MONDAY, outcome="seen")
    monkeypatch.setattr(trail, "TOGETHER", 2)
    back = trail.reopen_ticked(kind=Kind.ALARM, waiting=matters, by=cast.np, at=MONDAY)
    assert {row.subject_id for row in back} == set(matters)
    assert Task.objects.open().count() == 3
