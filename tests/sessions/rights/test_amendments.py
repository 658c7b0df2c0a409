"""A client asks to have the record corrected: by when it is answered, what is added, and what nobody changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.models import Addendum, AmendmentRequest
from sessions.sweep.worklist import sweep_worklist
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import MONDAY, PERSON, Cast

REQUESTS = "amendment-requests/"
WORDS = "I did not say that I slept badly"
NOBODY = "0198c0de-0000-7000-8000-000000000000"
AUGUST = MONDAY + timedelta(days=92)


def asked(cast: Cast, client: Any, **more: Any) -> dict[str, Any]:
    body = {"client": str(client.pk), "text": WORDS, "received_on": "2026-05-04"} | more
    return cast.desk("therapist").must(REQUESTS, body, status=201)


def row_of(request: dict[str, Any]) -> Task:
    return Task.objects.get(kind="amendment_due", subject_id=request["id"], state="open")


@pytest.fixture
def client(cast: Cast) -> Any:
    return people.client(cast.north, by=cast.frontdesk)


def test_a_request_is_answered_within_sixty_days_and_put_off_once_by_thirty(cast: Cast, client: Any) -> None:
    made = asked(cast, client)
    assert (made["due_on"], made["state"], made["note"]) == ("2026-07-03", "open", None)
    assert made["allowed_moves"] == ["accept", "void"]
    row = row_of(made)
    assert (row.due_at.isoformat(), row.client) == ("2026-07-04T06:00:00+00:00", client.pk)
    assert "front_desk" not in row.roles
    director, path = cast.desk("director"), f"{REQUESTS}{made['id']}"
    refused(cast.desk("therapist").post(f"{path}/extend/", {}), 403, "not_permitted")
    longer = done(director.post(f"{path}/extend/", {"reason": "The author is away"}), 200)
    assert (longer["due_on"], longer["extension_reason"]) == ("2026-08-02", "The author is away")
    assert "extend" not in longer["allowed_moves"]
    assert row_of(made).due_at.isoformat() == "2026-08-03T06:00:00+00:00"
    refused(director.post(f"{path}/extend/", {}), 409, "already_extended")
    denied = done(director.post(f"{path}/deny/", {"basis": "The record is accurate and complete"}), 200)
    assert (denied["state"], denied["decided_by"]) == ("denied", str(cast.director.pk))
    assert not Task.objects.filter(kind="amendment_due", state="open").exists()
    assert denied["allowed_moves"] == ["disagreement"]
    said = cast.desk("np").must(f"{path}/disagreement/", {"text": "It is not"}, status=200)
    assert (said["disagreement"], said["allowed_moves"]) == ("It is not", [])
    refused(cast.desk("np").post(f"{path}/disagreement/", {"text": "Once more"}), 409, "already_disagreed")
    for move, body in (("accept", {"addendum": "x"}), ("deny", {"basis": "no, no"}), ("extend", {})):
        refused(director.post(f"{path}/{move}/", body), 409, "illegal_transition")


def test_too_late_nothing_is_put_off_and_a_tick_takes_nothing_away(cast: Cast, client: Any) -> None:
    made = asked(cast, client)
    path = f"{REQUESTS}{made['id']}"
    cast.desk("director").must(f"tasks/{row_of(made).pk}/done/")
    with clock.fixed(MONDAY + timedelta(days=61)):
        sweep_worklist(at=clock.now())
        assert row_of(made).due_at < clock.now()
        late = cast.desk("director").post(f"{path}/extend/", {"reason": "Forgotten"})
        refused(late, 409, "too_late")
        assert AmendmentRequest.objects.get().due_on.isoformat() == "2026-07-03"
        cast.desk("therapist").must(f"{path}/void/", {"reason": "The client took it back"})
        sweep_worklist(at=clock.now())
    assert not Task.objects.filter(kind="amendment_due", state="open").exists()


def test_what_is_accepted_stands_under_the_note_and_never_in_it(cast: Cast) -> None:
    session = people.signed_session(cast, starts_at=MONDAY - timedelta(days=3))
    note = session.notes.get()
    made = asked(cast, session.client, note=str(note.pk))
    path, words = f"{REQUESTS}{made['id']}", "The client says that they slept well."
    for name in ("np", "prescriber"):
        refused(cast.desk(name).post(f"{path}/accept/", {"addendum": words}), 403, "not_permitted")
    assert not Addendum.objects.exists()
    taken = cast.desk("director").must(f"{path}/accept/", {"addendum": words}, status=200)
    added = Addendum.objects.get()
    assert (taken["state"], taken["addendum"], taken["note_addendum"]) == ("accepted", words, str(added.pk))
    assert (added.text, added.author_id, added.previous_hash) == (words, cast.director.pk, note.content_hash)
    assert added.reason == "Amended at the client's request of 2026-05-04"
    shown = done(cast.desk("therapist").get(f"notes/{note.pk}/"), 200)
    assert (shown["sections"], len(shown["addenda"])) == (note.sections, 1)
    refused(cast.desk("director").post(f"{path}/accept/", {"addendum": words}), 409, "illegal_transition")
    assert Addendum.objects.count() == 1


def test_a_draft_has_nothing_to_amend_and_a_note_of_somebody_else_is_none(cast: Cast) -> None:
    session = people.completed_session(
        cast, people.cleared_program(cast), starts_at=MONDAY - timedelta(days=3)
    )
    note = people.written_note(session, by=cast.therapist)
    made = asked(cast, session.client, note=str(note.pk))
    accept = cast.desk("director").post(f"{REQUESTS}{made['id']}/accept/", {"addendum": "Slept well"})
    refused(accept, 409, "illegal_transition")
    assert AmendmentRequest.objects.get().state == "open"
    other = people.client(cast.north, by=cast.frontdesk, first="Other")
    body = {"client": str(other.pk), "text": WORDS, "received_on": "2026-05-04", "note": str(note.pk)}
    refused(cast.desk("therapist").post(REQUESTS, body), 400, "not_found", "/note")
    refused(cast.desk("therapist").post(REQUESTS, body | {"client": NOBODY}), 400, "not_found", "/client")
    late = body | {"received_on": "2026-05-05"}
    refused(cast.desk("therapist").post(REQUESTS, late), 400, "in_the_future", "/received_on")
    assert AmendmentRequest.objects.count() == 1


def test_clinicians_of_the_clients_places_alone_read_a_request_and_each_read_is_logged(
    cast: Cast, client: Any
) -> None:
    made = asked(cast, client)
    for role, name in PERSON.items():
        may = role in {"nurse_practitioner", "therapist", "prescriber", "medical_director"}
        for path in (REQUESTS, f"{REQUESTS}{made['id']}/"):
            answer = cast.desk(name).get(path)
            assert answer.status_code == (200 if may else 403), (name, path)
            assert (WORDS in answer.content.decode()) is may
    refused(cast.desk("south_np").get(f"{REQUESTS}{made['id']}/"), 404, "not_found")
    assert done(cast.desk("south_np").get(REQUESTS), 200)["results"] == []
    log = cast.desk("director").get(f"clients/{client.pk}/access-log/", object_type="amendment_request")
    assert {row["action"].split(".")[1] for row in log.json()["results"]} == {"create", "list", "retrieve"}


def test_the_list_costs_the_same_at_one_row_and_at_fifty(cast: Cast, client: Any) -> None:
    desk = cast.desk("np")
    asked(cast, client)
    for many in (1, 50):
        while AmendmentRequest.objects.count() < many:
            asked(cast, client)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = done(desk.get(REQUESTS, client=str(client.pk), state="open", page_size="200"), 200)
        assert (found["count"], len(queries)) == (many, 3)
    assert done(desk.get(REQUESTS, due_to="2026-07-02"), 200)["count"] == 0


@pytest.mark.parametrize(
    "change",
    [
        "text = 'other'",
        "due_on = due_on + 30",
        "due_on = due_on + 31, extended_at = now()",
        "received_on = received_on - 1",
    ],
)
def test_the_database_keeps_what_was_asked_and_until_when(cast: Cast, client: Any, change: str) -> None:
    asked(cast, client)
    with pytest.raises(DatabaseError, match="clinic_sessions_amendmentrequest"), transaction.atomic():
        sql(f"UPDATE clinic_sessions_amendmentrequest SET {change}")


def test_the_database_changes_nothing_of_what_was_answered(cast: Cast, client: Any) -> None:
    made = asked(cast, client)
    cast.desk("director").must(f"{REQUESTS}{made['id']}/deny/", {"basis": "accurate"})
    for change in ("basis = 'other'", "state = 'open', basis = '', decided_at = NULL"):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            sql(f"UPDATE clinic_sessions_amendmentrequest SET {change}")
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("DELETE FROM clinic_sessions_amendmentrequest")


def test_a_note_of_somebody_who_turned_out_to_be_another_is_not_amended(cast: Cast) -> None:
    session = people.signed_session(cast, starts_at=MONDAY - timedelta(days=3))
    twin = people.client(cast.north, by=cast.frontdesk, first="Robyn")
    director, verb = cast.desk("director"), f"clients/{twin.pk}/"
    director.must(f"{verb}merge/", {"into": str(session.client_id), "reason": "The same birth date"})
    made = asked(cast, twin, note=str(session.notes.get().pk))
    director.must(f"{verb}unmerge/", {"reason": "Two people"})
    path = f"{REQUESTS}{made['id']}"
    refused(director.post(f"{path}/accept/", {"addendum": WORDS}), 409, "other_client")
    assert not Addendum.objects.exists()
    director.must(f"{path}/void/", {"reason": "Another client's note"}, status=200)
