"""A client reads and signs a consent, and answers the screening's questions, on their own phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from kapclinic.core import clock
from kapclinic.trail.models import Task
from programs.models import Program
from screening.models import Consent, Finding, SafetyAlert, Screening
from screening.rules.conditions import CONDITIONS
from sessions.links.models import ClientAnswer
from sessions.links.rules.questions import QUESTIONS
from tests.cast import MONDAY, Cast, later, opened_program
from tests.sessions.links.phone import Phone, link, row

HEALTHY = dict.fromkeys(QUESTIONS, "no")
BEFORE = {
    "PREG": True,
    "CV_ANEURYSM_AVM": {"value": False, "note": "On the phone"},
    "GU_CYSTITIS": "unknown",
    "HEP_SEVERE": False,
}


def consent_of(cast: Cast, program: Program) -> dict[str, Any]:
    return cast.desk("frontdesk").must("consents/", {"program": str(program.pk), "document": "kap_treatment"})


def draft_of(cast: Cast, program: Program, **more: Any) -> dict[str, Any]:
    return cast.desk("np").must("screenings/", {"program": str(program.pk)} | more)


def test_a_consent_is_read_and_signed_at_a_distance(cast: Cast) -> None:
    program = opened_program(cast)
    consent = consent_of(cast, program)
    made = link(cast, program, "consent", consent["id"])
    phone = Phone(made["url"])
    assert phone.look() == 200
    assert "Consent" not in phone.text
    phone.born(lang="es")
    assert '<article class="document" lang="en">' in phone.text
    assert "<h3>What you may feel</h3>" in phone.text
    assert "<strong>off-label</strong>" in phone.text
    assert phone.send(name="R", lang="es") == 400
    assert phone.text.count('class="error"') == 2
    assert Consent.objects.get().status == "draft"
    assert phone.send(name="Robin Sample", agree="yes", lang="es") == 200
    signed = cast.desk("np").get(f"consents/{consent['id']}/").json()
    assert (signed["status"], signed["method"], signed["signer_name"]) == ("signed", "remote", "Robin Sample")
    assert (signed["collected_by"], signed["signed_at"]) == (str(cast.frontdesk.pk), "2026-05-04T15:00:00Z")
    assert signed["content_hash"] == consent["content_hash"]
    assert str(Consent.objects.get().history.first().history_user_id) == made["id"]
    assert ClientAnswer.objects.get().answers == {"consent": consent["id"]}
    assert phone.send_again() == 410
    answer = cast.desk("frontdesk").post(
        "client-links/",
        {"client": str(program.client_id), "purpose": "consent", "subject": consent["id"]},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_send")


def test_nobody_at_the_clinic_signs_at_a_distance(cast: Cast) -> None:
    consent = consent_of(cast, opened_program(cast))
    body = {"signer_name": "Robin Sample", "method": "remote"}
    answer = cast.desk("frontdesk").post(f"consents/{consent['id']}/sign/", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/method")
    assert Consent.objects.get().status == "draft"


def test_a_document_with_a_newer_version_is_not_signed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    program = opened_program(cast)
    consent = consent_of(cast, program)
    phone = Phone(link(cast, program, "consent", consent["id"])["url"])
    phone.born()
    monkeypatch.setattr(
        "sessions.links.selectors.document_in_force",
        lambda **_: type("Shown", (), {"version": "2", "id": None})(),
    )
    assert phone.send(name="Robin Sample", agree="yes") == 410
    assert Consent.objects.get().status == "draft"


def test_a_consent_that_was_signed_at_the_desk_meanwhile_stays_so(cast: Cast) -> None:
    program = opened_program(cast)
    consent = consent_of(cast, program)
    made = link(cast, program, "consent", consent["id"])
    phone = Phone(made["url"])
    phone.born()
    body = {"signer_name": "Robin Sample", "method": "typed"}
    cast.desk("np").must(f"consents/{consent['id']}/sign/", body)
    assert phone.send(name="Somebody Else", agree="yes") == 410
    assert (Consent.objects.get().signer_name, row(made).state) == ("Robin Sample", "live")


def test_every_question_that_the_screening_asks_has_words(cast: Cast) -> None:
    assert set(QUESTIONS) == {code for code, one in CONDITIONS.items() if one.asked}


def test_the_answers_wait_until_a_clinician_takes_them_over(cast: Cast) -> None:
    program = opened_program(cast)
    draft = draft_of(cast, program, answers=BEFORE, medications=[{"text": "Zinc"}])
    made = link(cast, program, "intake", draft["id"])
    phone = Phone(made["url"])
    phone.born(lang="es")
    assert "¿Está o podría estar embarazada?" in phone.text
    assert phone.send(**HEALTHY | {"OPHTH": ""}) == 400
    filled = HEALTHY | {"OPHTH": "yes", "OPHTH_note": "Glaucoma, 2019", "LACT": "unknown", "PREG": "no"}
    filled |= {"CV_ANEURYSM_AVM": "yes", "CV_ANEURYSM_AVM_note": "Told in May", "GU_CYSTITIS": "yes"}
    assert phone.send(**filled, medicines="zinc\nsertraline 50 mg") == 200
    assert Screening.objects.get().answers == BEFORE
    assert not SafetyAlert.objects.exists()
    told = cast.desk("therapist").get(f"client-links/{made['id']}/").json()["answer"]["answers"]
    assert told["answers"]["OPHTH"] == {"value": True, "note": "Glaucoma, 2019"}
    assert told["medicines"] == ["zinc", "sertraline 50 mg"]
    seen = cast.desk("frontdesk").get(f"client-links/{made['id']}/").json()["answer"]
    assert seen["answers"] == {}
    assert Task.objects.open().filter(kind="client_answered").count() == 1
    with connection.cursor() as cursor:
        for table in ("trail_auditevent", "trail_task", "trail_historicaltask", "trail_outbox"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text ~ 'Glaucoma|sertraline'")
            assert cursor.fetchone() == (0,), table
    cast.desk("np").must(f"client-links/{made['id']}/take-over/")
    taken = cast.desk("np").get(f"screenings/{draft['id']}/").json()
    assert taken["status"] == "draft"
    assert taken["answers"]["PREG"] is True  # a clinician had asked
    assert taken["answers"]["OPHTH"] == {"value": True, "note": "Glaucoma, 2019"}
    assert taken["answers"]["LACT"] == {"value": "unknown"}
    both = "A clinician: no: On the phone; The client: yes: Told in May"  # neither is lost to the other
    assert taken["answers"]["CV_ANEURYSM_AVM"] == {"value": "unknown", "note": both}
    assert taken["answers"]["GU_CYSTITIS"] == {"value": True}
    assert taken["answers"]["HEP_SEVERE"] is False
    assert taken["medications"] == [{"text": "Zinc"}, {"text": "sertraline 50 mg"}]
    cast.desk("np").must(f"screenings/{draft['id']}/submit/")
    assert {"OPHTH", "PREG", "LACT", "CV_ANEURYSM_AVM", "GU_CYSTITIS"} <= set(
        Finding.objects.values_list("code", flat=True)
    )


def test_thoughts_of_suicide_are_heard_at_once_and_once(cast: Cast) -> None:
    program = opened_program(cast)
    draft = draft_of(cast, program)
    made = link(cast, program, "intake", draft["id"])
    phone = Phone(made["url"])
    phone.born()
    assert phone.send(**HEALTHY | {"PSY_SI": "yes"}) == 200
    assert "We are worried about you" in phone.text
    alert = SafetyAlert.objects.get()
    assert (alert.cause, str(alert.screening_id)) == ("screening_si", draft["id"])
    cast.desk("np").must(f"client-links/{made['id']}/take-over/")
    cast.desk("np").must(f"screenings/{draft['id']}/submit/")
    assert SafetyAlert.objects.count() == 1


def test_a_screening_that_was_submitted_meanwhile_takes_nothing(cast: Cast) -> None:
    program = opened_program(cast)
    draft = draft_of(cast, program)
    first, second = (link(cast, program, "intake", draft["id"]) for _ in range(2))
    phone, other = Phone(first["url"]), Phone(second["url"])
    phone.born()
    other.born()
    phone.send(**HEALTHY)
    cast.desk("np").must(f"screenings/{draft['id']}/submit/")
    assert other.send(**HEALTHY) == 410
    answer = cast.desk("np").post(f"client-links/{first['id']}/take-over/")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert row(first).taken_at is None
    assert Screening.objects.get().answers == {}
    with clock.fixed(later(hours=73)):
        assert phone.look() == 410
    assert clock.now() == MONDAY
