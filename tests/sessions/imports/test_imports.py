"""POST imports/: what an older system held, as the POST of each row would take it; all rows or none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice.models import Client
from kapclinic.trail.models import AuditEvent
from screening.models import Measure, SafetyAlert
from sessions.imports import services
from sessions.imports.models import Import, ImportContent, ImportedRow
from sessions.models import Allocation, Session
from tests import cast as people
from tests.asking import as_superuser, done, events, refused, sql
from tests.cast import Cast
from tests.sessions.booking import desk as booking
from tests.sessions.imports.lists import (
    PATH,
    WHY,
    brought_in,
    cells,
    person,
    send,
    table,
    told,
    undo,
    worked,
)

NOBODY = "0198c0de-0000-7000-8000-000000000000"
QUERIES = 3  # who asks; the page with its count; the audit row aside


def appointment(cast: Cast, program: Any, **more: Any) -> dict[str, Any]:
    """A booking in Aspen with the therapist, at a time of the location's own clock."""
    return {
        "program": str(program.pk),
        "kind": "preparation",
        "modality": "in_person",
        "starts_at": "2026-05-06T10:00",
        "ends_at": "2026-05-06T11:00",
        "room": str(cast.aspen.pk),
        "staff.1.user": str(cast.therapist.pk),
        "staff.1.role": "therapist",
    } | more


def measure(program: Any, **more: Any) -> dict[str, Any]:
    return {
        "program": str(program.pk),
        "instrument": "PHQ-9",
        "answers": "1;1;1;1;1;1;1;1;0",
        "taken_at": "2026-04-20 09:00",
        "administered_by": "The old clinic",
    } | more


# --- clients ---------------------------------------------------------------------------------------------------------


def test_clients_come_in_as_if_each_were_registered(cast: Cast) -> None:
    rows = [
        person(cast),
        person(
            cast,
            legal_first_name="Zoë",
            chosen_name="Zo",
            email="zoe@example.test",
            **{"emergency_contact.name": "Kim", "emergency_contact.phone": "303-555-0100"},
            **{"escort_contacts.1.name": "Lee", "escort_contacts.1.phone": "303-555-0101"},
            **{"communication_consent.sms": "yes"},
        ),
    ]
    content = table(rows)
    row = brought_in(cast, "clients", content)
    assert (row["total"], row["wrong"], row["size"], row["asked_by"]) == (2, 0, len(content), "Admin")
    first, second = Client.objects.order_by("mrn")
    assert (first.legal_name, first.address["postal_code"]) == ("Robin Sample", "80202")
    assert (second.legal_first_name, second.emergency_contact["name"]) == ("Zoë", "Kim")
    assert [one["name"] for one in second.escort_contacts] == ["Lee"]
    assert second.communication_consent == {"sms": True}
    assert (first.created_by, first.history.count()) == (cast.admin.pk, 1)
    found = done(cast.desk("frontdesk").get("clients/", search="zoe"), 200)
    assert [one["id"] for one in found["results"]] == [str(second.pk)]
    assert events("import.bring_in") == [(cast.admin.pk, "ok", sorted([first.pk, second.pk]))]
    assert not ImportContent.objects.exists()  # the rows are not kept
    planted = str(list(AuditEvent.objects.values())) + json.dumps(row)
    assert "Zo" not in planted.replace("Zone", "")
    assert "Sample" not in planted


def test_somebody_who_is_there_already_is_a_warning(cast: Cast) -> None:
    known = people.client(cast.north, by=cast.frontdesk)
    rows = [person(cast, phone="720-555-0199"), person(cast, legal_last_name="Other"), person(cast)]
    row = brought_in(cast, "clients", table(rows))
    assert [(one["row"], one["code"], one["same_rows"], one["clients"]) for one in row["warnings"]] == [
        (2, "likely_duplicate", [], [str(known.pk)]),
        (4, "likely_duplicate", [2], [str(known.pk)]),
    ]


def test_all_rows_come_in_or_none_and_the_report_names_each_cell(cast: Cast) -> None:
    rows = [
        person(cast),
        person(cast, date_of_birth="03/02/1985", phone="12", legal_last_name="Planted"),
        person(cast, postal_code="802", state="", locations=""),
    ]
    body = refused(send(cast, "clients", table(rows)), 400, "invalid", "/rows/3/date_of_birth")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/rows/3/date_of_birth", "invalid"),
        ("/rows/3/phone", "invalid"),
        ("/rows/4/postal_code", "invalid"),
        ("/rows/4/state", "required"),
        ("/rows/4/locations", "required"),
    }
    assert (body["wrong"], "Planted" in json.dumps(body), "03/02" in json.dumps(body)) == (2, False, False)
    assert not Client.objects.exists()
    assert not Import.objects.exists()
    # What only the verb knows is told once it was tried: a location that is not the administrator's.
    far = [person(cast), person(cast, locations=str(cast.south.pk)), person(cast, time_zone="Mars/Base")]
    row = worked(cast, send(cast, "clients", table(far)))
    assert (row["state"], row["failure"], row["wrong"], row["total"]) == ("failed", "rows", 2, 3)
    assert cells(row) == [(3, "locations", "not_found"), (4, "time_zone", "invalid")]
    assert [error["pointer"] for error in row["errors"]] == ["/rows/3/locations", "/rows/4/time_zone"]
    assert not Client.objects.exists()
    assert not ImportedRow.objects.exists()
    assert events("import.bring_in") == []
    brought_in(cast, "clients", table(far[:1]))  # the same after it was put right


