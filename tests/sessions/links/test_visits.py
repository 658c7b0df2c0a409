"""A client confirms a session, asks for another time, answers the check of the day before a dose, and joins by video."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent, Task
from screening.models import Medication
from sessions.booking.models import Session
from sessions.links.models import ClientAnswer, ClientLink
from tests import cast as people
from tests.cast import MONDAY, Cast, later, one_of_each_kind
from tests.sessions.links.phone import Phone, link, row
from tests.sessions.reminders import telling

CHECKED = {
    "coming": "yes",
    "fasting": "yes",
    "ride": "yes",
    "ride_name": "Sam Sample",
    "ride_phone": "303-555-0199",
    "new": "yes",
    "medicines": "lithium 300 mg\n\nzinc\nlithium 300 mg",
}
CLINICAL = ("lithium", "zinc", "fasting")


def confirm_link(cast: Cast, session: Session, **more: Any) -> dict[str, Any]:
    return link(cast, session.program, "confirm", str(session.pk), **more)


def test_a_client_confirms_an_integration_session(cast: Cast) -> None:
    session = one_of_each_kind(cast)["integration"]
    made = confirm_link(cast, session)
    assert made["subject"] == str(session.pk)
    phone = Phone(made["url"])
    phone.look(**{"Accept-Language": "es"})
    assert "North" not in phone.text
    phone.born()
    assert "Wednesday, May 6, 2026 at 10:00 AM MDT" in phone.text
    assert "integration" not in phone.text.lower()
    assert "home" not in phone.text  # no check: it is no dose
    assert phone.send(coming="") == 400
    assert phone.send(coming="yes", wish="Never mind") == 200
    session.refresh_from_db()
    assert session.client_confirmed_at == MONDAY
    assert str(session.history.first().history_user_id) == made["id"]
    assert ClientAnswer.objects.get().answers == {"coming": True}
    assert not Task.objects.exclude(kind="dose_without_clearance").exists()
    assert phone.look() == 410


def test_a_client_asks_for_another_time_until_the_session_has_one(cast: Cast) -> None:
    session = one_of_each_kind(cast)["integration"]
    cast.desk("frontdesk").patch(f"sessions/{session.pk}/", {"client_confirmed_at": MONDAY.isoformat()})
    made = confirm_link(cast, session)
    phone = Phone(made["url"])
    phone.born(lang="es")
    assert "miércoles, 6 de mayo de 2026, 10:00 MDT" in phone.text
    assert phone.send(coming="move", wish="El jueves por la tarde", lang="es") == 200
    assert "su cita sigue en pie" in phone.text
    session.refresh_from_db()
    assert (session.client_confirmed_at, session.status) == (None, "scheduled")
    asked = Task.objects.open().get(kind="move_requested")
    assert (asked.roles, asked.subject_id, asked.due_at) == (["front_desk"], session.pk, session.starts_at)
    told = cast.desk("frontdesk").get(f"client-links/{made['id']}/").json()["answer"]
    assert told["answers"] == {"coming": False, "wish": "El jueves por la tarde"}
    telling.move(cast, session, session.starts_at + timedelta(days=1, hours=2))
    assert Task.objects.get(pk=asked.pk).state == "done"


def test_what_a_cancelled_session_is_asked_of_goes_with_it(cast: Cast) -> None:
    sessions = one_of_each_kind(cast)
    for kind in ("integration", "maintenance"):
        phone = Phone(confirm_link(cast, sessions[kind])["url"])
        phone.born()
        phone.send(coming="move")
    open_page = Phone(confirm_link(cast, sessions["integration"])["url"])
    open_page.born()
    telling.cancel(cast, sessions["integration"])
    assert open_page.send(coming="yes") == 410
    assert [task.subject_id for task in Task.objects.open().filter(kind="move_requested")] == [
        sessions["maintenance"].pk
    ]
    body = {"client": str(sessions["integration"].client_id), "purpose": "confirm"}
    answer = cast.desk("np").post("client-links/", body | {"subject": str(sessions["integration"].pk)})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_send")


def test_a_session_that_was_moved_is_looked_at_again(cast: Cast) -> None:
    session = one_of_each_kind(cast)["integration"]
    phone = Phone(confirm_link(cast, session)["url"])
    phone.born()
    telling.move(cast, session, session.starts_at + timedelta(hours=2))
    assert phone.send(coming="yes") == 409
    assert "was moved while this page was open" in phone.text
    assert "at 12:00 PM MDT" in phone.text
    session.refresh_from_db()
    assert session.client_confirmed_at is None
    assert phone.send(coming="yes", starts_at="9999") == 409
    assert phone.send(coming="yes") == 200
    session.refresh_from_db()
    assert session.client_confirmed_at == MONDAY
    begun = Phone(confirm_link(cast, session)["url"])
    begun.born()
    with clock.fixed(session.starts_at):
        cast.desk("np").must(f"sessions/{session.pk}/check-in/")
        assert begun.send(coming="yes") in {403, 410}
        assert begun.look() == 410


def test_the_check_of_the_day_before_waits_for_a_clinician(cast: Cast) -> None:
    session = one_of_each_kind(cast)["dosing"]
    made = confirm_link(cast, session)
    phone = Phone(made["url"])
    phone.born()
    for name, pointer in (("fasting", "#fasting"), ("new", "#new"), ("ride_phone", "#ride_name")):
        assert phone.send(**{key: said for key, said in CHECKED.items() if key != name}) == 400
        assert pointer in phone.text
    assert phone.send(**CHECKED) == 200
    session.refresh_from_db()
    assert (session.client_confirmed_at, session.escort, session.fasting_since) == (MONDAY, None, None)
    assert not Medication.objects.exists()
    task = Task.objects.open().get(kind="client_answered")
    assert str(task.subject_id) == made["id"]
    assert "front_desk" not in task.roles
    path = f"client-links/{made['id']}/"
    seen = cast.desk("frontdesk").get(path)
    assert seen.json()["answer"]["answers"]["ride"]["name"] == "Sam Sample"
    assert not [word for word in CLINICAL if word in seen.content.decode()]
    listed = cast.desk("frontdesk").get("client-links/").content.decode()
    assert not [word for word in CLINICAL if word in listed]
    assert cast.desk("np").get(path).json()["allowed_moves"] == ["take_over"]
    assert cast.desk("frontdesk").post(f"{path}take-over/").status_code == 403
    assert cast.desk("south_np").post(f"{path}take-over/").status_code == 404
    taken = cast.desk("np").must(f"{path}take-over/")
    assert (taken["taken_by"], taken["allowed_moves"]) == (str(cast.np.pk), [])
    session.refresh_from_db()
    assert session.escort["phone"] == "303-555-0199"
    assert set(Medication.objects.values_list("text", "created_by")) == {
        ("lithium 300 mg", cast.np.pk),
        ("zinc", cast.np.pk),
    }
    assert not Task.objects.open().filter(kind="client_answered").exists()
    again = cast.desk("np").post(f"{path}take-over/")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert Medication.objects.count() == 2


def test_a_client_joins_their_video_session_from_a_quarter_of_an_hour_before(cast: Cast) -> None:
    for who, address in (("locations", "https://video.example/north/{session}"), ("staff", "")):
        pk = cast.north.pk if who == "locations" else cast.therapist.pk
        cast.desk("admin").patch(f"{who}/{pk}/", {"video_url": address})
    program = people.opened_program(cast)
    session = people.booked(cast, program, "integration", later(hours=2), modality="video", room=None)
    path = f"sessions/{session.pk}/"
    north = f"https://video.example/north/{session.pk}"
    assert cast.desk("therapist").get(path).json()["video_url"] == north
    phone = Phone(confirm_link(cast, session)["url"])
    phone.born()
    assert north not in phone.text
    assert phone.send(coming="yes") == 200
    cast.desk("admin").patch(f"staff/{cast.therapist.pk}/", {"video_url": "https://video.example/lee"})
    assert cast.desk("billing").get(path).json()["video_url"] == ""
    with clock.fixed(later(minutes=104)):
        assert phone.look() == 200  # used for its purpose, it still shows the way in
        phone.born()
        assert "15 minutes before" in phone.text
        assert "video.example" not in phone.text
    with clock.fixed(later(minutes=105)):
        phone.born()
        assert 'href="https://video.example/lee" rel="noopener noreferrer"' in phone.text
        changed = cast.desk("frontdesk").patch(path, {"video_url": "https://video.example/other"})
        assert changed.json()["video_url"] == "https://video.example/other"
        phone.born()
        assert 'href="https://video.example/other"' in phone.text
        phone.page = phone.browser.post(phone.path, {"seen": phone.seen, "coming": "move"})
        assert phone.page.status_code == 200
        assert ClientAnswer.objects.count() == 1
    with clock.fixed(session.ends_at):
        assert phone.born() == 410
    bad = cast.desk("frontdesk").patch(path, {"video_url": "javascript:alert(1)"})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (400, "/video_url")


def test_five_wrong_dates_close_a_used_link_too(cast: Cast) -> None:
    program = people.opened_program(cast)
    session = people.booked(cast, program, "integration", later(hours=2), modality="video", room=None)
    made = confirm_link(cast, session)
    phone = Phone(made["url"])
    phone.born()
    phone.send(coming="yes")
    for _ in range(5):
        phone.born({"year": "1985", "month": "3", "day": "9"})
    assert phone.page.status_code == 410
    assert (row(made).state, row(made).tries) == ("used", 5)
    assert Task.objects.open().filter(kind="link_locked").count() == 1


@override_settings(PUBLIC_URL="https://clinic.example")
def test_a_reminder_carries_a_link_of_its_own(cast: Cast) -> None:
    program = telling.course(cast)
    session = telling.booked(cast, program, MONDAY + 30 * telling.HOUR)
    telling.tell(MONDAY)
    (letter,) = [one for one in mail.outbox if one.to == ["robin@example.test"]]
    address = next(word for word in letter.body.split() if word.startswith("https://clinic.example/l/"))
    made = ClientLink.objects.get()
    assert (made.purpose, made.session, made.created_by.int & 1) == ("confirm", session, 1)
    assert not [word for word in ("Robin", "preparation", str(session.pk)) if word in letter.body]
    phone = Phone(address.removeprefix("https://clinic.example"))
    phone.born()
    assert phone.send(coming="yes") == 200
    session.refresh_from_db()
    assert session.client_confirmed_at is not None
    assert AuditEvent.objects.filter(action="client_link.answer", clients=[session.client_id]).exists()


def test_without_an_address_of_the_clinic_reminders_carry_none(cast: Cast) -> None:
    telling.booked(cast, telling.course(cast), MONDAY + 30 * telling.HOUR)
    telling.tell(MONDAY)
    assert "confirm here" not in mail.outbox[0].body
    assert not ClientLink.objects.exists()


@pytest.mark.parametrize("kind", ["preparation", "medical"])
def test_no_other_session_asks_for_fasting(cast: Cast, kind: str) -> None:
    session = one_of_each_kind(cast)[kind]
    phone = Phone(confirm_link(cast, session)["url"])
    phone.born()
    assert 'name="fasting"' not in phone.text


def test_a_ride_that_was_told_for_another_day_is_asked_for_again(cast: Cast) -> None:
    session = one_of_each_kind(cast)["dosing"]
    made = confirm_link(cast, session)
    phone = Phone(made["url"])
    phone.born()
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        ride = {"ride": "yes", "ride_name": "Sam Sample", "ride_phone": "303-555-0199"}
        assert phone.send(coming="yes", fasting="yes", new="no", **ride) == 200
    with clock.fixed(MONDAY + timedelta(hours=1)):
        telling.move(cast, session, session.starts_at + timedelta(days=7))
        cast.desk("np").must(f"client-links/{made['id']}/take-over/", {})
    session.refresh_from_db()
    assert session.escort["name"] == "Sam Sample"
    assert session.escort_confirmed_at is None
    (asked,) = Task.objects.open().filter(kind="escort_again")
    assert (asked.subject_id, asked.due_at) == (session.pk, session.starts_at)
