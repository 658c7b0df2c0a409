"""A client fills in a scale on their own phone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.trail.models import Task
from screening.models import Measure, SafetyAlert
from sessions.links.models import ClientAnswer, ClientLink
from tests import cast as people
from tests.cast import Cast, later, opened_program
from tests.sessions.links.phone import BORN, Phone, measure_link, phq9, row

CALM = phq9(1, 0, 2, 1, 0, 0, 1, 0, 0)
NAMED = ("Robin", "Sample", "North", "PHQ", "etamin")


def test_a_client_fills_in_phq9_in_spanish(cast: Cast) -> None:
    program = opened_program(cast)
    made = measure_link(cast, program)
    phone = Phone(made["url"])
    assert phone.look(**{"Accept-Language": "es-MX,es;q=0.9"}) == 200
    assert "¿Quién es usted?" in phone.text
    assert not [name for name in NAMED if name in phone.text]
    assert phone.text.index("988") < phone.text.index("<main>")
    assert phone.born(lang="es") == 200
    assert "Pensamientos de que estaría mejor muerto(a)" in phone.text
    assert "Robin" in phone.text
    assert phone.send(**CALM, lang="es") == 200
    assert "Gracias" in phone.text
    measure = Measure.objects.get()
    assert (measure.total, measure.band, measure.language) == (5, "mild", "es")
    assert measure.answers == [1, 0, 2, 1, 0, 0, 1, 0, 0, None]
    assert (measure.administered_by, str(measure.created_by)) == ("client, by link", made["id"])
    assert row(made).state == "used"
    assert ClientAnswer.objects.get().answers == {"measure": str(measure.pk)}
    assert not SafetyAlert.objects.exists()
    log = cast.desk("director").get(f"clients/{program.client_id}/access-log/").json()["results"]
    mine = [(one["action"], one["outcome"]) for one in log if one["by"] == made["id"]]
    assert mine == [("client_link.answer", "ok"), ("client_link.read", "ok")]


def test_an_answer_that_points_at_danger_is_an_alert_like_any_other(cast: Cast) -> None:
    program = opened_program(cast)
    phone = Phone(measure_link(cast, program, who="therapist")["url"])
    phone.born()
    assert phone.send(**phq9(0, 0, 0, 0, 0, 0, 0, 0, 1)) == 200
    assert "We are worried about you" in phone.text
    assert "988" in phone.text
    alert = SafetyAlert.objects.get()
    assert (alert.cause, alert.clinician) == ("phq9_item_9", cast.therapist)
    assert set(Task.objects.values_list("kind", flat=True)) == {"safety_alert", "cssrs_today"}


def test_a_scale_whose_words_are_not_ours_is_asked_by_its_numbers(cast: Cast) -> None:
    phone = Phone(measure_link(cast, opened_program(cast), "QIDS-SR16".lower().replace("-", "_"))["url"])
    phone.born()
    assert "Question 16" in phone.text
    assert "reads it to you" in phone.text
    answers = phq9(*[0] * 11, 2, *[0] * 4)
    assert phone.send(**answers) == 200
    assert (Measure.objects.get().instrument, Measure.objects.get().total) == ("qids_sr16", 2)
    assert SafetyAlert.objects.get().cause == "qids_item_12"


def test_an_answer_may_be_left_out_in_words_but_not_forgotten(cast: Cast) -> None:
    phone = Phone(measure_link(cast, opened_program(cast))["url"])
    phone.born()
    assert phone.send(**{name: said for name, said in CALM.items() if name != "item4"}) == 400
    assert 'href="#item4"' in phone.text
    assert phone.text.count(" checked>") == 8  # nothing of what was filled in is lost
    assert not Measure.objects.exists()
    assert phone.send(**CALM | {"item4": "7"}) == 400
    assert phone.send(**CALM | {"item4": "skip"}) == 200
    measure = Measure.objects.get()
    assert (measure.answers[3], measure.total, measure.flags) == (None, None, ["incomplete"])


def test_the_other_language_keeps_what_was_filled_in(cast: Cast) -> None:
    phone = Phone(measure_link(cast, opened_program(cast))["url"])
    phone.born()
    assert phone.send(**CALM, lang="en", language="es") == 200
    assert "Casi todos los días" in phone.text
    assert phone.text.count(" checked>") == 9
    assert not Measure.objects.exists()
    assert phone.send(**CALM, lang="es") == 200
    assert Measure.objects.get().language == "es"


def test_an_hour_later_the_birth_date_is_asked_again_and_nothing_is_lost(cast: Cast) -> None:
    phone = Phone(measure_link(cast, opened_program(cast))["url"])
    phone.born()
    seen = phone.seen
    with clock.fixed(later(minutes=61)):
        assert phone.send(**CALM) == 403
        assert "what you filled in is kept" in phone.text
        assert not [name for name in NAMED if name in phone.text]
        assert phone.born(**CALM) == 200
        assert phone.text.count(" checked>") == 9
        phone.page = phone.browser.post(phone.path, {"seen": seen[:-3] + "abc"} | CALM)
        assert phone.page.status_code == 403
        phone.born(**CALM)
        assert phone.send(**CALM) == 200
    assert Measure.objects.count() == 1


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber"])
def test_who_may_send_links(cast: Cast, who: str) -> None:
    made = measure_link(cast, opened_program(cast), who=who)
    assert made["allowed_moves"] == ["revoke"]
    assert made["expires_at"] == "2026-05-07T15:00:00Z"


@pytest.mark.parametrize("who", ["billing", "director", "admin"])
def test_who_may_not(cast: Cast, who: str) -> None:
    program = opened_program(cast)
    body = {
        "client": str(program.client_id),
        "purpose": "measure",
        "subject": {"program": str(program.pk), "instrument": "phq9"},
    }
    answer = cast.desk(who).post("client-links/", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert not ClientLink.objects.exists()


def test_a_link_for_the_wrong_client_is_refused_with_the_field(cast: Cast) -> None:
    program, desk = opened_program(cast), cast.desk("frontdesk")
    other = people.client(cast.north, by=cast.frontdesk, first="Kim")
    south = people.client(cast.south, by=cast.south_frontdesk, first="Ira")
    subject = {"program": str(program.pk), "instrument": "phq9"}
    cases = [
        ({"client": str(other.pk), "subject": subject}, "/subject", "other_client"),
        ({"client": str(south.pk), "subject": subject}, "/client", "not_found"),
        ({"subject": subject | {"program": str(other.pk)}}, "/subject/program", "not_found"),
        ({"subject": subject | {"instrument": "cssrs"}}, "/subject/instrument", "clinician_rated"),
        ({"subject": subject | {"instrument": "x"}}, "/subject/instrument", "invalid_choice"),
        ({"subject": str(program.pk)}, "/subject", "invalid"),
        ({"purpose": "consent", "subject": subject}, "/subject", "invalid"),
        ({"purpose": "consent", "subject": str(program.pk)}, "/subject", "not_found"),
        ({"purpose": "play", "subject": subject}, "/purpose", "invalid_choice"),
    ]
    for change, pointer, code in cases:
        body = {"client": str(program.client_id), "purpose": "measure"} | change
        answer = desk.post("client-links/", body)
        found = answer.json()
        assert answer.status_code == 400, found
        assert [(one["pointer"], one["code"]) for one in found["errors"]] == [(pointer, code)]
        assert "Kim" not in str(found)
    assert (
        cast.desk("south_frontdesk").post("client-links/", body | {"purpose": "measure"}).status_code == 400
    )
    assert not ClientLink.objects.exists()


def test_a_list_costs_the_same_with_one_row_and_with_fifty(cast: Cast) -> None:
    program, desk = opened_program(cast), cast.desk("frontdesk")
    phone = Phone(measure_link(cast, program)["url"])
    phone.born()
    phone.send(**CALM)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            answer = desk.get("client-links/", client=str(program.client_id), page_size=50)
        assert answer.status_code == 200
        return len(found)

    first = asked()
    for _ in range(49):
        measure_link(cast, program)
    assert asked() == first <= 4  # the user, the count, the page; and the audit row
    (listed, *_) = desk.get("client-links/", state="used").json()["results"]
    assert "url" not in listed
    assert listed["answer"]["answers"] == {"measure": str(Measure.objects.get().pk)}
    assert BORN["year"] not in str(listed["answer"])