def test_a_dry_run_tells_and_keeps_nothing(cast: Cast) -> None:
    content = table([person(cast), person(cast)])
    row = brought_in(cast, "clients", content, dry=True)
    assert (row["dry_run"], row["total"], row["allowed_moves"]) == (True, 2, [])
    assert [one["row"] for one in row["warnings"]] == [3]
    assert not Client.objects.exists()
    assert not ImportedRow.objects.exists()
    assert events("import.bring_in") == []
    refused(undo(cast, row), 409, "conflict")
    brought_in(cast, "clients", content)  # a trial is no import
    wrong = worked(cast, send(cast, "clients", table([person(cast, time_zone="Mars")]), dry=True))
    assert (wrong["state"], cells(wrong)) == ("failed", [(2, "time_zone", "invalid")])


def test_the_same_file_comes_in_once_unless_it_was_undone(cast: Cast) -> None:
    content = table([person(cast)])
    first = brought_in(cast, "clients", content)
    assert refused(send(cast, "clients", content), 409, "imported_before")["before"] == first["id"]
    assert Client.objects.count() == 1
    done(undo(cast, first), 202)
    refused(send(cast, "clients", content), 409, "imported_before")  # while the worker is at it, too
    services.work_on(import_id=UUID(first["id"]), at=clock.now())
    assert told(cast, first)["state"] == "undone"
    brought_in(cast, "clients", content)
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(
            "INSERT INTO clinic_sessions_import SELECT gen_random_uuid(), created_at, created_by, updated_at, version,"
            " kind, dry_run, locations, sha256, size, total, state, failure, wrong, errors, warnings, hanging, ended_at,"
            " undo_reason, undo_by, undone_at FROM clinic_sessions_import WHERE state = 'done'"
        )


def test_clients_are_withdrawn_while_nothing_hangs_on_them(cast: Cast) -> None:
    row = brought_in(cast, "clients", table([person(cast), person(cast, legal_first_name="Kim")]))
    robin, kim = Client.objects.order_by("mrn")
    people.opened_program(cast, who=robin)
    body = refused(undo(cast, row), 409, "in_use")
    assert body["hanging"] == 1
    assert told(cast, row)["state"] == "done"
    assert cast.desk("frontdesk").get(f"clients/{kim.pk}/").status_code == 200
    other = brought_in(cast, "clients", table([person(cast, legal_first_name="Lee")]))
    lee = Client.objects.get(legal_first_name="Lee")
    asked = done(undo(cast, other), 202)
    assert (asked["state"], asked["undo_reason"], asked["allowed_moves"]) == ("undoing", WHY, [])
    services.work_on(import_id=UUID(other["id"]), at=clock.now())
    assert told(cast, other)["state"] == "undone"
    refused(cast.desk("frontdesk").get(f"clients/{lee.pk}/"), 404, "not_found")
    assert done(cast.desk("frontdesk").get("clients/", search="Lee"), 200)["count"] == 0
    lee.refresh_from_db()
    assert (lee.locations, lee.withdrawn_at, lee.history.count()) == ([], clock.now(), 2)
    assert events("import.take_back") == [(cast.admin.pk, "ok", [lee.pk])]
    refused(undo(cast, other), 409, "illegal_transition")


def test_what_came_to_hang_on_a_row_meanwhile_keeps_all_of_it(cast: Cast) -> None:
    row = brought_in(cast, "clients", table([person(cast)]))
    done(undo(cast, row), 202)
    people.opened_program(cast, who=Client.objects.get())
    services.work_on(import_id=UUID(row["id"]), at=clock.now())
    found = told(cast, row)
    assert (found["state"], found["hanging"], found["undo_reason"], found["undone_at"]) == (
        "done",
        1,
        "",
        None,
    )
    assert Client.objects.get().locations == [cast.north.pk]


# --- appointments ----------------------------------------------------------------------------------------------------


