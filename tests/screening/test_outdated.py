"""A screening is cleared only on what was weighed: what came after its submission asks for another weighing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from screening.models import Clearance, Finding, SafetyAlert
from tests.screening.conftest import AT, NO_TO_ALL, Clinic
from tests.screening.test_suspensions import HIGH, screener

NEXT = AT + timedelta(hours=1)


def listed(clinic: Clinic, text: str) -> str:
    with clock.fixed(NEXT):
        body = {"client": str(clinic.client.pk), "text": text}
        answer = clinic.post("nurse_practitioner", "medications/", body)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def again(clinic: Clinic, screening: dict[str, Any], *, at: Any = NEXT) -> dict[str, Any]:
    with clock.fixed(at):
        answer = clinic.post("nurse_practitioner", f"screenings/{screening['id']}/submit/")
    assert answer.status_code == 200, answer.json()
    return answer.json()


def words_for(screening: dict[str, Any]) -> list[dict[str, str]]:
    return [{"finding": f["id"], "resolution": "Discussed; acceptable."} for f in screening["findings"]]


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        ("Nardil 15 mg", "MED_MAOI", "relative"),
        ("theophylline", "MED_THEOPHYLLINE", "relative"),
        ("mystery pill", "MED_UNMAPPED", "unknown"),
        ("lisinopril", "MED_ANTIHYPERTENSIVE", "info"),
    ],
)
def test_a_drug_listed_between_submit_and_decide_is_weighed(
    clinic: Clinic, text: str, code: str, severity: str
) -> None:
    screening = clinic.submitted()
    medication = listed(clinic, text)
    with clock.fixed(NEXT):
        answer = clinic.decide(screening)
        assert (answer.status_code, answer.json()["code"]) == (409, "screening_outdated")
        named = medication if code == "MED_UNMAPPED" else None
        assert answer.json()["changes"] == [{"code": code, "severity": severity, "medication": named}]
        assert not Clearance.objects.exists()
        weighed = again(clinic, screening)
        assert (weighed["status"], weighed["answers"]) == ("submitted", NO_TO_ALL)
        assert weighed["submitted_at"] == "2026-05-04T16:00:00Z"
        assert [f["code"] for f in weighed["findings"]] == [code]
        decided = clinic.decide(weighed, resolutions=words_for(weighed))
    assert (decided.status_code, decided.json()["clearance"]["state"]) == (200, "standing")


def test_a_second_drug_of_a_class_that_was_weighed_is_a_change_and_the_same_one_is_not(
    clinic: Clinic,
) -> None:
    screening = clinic.submitted(medications=[{"text": "Xanax 0.5 mg"}])
    listed(clinic, "alprazolam 1 mg")
    with clock.fixed(NEXT):
        listed(clinic, "clonazepam 0.5 mg")
        answer = clinic.decide(screening, resolutions=words_for(screening))
        assert answer.json()["code"] == "screening_outdated"
        assert {row["code"] for row in answer.json()["changes"]} == {
            "MED_BENZODIAZEPINE",
            "MED_CNS_DEPRESSANTS_COMBINED",
        }


def test_the_same_ingredient_again_is_no_change(clinic: Clinic) -> None:
    screening = clinic.submitted(medications=[{"text": "Xanax 0.5 mg"}])
    listed(clinic, "alprazolam 1 mg")
    with clock.fixed(NEXT):
        assert clinic.decide(screening, resolutions=words_for(screening)).status_code == 200


def test_a_c_ssrs_between_submit_and_decide_is_weighed(clinic: Clinic) -> None:
    screening = clinic.submitted()
    screener(clinic, HIGH, at=NEXT)
    with clock.fixed(NEXT):
        answer = clinic.decide(screening)
    assert [row["code"] for row in answer.json()["changes"]] == ["PSY_SI"]


def test_a_c_ssrs_that_no_weighing_looks_at_any_more_suspends_what_is_decided(clinic: Clinic) -> None:
    screening = clinic.submitted()
    screener(clinic, HIGH, at=NEXT)
    with clock.fixed(AT + timedelta(days=9)):  # the instrument counts for 7 days
        answer = clinic.decide(screening)
    assert (answer.status_code, answer.json()["clearance"]["state"]) == (200, "suspended")


@pytest.mark.parametrize("decision", ["declined", "deferred"])
def test_what_is_not_cleared_is_never_refused(clinic: Clinic, decision: str) -> None:
    screening = clinic.submitted()
    listed(clinic, "Nardil")
    with clock.fixed(NEXT):
        assert clinic.decide(screening, decision).status_code == 200


def test_a_medicine_that_ended_is_no_change(clinic: Clinic) -> None:
    screening = clinic.submitted(medications=[{"text": "Xanax 0.5 mg"}])
    row = clinic.get("prescriber", f"medications/?client={clinic.client.pk}").json()["results"][0]
    path = f"medications/{row['id']}/"
    etag = clinic.get("prescriber", path).headers["ETag"]
    assert clinic.patch("prescriber", path, {"ended_at": AT.isoformat()}, etag).status_code == 200
    with clock.fixed(NEXT):
        assert clinic.decide(screening, resolutions=words_for(screening)).status_code == 200


def test_pressures_that_are_too_old_by_the_decision_are_a_change(clinic: Clinic) -> None:
    screening = clinic.submitted()
    with clock.fixed(AT + timedelta(days=31)):
        answer = clinic.decide(screening)
    assert [row["code"] for row in answer.json()["changes"]] == ["CV_BP_MISSING"]


def test_the_findings_of_the_first_weighing_are_kept_and_no_alert_is_raised_twice(clinic: Clinic) -> None:
    screening = clinic.submitted(answers=NO_TO_ALL | {"PSY_SI": True, "OPHTH": True})
    listed(clinic, "Nardil")
    weighed = again(clinic, screening)
    assert {f["code"] for f in weighed["findings"]} == {"PSY_SI", "OPHTH", "MED_MAOI"}
    assert sorted(Finding.objects.values_list("weighing", flat=True)) == [1, 1, 2, 2, 2]
    assert SafetyAlert.objects.filter(cause="screening_si").count() == 1
    old = words_for(screening)
    with clock.fixed(NEXT):
        assert clinic.decide(weighed, resolutions=old).status_code == 400  # findings of the first weighing


def test_a_decided_screening_is_not_weighed_again(clinic: Clinic) -> None:
    screening = clinic.cleared()
    answer = clinic.post("nurse_practitioner", f"screenings/{screening['id']}/submit/")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE screening_screening SET submitted_at = submitted_at - interval '1 day', weighing = 2",
        "UPDATE screening_screening SET submitted_at = submitted_at + interval '1 day'",
        "UPDATE screening_screening SET weighing = 0",
        "UPDATE screening_screening SET status = 'draft', submitted_at = NULL",
        "UPDATE screening_screening SET answers = '{}', weighing = 2",
    ],
)
def test_the_database_lets_a_submitted_screening_go_only_forward(clinic: Clinic, sql: str) -> None:
    clinic.submitted()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
