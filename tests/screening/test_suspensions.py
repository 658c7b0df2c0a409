"""A clearance hears what comes after it: suspended at once in every program, upheld only by a prescriber's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.trail.models import Outbox, Task
from programs.models import Program
from screening import selectors
from screening.models import Clearance, SuspendingFact, Suspension
from screening.services import sweep_clearances
from tests.screening.conftest import AT, NO_TO_ALL, Clinic, make_program, make_protocol, pointers

LATER = AT + timedelta(days=3)
HIGH = [1, 1, 1, 1, 0, 0, 0]  # intent: the tier high
MODERATE = [1, 1, 1, 0, 0, 0, 0]


def listed(clinic: Clinic, text: str, *, at: Any = LATER) -> dict[str, Any]:
    with clock.fixed(at):
        answer = clinic.post(
            "nurse_practitioner", "medications/", {"client": str(clinic.client.pk), "text": text}
        )
    assert answer.status_code == 201, answer.json()
    return answer.json()


def screener(clinic: Clinic, answers: list[int], *, at: Any = LATER, taken_at: Any = None) -> dict[str, Any]:
    body = {"program": str(clinic.program.pk), "instrument": "cssrs", "answers": answers}
    body |= {"taken_at": (taken_at or at).isoformat(), "administered_by": "therapist"}
    with clock.fixed(at):
        answer = clinic.post("therapist", "measures/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def shown(clinic: Clinic, clearance: str | None = None, *, at: Any = LATER) -> dict[str, Any]:
    found = clearance or str(Clearance.objects.get().pk)
    with clock.fixed(at):
        return clinic.get("prescriber", f"clearances/{found}/").json()


def codes(clinic: Clinic, **more: Any) -> list[str]:
    return [reason["code"] for reason in shown(clinic, **more)["reasons"]]


def uphold(
    clinic: Clinic, reasons: list[str] | None = None, *, role: str = "prescriber", at: Any = LATER
) -> Any:
    row = Clearance.objects.get()
    wanted = (
        reasons if reasons is not None else [str(pk) for pk in row.suspensions.values_list("pk", flat=True)]
    )
    body = {
        "rationale": "Weighed again with the client.",
        "resolutions": [{"reason": pk, "resolution": "Stopped two weeks ago."} for pk in wanted],
    }
    with clock.fixed(at):
        return clinic.post(role, f"clearances/{row.pk}/uphold/", body)


def stands(clinic: Clinic, at: Any = LATER) -> bool:
    return selectors.current_clearance(program_id=clinic.program.pk, at=at) is not None


# --- new_medication ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Nardil 15 mg", "theophylline", "mystery pill"])
def test_a_medicine_that_was_not_weighed_suspends_at_once(clinic: Clinic, text: str) -> None:
    clinic.cleared()
    assert shown(clinic)["state"] == "standing"
    medication = listed(clinic, text)
    found = shown(clinic)
    assert (found["state"], found["allowed_moves"]) == ("suspended", ["uphold", "void"])
    (reason,) = found["reasons"]
    assert (reason["code"], reason["subject_type"]) == ("new_medication", "medication")
    assert (reason["subject_id"], reason["resolution"]) == (medication["id"], None)
    assert reason["at"] == "2026-05-07T15:00:00Z"
    assert not stands(clinic)
    assert stands(clinic, LATER - timedelta(minutes=1))  # a dose of before is written up on what stood then


def test_a_medicine_of_the_very_moment_of_the_decision_is_heard(clinic: Clinic) -> None:
    clinic.cleared()
    listed(clinic, "Nardil", at=AT)
    assert shown(clinic, at=AT)["state"] == "suspended"


@pytest.mark.parametrize("text", ["lisinopril 10 mg", "sertraline", "lamotrigine 100 mg"])
def test_a_medicine_that_is_no_more_than_information_suspends_nothing(clinic: Clinic, text: str) -> None:
    clinic.cleared()
    listed(clinic, text)
    assert (shown(clinic)["state"], shown(clinic)["reasons"]) == ("standing", [])


def _cleared_on_xanax(clinic: Clinic) -> None:
    screening = clinic.submitted(medications=[{"text": "Xanax 0.5 mg at bedtime"}])
    words = [{"finding": f["id"], "resolution": "Low dose; known."} for f in screening["findings"]]
    assert clinic.decide(screening, resolutions=words).status_code == 200


def test_the_same_ingredient_was_weighed_and_another_of_its_class_was_not(clinic: Clinic) -> None:
    _cleared_on_xanax(clinic)
    listed(clinic, "alprazolam 1 mg")
    assert shown(clinic)["state"] == "standing"
    listed(clinic, "clonazepam 0.5 mg")
    assert codes(clinic) == ["new_medication"]


def test_what_was_upheld_since_is_not_asked_again(clinic: Clinic) -> None:
    clinic.cleared()
    listed(clinic, "Nardil 15 mg")
    assert uphold(clinic).status_code == 200
    listed(clinic, "phenelzine 15 mg", at=LATER + timedelta(hours=1))
    assert shown(clinic, at=LATER + timedelta(hours=2))["state"] == "standing"


def test_ending_a_medicine_does_not_end_the_suspension(clinic: Clinic) -> None:
    clinic.cleared()
    row = listed(clinic, "Nardil 15 mg")
    with clock.fixed(LATER + timedelta(minutes=5)):
        path = f"medications/{row['id']}/"
        etag = clinic.get("prescriber", path).headers["ETag"]
        body = {"ended_at": (LATER + timedelta(minutes=4)).isoformat()}
        assert clinic.patch("prescriber", path, body, etag).status_code == 200
    assert shown(clinic)["state"] == "suspended"


def test_the_protocol_says_how_much_a_class_matters(clinic: Clinic, another_program: Any) -> None:
    program = another_program(
        name="Nasal", client={"phone": "555-0190"}, limits={"severities": {"MED_MAOI": "info"}}
    )
    screening = clinic.submitted(program=str(program.pk))
    assert clinic.decide(screening).status_code == 200
    body = {"client": str(program.client_id), "text": "Nardil"}
    assert clinic.post("nurse_practitioner", "medications/", body).status_code == 201
    assert shown(clinic)["state"] == "standing"


def test_every_program_of_the_client_is_suspended(clinic: Clinic) -> None:
    clinic.cleared()
    director = clinic.person("medical_director")
    protocol = make_protocol(director, name="Lozenge again")
    other = make_program(clinic.people, clinic.client, protocol, clinic.aspen)
    assert clinic.decide(clinic.submitted(program=str(other.pk))).status_code == 200
    listed(clinic, "Nardil")
    assert Suspension.objects.count() == 2
    assert selectors.current_clearance(program_id=other.pk, at=LATER) is None
    assert not stands(clinic)


# --- other events -------------------------------------------------------------------------------------------------------


def test_a_high_c_ssrs_suspends_from_when_it_was_taken(clinic: Clinic) -> None:
    clinic.cleared()
    screener(clinic, MODERATE)
    assert shown(clinic)["state"] == "standing"
    measure = screener(clinic, HIGH, taken_at=LATER - timedelta(hours=2))
    (reason,) = shown(clinic)["reasons"]
    assert (reason["code"], reason["subject_id"]) == ("cssrs_high", measure["id"])
    assert not stands(clinic, LATER - timedelta(hours=1))


@pytest.mark.parametrize("code", ["PREG", "OPHTH"])
def test_a_later_screening_with_an_absolute_or_relative_finding_is_a_new_condition(
    clinic: Clinic, code: str
) -> None:
    clinic.cleared()
    with clock.fixed(LATER):
        screening = clinic.submitted(answers=NO_TO_ALL | {code: True}, blood_pressures=[])
    (reason,) = shown(clinic)["reasons"]
    assert (reason["code"], reason["subject_type"]) == ("new_condition", "screening")
    assert reason["subject_id"] == screening["id"]


def test_a_later_screening_without_one_suspends_nothing(clinic: Clinic) -> None:
    clinic.cleared()
    with clock.fixed(LATER):
        clinic.submitted()
    assert shown(clinic)["state"] == "standing"


def test_a_later_screening_that_is_cleared_stands_in_the_place_of_the_suspended_one(clinic: Clinic) -> None:
    clinic.cleared()
    listed(clinic, "Nardil")
    with clock.fixed(LATER + timedelta(minutes=1)):
        screening = clinic.submitted()
        words = [{"finding": f["id"], "resolution": "Watch closely."} for f in screening["findings"]]
        assert clinic.decide(screening, resolutions=words).json()["clearance"]["state"] == "standing"
    assert stands(clinic, LATER + timedelta(minutes=2))
    assert not Task.objects.open().filter(kind="clearance_review").exists()


def test_pressures_beyond_hold_on_two_days_of_screenings_are_a_trend(clinic: Clinic) -> None:
    clinic.cleared()
    high = {"systolic": 172, "diastolic": 104, "heart_rate": 80}
    days = [LATER - timedelta(days=1), LATER]
    with clock.fixed(LATER):
        clinic.submitted(blood_pressures=[high | {"measured_at": day.isoformat()} for day in days])
    assert sorted(codes(clinic)) == ["new_condition", "pressure_trend"]


# --- the worklist ---------------------------------------------------------------------------------------------------------


def test_the_prescriber_is_told_at_once_and_the_row_comes_back_until_it_is_answered(clinic: Clinic) -> None:
    clinic.cleared()
    listed(clinic, "Nardil")
    row = Task.objects.get(kind="clearance_review")
    assert (row.roles, row.due_at, row.assignee) == (["prescriber"], LATER, clinic.program.prescriber_id)
    assert (
        Outbox.objects.filter(template="clearance_review", recipient=clinic.program.prescriber_id).count()
        == 1
    )
    with clock.fixed(LATER):
        assert clinic.post("prescriber", f"tasks/{row.pk}/done/", {"outcome": "seen"}).status_code == 200
    assert [sweep_clearances(at=LATER) for _ in range(2)] == [1, 0]
    assert uphold(clinic).status_code == 200
    assert sweep_clearances(at=LATER) == 0
    assert not Task.objects.open().filter(kind="clearance_review").exists()


def test_a_clearance_that_ends_is_told_of_30_days_before_once(clinic: Clinic) -> None:
    clinic.cleared()  # until 2027-05-04
    end = AT.replace(year=2027)
    assert sweep_clearances(at=end - timedelta(days=31)) == 0
    assert [sweep_clearances(at=end - timedelta(days=30)) for _ in range(2)] == [1, 0]
    row = Task.objects.get(kind="clearance_expiring")
    assert (row.roles, row.due_at.isoformat()) == (["prescriber"], "2027-05-04T06:00:00+00:00")
    with clock.fixed(end - timedelta(days=29)):
        assert clinic.post("prescriber", f"tasks/{row.pk}/done/", {}).status_code == 200
    assert sweep_clearances(at=end - timedelta(days=28)) == 0  # seen to


def test_the_protocol_says_how_long_before_the_end_and_the_end_settles_the_rows(
    clinic: Clinic, another_program: Any
) -> None:
    program = another_program(
        name="Week", client={"phone": "555-0191"}, limits={"clearance_days": 60, "clearance_expiring_days": 7}
    )
    assert clinic.decide(clinic.submitted(program=str(program.pk))).status_code == 200
    end = AT + timedelta(days=60)
    assert sweep_clearances(at=end - timedelta(days=8)) == 0
    assert sweep_clearances(at=end - timedelta(days=7)) == 1
    assert sweep_clearances(at=end) == 0  # its last day
    assert shown(clinic, at=end)["state"] == "standing"
    assert sweep_clearances(at=end + timedelta(days=1)) == 1
    assert not Task.objects.open().exists()
    assert shown(clinic, at=end + timedelta(days=1))["state"] == "expired"


# --- uphold and void --------------------------------------------------------------------------------------------------------


def test_a_prescriber_upholds_with_words_to_every_reason(clinic: Clinic) -> None:
    clinic.cleared()
    medication = listed(clinic, "mystery pill")
    screener(clinic, HIGH)
    reasons = [row["id"] for row in shown(clinic)["reasons"]]
    missing = uphold(clinic, reasons[:1])
    assert (missing.status_code, pointers(missing)) == (400, {"/resolutions"})
    assert shown(clinic)["state"] == "suspended"
    answer = uphold(clinic)
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert (found["state"], found["allowed_moves"]) == ("standing", ["void"])
    assert {row["resolution"] for row in found["reasons"]} == {"Stopped two weeks ago."}
    assert {row["upheld_by"] for row in found["reasons"]} == {str(clinic.person("prescriber").pk)}
    assert stands(clinic)
    with clock.fixed(LATER):
        kept = clinic.get("prescriber", f"medications/{medication['id']}/").json()
    assert kept["review"] == "Stopped two weeks ago."
    again = uphold(clinic)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize("role", ["nurse_practitioner", "therapist", "medical_director", "front_desk"])
def test_nobody_else_upholds(clinic: Clinic, role: str) -> None:
    clinic.cleared()
    listed(clinic, "Nardil")
    assert uphold(clinic, role=role).status_code == 403
    assert shown(clinic)["state"] == "suspended"


def test_a_reason_is_answered_once_and_is_one_of_this_clearance(clinic: Clinic) -> None:
    clinic.cleared()
    listed(clinic, "Nardil")
    (reason,) = [row["id"] for row in shown(clinic)["reasons"]]
    twice = uphold(clinic, [reason, reason])
    assert pointers(twice) == {"/resolutions/1/reason"}
    strange = uphold(clinic, [reason, str(clinic.client.pk)])
    assert pointers(strange) == {"/resolutions/1/reason"}
    assert shown(clinic)["state"] == "suspended"


def test_what_came_in_the_meantime_is_not_upheld_unseen(clinic: Clinic) -> None:
    clinic.cleared()
    listed(clinic, "Nardil")
    on_the_screen = [row["id"] for row in shown(clinic)["reasons"]]
    listed(clinic, "theophylline")
    assert uphold(clinic, on_the_screen).status_code == 400
    assert uphold(clinic).status_code == 200


def test_an_absolute_finding_is_not_upheld_whatever_is_written(clinic: Clinic) -> None:
    clinic.cleared()
    with clock.fixed(LATER):
        clinic.submitted(answers=NO_TO_ALL | {"PREG": True})
    answer = uphold(clinic)
    assert (answer.status_code, answer.json()["code"]) == (409, "absolute_finding")
    assert not stands(clinic)


def test_a_standing_clearance_has_nothing_to_uphold(clinic: Clinic) -> None:
    clinic.cleared()
    answer = uphold(clinic, [str(clinic.client.pk)])
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_voiding_ends_the_matter(clinic: Clinic) -> None:
    clinic.cleared()
    listed(clinic, "Nardil")
    row = Clearance.objects.get()
    with clock.fixed(LATER):
        answer = clinic.post("prescriber", f"clearances/{row.pk}/void/", {"reason": "MAO inhibitor."})
    assert (answer.json()["state"], answer.json()["allowed_moves"]) == ("voided", [])
    assert not Task.objects.open().filter(kind="clearance_review").exists()
    assert uphold(clinic).json()["code"] == "illegal_transition"


def test_the_screening_shows_how_its_clearance_stands(clinic: Clinic) -> None:
    screening = clinic.cleared()
    listed(clinic, "Nardil")
    with clock.fixed(LATER):
        found = clinic.get("prescriber", f"screenings/{screening['id']}/").json()["clearance"]
    assert (found["state"], [row["code"] for row in found["reasons"]]) == ("suspended", ["new_medication"])


# --- facts before the decision ----------------------------------------------------------------------------------------------


def test_without_a_clearance_the_fact_is_kept(clinic: Clinic) -> None:
    screener(clinic, HIGH, at=AT)
    assert (SuspendingFact.objects.count(), Suspension.objects.count()) == (1, 0)


def test_a_course_that_is_over_troubles_nobody(clinic: Clinic) -> None:
    clinic.cleared()
    row = Program.objects.get(pk=clinic.program.pk)
    row.status = Program.Status.COMPLETED
    row.save_by(clinic.person("prescriber"), at=AT)
    listed(clinic, "Nardil")
    assert Suspension.objects.count() == 1
    assert not Task.objects.open().filter(kind="clearance_review").exists()


# --- the database -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["suspendingfact", "suspension", "uphold"])
def test_what_suspended_and_what_upheld_is_only_ever_added(clinic: Clinic, table: str) -> None:
    clinic.cleared()
    listed(clinic, "Nardil")
    assert uphold(clinic).status_code == 200
    for sql in (
        f"UPDATE screening_{table} SET created_at = now()",
        f"DELETE FROM screening_{table}",
        f"TRUNCATE screening_{table} CASCADE",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
