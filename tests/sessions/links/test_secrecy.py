"""What a link tells, to whom, how often, and until when."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import pytest
from django.db import Error, connection, transaction

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent, IdempotencyRecord, Task
from screening.models import Measure
from sessions.links import services
from sessions.links.api import pages
from sessions.links.models import ClientLink
from tests import cast as people
from tests.cast import MONDAY, Cast, later, opened_program
from tests.racing import race
from tests.sessions.links.phone import BORN, WRONG, Phone, measure_link, phq9, row

CALM = phq9(*[0] * 9)


def token_of(made: dict[str, Any]) -> str:
    return str(made["url"]).rsplit("/", 1)[1]


def test_a_mail_scanner_opens_it_and_nothing_happens(cast: Cast) -> None:
    made = measure_link(cast, opened_program(cast))
    phone, before = Phone(made["url"]), (row(made).version, AuditEvent.objects.count())
    for _ in range(3):
        assert phone.look() == 200
    assert phone.browser.head(phone.path).status_code == 200
    assert phone.browser.get(f"{phone.path}/").status_code == 200
    assert phone.browser.options(phone.path).status_code == 405
    assert (row(made).version, AuditEvent.objects.count()) == before
    page = phone.page
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; ")
    assert "script" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    assert not page.cookies
    assert "<script" not in phone.text
    phone.born()
    assert not phone.page.cookies
    phone.send(**CALM)
    assert not phone.page.cookies


def test_the_address_is_shown_once_and_never_kept(cast: Cast) -> None:
    program, desk = opened_program(cast), cast.desk("np")
    subject = {"program": str(program.pk), "instrument": "gad7"}
    body = {"client": str(program.client_id), "purpose": "measure", "subject": subject}
    made = desk.must("client-links/", body, key="mine")
    token = token_of(made)
    assert len(token) >= 43
    assert row(made).digest == hashlib.sha256(token.encode()).hexdigest()
    again = desk.must("client-links/", body, key="mine")
    assert (again["id"], again["url"]) == (made["id"], None)
    assert IdempotencyRecord.objects.get().answer == {"id": made["id"]}
    assert "url" not in desk.get(f"client-links/{made['id']}/").json()
    assert made["subject"] == subject
    Phone(made["url"]).born(WRONG)
    with connection.cursor() as cursor:
        for table in (
            "clinic_sessions_clientlink",
            "clinic_sessions_historicalclientlink",
            "trail_auditevent",
        ):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{token}%"])
            assert cursor.fetchone()[0] == 0


def test_it_works_once(cast: Cast) -> None:
    made = measure_link(cast, opened_program(cast))
    phone, other = Phone(made["url"]), Phone(made["url"])
    phone.born()
    other.born()
    assert phone.send(**CALM) == 200
    assert other.send(**CALM) == 410  # the other phone, and the back button with the same page
    assert "Robin" not in other.text
    assert phone.look() == 410
    assert phone.born() == 410
    assert Measure.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_phones_at_once_one_is_heard(cast: Cast) -> None:
    link = row(measure_link(cast, opened_program(cast)))
    send = lambda: services.answer_measure(link_id=link.pk, answers=[0] * 9, language="en", at=MONDAY)  # noqa: E731
    raised = race(send, send)
    assert [type(exc) for exc in raised] == [services.LinkOver]
    assert Measure.objects.count() == 1


def test_it_ends_by_itself(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, limits={"link_hours": 24})
    made = measure_link(cast, opened_program(cast, protocol=protocol))
    assert made["expires_at"] == "2026-05-05T15:00:00Z"
    phone = Phone(made["url"])
    with clock.fixed(later(hours=24, seconds=-1)):
        assert phone.born() == 200
    with clock.fixed(later(hours=24)):
        assert phone.send(**CALM) == 410
        assert phone.look() == 410
        assert cast.desk("np").get(f"client-links/{made['id']}/").json()["state"] == "expired"
    assert not Measure.objects.exists()


def test_whoever_sent_it_takes_it_back(cast: Cast) -> None:
    made = measure_link(cast, opened_program(cast))
    phone = Phone(made["url"])
    phone.born()
    path = f"client-links/{made['id']}/revoke/"
    assert cast.desk("billing").post(path).status_code == 403
    assert cast.desk("south_frontdesk").post(path).status_code == 404
    assert cast.desk("frontdesk").must(path)["state"] == "revoked"
    again = cast.desk("frontdesk").post(path)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert phone.send(**CALM) == 410
    assert not Measure.objects.exists()


def test_five_wrong_birth_dates_end_it_and_the_desk_is_told(cast: Cast) -> None:
    program = opened_program(cast)
    made = measure_link(cast, program)
    phone = Phone(made["url"])
    for said in ({}, {"year": "1985", "month": "2", "day": "30"}, {"year": "85", "month": "3", "day": "2"}):
        assert phone.born(said) == 400  # no date at all: no try
    for _ in range(4):
        assert phone.born(WRONG) == 403
        assert "Robin" not in phone.text
    assert not Task.objects.exists()
    assert phone.born() == 200  # a right one still opens it, and forgives nothing
    assert phone.born(WRONG) == 410
    assert phone.born() == 410
    assert (row(made).state, row(made).tries) == ("locked", 5)
    task = Task.objects.get()
    assert (task.kind, task.roles, str(task.subject_id)) == ("link_locked", ["front_desk"], made["id"])
    refused = AuditEvent.objects.filter(action="client_link.birth", outcome="refused")
    assert refused.count() == 5
    assert {str(one.created_by) for one in refused} == {made["id"]}


def test_an_address_that_nobody_made_is_the_same_page_whatever_it_looks_like(cast: Cast) -> None:
    made = measure_link(cast, opened_program(cast))
    token = token_of(made)
    pages_shown = {
        Phone(f"/l/{guess}").browser.get(f"/l/{guess}") for guess in ("x", token[:-1] + "-", "0" * 43)
    }
    assert {page.status_code for page in pages_shown} == {404}
    assert len({page.content for page in pages_shown}) == 1
    asked = Phone(f"/l/{'0' * 43}").browser.post(f"/l/{'0' * 43}", BORN)
    assert asked.status_code == 404


def test_the_word_of_one_link_opens_no_other(cast: Cast) -> None:
    program = opened_program(cast)
    first, second = (Phone(measure_link(cast, program)["url"]) for _ in range(2))
    first.born()
    second.page = second.browser.post(second.path, {"seen": first.seen} | CALM)
    assert second.page.status_code == 403
    assert "Robin" not in second.text
    assert not Measure.objects.exists()


def test_a_course_that_is_over_and_a_client_who_died_are_asked_nothing(cast: Cast) -> None:
    program = opened_program(cast)
    made = measure_link(cast, program)
    phone = Phone(made["url"])
    phone.born()
    cast.desk("therapist").must(f"programs/{program.pk}/discontinue/", {"reason": "The client moved away"})
    assert phone.send(**CALM) == 410
    body = {"client": str(program.client_id), "purpose": "measure", "subject": made["subject"]}
    answer = cast.desk("np").post("client-links/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    other = people.client(cast.north, by=cast.frontdesk, first="Kim")
    course = people.opened_program(cast, who=other, protocol=program.protocol)
    later_link = Phone(measure_link(cast, course)["url"])
    cast.desk("frontdesk").must(
        f"clients/{other.pk}/deceased/", {"died_on": "2026-05-03", "source": "A sister"}
    )
    assert later_link.look() == 410
    assert not Measure.objects.exists()


def test_a_client_who_was_registered_twice_gives_either_birth_date(cast: Cast) -> None:
    program = opened_program(cast)
    twin = people.client(cast.north, by=cast.frontdesk, date_of_birth=people.MONDAY.date().replace(year=1990))
    phone = Phone(measure_link(cast, program)["url"])
    told = {"year": "1990", "month": "5", "day": "4"}
    assert phone.born(told) == 403
    cast.desk("director").must(
        f"clients/{program.client_id}/merge/", {"into": str(twin.pk), "reason": "The same person"}
    )
    assert phone.born(told) == 200
    assert phone.send(**CALM) == 200
    assert Measure.objects.get().program == program
    subject = {"program": str(program.pk), "instrument": "phq9"}
    body = {"client": str(twin.pk), "purpose": "measure", "subject": subject}
    assert cast.desk("np").post("client-links/", body).status_code == 201


def test_a_link_of_when_two_were_one_person_opens_no_more(cast: Cast) -> None:
    """They share a birth date: whoever has the link may be the other one."""
    program = opened_program(cast)
    twin = people.client(cast.north, by=cast.frontdesk, first="Robyn")
    verb = f"clients/{program.client_id}/"
    before = Phone(measure_link(cast, program)["url"])
    subject = {"program": str(program.pk), "instrument": "phq9"}
    body = {"client": str(twin.pk), "purpose": "measure", "subject": subject}
    with clock.fixed(later(minutes=1)):
        cast.desk("director").must(f"{verb}merge/", {"into": str(twin.pk), "reason": "The same birth date"})
        phone = Phone(cast.desk("np").must("client-links/", body)["url"])
        assert phone.born() == 200
    with clock.fixed(later(minutes=2)):
        cast.desk("director").must(f"{verb}unmerge/", {"reason": "Two people"})
        assert phone.send(**CALM) == 410
        assert phone.look() == 410
        assert not Measure.objects.exists()
        assert before.born() == 200  # it was sent before, to the client's own phone
        again = Phone(measure_link(cast, program)["url"])
        assert again.born() == 200
        assert again.send(**CALM) == 200


def test_the_token_stands_in_no_log(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = measure_link(cast, opened_program(cast))
    token = token_of(made)

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(pages.selectors, "opens", broken)
    phone = Phone(made["url"])
    phone.browser.raise_request_exception = False
    with caplog.at_level(logging.DEBUG):
        assert phone.look() == 500
        assert Phone(f"/l/{token}x").look() == 404
    assert "RuntimeError at a client's page" in caplog.text
    assert "GET l/<" in caplog.text
    assert token not in caplog.text
    assert "Robin" not in phone.text


@pytest.mark.parametrize(
    "change",
    [
        "state = 'live', used_at = NULL",
        "expires_at = now() + interval '9 days'",
        "digest = 'x'",
        "tries = 0",
        "client_id = program_id",
    ],
)
def test_the_database_keeps_what_a_link_is(cast: Cast, change: str) -> None:
    made = measure_link(cast, opened_program(cast))
    phone = Phone(made["url"])
    phone.born(WRONG)
    phone.born()
    phone.send(**CALM)
    for table, words in (("clientlink", change), ("clientanswer", "language = 'fr'")):
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE clinic_sessions_{table} SET {words}")
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clinic_sessions_clientlink")
    assert ClientLink.objects.get().state == "used"
