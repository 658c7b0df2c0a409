"""A client has died: programs end, what is booked is freed, what is owed is voided, no message leaves. And back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice.models import Client, Death, DeathVoid
from kapclinic.trail.models import Task
from programs.models import PhaseSpan, Program
from sessions.booking.models import Allocation, Session
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.reminders.services import sweep_reminders
from sessions.sweep.steps import send_messages, sweep
from sessions.visits.services import endings
from sessions.waitlist.models import WaitlistEntry
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, Cast
from tests.sessions.reminders.telling import HOUR, booked, course, move, tell, watch

TOLD = {"died_on": "2026-05-03", "source": "The client's sister called"}


def dies(cast: Cast, client: Any, who: str = "frontdesk", **more: Any) -> dict[str, Any]:
    return cast.desk(who).must(f"clients/{client}/deceased/", TOLD | more, status=200)


def lives(cast: Cast, client: Any, who: str = "frontdesk") -> dict[str, Any]:
    body = {"reason": "Another person of that name"}
    return cast.desk(who).must(f"clients/{client}/deceased/void/", body, status=200)


def rows() -> list[Any]:
    models = (Client, Program, PhaseSpan, Session, Allocation, Obligation, Death, DeathVoid)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_a_death_ends_the_programs_and_frees_the_book_and_is_shown(cast: Cast) -> None:
    program = people.cleared_program(cast)
    dose = people.booked(cast, program, "dosing", MONDAY + timedelta(days=2))
    waits = {"program": str(program.pk), "kind": "preparation"}
    waits |= {"window_from": "2026-05-05T15:00:00Z", "window_to": "2026-05-09T15:00:00Z"}
    cast.desk("frontdesk").must("waitlist/", waits)
    held = Session.objects.get(for_dose=dose)
    answer = dies(cast, program.client_id)
    assert (answer["died_on"], answer["programs"]) == ("2026-05-03", [str(program.pk)])
    assert set(answer["sessions"]) == {str(dose.pk), str(held.pk)}
    program.refresh_from_db()
    assert (program.status, program.status_reason) == ("discontinued", "The client has died.")
    assert not PhaseSpan.objects.filter(program=program, ended_at__isnull=True).exists()
    assert set(Session.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not Allocation.objects.filter(released_at__isnull=True).exists()
    assert set(WaitlistEntry.objects.values_list("status", flat=True)) == {"withdrawn"}
    assert cast.desk("np").get(f"clients/{program.client_id}/").json()["died_on"] == "2026-05-03"
    (listed,) = cast.desk("billing").get("clients/").json()["results"]
    assert listed["died_on"] == "2026-05-03"


def test_a_session_whose_time_is_over_stays_until_somebody_says_what_it_was(cast: Cast) -> None:
    program = people.cleared_program(cast)
    past = people.booked(cast, program, "preparation", MONDAY + timedelta(days=1))
    ahead = people.booked(cast, program, "preparation", MONDAY + timedelta(days=4))
    on = past.ends_at + HOUR
    with clock.fixed(on):
        answer = dies(cast, program.client_id, died_on="2026-05-05")
        assert answer["sessions"] == [str(ahead.pk)]
        sweep(at=on)
        assert [Session.objects.get(pk=one.pk).status for one in (past, ahead)] == ["scheduled", "cancelled"]
        assert Allocation.objects.filter(session=past, released_at__isnull=True).exists()
        sweep(at=on + timedelta(days=3))
        assert Session.objects.get(pk=past.pk).status == "scheduled"
        why = {"reason": "Did not come"}
        told = done(cast.desk("frontdesk").post(f"sessions/{past.pk}/no-show/", why), 200)
        assert told["status"] == "no_show"


@pytest.mark.parametrize("state", ["due", "booked", "missed"])
def test_what_a_dose_owes_is_voided_and_asks_nobody_any_more(cast: Cast, state: str) -> None:
    row = people.owed(cast)
    at = {"due": clock.now(), "booked": clock.now(), "missed": row.window_end + HOUR}[state]
    if state == "missed":
        held = Session.objects.get(status="held")
        cast.desk("frontdesk").must(f"sessions/{held.pk}/cancel/", {"reason": "Ill"})
    with clock.fixed(at):
        if state != "due":
            sweep(at=at)
        row.refresh_from_db()
        assert row.state == state
        answer = dies(cast, row.client_id)
        sweep(at=at + HOUR)
    row.refresh_from_db()
    assert (row.state, answer["obligations"]) == ("voided", [str(row.pk)])
    kinds = ["integration_unbooked", "integration_missed", "integration_confirm", "integration_unrecorded"]
    assert not Task.objects.open().filter(kind__in=kinds).exists()
    assert not Session.objects.filter(kind="integration", status__in=["held", "scheduled"]).exists()


def test_no_message_leaves_neither_reminder_nor_cancellation(cast: Cast) -> None:
    session = booked(cast, course(cast), MONDAY + 30 * HOUR)
    tell(MONDAY)
    dies(cast, session.client_id)
    assert watch(MONDAY, MONDAY + 31 * HOUR) == []
    assert not Task.objects.filter(kind="client_untold").exists()


def test_a_message_that_was_written_already_does_not_leave(cast: Cast) -> None:
    session = booked(cast, course(cast), MONDAY + 30 * HOUR)
    sweep_reminders(at=MONDAY)
    dies(cast, session.client_id)
    assert send_messages(at=MONDAY) == 0


def test_nobody_calls_about_what_was_cancelled_before_the_death(cast: Cast) -> None:
    early, night = MONDAY + 22 * HOUR, MONDAY + 14 * HOUR  # 07:00 of the next day, in the quiet hours
    session = booked(cast, course(cast), early)
    tell(MONDAY)
    with clock.fixed(night):
        endings.end(session_id=session.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=night)
        assert watch(night, early) == []
        assert Task.objects.open().filter(kind="client_untold").exists()
        dies(cast, session.client_id)
    assert not Task.objects.open().filter(kind="client_untold").exists()
    sweep_reminders(at=early - HOUR)
    assert not Task.objects.open().filter(kind="client_untold").exists()


def test_who_lives_after_all_is_told_what_the_death_cancelled_or_called(cast: Cast) -> None:
    program, silent = course(cast), course(cast, email="sam@example.test")
    far = MONDAY + timedelta(days=14)
    booked(cast, program, far)
    moved = booked(cast, silent, far + 2 * HOUR)
    tell(MONDAY)
    consent = {"communication_consent": None}
    assert cast.desk("frontdesk").patch(f"clients/{silent.client_id}/", consent).status_code == 200
    move(cast, moved, far + 4 * HOUR)
    tell(MONDAY)
    calls = Task.objects.filter(kind="client_untold").order_by("created_at").values_list("state", "outcome")
    assert list(calls) == [("open", "")]
    for one in (program, silent):
        dies(cast, one.client_id)
    later = MONDAY + timedelta(days=5)
    assert watch(later, later) == []
    with clock.fixed(later):
        for one in (program, silent):
            lives(cast, one.client_id)
    ((_, text),) = watch(later, later + HOUR)
    assert text.startswith("Your appointment at North on Monday, May 18, 2026 at 9:00 AM MDT was cancelled.")
    assert list(calls.all()) == [("done", "The client has died."), ("open", "")]


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "director"])
def test_whoever_hears_of_it_writes_it_down(cast: Cast, who: str) -> None:
    program = people.opened_program(cast)
    assert dies(cast, program.client_id, who)["programs"] == [str(program.pk)]
    assert lives(cast, program.client_id, who)["died_on"] is None


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("billing", 403, "not_permitted"),
        ("admin", 403, "not_permitted"),
        ("south_frontdesk", 404, "not_found"),
    ],
)
def test_others_do_not_and_nothing_changes(cast: Cast, who: str, status: int, code: str) -> None:
    program = people.opened_program(cast)
    before = rows()
    for path, body in (("deceased/", TOLD), ("deceased/void/", {"reason": "A mistake"})):
        refused(cast.desk(who).post(f"clients/{program.client_id}/{path}", body), status, code)
    assert rows() == before


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"died_on": "2026-05-05"}, "/died_on"),
        ({"died_on": "1985-03-01"}, "/died_on"),
        ({"died_on": "soon"}, "/died_on"),
        ({"source": ""}, "/source"),
    ],
)
def test_a_day_to_come_or_before_birth_and_no_source_are_refused(
    cast: Cast, more: dict[str, str], pointer: str
) -> None:
    program = people.opened_program(cast)
    before = rows()
    answer = cast.desk("frontdesk").post(f"clients/{program.client_id}/deceased/", TOLD | more)
    assert [error["pointer"] for error in done(answer, 400)["errors"]] == [pointer]
    assert rows() == before


def test_the_day_is_the_clinics_own_and_not_the_one_of_utc(cast: Cast) -> None:
    program = people.opened_program(cast)
    evening = MONDAY + timedelta(hours=11)  # 20:00 in Denver, and the next day in UTC
    path, tomorrow = f"clients/{program.client_id}/deceased/", TOLD | {"died_on": "2026-05-05"}
    with clock.fixed(evening):
        refused(cast.desk("frontdesk").post(path, tomorrow), 400, "invalid", "/died_on")
        dies(cast, program.client_id, died_on="2026-05-04")


def test_twice_is_refused_and_so_is_a_void_without_a_death(cast: Cast) -> None:
    program = people.opened_program(cast)
    path = f"clients/{program.client_id}/deceased/"
    refused(cast.desk("np").post(f"{path}void/", {"reason": "A mistake"}), 409, "not_deceased")
    dies(cast, program.client_id)
    before = rows()
    refused(cast.desk("np").post(path, TOLD), 409, "already_deceased")
    assert rows() == before


def test_no_program_is_opened_for_who_has_died(cast: Cast) -> None:
    program = people.opened_program(cast)
    dies(cast, program.client_id)
    body = {"client": str(program.client_id), "protocol": str(program.protocol_id)}
    body |= {"location": str(cast.north.pk), "therapist": str(cast.therapist.pk)}
    body |= {"prescriber": str(cast.prescriber.pk), "accepted_modalities": ["video"]}
    refused(cast.desk("frontdesk").post("programs/", body), 400, "deceased", "/client")


@pytest.mark.parametrize("was", ["active", "on_hold"])
def test_a_void_gives_the_course_and_what_is_owed_back(cast: Cast, was: str) -> None:
    row = people.owed(cast)
    if was == "on_hold":
        cast.desk("prescriber").must(f"programs/{row.program_id}/hold/", {"reason": "Travels"})
    phase = Program.objects.get().phase
    dies(cast, row.client_id)
    sweep(at=clock.now())
    answer = lives(cast, row.client_id)
    assert (answer["died_on"], answer["programs"]) == (None, [str(row.program_id)])
    assert answer["obligations"] == [str(row.pk)]
    program = Program.objects.get()
    assert (program.status, program.phase) == (was, phase)
    assert PhaseSpan.objects.get(program=program, ended_at__isnull=True).phase == phase
    row.refresh_from_db()
    assert (row.state, row.integration_session) == ("due", None)
    sweep(at=clock.now())
    row.refresh_from_db()
    assert row.state == "booked"
    assert Death.objects.count() == DeathVoid.objects.count() == 1
    dies(cast, row.client_id)  # it can be said again


def test_a_dose_that_was_voided_since_owes_nothing_again(cast: Cast) -> None:
    session = people.ready_dose(cast)
    dose = people.give(cast, session)
    dies(cast, session.client_id)
    path = f"sessions/{session.pk}/administrations/{dose.pk}/void/"
    cast.desk("prescriber").must(path, {"reason": "Of another client"})
    assert lives(cast, session.client_id)["obligations"] == []
    assert Obligation.objects.get().state == "voided"


def test_a_session_that_has_begun_stays_to_be_written_up(cast: Cast) -> None:
    row = people.owed(cast)
    sweep(at=clock.now())
    row.refresh_from_db()
    session = row.integration_session
    with clock.fixed(session.starts_at):
        people.checked_in_session(session, by=cast.therapist)
        dies(cast, row.client_id)
        row.refresh_from_db()
        assert row.state == "voided"
        cast.desk("therapist").must(f"sessions/{session.pk}/complete/")
    statuses = dict(Session.objects.values_list("kind", "status"))
    assert statuses == {"dosing": "in_progress", "integration": "completed"}


def test_a_dose_that_is_written_up_after_the_death_owes_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast)
    dies(cast, session.client_id)
    integration.owe_integration(
        dose=session, program=session.program, dosed_at=clock.now(), by=cast.np, at=clock.now()
    )
    assert not Obligation.objects.exists()
