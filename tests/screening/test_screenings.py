"""Writing and submitting a screening over the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.trail.models import AuditEvent
from screening.models import Finding, Medication, SafetyAlert, Screening
from screening.rules.conditions import CONDITIONS
from tests.screening.conftest import CALM, NO_TO_ALL, Clinic, pointers


def severities(screening: dict) -> dict[str, str]:
    return {finding["code"]: finding["severity"] for finding in screening["findings"]}


def test_a_draft_answers_with_what_was_sent(clinic: Clinic) -> None:
    sent = {
        "program": str(clinic.program.pk),
        "answers": {
            "PREG": False,
            "OPHTH": {"value": True, "note": "glaucoma, treated"},
            "SUD_HX": "unknown",
        },
        "blood_pressures": [CALM],
        "medications": [{"text": "sertraline 50 mg"}],
    }
    answer = clinic.post("nurse_practitioner", "screenings/", sent)
    assert answer.status_code == 201
    got = answer.json()
    assert {name: got[name] for name in sent} == sent
    assert got["client"] == str(clinic.client.pk)
    assert (got["status"], got["version"], got["findings"], got["clearance"]) == ("draft", 1, [], None)
    assert got["allowed_moves"] == ["submit"]
    assert answer["ETag"] == '"1"'


@pytest.mark.parametrize("role", ["nurse_practitioner", "therapist", "prescriber", "medical_director"])
def test_every_clinician_may_screen(clinic: Clinic, role: str) -> None:
    answer = clinic.post(role, "screenings/", {"program": str(clinic.program.pk)})
    assert answer.status_code == 201
    assert clinic.get(role, f"screenings/{answer.json()['id']}/").status_code == 200


@pytest.mark.parametrize("role", ["front_desk", "billing", "admin"])
def test_nobody_else_sees_or_writes_screenings(clinic: Clinic, role: str) -> None:
    screening = clinic.draft()
    assert clinic.post(role, "screenings/", {"program": str(clinic.program.pk)}).status_code == 403
    for path in ("screenings/", "screenings/conditions/", f"screenings/{screening['id']}/"):
        assert clinic.get(role, path).status_code == 403
    assert clinic.patch(role, f"screenings/{screening['id']}/", {"answers": {}}, '"1"').status_code == 403
    assert clinic.post(role, f"screenings/{screening['id']}/submit/").status_code == 403
    assert Screening.objects.get().status == "draft"


def test_another_house_sees_nothing(clinic: Clinic) -> None:
    screening = clinic.submitted()
    path = f"screenings/{screening['id']}/"
    assert clinic.get("prescriber", path, "birch").status_code == 404
    assert clinic.get("prescriber", "screenings/", "birch").json()["results"] == []
    assert clinic.patch("prescriber", path, {"answers": {}}, '"2"', "birch").status_code == 404
    assert clinic.post("prescriber", path + "submit/", where="birch").status_code == 404
    body = {"decision": "deferred", "rationale": "no reason"}
    assert clinic.post("prescriber", path + "decide/", body, "birch").status_code == 404
    refused = clinic.post("prescriber", "screenings/", {"program": str(clinic.program.pk)}, "birch")
    assert (refused.status_code, pointers(refused)) == (400, {"/program"})
    assert Screening.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"answers": {"CV_UNHEARD_OF": True}}, "/answers/CV_UNHEARD_OF"),
        ({"answers": {"PREG": "no"}}, "/answers/PREG"),
        ({"answers": {"PREG": 0}}, "/answers/PREG"),
        ({"answers": {"PREG": None}}, "/answers/PREG"),
        ({"answers": {"PREG": {"note": "later"}}}, "/answers/PREG/value"),
        ({"answers": {"PREG": {"value": True, "remark": "x"}}}, "/answers/PREG/remark"),
        ({"answers": {"PREG": {"value": True, "degree": "relative", "note": "x"}}}, "/answers/PREG"),
        ({"answers": {"CV_OTHER": {"value": True, "degree": "relative"}}}, "/answers/CV_OTHER"),
        ({"answers": [True]}, "/answers"),
        ({"blood_pressures": [CALM, CALM | {"systolic": 400}]}, "/blood_pressures/1/systolic"),
        ({"blood_pressures": [CALM | {"diastolic": 130}]}, "/blood_pressures/0/diastolic"),
        (
            {"blood_pressures": [CALM | {"measured_at": "2026-05-04T14:30:00"}]},
            "/blood_pressures/0/measured_at",
        ),
        (
            {"blood_pressures": [CALM | {"measured_at": "2026-05-04T16:30:00Z"}]},
            "/blood_pressures/0/measured_at",
        ),
        ({"blood_pressures": [CALM | {"arm": "left"}]}, "/blood_pressures/0/arm"),
        ({"blood_pressures": [{"systolic": 120}]}, "/blood_pressures/0/diastolic"),
        ({"medications": [{"text": "sertraline", "dose": "50 mg"}]}, "/medications/0/dose"),
        ({"medications": [{"text": ""}]}, "/medications/0/text"),
        ({"status": "submitted"}, "/status"),
    ],
)
def test_a_draft_that_cannot_be_is_refused_by_field(clinic: Clinic, values: dict, pointer: str) -> None:
    answer = clinic.post("nurse_practitioner", "screenings/", {"program": str(clinic.program.pk)} | values)
    assert answer.status_code == 400
    assert pointer in pointers(answer)
    assert Screening.objects.count() == 0
    draft = clinic.draft()
    patched = clinic.patch("nurse_practitioner", f"screenings/{draft['id']}/", values, '"1"')
    assert patched.status_code == 400
    assert pointer in pointers(patched)
    assert Screening.objects.get().version == 1


def test_a_draft_is_edited_on_its_present_version_only(clinic: Clinic) -> None:
    path = f"screenings/{clinic.draft()['id']}/"
    changed = {"answers": NO_TO_ALL | {"OPHTH": True}}
    assert clinic.patch("therapist", path, changed, None).status_code == 428
    assert clinic.patch("therapist", path, changed, '"7"').status_code == 412
    assert Screening.objects.get().answers == NO_TO_ALL
    answer = clinic.patch("therapist", path, changed, '"1"')
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    assert answer.json()["answers"]["OPHTH"] is True
    assert answer.json()["blood_pressures"] == [CALM]


def test_a_calm_screening_has_no_findings(clinic: Clinic) -> None:
    screening = clinic.submitted()
    assert (screening["status"], screening["findings"]) == ("submitted", [])
    assert screening["submitted_at"] == "2026-05-04T15:00:00Z"
    assert screening["allowed_moves"] == ["submit"]
    shown = clinic.get("prescriber", f"screenings/{screening['id']}/").json()
    assert shown["allowed_moves"] == ["submit", "decide"]


def test_submitting_says_everything_at_once(clinic: Clinic) -> None:
    answers = NO_TO_ALL | {
        "PREG": True,
        "OPHTH": {"value": True, "note": "glaucoma"},
        "SUD_HX": "unknown",
        "CV_UNCONTROLLED_HTN": False,
    }
    del answers["RESP_OSA"]
    screening = clinic.submitted(
        answers=answers,
        blood_pressures=[CALM | {"systolic": 168, "diastolic": 98}],
        medications=[{"text": "phenelzine 15 mg"}, {"text": "kratom"}, {"text": "sertraline"}],
    )
    assert severities(screening) == {
        "PREG": "absolute",
        "OPHTH": "relative",
        "SUD_HX": "unknown",
        "RESP_OSA": "unknown",
        "CV_UNCONTROLLED_HTN": "relative",
        "MED_MAOI": "relative",
        "MED_UNMAPPED": "unknown",
    }
    by_code = {finding["code"]: finding for finding in screening["findings"]}
    assert "glaucoma" in by_code["OPHTH"]["evidence"]
    assert "168/98" in by_code["CV_UNCONTROLLED_HTN"]["evidence"]
    assert "kratom" in by_code["MED_UNMAPPED"]["evidence"]
    assert all(finding["source"] and finding["resolution"] == "" for finding in screening["findings"])
    assert set(by_code["PREG"]) >= {"id", "code", "severity", "evidence", "source", "resolution"}


def test_nothing_answered_is_all_unknown_and_never_clear(clinic: Clinic) -> None:
    screening = clinic.submitted(answers={}, blood_pressures=[])
    asked = {code for code, condition in CONDITIONS.items() if condition.asked}
    assert severities(screening) == dict.fromkeys([*asked, "CV_BP_MISSING"], "unknown")


def test_an_answered_and_a_measured_hypertension_are_one_absolute_finding(clinic: Clinic) -> None:
    answers = NO_TO_ALL | {"CV_UNCONTROLLED_HTN": True}
    screening = clinic.submitted(answers=answers, blood_pressures=[CALM | {"systolic": 190}])
    (finding,) = screening["findings"]
    assert (finding["code"], finding["severity"]) == ("CV_UNCONTROLLED_HTN", "absolute")
    assert "190/76" in finding["evidence"]


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2008-05-05", {"AGE": "absolute"}),
        ("2008-05-04", {}),
        ("1961-05-04", {"AGE65": "info"}),
        ("1961-05-05", {}),
    ],
)
def test_age_is_counted_on_the_local_day(clinic: Clinic, another_program, born: str, expected: dict) -> None:
    from datetime import date

    program = another_program(client={"date_of_birth": date.fromisoformat(born), "phone": "555-0199"})
    assert severities(clinic.submitted(program=str(program.pk))) == expected


def test_the_medicines_join_the_clients_list_once_and_old_ones_are_weighed_too(clinic: Clinic) -> None:
    body = {"client": str(clinic.client.pk), "text": "lorazepam 1 mg"}
    assert clinic.post("therapist", "medications/", body).status_code == 201
    first = clinic.submitted(medications=[{"text": "Lorazepam 1 mg"}, {"text": "zolpidem"}])
    assert severities(first) == {
        "MED_BENZODIAZEPINE": "relative",
        "MED_CNS_DEPRESSANT": "relative",
        "MED_CNS_DEPRESSANTS_COMBINED": "relative",
    }
    assert sorted(Medication.objects.values_list("text", flat=True)) == ["lorazepam 1 mg", "zolpidem"]
    assert severities(clinic.submitted()) == severities(first)
    assert Medication.objects.count() == 2


def test_a_stopped_medicine_no_longer_counts(clinic: Clinic) -> None:
    clinic.submitted(medications=[{"text": "theophylline"}])
    (row,) = clinic.get("therapist", f"medications/?client={clinic.client.pk}").json()["results"]
    stopped = clinic.patch(
        "therapist", f"medications/{row['id']}/", {"ended_at": "2026-05-04T14:00:00Z"}, '"1"'
    )
    assert stopped.status_code == 200
    assert clinic.submitted()["findings"] == []


def test_a_submitted_screening_is_closed(clinic: Clinic) -> None:
    screening = clinic.submitted(answers=NO_TO_ALL | {"PREG": True})
    path = f"screenings/{screening['id']}/"
    edited = clinic.patch("nurse_practitioner", path, {"answers": NO_TO_ALL}, f'"{screening["version"]}"')
    assert (edited.status_code, edited.json()["code"]) == (409, "illegal_transition")
    assert Screening.objects.get().answers["PREG"] is True
    assert Finding.objects.count() == 1


def test_intent_or_plan_alarms_the_therapist(clinic: Clinic) -> None:
    screening = clinic.submitted(answers=NO_TO_ALL | {"PSY_SI": {"value": True, "note": "has a plan"}})
    alert = SafetyAlert.objects.get()
    assert (alert.cause, alert.clinician_id) == ("screening_si", clinic.person("therapist").pk)
    assert str(alert.screening_id) == screening["id"]


def test_recent_instruments_speak_too(clinic: Clinic) -> None:
    for instrument, answers in (
        ("C-SSRS", [1, 1, 0, 1, 0, 0, 0]),
        ("AUDIT-C", [2, 2, 2]),
        ("DAST-10", [1] * 10),
    ):
        body = {
            "instrument": instrument,
            "answers": answers,
            "taken_at": "2026-05-04T14:00:00Z",
            "administered_by": "self",
        }
        assert (
            clinic.post("therapist", "measures/", body | {"program": str(clinic.program.pk)}).status_code
            == 201
        )
    assert severities(clinic.submitted()) == {
        "PSY_SI": "relative",
        "SUD_AUDIT_C": "relative",
        "SUD_DAST10": "relative",
    }


def test_a_finished_course_is_not_screened(clinic: Clinic) -> None:
    draft = clinic.draft()
    assert clinic.decide(clinic.submitted(), "declined").status_code == 200
    refused = clinic.post("therapist", "screenings/", {"program": str(clinic.program.pk)})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert clinic.post("therapist", f"screenings/{draft['id']}/submit/").status_code == 409
    assert Screening.objects.get(pk=draft["id"]).status == "draft"


def test_the_questions_can_be_read_without_their_wording(clinic: Clinic) -> None:
    page = clinic.get("nurse_practitioner", "screenings/conditions/").json()
    assert page["count"] == len(CONDITIONS)
    row = next(row for row in page["results"] if row["code"] == "CV_OTHER")
    assert (row["severity"], row["degrees"], row["asked"]) == ("absolute", ["absolute", "relative"], True)
    assert clinic.get("nurse_practitioner", "screenings/conditions/?lang=en").status_code == 400


def test_lists_are_filtered_and_cost_the_same_however_long(clinic: Clinic, another_program) -> None:
    other = another_program(client={"phone": "555-0142"})
    for _ in range(3):
        clinic.submitted(answers={})
    clinic.draft(program=str(other.pk))
    count = lambda query: clinic.get("prescriber", f"screenings/?{query}").json()["count"]  # noqa: E731
    assert count(f"program={clinic.program.pk}") == 3
    assert count(f"client={other.client_id}") == 1
    assert count("status=draft") == 1
    assert clinic.get("prescriber", "screenings/?programme=1").status_code == 400

    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            clinic.get("prescriber", f"screenings/?{query}")
        return len(caught)

    assert (
        queries(f"program={other.pk}") == queries(f"program={clinic.program.pk}") == 3
    )  # rows, findings, audit


def test_reading_a_screening_is_logged_with_the_client(clinic: Clinic) -> None:
    screening = clinic.draft()
    clinic.get("therapist", f"screenings/{screening['id']}/")
    event = AuditEvent.objects.get(action="screening.retrieve")
    assert (event.created_by, event.clients) == (clinic.person("therapist").pk, [clinic.client.pk])
    clinic.get("therapist", f"screenings/{screening['id']}/", "aspen")
    assert AuditEvent.objects.filter(action="screening.create", clients__contains=[clinic.client.pk]).exists()


def test_the_same_key_never_screens_twice(clinic: Clinic) -> None:
    body = {"program": str(clinic.program.pk)}
    first = clinic.post("therapist", "screenings/", body, HTTP_IDEMPOTENCY_KEY="k1")
    again = clinic.post("therapist", "screenings/", body, HTTP_IDEMPOTENCY_KEY="k1")
    assert first.json()["id"] == again.json()["id"]
    assert Screening.objects.count() == 1
