"""Measures over the API, and the alarms they raise, which are never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM, User
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox, Task
from programs.models import Program
from screening import selectors, services
from screening.models import Measure, SafetyAlert
from tests.asking import pointers
from tests.cast import MONDAY, Cast, colleague

ITEM_9 = [0, 0, 0, 0, 0, 0, 0, 0, 1]


def take(cast: Cast, program: Program, instrument: str, answers: list, who: str = "therapist", **values):
    body = {
        "program": str(program.pk),
        "instrument": instrument,
        "answers": answers,
        "taken_at": "2026-05-04T14:45:00Z",
        "administered_by": "self",
    }
    return cast.desk(who).post("measures/", body | values)


def test_a_measure_is_scored_and_kept_as_answered(cast: Cast, program: Program) -> None:
    answer = take(cast, program, "phq9", [2, 2, 2, 2, 2, 2, 2, 1, 0])
    assert answer.status_code == 201
    got = answer.json()
    assert (got["total"], got["band"], got["flags"]) == (15, "moderately_severe", [])
    assert (got["instrument"], got["answers"], got["administered_by"]) == (
        "phq9",
        [2, 2, 2, 2, 2, 2, 2, 1, 0],
        "self",
    )
    assert (got["taken_at"], got["language"], got["form"]) == ("2026-05-04T14:45:00Z", "en", "standard")
    assert not SafetyAlert.objects.exists()
    assert cast.desk("np").get(f"measures/{got['id']}/").json() == got


def test_a_missing_answer_leaves_the_total_open(cast: Cast, program: Program) -> None:
    got = take(cast, program, "GAD-7", [1, 1, 1, None, 1, 1, 1]).json()
    assert (got["instrument"], got["total"], got["band"], got["flags"]) == (
        "gad7",
        None,
        None,
        ["incomplete"],
    )


@pytest.mark.parametrize(
    ("values", "band", "threshold"), [({}, "positive", 3), ({"threshold": 4}, "negative", 4)]
)
def test_audit_c_keeps_the_threshold_it_was_read_with(
    cast: Cast, program: Program, values: dict, band: str, threshold: int
) -> None:
    got = take(cast, program, "AUDIT-C", [1, 1, 1], **values).json()
    assert (got["total"], got["band"], got["threshold"]) == (3, band, threshold)


def test_getting_worse_is_seen_against_the_time_before(cast: Cast, program: Program) -> None:
    take(cast, program, "phq9", [1] * 5 + [0] * 4, taken_at="2026-04-20T15:00:00Z")
    take(cast, program, "phq9", [3] * 8 + [0], taken_at="2026-04-01T15:00:00Z")
    assert take(cast, program, "phq9", [2] * 5 + [0] * 4).json()["flags"] == ["worsening"]


def test_an_earlier_one_that_is_written_down_late_may_show_that_the_last_one_is_worse(
    cast: Cast, program: Program
) -> None:
    take(cast, program, "phq9", [2] * 5 + [0] * 4)
    assert not SafetyAlert.objects.exists()
    take(cast, program, "phq9", [1] * 6 + [0] * 3, taken_at="2026-04-10T15:00:00Z")
    assert not SafetyAlert.objects.exists()
    take(cast, program, "phq9", [1] * 5 + [0] * 4, taken_at="2026-04-20T15:00:00Z")
    alert = SafetyAlert.objects.get()
    assert (alert.cause, alert.measure.total) == ("phq9_worsening", 10)
    take(cast, program, "phq9", [0] * 9, taken_at="2026-04-21T15:00:00Z")
    assert SafetyAlert.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"instrument": "BDI-II"}, "/instrument"),
        ({"answers": [0] * 8}, "/answers"),
        ({"answers": [0] * 8 + [4]}, "/answers/8"),
        ({"answers": [0] * 8 + ["1"]}, "/answers/8"),
        ({"answers": [0] * 8 + [True]}, "/answers/8"),
        ({"answers": [0] * 8 + [1.5]}, "/answers/8"),
        ({"taken_at": "2026-05-04T14:45:00"}, "/taken_at"),
        ({"taken_at": "2026-05-05T14:45:00Z"}, "/taken_at"),
        ({"threshold": 3}, "/threshold"),
        ({"form": "since_last_contact"}, "/form"),
        ({"total": 3}, "/total"),
        ({"language": "English"}, "/language"),
    ],
)
def test_a_measure_that_cannot_be_is_refused_by_field(
    cast: Cast, program: Program, values: dict, pointer: str
) -> None:
    answer = take(cast, program, **({"instrument": "phq9", "answers": [0] * 9} | values))
    assert answer.status_code == 400
    assert pointer in pointers(answer)
    assert not Measure.objects.exists()


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin"])
def test_measures_and_alerts_are_for_clinicians(cast: Cast, program: Program, who: str) -> None:
    measure = take(cast, program, "phq9", ITEM_9).json()
    alert = SafetyAlert.objects.get()
    assert take(cast, program, "phq9", ITEM_9, who).status_code == 403
    for path in ("measures/", f"measures/{measure['id']}/", "safety-alerts/", f"safety-alerts/{alert.pk}/"):
        assert cast.desk(who).get(path).status_code == 403
    answer = cast.desk(who).post(f"safety-alerts/{alert.pk}/acknowledge/", {"action": "seen it"})
    assert answer.status_code == 403
    assert SafetyAlert.objects.get().status == "open"
    assert Measure.objects.count() == 1


def test_measures_and_alerts_stay_in_their_house(cast: Cast, program: Program) -> None:
    measure = take(cast, program, "phq9", ITEM_9).json()
    alert = SafetyAlert.objects.get()
    for path in (f"measures/{measure['id']}/", f"safety-alerts/{alert.pk}/"):
        assert cast.desk("south_prescriber").get(path).status_code == 404
    for path in ("measures/", "safety-alerts/"):
        assert cast.desk("south_prescriber").get(path).json()["count"] == 0
    refused = cast.desk("south_prescriber").post(f"safety-alerts/{alert.pk}/acknowledge/", {"action": "seen"})
    assert refused.status_code == 404
    assert SafetyAlert.objects.get().status == "open"


@pytest.mark.parametrize(
    ("instrument", "answers", "cause", "moves"),
    [
        ("PHQ-9", ITEM_9, "phq9_item_9", []),
        ("PHQ-9", [None] * 8 + [1], "phq9_item_9", []),
        ("C-SSRS", [False, True, False, True, False, False, False], "cssrs_high", []),
        ("C-SSRS", [False, False, None, None, None, True, False], "cssrs_moderate", ["release"]),
        ("C-SSRS", [True, True, None, None, None, False, False], "cssrs_incomplete", ["release"]),
        ("QIDS-SR16", [0] * 11 + [2, 0, 0, 0, 0], "qids_item_12", []),
        ("MADRS", [0] * 9 + [4], "madrs_item_10", []),
    ],
)
def test_an_answer_that_points_at_danger_names_a_clinician_and_a_time(
    cast: Cast, program: Program, instrument, answers, cause, moves
) -> None:
    measure = take(cast, program, instrument, answers)
    assert measure.status_code == 201
    (got,) = cast.desk("therapist").get("safety-alerts/?status=open").json()["results"]
    assert (got["cause"], got["measure"], got["status"]) == (cause, measure.json()["id"], "open")
    assert got["clinician"] == str(cast.therapist.pk)
    assert got["acknowledge_by"] == "2026-05-04T15:30:00Z"
    assert got["allowed_moves"] == ["acknowledge", *moves]
    task = Task.objects.get(kind="safety_alert")
    assert (task.kind, str(task.subject_id), task.assignee) == (
        "safety_alert",
        got["id"],
        cast.therapist.pk,
    )
    assert Outbox.objects.get().recipient == cast.therapist.pk


@pytest.mark.parametrize(
    ("instrument", "answers"),
    [("PHQ-9", [3] * 8 + [0]), ("C-SSRS", [True, True, False, False, False, False, False]), ("QIDS-SR16", [0] * 11 + [1, 0, 0, 0, 0]), ("MADRS", [0] * 9 + [3]), ("PCL-5", [4] * 20)],
)  # fmt: skip
def test_no_false_alarm(cast: Cast, program: Program, instrument: str, answers: list) -> None:
    assert take(cast, program, instrument, answers).status_code == 201
    assert not SafetyAlert.objects.exists()


@pytest.mark.parametrize("gone", ["account", "role", "location"])
def test_without_a_therapist_the_prescriber_is_named(
    cast: Cast, program: Program, another_program, gone: str
) -> None:
    therapist = cast.therapist
    columns = {"account": ("is_active", False), "role": ("roles", ["front_desk"])}
    setattr(therapist, *columns.get(gone, ("locations", [cast.south.pk])))
    therapist.save_by(SYSTEM, at=MONDAY)
    take(cast, program, "phq9", ITEM_9, "np")
    assert SafetyAlert.objects.get().clinician_id == cast.prescriber.pk


def test_where_both_are_gone_others_who_decide_there_are_told(cast: Cast, program: Program) -> None:
    """Nobody reads the mails of a closed account: not for half an hour, while somebody says that they want to die."""

    def told() -> tuple[str, set[str]]:
        take(cast, program, "phq9", ITEM_9, "np")
        alert = SafetyAlert.objects.latest("created_at")
        rows = Outbox.objects.filter(subject_id=alert.pk).values_list("recipient", flat=True)
        return str(alert.clinician.name), set(User.objects.filter(pk__in=rows).values_list("name", flat=True))

    for name in ("therapist", "prescriber"):
        cast.people[name].is_active = False
        cast.people[name].save_by(SYSTEM, at=MONDAY)
    director = cast.director.name
    assert told() == (director, {director})
    second = colleague(cast, "second", "prescriber").name
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        assert told() == (second, {second})
    services.escalate_overdue_alerts(at=MONDAY + timedelta(hours=2))
    late = Outbox.objects.filter(template="safety_alert").values_list("recipient", flat=True)
    assert cast.prescriber.pk not in set(late)


def test_minutes_and_items_are_the_protocols(cast: Cast, another_program) -> None:
    limits = {"alert_minutes": 10, "alert_items": {"phq9": [9, 2]}}
    program = another_program(name="Strict", limits=limits, of={"phone": "555-0177"})
    assert take(cast, program, "phq9", ITEM_9).json()["flags"] == []
    take(cast, program, "phq9", [0] * 8 + [2])
    assert SafetyAlert.objects.get().acknowledge_by == MONDAY + timedelta(minutes=10)


@pytest.mark.parametrize("who", ["np", "therapist", "prescriber", "director"])
def test_acknowledging_says_what_was_done_and_clears_the_worklist(
    cast: Cast, program: Program, who: str
) -> None:
    take(cast, program, "phq9", ITEM_9)
    alert = SafetyAlert.objects.get()
    path = f"safety-alerts/{alert.pk}/acknowledge/"
    assert pointers(cast.desk(who).post(path, {})) == {"/action"}
    assert list(selectors.open_alerts(client_id=program.client_id)) == [alert]
    answer = cast.desk(who).post(path, {"action": "Called her; safe; C-SSRS done."})
    assert answer.status_code == 200
    got = answer.json()
    assert (got["status"], got["action"], got["allowed_moves"]) == (
        "acknowledged",
        "Called her; safe; C-SSRS done.",
        [],
    )
    assert (got["acknowledged_at"], got["acknowledged_by"]) == (
        "2026-05-04T15:00:00Z",
        str(cast.people[who].pk),
    )
    assert not selectors.open_alerts(client_id=program.client_id).exists()
    assert [row.kind for row in Task.objects.open()] == ["cssrs_today"]
    again = cast.desk(who).post(path, {"action": "Me too."})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


# --- nobody looks (R14) -----------------------------------------------------------------------------------

LATE = MONDAY + timedelta(minutes=31)


def test_an_overdue_alert_is_carried_up_once(cast: Cast, program: Program) -> None:
    take(cast, program, "phq9", ITEM_9)
    assert services.escalate_overdue_alerts(at=MONDAY + timedelta(minutes=29)) == 0
    assert services.escalate_overdue_alerts(at=LATE) == 1
    task = Task.objects.get(kind="safety_alert")
    assert {"medical_director", "prescriber"} <= set(task.roles)
    assert task.escalation == 1
    told = set(Outbox.objects.values_list("recipient", flat=True))
    assert told == {cast.people[who].pk for who in ("therapist", "prescriber", "director")}
    assert services.escalate_overdue_alerts(at=LATE + timedelta(minutes=1)) == 0
    assert (Task.objects.get(kind="safety_alert").escalation, Outbox.objects.count()) == (1, 3)


def test_ticking_off_the_worklist_row_does_not_silence_the_alert(cast: Cast, program: Program) -> None:
    take(cast, program, "phq9", ITEM_9)
    trail.finish_task(
        task_id=Task.objects.get(kind="safety_alert").pk, by=cast.therapist, at=MONDAY, outcome="later"
    )
    assert services.escalate_overdue_alerts(at=LATE) == 1
    task = Task.objects.open().get(kind="safety_alert")
    assert {"medical_director", "prescriber"} <= set(task.roles)


def test_an_acknowledged_alert_is_left_alone(cast: Cast, program: Program) -> None:
    take(cast, program, "phq9", ITEM_9)
    alert = SafetyAlert.objects.get()
    services.acknowledge_alert(alert_id=alert.pk, action="Called.", by=cast.therapist, at=MONDAY)
    assert services.escalate_overdue_alerts(at=LATE) == 0
    assert [row.kind for row in Task.objects.open()] == ["cssrs_today"]


def test_lists_are_filtered(cast: Cast, program: Program) -> None:
    take(cast, program, "phq9", ITEM_9)
    take(cast, program, "gad7", [0] * 7)
    count = lambda path: cast.desk("therapist").get(path).json()["count"]  # noqa: E731
    assert count(f"measures/?program={program.pk}") == 2
    assert count(f"measures/?client={program.client_id}&instrument=gad7") == 1
    assert count(f"safety-alerts/?program={program.pk}&cause=phq9_item_9&status=open") == 1
    assert count("safety-alerts/?status=acknowledged") == 0


def test_the_latest_measure_by_a_moment(cast: Cast, program: Program) -> None:
    take(cast, program, "phq9", [1] * 8 + [0], taken_at="2026-05-01T12:00:00Z")
    take(cast, program, "phq9", [2] * 8 + [0], taken_at="2026-05-03T12:00:00Z")
    latest = lambda at: selectors.latest_measure(program_id=program.pk, instrument="phq9", at=at)  # noqa: E731
    assert latest(MONDAY).total == 16
    assert latest(MONDAY - timedelta(days=2)).total == 8
    assert latest(MONDAY - timedelta(days=30)) is None
