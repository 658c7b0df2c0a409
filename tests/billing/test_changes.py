"""GET changes/: what changed in a row, when and by whom, in the fields that the asker reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.records.rules.changes import KEPT
from kapclinic.core import clock
from kapclinic.core.audited import AuditedBase
from kapclinic.practice.models import Role
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, PERSON, Cast

NOBODY = "0198c0de-0000-7000-8000-000000000000"
# With history, and shown by no address of their own: what they say stands in the answers of others.
OF_OTHERS = {
    "PhaseSpan",
    "WorkingHours",
    "TimeOff",
    "ClientAlias",
    "SessionHold",
    "ReminderPlan",
    "CalendarFeed",
}
OF_OTHERS |= {"FactorReset", "PrivateNoteOpening"}
OF_OTHERS |= {"Task", "Job", "RecordExport", "PracticeExport", "ClientLink", "Phrase", "Import"}
OF_OTHERS |= {"BreakGlass", "FactorReset"}


def changes(cast: Cast, who: str, kind: str, row: Any, **query: str) -> list[dict[str, Any]]:
    answer = cast.desk(who).get("changes/", object_type=kind, object_id=str(row), **query)
    return done(answer, 200)["results"]  # type: ignore[no-any-return]


def test_a_change_says_when_by_whom_what_it_was_and_what_it_became(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    assert changes(cast, "np", "client", client.pk) == []
    cast.desk("frontdesk").patch(f"clients/{client.pk}/", {"pronouns": "they"}, match='"1"')
    with clock.fixed(MONDAY + timedelta(hours=1)):
        body = {"pronouns": "she", "email": "robin@example.test"}
        cast.desk("np").patch(f"clients/{client.pk}/", body, match='"2"')
    found = changes(cast, "director", "client", client.pk)
    assert [(row["field"], row["old"], row["new"], row["by"], row["at"]) for row in found] == [
        ("pronouns", "they", "she", str(cast.np.pk), "2026-05-04T16:00:00Z"),
        ("email", "", "robin@example.test", str(cast.np.pk), "2026-05-04T16:00:00Z"),
        ("pronouns", "", "they", str(cast.frontdesk.pk), "2026-05-04T15:00:00Z"),
    ]
    assert {row["name"] for row in found} == {"Np", "Frontdesk"}
    log = (
        cast.desk("director").get(f"clients/{client.pk}/access-log/", object_type="change").json()["results"]
    )
    assert (log[0]["action"], log[0]["object_id"]) == ("change.list", str(client.pk))
    page = cast.desk("np").get(
        "changes/", object_type="client", object_id=str(client.pk), page="2", page_size="2"
    )
    assert (page.json()["count"], [row["new"] for row in page.json()["results"]]) == (3, ["they"])


def test_each_role_reads_the_fields_that_it_reads_of_the_row(cast: Cast) -> None:
    program = people.opened_program(cast)
    body = {"goals": "Sleep again", "diagnosis": "F32.1", "preferred_days": [2]}
    cast.desk("therapist").patch(f"programs/{program.pk}/", body)
    seen = {
        name: {row["field"] for row in changes(cast, name, "program", program.pk)}
        for name in ("frontdesk", "billing", "np")
    }
    assert seen["np"] >= {"goals", "diagnosis", "preferred_days"}
    assert seen["frontdesk"] == {"preferred_days"}
    assert seen["billing"] == {"preferred_days", "diagnosis"}
    refused(
        cast.desk("admin").get("changes/", object_type="program", object_id=str(program.pk)),
        403,
        "not_permitted",
    )
    for who, kind, row, status in (
        ("south_np", "program", program.pk, 404),
        ("np", "program", NOBODY, 404),
        ("np", "staff", cast.np.pk, 403),
        ("frontdesk", "screening", NOBODY, 403),
    ):
        answer = cast.desk(who).get("changes/", object_type=kind, object_id=str(row))
        assert answer.status_code == status, (who, kind)
        assert "Sleep" not in answer.content.decode()


def test_what_stood_in_a_draft_only_its_author_reads(cast: Cast) -> None:
    session = people.completed_session(
        cast, people.cleared_program(cast), starts_at=MONDAY - timedelta(days=3)
    )
    note = people.written_note(session, by=cast.therapist)
    cast.desk("therapist").patch(f"notes/{note.pk}/", {"sections": {"text": "said otherwise"}})
    own = changes(cast, "therapist", "note", note.pk)
    assert [(row["field"], row["new"]) for row in own] == [("sections", {"text": "said otherwise"})]
    for name in ("director", "np", "other_therapist"):
        assert changes(cast, name, "note", note.pk) == []
    moved = changes(cast, "np", "session", session.pk, page_size="200")
    assert {"field": "started_at", "old": None} in [{k: row[k] for k in ("field", "old")} for row in moved]
    assert all(row["new"].endswith("Z") for row in moved if row["field"] == "started_at")


def test_a_psychotherapy_note_has_no_changes_to_show(cast: Cast) -> None:
    for name in PERSON.values():
        answer = cast.desk(name).get("changes/", object_type="psychotherapy_note", object_id=NOBODY)
        refused(answer, 400, "invalid", "/object_type")
    refused(cast.desk("np").get("changes/", object_type="client"), 400, "required", "/object_id")


def test_it_costs_the_same_at_one_change_and_at_fifty(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    cast.desk("np").get("rooms/")
    for version in range(1, 51):
        cast.desk("frontdesk").patch(
            f"clients/{client.pk}/", {"pronouns": f"p{version}"}, match=f'"{version}"'
        )
        if version in (1, 50):
            with CaptureQueriesContext(connection) as queries:
                assert len(changes(cast, "np", "client", client.pk)) == version
            assert len(queries) == 4  # who asks; the row; its changes; the audit row


def test_every_row_that_is_edited_is_in_the_table_or_has_no_address() -> None:
    known = {kept.model.__name__ for kept in KEPT.values()}
    edited = {
        model.__name__
        for model in apps.get_models()
        if issubclass(model, AuditedBase)
        and hasattr(model, "history")
        and not hasattr(model, "instance_type")
    }
    assert edited - known - OF_OTHERS == set()
    assert "PsychotherapyNote" not in known


@pytest.mark.parametrize("kind", sorted(KEPT))
def test_a_field_that_others_read_is_a_field(kind: str) -> None:
    kept = KEPT[kind]
    fields = {field.name for field in kept.model._meta.concrete_fields}
    for role, names in kept.some.items():
        assert role in Role.values
        assert set(names) <= fields
    assert kept.own <= fields