def test_appointments_are_booked_at_the_locations_own_time_and_cancelled_again(cast: Cast) -> None:
    program = people.opened_program(cast)
    rows = [
        appointment(cast, program),
        appointment(cast, program, starts_at="2026-05-07T16:00:00Z", ends_at="2026-05-07T11:00"),
    ]
    row = brought_in(cast, "appointments", table(rows))
    first, second = Session.objects.order_by("starts_at")
    assert first.starts_at == datetime(2026, 5, 6, 16, 0, tzinfo=UTC)  # ten in Denver
    assert second.ends_at - second.starts_at == timedelta(hours=1)
    assert (first.created_by, first.room_id, first.status) == (cast.admin.pk, cast.aspen.pk, "scheduled")
    assert booking.live(first) == {
        ("room", cast.aspen.pk),
        ("staff", cast.therapist.pk),
        ("client", first.client_id),
    }
    cast.desk("frontdesk").must(f"sessions/{first.pk}/cancel/", {"reason": "The client called"})
    done(undo(cast, row), 202)
    services.work_on(import_id=UUID(row["id"]), at=clock.now())
    assert told(cast, row)["state"] == "undone"
    assert list(Session.objects.values_list("status", flat=True)) == ["cancelled"] * 2
    assert not Allocation.objects.filter(released_at__isnull=True).exists()
    first.refresh_from_db()
    assert first.reason == "The client called"


def test_an_appointment_that_clashes_stops_all_of_them(cast: Cast) -> None:
    program, other = booking.programs_of(cast, 2)
    rows = [
        appointment(cast, program),
        appointment(cast, other),
        appointment(cast, program, starts_at="2026-05-08T03:00", ends_at="2026-05-08T04:00"),
        appointment(cast, program, starts_at="2026-05-08T09:00Z", ends_at="2026-05-08T10:00Z")
        | {"program": NOBODY},
    ]
    row = worked(cast, send(cast, "appointments", table(rows)))
    assert (row["state"], row["wrong"]) == ("failed", 3)
    assert {(error["row"], error["code"]) for error in row["errors"]} == {
        (3, "resource_conflict"),
        (4, "outside_hours"),
        (5, "not_found"),
    }
    assert not Session.objects.exists()
    assert not Allocation.objects.exists()
    local = table([appointment(cast, program) | {"program": NOBODY}])
    refused(send(cast, "appointments", local), 400, "not_found", "/rows/2/program")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("starts_at", "2026-11-01T01:30", "ambiguous_time"),
        ("starts_at", "2026-03-08T02:30", "no_such_time"),
        ("starts_at", "tomorrow", "offset_required"),
        ("starts_at", "tomorrow Z", "invalid"),
        ("staff.1.role", "janitor", "invalid_choice"),
        ("room", "Aspen", "invalid"),
    ],
)
def test_a_cell_that_can_not_be_read_is_named(cast: Cast, column: str, value: str, code: str) -> None:
    program = people.opened_program(cast)
    content = table([appointment(cast, program), appointment(cast, program, **{column: value})])
    refused(send(cast, "appointments", content), 400, code, f"/rows/3/{column}")
    assert not Session.objects.exists()


def test_an_appointment_that_people_went_on_from_is_not_taken_back(cast: Cast) -> None:
    program = people.opened_program(cast)
    row = brought_in(cast, "appointments", table([appointment(cast, program)]))
    session = Session.objects.get()
    sql("UPDATE clinic_sessions_session SET status = 'no_show' WHERE id = %s", session.pk)
    assert refused(undo(cast, row), 409, "in_use")["hanging"] == 1
    assert told(cast, row)["state"] == "done"


# --- measures --------------------------------------------------------------------------------------------------------


def test_measures_are_scored_and_an_answer_of_danger_is_heard(cast: Cast) -> None:
    program = people.opened_program(cast)
    calm = brought_in(cast, "measures", table([measure(program)]))
    found = Measure.objects.get()
    assert (found.total, found.band, found.taken_at) == (8, "mild", datetime(2026, 4, 20, 15, 0, tzinfo=UTC))
    assert found.created_by == cast.admin.pk
    danger = brought_in(cast, "measures", table([measure(program, answers="1;1;1;1;1;1;1;1;2")]))
    assert SafetyAlert.objects.get().measure.answers[-1] == 2
    assert refused(undo(cast, danger), 409, "in_use")["hanging"] == 1
    done(undo(cast, calm), 202)
    services.work_on(import_id=UUID(calm["id"]), at=clock.now())
    assert found.void is not None
    assert found.void.reason == WHY
    gaps = worked(cast, send(cast, "measures", table([measure(program, answers="1;1;1")])))
    assert [one[:2] for one in cells(gaps)] == [(2, "answers")]
    for no_number in ("1;1;1;1;1;1;1;1;²", "1;1;1;1;1;1;1;1;--2"):
        content = table([measure(program, answers=no_number)])
        refused(send(cast, "measures", content), 400, "item", "/rows/2/answers")
    assert not Measure.objects.filter(void__isnull=True).exclude(alerts__isnull=False).exists()


