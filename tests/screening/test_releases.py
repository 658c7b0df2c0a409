"""Releasing doses after an alert of suicide risk: in words that somebody answers for, never by an acknowledgement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from kapclinic.trail.models import Task
from programs.models import Program
from screening import selectors
from screening.models import AlertRelease, SafetyAlert, SafetyPlan, SafetyPlanVoid
from sessions.sweep.worklist import sweep_worklist
from tests.asking import done, pointers, refused, sql
from tests.cast import MONDAY, Cast, client

HIGH = [1, 1, 0, 1, 0, 0, 0]
MODERATE = [1, 1, 1, 0, 0, 0, 0]
LEFT_OPEN = [1, 1, None, None, None, 0, 0]
NOTHING = [0, 0, None, None, None, 0, 0]
ITEM_9 = [0] * 8 + [1]
WORDS = {"rationale": "Assessed for an hour with her husband."}


def take(
    cast: Cast, program: Program, answers: list[Any], instrument: str = "cssrs", **more: Any
) -> dict[str, Any]:
    body = {"program": str(program.pk), "instrument": instrument, "answers": answers, "administered_by": "np"}
    taken = {"taken_at": clock.now().isoformat()}
    found: dict[str, Any] = cast.desk("np").must("measures/", body | taken | more)
    return found


def alert(cause: str) -> SafetyAlert:
    found: SafetyAlert = SafetyAlert.objects.get(cause=cause)
    return found


def plan(cast: Cast, program: Program, **more: Any) -> str:
    body = {"client": str(program.client_id), "text": "Call her sister, then 988.", "made_on": "2026-05-04"}
    return str(cast.desk("therapist").must("safety-plans/", body | more, status=201)["id"])


def whole(cast: Cast, program: Program) -> dict[str, Any]:
    return WORDS | {"safety_plan": plan(cast, program), "not_alone": True}


def release(cast: Cast, cause: str, body: dict[str, Any], who: str = "prescriber") -> Any:
    return cast.desk(who).post(f"safety-alerts/{alert(cause).pk}/release/", body)


def holding(program: Program) -> list[str]:
    return list(selectors.holding_alerts(client_id=program.client_id).values_list("cause", flat=True))


# --- of the tier high ---------------------------------------------------------------------------------------------------


def test_an_acknowledgement_releases_nothing(cast: Cast, program: Program) -> None:
    take(cast, program, HIGH)
    path = f"safety-alerts/{alert('cssrs_high').pk}/acknowledge/"
    found = cast.desk("prescriber").must(path, {"action": "ok."})
    assert (found["status"], found["holds_doses"], found["releases"]) == ("acknowledged", True, [])
    assert found["allowed_moves"] == ["release"]
    assert holding(program) == ["cssrs_high"]


def test_a_prescriber_releases_it_with_a_plan_and_somebody_who_stays(cast: Cast, program: Program) -> None:
    take(cast, program, HIGH)
    body = whole(cast, program)
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        found = done(release(cast, "cssrs_high", body), 200)
    assert (found["status"], found["holds_doses"], found["allowed_moves"]) == ("open", False, ["acknowledge"])
    (row,) = found["releases"]
    assert row | {"id": ""} == body | {
        "id": "",
        "measure": None,
        "by": str(cast.prescriber.pk),
        "at": "2026-05-04T15:20:00Z",
        "stands": True,
    }
    assert holding(program) == []
    refused(release(cast, "cssrs_high", body), 409, "illegal_transition")
    assert AlertRelease.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"safety_plan": None}, "/safety_plan"),
        ({"not_alone": False}, "/not_alone"),
        ({"not_alone": None}, "/not_alone"),
        ({"rationale": "  "}, "/rationale"),
        ({"rationale": None}, "/rationale"),
        ({"safety_plan": "01900000-0000-7000-8000-00000000dead"}, "/safety_plan"),
        ({"action": "ok."}, "/action"),
    ],
)
def test_half_of_it_releases_nothing(
    cast: Cast, program: Program, change: dict[str, Any], pointer: str
) -> None:
    take(cast, program, HIGH)
    answer = release(cast, "cssrs_high", whole(cast, program) | change)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert holding(program) == ["cssrs_high"]


def test_only_the_words_name_all_that_is_missing(cast: Cast, program: Program) -> None:
    take(cast, program, HIGH)
    assert pointers(release(cast, "cssrs_high", WORDS)) == {"/safety_plan", "/not_alone"}


def test_the_plan_is_this_clients_and_stands(cast: Cast, program: Program, another_program: Any) -> None:
    take(cast, program, HIGH)
    stranger = plan(cast, another_program(name="Other", of={"phone": "303-555-0188"}))
    void = plan(cast, program)
    cast.desk("therapist").must(f"safety-plans/{void}/void/", {"reason": "Of her twin"})
    for other in (stranger, void):
        body = WORDS | {"safety_plan": other, "not_alone": True}
        refused(release(cast, "cssrs_high", body), 400, "not_found", "/safety_plan")
    assert holding(program) == ["cssrs_high"]


def test_a_plan_of_before_is_none_for_this_crisis(cast: Cast, program: Program) -> None:
    """It is gone through with the client again. A day that is written up later has its own plan."""
    old, evening = plan(cast, program, made_on="2026-05-02"), plan(cast, program, made_on="2026-05-03")
    take(cast, program, HIGH, taken_at=(MONDAY - timedelta(hours=15)).isoformat())  # on Sunday
    body = WORDS | {"safety_plan": old, "not_alone": True}
    refused(release(cast, "cssrs_high", body), 400, "too_old", "/safety_plan")
    assert holding(program) == ["cssrs_high"]
    done(release(cast, "cssrs_high", body | {"safety_plan": evening}), 200)
    assert holding(program) == []


@pytest.mark.parametrize("who", ["np", "therapist", "director", "frontdesk", "billing"])
def test_of_the_tier_high_nobody_else_releases(cast: Cast, program: Program, who: str) -> None:
    take(cast, program, HIGH)
    refused(release(cast, "cssrs_high", whole(cast, program), who), 403, "not_permitted")
    assert holding(program) == ["cssrs_high"]


def test_a_release_falls_with_its_plan_and_is_said_again_with_another(cast: Cast, program: Program) -> None:
    take(cast, program, HIGH)
    body = whole(cast, program)
    done(release(cast, "cssrs_high", body), 200)
    cast.desk("np").must(f"safety-plans/{body['safety_plan']}/void/", {"reason": "Of her twin"})
    assert holding(program) == ["cssrs_high"]
    found = cast.desk("prescriber").get(f"safety-alerts/{alert('cssrs_high').pk}/").json()
    assert ([row["stands"] for row in found["releases"]], found["holds_doses"]) == ([False], True)
    found = done(release(cast, "cssrs_high", whole(cast, program)), 200)
    assert ([row["stands"] for row in found["releases"]], holding(program)) == ([False, True], [])


# --- the other alerts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["therapist", "prescriber"])
@pytest.mark.parametrize(
    ("answers", "cause"), [(MODERATE, "cssrs_moderate"), (LEFT_OPEN, "cssrs_incomplete")]
)
def test_short_of_high_words_are_enough(
    cast: Cast, program: Program, who: str, answers: list[Any], cause: str
) -> None:
    take(cast, program, answers)
    assert holding(program) == [cause]
    assert pointers(release(cast, cause, {}, who)) == {"/rationale"}
    refused(release(cast, cause, WORDS, "np"), 403, "not_permitted")
    refused(release(cast, cause, WORDS, "director"), 403, "not_permitted")
    assert holding(program) == [cause]
    done(release(cast, cause, WORDS, who), 200)
    assert holding(program) == []


@pytest.mark.parametrize("cause", ["phq9_item_9", "phq9_worsening"])
def test_an_alert_that_holds_no_dose_is_acknowledged_and_never_released(
    cast: Cast, program: Program, cause: str
) -> None:
    take(cast, program, [0] * 9, "phq9", taken_at="2026-04-20T15:00:00Z")
    take(cast, program, [1] * 9, "phq9")
    assert sorted(SafetyAlert.objects.values_list("cause", flat=True)) == ["phq9_item_9", "phq9_worsening"]
    refused(release(cast, cause, WORDS), 409, "illegal_transition")
    assert holding(program) == []


def test_alerts_are_listed_by_whether_they_hold_doses(cast: Cast, program: Program) -> None:
    for minutes, answers in enumerate((HIGH, MODERATE, LEFT_OPEN)):
        with clock.fixed(MONDAY + timedelta(minutes=minutes)):
            take(cast, program, answers)
    take(cast, program, ITEM_9, "phq9")
    done(release(cast, "cssrs_moderate", WORDS), 200)
    desk = cast.desk("np")
    count = lambda value: desk.get("safety-alerts/", holds_doses=value).json()["count"]  # noqa: E731
    assert (count("true"), count("false")) == (2, 2)


def test_somebody_of_another_house_finds_no_alert_to_release(cast: Cast, program: Program) -> None:
    take(cast, program, MODERATE)
    assert release(cast, "cssrs_moderate", WORDS, "south_prescriber").status_code == 404
    assert holding(program) == ["cssrs_moderate"]


# --- a C-SSRS that was left open -------------------------------------------------------------------------------------------


def test_a_complete_screener_of_the_day_ends_what_was_left_open(cast: Cast, program: Program) -> None:
    take(cast, program, LEFT_OPEN)
    with clock.fixed(MONDAY + timedelta(hours=1)):
        take(cast, program, LEFT_OPEN)
        assert holding(program) == ["cssrs_incomplete"] * 2
    with clock.fixed(MONDAY + timedelta(hours=2)):
        measure = take(cast, program, NOTHING)
    assert holding(program) == []
    assert {str(row.measure_id) for row in AlertRelease.objects.all()} == {measure["id"]}
    assert SafetyAlert.objects.filter(status="open").count() == 2  # somebody still says that they saw it


@pytest.mark.parametrize(
    ("taken_at", "written", "holds"),
    [
        (MONDAY - timedelta(hours=1), MONDAY + timedelta(hours=1), True),  # it came before
        (MONDAY + timedelta(days=1), MONDAY + timedelta(days=1), True),  # of another day
        (
            MONDAY + timedelta(hours=14),
            MONDAY + timedelta(hours=14),
            False,
        ),  # 23:00 in Denver, Tuesday in UTC
        (
            MONDAY + timedelta(hours=1),
            MONDAY + timedelta(days=1),
            False,
        ),  # of the day, written down afterwards
    ],
)
def test_only_one_of_the_same_local_day_that_came_after_it(
    cast: Cast, program: Program, taken_at: Any, written: Any, holds: bool
) -> None:
    take(cast, program, LEFT_OPEN)
    with clock.fixed(written):
        take(cast, program, NOTHING, taken_at=taken_at.isoformat())
    assert bool(holding(program)) is holds


def test_what_was_left_open_is_written_down_after_the_complete_one(cast: Cast, program: Program) -> None:
    with clock.fixed(MONDAY + timedelta(hours=2)):
        take(cast, program, NOTHING)
    with clock.fixed(MONDAY + timedelta(hours=3)):
        take(cast, program, LEFT_OPEN, taken_at=MONDAY.isoformat())
    assert (SafetyAlert.objects.count(), holding(program)) == (1, [])


def test_one_that_shows_more_danger_holds_by_itself(cast: Cast, program: Program) -> None:
    take(cast, program, LEFT_OPEN)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        take(cast, program, MODERATE)
    assert holding(program) == ["cssrs_moderate"]


# --- the worklist ------------------------------------------------------------------------------------------------------------


def todo() -> list[Task]:
    return list(Task.objects.open().filter(kind="cssrs_today"))


def test_item_9_asks_for_a_screener_today(cast: Cast, program: Program) -> None:
    measure = take(cast, program, ITEM_9, "phq9")
    (row,) = todo()
    assert (str(row.subject_id), row.client, row.due_at.isoformat()) == (
        measure["id"],
        program.client_id,
        "2026-05-05T06:00:00+00:00",  # midnight in Denver
    )
    assert sorted(row.roles) == ["nurse_practitioner", "prescriber", "therapist"]
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        take(cast, program, LEFT_OPEN)
        assert len(todo()) == 1  # it says no tier
        take(cast, program, MODERATE)
    assert todo() == []


def test_one_that_came_before_the_answer_does_not_count(cast: Cast, program: Program) -> None:
    take(cast, program, NOTHING)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        take(cast, program, ITEM_9, "phq9")
        assert len(todo()) == 1
        take(cast, program, NOTHING, taken_at=MONDAY.isoformat())
        assert len(todo()) == 1


def test_an_answer_that_is_written_down_after_its_screener_asks_nobody(cast: Cast, program: Program) -> None:
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        take(cast, program, NOTHING)
        take(cast, program, ITEM_9, "phq9", taken_at=MONDAY.isoformat())
    assert todo() == []


def test_it_comes_back_until_somebody_asks_and_climbs_when_the_day_is_over(
    cast: Cast, program: Program
) -> None:
    take(cast, program, ITEM_9, "phq9")
    cast.desk("therapist").must(f"tasks/{todo()[0].pk}/done/", {"outcome": "later"})
    assert [sweep_worklist(at=MONDAY) for _ in range(2)] == [1, 0]
    tomorrow = MONDAY + timedelta(days=1)
    assert [sweep_worklist(at=tomorrow) for _ in range(2)] == [1, 0]
    assert "medical_director" in todo()[0].roles
    with clock.fixed(tomorrow):
        take(cast, program, NOTHING)
    assert todo() == []


def test_nobody_is_asked_again_about_a_client_who_has_gone(cast: Cast, program: Program) -> None:
    take(cast, program, ITEM_9, "phq9")
    cast.desk("therapist").must(f"programs/{program.pk}/discontinue/", {"reason": "Moved away"})
    cast.desk("therapist").must(f"tasks/{todo()[0].pk}/done/", {"outcome": "Referred"})
    assert sweep_worklist(at=MONDAY) == 0


# --- safety plans ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["np", "therapist", "prescriber", "director"])
def test_clinicians_write_plans_and_void_them_once(cast: Cast, program: Program, who: str) -> None:
    body = {"client": str(program.client_id), "text": "Call 988.", "made_on": "2026-05-04"}
    made = cast.desk(who).must("safety-plans/", body, status=201)
    assert {name: made[name] for name in body} == body
    assert (made["recorded_by"], made["voided"]) == (str(cast.people[who].pk), None)
    assert made["allowed_moves"] == ["void"]
    path = f"safety-plans/{made['id']}/void/"
    assert pointers(cast.desk(who).post(path, {})) == {"/reason"}
    found = cast.desk(who).must(path, {"reason": "Wrong client"}, status=200)
    at = {"at": "2026-05-04T15:00:00Z", "by": str(cast.people[who].pk), "reason": "Wrong client"}
    assert (found["voided"], found["allowed_moves"]) == (at, [])
    refused(cast.desk(who).post(path, {"reason": "Again"}), 409, "already_void")
    assert SafetyPlanVoid.objects.count() == 1
    shown = cast.desk(who).get("safety-plans/", client=str(program.client_id), voided="true").json()
    assert [row["id"] for row in shown["results"]] == [made["id"]]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"text": " "}, "/text"),
        ({"made_on": "2026-05-05"}, "/made_on"),
        ({"made_on": "soon"}, "/made_on"),
        ({"client": "01900000-0000-7000-8000-00000000dead"}, "/client"),
        ({"note": "x"}, "/note"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_field(
    cast: Cast, program: Program, change: dict[str, Any], pointer: str
) -> None:
    body = {"client": str(program.client_id), "text": "Call 988.", "made_on": "2026-05-04"}
    answer = cast.desk("np").post("safety-plans/", body | change)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert not SafetyPlan.objects.exists()


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin"])
def test_a_plan_is_read_by_clinicians_alone(cast: Cast, program: Program, who: str) -> None:
    made = plan(cast, program)
    for path in ("safety-plans/", f"safety-plans/{made}/"):
        refused(cast.desk(who).get(path), 403, "not_permitted")
    body = {"client": str(program.client_id), "text": "Call 988.", "made_on": "2026-05-04"}
    refused(cast.desk(who).post("safety-plans/", body), 403, "not_permitted")
    refused(cast.desk(who).post(f"safety-plans/{made}/void/", {"reason": "No"}), 403, "not_permitted")


def test_a_plan_stays_in_its_house(cast: Cast, program: Program) -> None:
    made = plan(cast, program)
    desk = cast.desk("south_prescriber")
    assert desk.get(f"safety-plans/{made}/").status_code == 404
    assert desk.get("safety-plans/").json()["count"] == 0
    assert desk.post(f"safety-plans/{made}/void/", {"reason": "No"}).status_code == 404
    mine = {"client": str(program.client_id), "text": "Call 988.", "made_on": "2026-05-04"}
    refused(desk.post("safety-plans/", mine), 400, "not_found", "/client")


# --- the database ------------------------------------------------------------------------------------------------------------


def test_the_database_takes_no_release_without_its_ground(cast: Cast, program: Program) -> None:
    take(cast, program, HIGH)
    take(cast, program, LEFT_OPEN)
    take(cast, program, ITEM_9, "phq9")
    calm = take(cast, program, NOTHING, taken_at=(MONDAY - timedelta(days=1)).isoformat())
    somebody = client(cast.north, by=cast.frontdesk, first="Other", phone="303-555-0188")
    body = {"client": str(somebody.pk), "text": "Call 988.", "made_on": "2026-05-04"}
    strange = cast.desk("np").must("safety-plans/", body)["id"]
    high, left_open, item = (alert(cause).pk for cause in ("cssrs_high", "cssrs_incomplete", "phq9_item_9"))
    before = AlertRelease.objects.count()
    for row in (
        (high, "Fine", None, True, None),
        (high, "Fine", plan(cast, program), None, None),
        (high, "Fine", strange, True, None),
        (high, "", None, None, calm["id"]),
        (left_open, "", None, None, None),
        (left_open, "Fine", None, None, calm["id"]),
        (item, "Fine", None, None, None),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(
                "INSERT INTO screening_alertrelease (id, created_at, created_by, alert_id, rationale, safety_plan_id,"
                " not_alone, measure_id) VALUES (gen_random_uuid(), now(), gen_random_uuid(), %s, %s, %s, %s, %s)",
                *row,
            )
    assert AlertRelease.objects.count() == before
