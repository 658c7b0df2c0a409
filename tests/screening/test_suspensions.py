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
from screening.models import Clearance, Medication, SuspendingFact, Suspension
from screening.services import sweep_clearances
from tests.asking import pointers
from tests.cast import MONDAY, Cast, approved_protocol, opened_program
from tests.screening.deciding import NO_TO_ALL, cleared, decide, submitted

LATER = MONDAY + timedelta(days=3)
HIGH = [1, 1, 1, 1, 0, 0, 0]  # intent: the tier high
MODERATE = [1, 1, 1, 0, 0, 0, 0]


def listed(cast: Cast, program: Program, text: str, *, at: Any = LATER) -> dict[str, Any]:
    with clock.fixed(at):
        answer = cast.desk("np").post("medications/", {"client": str(program.client_id), "text": text})
    assert answer.status_code == 201, answer.json()
    return answer.json()


def screener(
    cast: Cast, program: Program, answers: list[int], *, at: Any = LATER, taken_at: Any = None
) -> dict[str, Any]:
    body = {"program": str(program.pk), "instrument": "cssrs", "answers": answers}
    body |= {"taken_at": (taken_at or at).isoformat(), "administered_by": "therapist"}
    with clock.fixed(at):
        answer = cast.desk("therapist").post("measures/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def shown(cast: Cast, clearance: str | None = None, *, at: Any = LATER) -> dict[str, Any]:
    found = clearance or str(Clearance.objects.get().pk)
    with clock.fixed(at):
        return cast.desk("prescriber").get(f"clearances/{found}/").json()


def codes(cast: Cast, **more: Any) -> list[str]:
    return [reason["code"] for reason in shown(cast, **more)["reasons"]]


def uphold(cast: Cast, reasons: list[str] | None = None, *, role: str = "prescriber", at: Any = LATER) -> Any:
    row = Clearance.objects.get()
    wanted = (
        reasons if reasons is not None else [str(pk) for pk in row.suspensions.values_list("pk", flat=True)]
    )
    body = {
        "rationale": "Weighed again with the client.",
        "resolutions": [{"reason": pk, "resolution": "Stopped two weeks ago."} for pk in wanted],
    }
    with clock.fixed(at):
        return cast.desk(role).post(f"clearances/{row.pk}/uphold/", body)


def stands(program: Program, at: Any = LATER) -> bool:
    return selectors.current_clearance(program_id=program.pk, at=at) is not None


# --- new_medication ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Nardil 15 mg", "theophylline", "mystery pill"])
def test_a_medicine_that_was_not_weighed_suspends_at_once(cast: Cast, program: Program, text: str) -> None:
    cleared(cast, program)
    assert shown(cast)["state"] == "standing"
    medication = listed(cast, program, text)
    found = shown(cast)
    assert (found["state"], found["allowed_moves"]) == ("suspended", ["uphold", "void"])
    (reason,) = found["reasons"]
    assert (reason["code"], reason["subject_type"]) == ("new_medication", "medication")
    assert (reason["subject_id"], reason["resolution"]) == (medication["id"], None)
    assert reason["at"] == "2026-05-07T15:00:00Z"
    assert not stands(program)
    assert stands(program, LATER - timedelta(minutes=1))  # a dose of before is written up on what stood then


def test_a_medicine_of_the_very_moment_of_the_decision_is_heard(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil", at=MONDAY)
    assert shown(cast, at=MONDAY)["state"] == "suspended"


@pytest.mark.parametrize("text", ["lisinopril 10 mg", "sertraline", "lamotrigine 100 mg"])
def test_a_medicine_that_is_no_more_than_information_suspends_nothing(
    cast: Cast, program: Program, text: str
) -> None:
    cleared(cast, program)
    listed(cast, program, text)
    assert (shown(cast)["state"], shown(cast)["reasons"]) == ("standing", [])


def _cleared_on_xanax(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, medications=[{"text": "Xanax 0.5 mg at bedtime"}])
    words = [{"finding": f["id"], "resolution": "Low dose; known."} for f in screening["findings"]]
    assert decide(cast, screening, resolutions=words).status_code == 200


def test_the_same_ingredient_was_weighed_and_another_of_its_class_was_not(
    cast: Cast, program: Program
) -> None:
    _cleared_on_xanax(cast, program)
    listed(cast, program, "alprazolam 1 mg")
    assert shown(cast)["state"] == "standing"
    listed(cast, program, "clonazepam 0.5 mg")
    assert codes(cast) == ["new_medication"]


def test_what_was_upheld_since_is_not_asked_again(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil 15 mg")
    assert uphold(cast).status_code == 200
    listed(cast, program, "phenelzine 15 mg", at=LATER + timedelta(hours=1))
    assert shown(cast, at=LATER + timedelta(hours=2))["state"] == "standing"


def test_ending_a_medicine_does_not_end_the_suspension(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    row = listed(cast, program, "Nardil 15 mg")
    with clock.fixed(LATER + timedelta(minutes=5)):
        path = f"medications/{row['id']}/"
        body = {"ended_at": (LATER + timedelta(minutes=4)).isoformat()}
        assert cast.desk("prescriber").patch(path, body).status_code == 200
    assert shown(cast)["state"] == "suspended"


def test_the_protocol_says_how_much_a_class_matters(cast: Cast, another_program: Any) -> None:
    program = another_program(
        name="Nasal", of={"phone": "303-555-0190"}, limits={"severities": {"MED_MAOI": "info"}}
    )
    screening = submitted(cast, program)
    assert decide(cast, screening).status_code == 200
    body = {"client": str(program.client_id), "text": "Nardil"}
    assert cast.desk("np").post("medications/", body).status_code == 201
    assert shown(cast)["state"] == "standing"


def test_every_program_of_the_client_is_suspended(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    protocol = approved_protocol(cast, name="Lozenge again")
    other = opened_program(cast, protocol=protocol, who=program.client, continues=program.pk)
    assert decide(cast, submitted(cast, other)).status_code == 200
    listed(cast, program, "Nardil")
    assert Suspension.objects.count() == 2
    assert selectors.current_clearance(program_id=other.pk, at=LATER) is None
    assert not stands(program)


# --- a mapping says what a medicine is ------------------------------------------------------------------------------------


def mapped(cast: Cast, medication: str, *ingredients: str, at: Any = LATER) -> None:
    body = {"ingredients": list(ingredients), "reason": "Called the pharmacy."}
    with clock.fixed(at):
        cast.desk("prescriber").must(f"medications/{medication}/map/", body)


def cleared_on(cast: Cast, program: Program, *texts: str) -> None:
    """Cleared with words to each finding of these medicines."""
    screening = submitted(cast, program, medications=[{"text": text} for text in texts])
    words = [{"finding": row["id"], "resolution": "Asked; acceptable."} for row in screening["findings"]]
    assert decide(cast, screening, resolutions=words).status_code == 200


def test_a_mapping_to_what_matters_suspends_what_was_cleared_on_words(cast: Cast, program: Program) -> None:
    cleared_on(cast, program, "mystery pill")
    pill = str(Medication.objects.get().pk)
    mapped(cast, pill, "metformin")
    assert shown(cast)["state"] == "standing"
    mapped(cast, pill, "phenelzine")
    (reason,) = shown(cast)["reasons"]
    assert (reason["code"], reason["subject_type"]) == ("new_medication", "medication")
    assert (reason["subject_id"], shown(cast)["state"]) == (pill, "suspended")


def test_what_it_was_mapped_to_when_it_was_weighed_is_not_asked_again(cast: Cast, program: Program) -> None:
    pill = listed(cast, program, "purple pill", at=MONDAY)["id"]
    mapped(cast, pill, "phenelzine", at=MONDAY)
    cleared_on(cast, program)
    mapped(cast, pill, "phenelzine")
    listed(cast, program, "Nardil")
    assert shown(cast)["state"] == "standing"
    mapped(cast, pill, "theophylline")
    assert codes(cast) == ["new_medication"]


def test_a_mapping_after_the_answer_asks_once_more(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    pill = listed(cast, program, "mystery pill")["id"]
    assert uphold(cast).status_code == 200
    for minutes in (1, 2):
        now = LATER + timedelta(minutes=minutes)
        mapped(cast, pill, "phenelzine", at=now)
        assert codes(cast, at=now) == ["new_medication"] * 2  # the same word again asks nothing new
        reasons = [row["id"] for row in shown(cast, at=now)["reasons"] if row["resolution"] is None]
        assert len(reasons) == 2 - minutes
        if reasons:
            assert uphold(cast, reasons, at=now).status_code == 200


def test_what_it_is_mapped_to_may_be_absolute(cast: Cast, another_program: Any) -> None:
    program = another_program(name="Strict", limits={"severities": {"MED_MAOI": "absolute"}})
    cleared_on(cast, program, "mystery pill")
    mapped(cast, str(Medication.objects.get().pk), "phenelzine")
    answer = uphold(cast)
    assert (answer.status_code, answer.json()["code"]) == (409, "absolute_finding")


def test_depressants_add_up_also_by_a_mapping(cast: Cast, another_program: Any) -> None:
    program = another_program(name="Lenient", limits={"severities": {"MED_BENZODIAZEPINE": "info"}})
    pill = listed(cast, program, "purple pill", at=MONDAY)["id"]
    mapped(cast, pill, "alprazolam", at=MONDAY)
    cleared_on(cast, program)
    listed(cast, program, "clonazepam")
    assert codes(cast) == ["new_medication"]


# --- other events -------------------------------------------------------------------------------------------------------


def test_a_high_c_ssrs_suspends_from_when_it_was_taken(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    screener(cast, program, MODERATE)
    assert shown(cast)["state"] == "standing"
    measure = screener(cast, program, HIGH, taken_at=LATER - timedelta(hours=2))
    (reason,) = shown(cast)["reasons"]
    assert (reason["code"], reason["subject_id"]) == ("cssrs_high", measure["id"])
    assert not stands(program, LATER - timedelta(hours=1))


@pytest.mark.parametrize("code", ["PREG", "OPHTH"])
def test_a_later_screening_with_an_absolute_or_relative_finding_is_a_new_condition(
    cast: Cast, program: Program, code: str
) -> None:
    cleared(cast, program)
    with clock.fixed(LATER):
        screening = submitted(cast, program, answers=NO_TO_ALL | {code: True}, blood_pressures=[])
    (reason,) = shown(cast)["reasons"]
    assert (reason["code"], reason["subject_type"]) == ("new_condition", "screening")
    assert reason["subject_id"] == screening["id"]


def test_a_later_screening_without_one_suspends_nothing(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    with clock.fixed(LATER):
        submitted(cast, program)
    assert shown(cast)["state"] == "standing"


def test_a_later_screening_that_is_cleared_stands_in_the_place_of_the_suspended_one(
    cast: Cast, program: Program
) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil")
    with clock.fixed(LATER + timedelta(minutes=1)):
        screening = submitted(cast, program)
        words = [{"finding": f["id"], "resolution": "Watch closely."} for f in screening["findings"]]
        assert decide(cast, screening, resolutions=words).json()["clearance"]["state"] == "standing"
    assert stands(program, LATER + timedelta(minutes=2))
    assert not Task.objects.open().filter(kind="clearance_review").exists()


def test_pressures_beyond_hold_on_two_days_of_screenings_are_a_trend(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    high = {"systolic": 172, "diastolic": 104, "heart_rate": 80}
    days = [LATER - timedelta(days=1), LATER]
    with clock.fixed(LATER):
        submitted(cast, program, blood_pressures=[high | {"measured_at": day.isoformat()} for day in days])
    assert sorted(codes(cast)) == ["new_condition", "pressure_trend"]


# --- the worklist ---------------------------------------------------------------------------------------------------------


def test_the_prescriber_is_told_at_once_and_the_row_comes_back_until_it_is_answered(
    cast: Cast, program: Program
) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil")
    row = Task.objects.get(kind="clearance_review")
    assert (row.roles, row.due_at, row.assignee) == (["prescriber"], LATER, program.prescriber_id)
    assert Outbox.objects.filter(template="clearance_review", recipient=program.prescriber_id).count() == 1
    with clock.fixed(LATER):
        assert cast.desk("prescriber").post(f"tasks/{row.pk}/done/", {"outcome": "seen"}).status_code == 200
    assert [sweep_clearances(at=LATER) for _ in range(2)] == [1, 0]
    assert uphold(cast).status_code == 200
    assert sweep_clearances(at=LATER) == 0
    assert not Task.objects.open().filter(kind="clearance_review").exists()


def test_a_clearance_that_ends_is_told_of_30_days_before_once(cast: Cast, program: Program) -> None:
    cleared(cast, program)  # until 2027-05-04
    end = MONDAY.replace(year=2027)
    assert sweep_clearances(at=end - timedelta(days=31)) == 0
    assert [sweep_clearances(at=end - timedelta(days=30)) for _ in range(2)] == [1, 0]
    row = Task.objects.get(kind="clearance_expiring")
    assert (row.roles, row.due_at.isoformat()) == (["prescriber"], "2027-05-04T06:00:00+00:00")
    with clock.fixed(end - timedelta(days=29)):
        assert cast.desk("prescriber").post(f"tasks/{row.pk}/done/", {}).status_code == 200
    assert sweep_clearances(at=end - timedelta(days=28)) == 0  # seen to


def test_the_protocol_says_how_long_before_the_end_and_the_end_settles_the_rows(
    cast: Cast, another_program: Any
) -> None:
    program = another_program(
        name="Week", of={"phone": "303-555-0191"}, limits={"clearance_days": 60, "clearance_expiring_days": 7}
    )
    assert decide(cast, submitted(cast, program)).status_code == 200
    end = MONDAY + timedelta(days=60)
    assert sweep_clearances(at=end - timedelta(days=8)) == 0
    assert sweep_clearances(at=end - timedelta(days=7)) == 1
    assert sweep_clearances(at=end) == 0  # its last day
    assert shown(cast, at=end)["state"] == "standing"
    assert sweep_clearances(at=end + timedelta(days=1)) == 1
    assert not Task.objects.open().exists()
    assert shown(cast, at=end + timedelta(days=1))["state"] == "expired"


# --- uphold and void --------------------------------------------------------------------------------------------------------


def test_a_prescriber_upholds_with_words_to_every_reason(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    medication = listed(cast, program, "mystery pill")
    screener(cast, program, HIGH)
    reasons = [row["id"] for row in shown(cast)["reasons"]]
    missing = uphold(cast, reasons[:1])
    assert (missing.status_code, pointers(missing)) == (400, {"/resolutions"})
    assert shown(cast)["state"] == "suspended"
    answer = uphold(cast)
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert (found["state"], found["allowed_moves"]) == ("standing", ["void"])
    assert {row["resolution"] for row in found["reasons"]} == {"Stopped two weeks ago."}
    assert {row["upheld_by"] for row in found["reasons"]} == {str(cast.prescriber.pk)}
    assert stands(program)
    with clock.fixed(LATER):
        kept = cast.desk("prescriber").get(f"medications/{medication['id']}/").json()
    assert kept["review"] == "Stopped two weeks ago."
    again = uphold(cast)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize("role", ["np", "therapist", "director", "frontdesk"])
def test_nobody_else_upholds(cast: Cast, program: Program, role: str) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil")
    assert uphold(cast, role=role).status_code == 403
    assert shown(cast)["state"] == "suspended"


def test_a_reason_is_answered_once_and_is_one_of_this_clearance(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil")
    (reason,) = [row["id"] for row in shown(cast)["reasons"]]
    twice = uphold(cast, [reason, reason])
    assert pointers(twice) == {"/resolutions/1/reason"}
    strange = uphold(cast, [reason, str(program.client_id)])
    assert pointers(strange) == {"/resolutions/1/reason"}
    assert shown(cast)["state"] == "suspended"


def test_what_came_in_the_meantime_is_not_upheld_unseen(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil")
    on_the_screen = [row["id"] for row in shown(cast)["reasons"]]
    listed(cast, program, "theophylline")
    assert uphold(cast, on_the_screen).status_code == 400
    assert uphold(cast).status_code == 200


def test_an_absolute_finding_is_not_upheld_whatever_is_written(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    with clock.fixed(LATER):
        submitted(cast, program, answers=NO_TO_ALL | {"PREG": True})
    answer = uphold(cast)
    assert (answer.status_code, answer.json()["code"]) == (409, "absolute_finding")
    assert not stands(program)


def test_a_standing_clearance_has_nothing_to_uphold(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    answer = uphold(cast, [str(program.client_id)])
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


def test_voiding_ends_the_matter(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil")
    row = Clearance.objects.get()
    with clock.fixed(LATER):
        answer = cast.desk("prescriber").post(f"clearances/{row.pk}/void/", {"reason": "MAO inhibitor."})
    assert (answer.json()["state"], answer.json()["allowed_moves"]) == ("voided", [])
    assert not Task.objects.open().filter(kind="clearance_review").exists()
    assert uphold(cast).json()["code"] == "illegal_transition"


def test_the_screening_shows_how_its_clearance_stands(cast: Cast, program: Program) -> None:
    screening = cleared(cast, program)
    listed(cast, program, "Nardil")
    with clock.fixed(LATER):
        found = cast.desk("prescriber").get(f"screenings/{screening['id']}/").json()["clearance"]
    assert (found["state"], [row["code"] for row in found["reasons"]]) == ("suspended", ["new_medication"])


# --- facts before the decision ----------------------------------------------------------------------------------------------


def test_without_a_clearance_the_fact_is_kept(cast: Cast, program: Program) -> None:
    screener(cast, program, HIGH, at=MONDAY)
    assert (SuspendingFact.objects.count(), Suspension.objects.count()) == (1, 0)


def test_a_course_that_is_over_troubles_nobody(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    row = Program.objects.get(pk=program.pk)
    row.status = Program.Status.COMPLETED
    row.save_by(cast.prescriber, at=MONDAY)
    listed(cast, program, "Nardil")
    assert Suspension.objects.count() == 1
    assert not Task.objects.open().filter(kind="clearance_review").exists()


# --- the database -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["suspendingfact", "suspension", "uphold"])
def test_what_suspended_and_what_upheld_is_only_ever_added(cast: Cast, program: Program, table: str) -> None:
    cleared(cast, program)
    listed(cast, program, "Nardil")
    assert uphold(cast).status_code == 200
    for sql in (
        f"UPDATE screening_{table} SET created_at = now()",
        f"DELETE FROM screening_{table}",
        f"TRUNCATE screening_{table} CASCADE",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
