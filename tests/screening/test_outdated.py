"""A screening is cleared only on what was weighed: what came after its submission asks for another weighing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from programs.models import Program
from screening.models import Clearance, Finding, SafetyAlert
from tests.cast import MONDAY, Cast
from tests.screening.deciding import NO_TO_ALL, cleared, decide, submitted
from tests.screening.test_suspensions import HIGH, screener

NEXT = MONDAY + timedelta(hours=1)


def listed(cast: Cast, program: Program, text: str) -> str:
    with clock.fixed(NEXT):
        body = {"client": str(program.client_id), "text": text}
        answer = cast.desk("np").post("medications/", body)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def again(cast: Cast, screening: dict[str, Any], *, at: Any = NEXT) -> dict[str, Any]:
    with clock.fixed(at):
        answer = cast.desk("np").post(f"screenings/{screening['id']}/submit/")
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
    cast: Cast, program: Program, text: str, code: str, severity: str
) -> None:
    screening = submitted(cast, program)
    medication = listed(cast, program, text)
    with clock.fixed(NEXT):
        answer = decide(cast, screening)
        assert (answer.status_code, answer.json()["code"]) == (409, "screening_outdated")
        assert answer.json()["changes"] == [{"code": code, "severity": severity, "medication": medication}]
        assert not Clearance.objects.exists()
        weighed = again(cast, screening)
        assert (weighed["status"], weighed["answers"]) == ("submitted", NO_TO_ALL)
        assert weighed["submitted_at"] == "2026-05-04T16:00:00Z"
        assert [f["code"] for f in weighed["findings"]] == [code]
        decided = decide(cast, weighed, resolutions=words_for(weighed))
    assert (decided.status_code, decided.json()["clearance"]["state"]) == (200, "standing")


def test_a_second_drug_of_a_class_that_was_weighed_is_a_change_and_the_same_one_is_not(
    cast: Cast,
    program: Program,
) -> None:
    screening = submitted(cast, program, medications=[{"text": "Xanax 0.5 mg"}])
    listed(cast, program, "alprazolam 1 mg")
    with clock.fixed(NEXT):
        listed(cast, program, "clonazepam 0.5 mg")
        answer = decide(cast, screening, resolutions=words_for(screening))
        assert answer.json()["code"] == "screening_outdated"
        assert {row["code"] for row in answer.json()["changes"]} == {
            "MED_BENZODIAZEPINE",
            "MED_CNS_DEPRESSANTS_COMBINED",
        }


def test_the_same_ingredient_again_is_no_change(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, medications=[{"text": "Xanax 0.5 mg"}])
    listed(cast, program, "alprazolam 1 mg")
    with clock.fixed(NEXT):
        assert decide(cast, screening, resolutions=words_for(screening)).status_code == 200


def test_a_mapping_between_submit_and_decide_is_weighed(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, medications=[{"text": "mystery pill"}])
    (row,) = cast.desk("prescriber").get(f"medications/?client={program.client_id}").json()["results"]
    with clock.fixed(NEXT):
        body = {"ingredients": ["phenelzine"], "reason": "Called the pharmacy."}
        cast.desk("prescriber").must(f"medications/{row['id']}/map/", body)
        answer = decide(cast, screening, resolutions=words_for(screening))
        assert (answer.status_code, answer.json()["code"]) == (409, "screening_outdated")
        assert [change["code"] for change in answer.json()["changes"]] == ["MED_MAOI"]
        weighed = again(cast, screening)
        assert [finding["code"] for finding in weighed["findings"]] == ["MED_MAOI"]
        assert decide(cast, weighed, resolutions=words_for(weighed)).status_code == 200


def test_a_c_ssrs_between_submit_and_decide_is_weighed(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program)
    screener(cast, program, HIGH, at=NEXT)
    with clock.fixed(NEXT):
        answer = decide(cast, screening)
    assert [row["code"] for row in answer.json()["changes"]] == ["PSY_SI"]


def test_a_c_ssrs_that_no_weighing_looks_at_any_more_suspends_what_is_decided(
    cast: Cast, program: Program
) -> None:
    screening = submitted(cast, program)
    screener(cast, program, HIGH, at=NEXT)
    with clock.fixed(MONDAY + timedelta(days=9)):  # the instrument counts for 7 days
        answer = decide(cast, screening)
    assert (answer.status_code, answer.json()["clearance"]["state"]) == (200, "suspended")


@pytest.mark.parametrize("decision", ["declined", "deferred"])
def test_what_is_not_cleared_is_never_refused(cast: Cast, program: Program, decision: str) -> None:
    screening = submitted(cast, program)
    listed(cast, program, "Nardil")
    with clock.fixed(NEXT):
        assert decide(cast, screening, decision).status_code == 200


def test_a_medicine_that_ended_is_no_change(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, medications=[{"text": "Xanax 0.5 mg"}])
    row = cast.desk("prescriber").get(f"medications/?client={program.client_id}").json()["results"][0]
    path = f"medications/{row['id']}/"
    assert cast.desk("prescriber").patch(path, {"ended_at": MONDAY.isoformat()}).status_code == 200
    with clock.fixed(NEXT):
        assert decide(cast, screening, resolutions=words_for(screening)).status_code == 200


def test_pressures_that_are_too_old_by_the_decision_are_a_change(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program)
    with clock.fixed(MONDAY + timedelta(days=31)):
        answer = decide(cast, screening)
    assert [row["code"] for row in answer.json()["changes"]] == ["CV_BP_MISSING"]


def test_the_findings_of_the_first_weighing_are_kept_and_no_alert_is_raised_twice(
    cast: Cast, program: Program
) -> None:
    screening = submitted(cast, program, answers=NO_TO_ALL | {"PSY_SI": True, "OPHTH": True})
    listed(cast, program, "Nardil")
    weighed = again(cast, screening)
    assert {f["code"] for f in weighed["findings"]} == {"PSY_SI", "OPHTH", "MED_MAOI"}
    assert sorted(Finding.objects.values_list("weighing", flat=True)) == [1, 1, 2, 2, 2]
    assert SafetyAlert.objects.filter(cause="screening_si").count() == 1
    old = words_for(screening)
    with clock.fixed(NEXT):
        assert decide(cast, weighed, resolutions=old).status_code == 400  # findings of the first weighing


def test_a_decided_screening_is_not_weighed_again(cast: Cast, program: Program) -> None:
    screening = cleared(cast, program)
    answer = cast.desk("np").post(f"screenings/{screening['id']}/submit/")
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
def test_the_database_lets_a_submitted_screening_go_only_forward(
    cast: Cast, program: Program, sql: str
) -> None:
    submitted(cast, program)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