# --- who, when, and the database -------------------------------------------------------------------------------------


def test_only_an_administrator_imports_and_only_of_their_locations(cast: Cast) -> None:
    content = table([person(cast)])
    for who in sorted(set(cast.people) - {"admin"}):
        refused(send(cast, "clients", content, who=who), 403, "not_permitted")
    row = brought_in(cast, "clients", content)
    cast.people["far"] = people.staff("far", ["admin"], cast.south)
    for path in (PATH + row["id"] + "/", PATH + row["id"] + "/undo/"):
        answer = (
            cast.desk("far").post(path, {"reason": WHY}) if "undo" in path else cast.desk("far").get(path)
        )
        refused(answer, 404, "not_found")
    assert done(cast.desk("far").get(PATH), 200)["count"] == 0
    program = people.opened_program(cast)
    theirs = worked(cast, send(cast, "appointments", table([appointment(cast, program)]), who="admin"))
    assert theirs["state"] == "done"


def test_somebody_who_lost_the_role_brings_nothing_in(cast: Cast) -> None:
    row = done(send(cast, "clients", table([person(cast)])), 202)
    assert (row["state"], row["allowed_moves"]) == ("queued", [])
    (sealed,) = ImportContent.objects.values_list("sealed", flat=True)
    assert b"Sample" not in bytes(sealed)
    people.colleague(cast, "second", "admin")  # the last one stays
    cast.admin.is_active = False
    cast.admin.save_by(cast.admin, at=clock.now())
    services.work_on(import_id=UUID(row["id"]), at=clock.now())
    found = Import.objects.get()
    assert (found.state, found.failure) == ("failed", "not_permitted")
    assert not Client.objects.exists()
    assert not ImportContent.objects.exists()


def test_rows_that_wait_are_sealed_again_with_a_new_key(cast: Cast, settings: Any) -> None:
    row = done(send(cast, "clients", table([person(cast)])), 202)
    old = list(settings.FIELD_KEYS)
    settings.FIELD_KEYS = ["QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=", *old]
    call_command("rotate_field_keys", verbosity=0)
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    services.work_on(import_id=UUID(row["id"]), at=clock.now())
    assert Client.objects.count() == 1


def test_a_message_that_was_lost_is_sent_again_and_imports_take_turns(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = done(send(cast, "clients", table([person(cast)])), 202)
    rung: list[Any] = []
    monkeypatch.setattr(services.working.doorbell, "ring", lambda name, **ids: rung.append((name, ids)))
    assert services.sweep_imports(at=clock.now()) == 1
    assert rung == [("sessions.work_on_import", {"import_id": UUID(row["id"])})]
    with as_superuser() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [services.working.ONE_AT_A_TIME])
        services.work_on(import_id=UUID(row["id"]), at=clock.now())
    assert told(cast, row)["state"] == "queued"
    services.work_on(import_id=UUID(row["id"]), at=clock.now())
    assert (told(cast, row)["state"], services.sweep_imports(at=clock.now())) == ("done", 0)


def test_an_import_that_breaks_has_failed_and_left_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = done(send(cast, "clients", table([person(cast)])), 202)
    monkeypatch.setattr(services.working.packing, "unpacked", lambda content: [(2, {})])
    services.work_on(import_id=UUID(row["id"]), at=clock.now())
    found = Import.objects.get()
    assert (found.state, found.failure, Client.objects.exists()) == ("failed", "broken", False)


def test_the_list_asks_the_same_number_of_questions_for_one_and_for_fifty(cast: Cast) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            done(cast.desk("admin").get(PATH), 200)
        return len([one for one in seen.captured_queries if "trail_auditevent" not in one["sql"]])

    for number in range(50):
        if number == 1:
            assert asked() <= QUERIES
        done(send(cast, "clients", table([person(cast, phone=f"303-555-{number:04}")])), 202)
    assert asked() <= QUERIES


def test_the_database_itself_keeps_what_came_in(cast: Cast) -> None:
    row = brought_in(cast, "clients", table([person(cast)]))
    for statement in (
        "UPDATE clinic_sessions_import SET state = 'queued'",
        "UPDATE clinic_sessions_import SET sha256 = 'x'",
        "DELETE FROM clinic_sessions_import",
        "UPDATE clinic_sessions_importedrow SET row = 9",
        "DELETE FROM clinic_sessions_importedrow",
        "INSERT INTO clinic_sessions_importedrow SELECT gen_random_uuid(), created_at, created_by, 7, object_id, of_id"
        " FROM clinic_sessions_importedrow",
        "UPDATE practice_client SET locations = '{}'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    assert told(cast, row) == row
