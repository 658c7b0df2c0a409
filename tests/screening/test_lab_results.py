"""Tests of a client: kept as they were read, taken back once, and a positive one suspends the clearance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from programs.models import Program
from screening.models import LabResult, LabResultVoid, Suspension
from tests import cast as people
from tests.asking import done, events, pointers, refused, sql
from tests.cast import MONDAY, Cast


def body(program: Program, **more: Any) -> dict[str, Any]:
    values = {"client": str(program.client_id), "kind": "urine_hcg", "result": "negative"}
    return values | {"taken_at": MONDAY.isoformat()} | more


def test_a_result_is_kept_read_and_taken_back_once(cast: Cast, program: Program) -> None:
    desk = cast.desk("np")
    asked = body(program, kind="liver", result="abnormal", value="112.5", unit="U/L")
    made = done(desk.post("lab-results/", asked), 201)
    assert (made["kind"], made["result"], made["value"], made["unit"]) == (
        "liver",
        "abnormal",
        "112.500",
        "U/L",
    )
    assert (made["recorded_by"], made["voided"], made["allowed_moves"]) == (str(cast.np.pk), None, ["void"])
    assert not Suspension.objects.exists()
    path = f"lab-results/{made['id']}/"
    assert done(cast.desk("therapist").get(path), 200) == made | {"allowed_moves": []}
    assert pointers(desk.post(f"{path}void/", {})) == {"/reason"}
    refused(cast.desk("therapist").post(f"{path}void/", {"reason": "Mine?"}), 403, "not_permitted")
    assert not LabResultVoid.objects.exists()
    found = cast.desk("prescriber").must(f"{path}void/", {"reason": "Of her twin"}, status=200)
    assert (found["voided"]["by"], found["voided"]["reason"]) == (str(cast.prescriber.pk), "Of her twin")
    assert found["allowed_moves"] == []
    refused(desk.post(f"{path}void/", {"reason": "Again"}), 409, "already_void")
    assert LabResultVoid.objects.count() == 1
    for narrow, count in (({"voided": "false"}, 0), ({"kind": "liver"}, 1), ({"kind": "tsh"}, 0)):
        assert desk.get("lab-results/", client=str(program.client_id), **narrow).json()["count"] == count
    assert [row[1:] for row in events("lab_result.list")][-1] == ("ok", [])
    assert (cast.therapist.pk, "ok", [program.client_id]) in events("lab_result.retrieve")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"kind": "mri"}, "/kind", "invalid_choice"),
        ({"result": "fine"}, "/result", "invalid_choice"),
        ({"result": "normal"}, "/result", "invalid"),
        ({"kind": "ecg", "result": "positive"}, "/result", "invalid"),
        ({"value": "3"}, "/unit", "required"),
        ({"unit": "mIU/mL"}, "/value", "required"),
        ({"value": "-1", "unit": "U/L"}, "/value", "min_value"),
        ({"value": "1.2345", "unit": "U/L"}, "/value", "max_decimal_places"),
        ({"taken_at": "2026-05-04T16:00:00Z"}, "/taken_at", "future"),
        ({"taken_at": "2026-05-04T09:00:00"}, "/taken_at", "offset_required"),
        ({"client": "01900000-0000-7000-8000-00000000dead"}, "/client", "not_found"),
        ({"note": "x"}, "/note", "unknown_field"),
    ],
)
def test_a_result_that_cannot_be_is_refused_by_field(
    cast: Cast, program: Program, change: dict[str, Any], pointer: str, code: str
) -> None:
    refused(cast.desk("np").post("lab-results/", body(program) | change), 400, code, pointer)
    assert not LabResult.objects.exists()


def test_results_are_read_by_clinicians_of_the_house_alone(cast: Cast, program: Program) -> None:
    made = cast.desk("director").must("lab-results/", body(program), status=201)
    path = f"lab-results/{made['id']}/"
    for who in ("frontdesk", "billing", "admin"):
        refused(cast.desk(who).get("lab-results/"), 403, "not_permitted")
        refused(cast.desk(who).get(path), 403, "not_permitted")
        refused(cast.desk(who).post("lab-results/", body(program)), 403, "not_permitted")
        refused(cast.desk(who).post(f"{path}void/", {"reason": "No"}), 403, "not_permitted")
    south = cast.desk("south_prescriber")
    assert (south.get(path).status_code, south.get("lab-results/").json()["count"]) == (404, 0)
    assert south.post(f"{path}void/", {"reason": "No"}).status_code == 404
    refused(south.post("lab-results/", body(program)), 400, "not_found", "/client")
    assert (LabResult.objects.count(), LabResultVoid.objects.count()) == (1, 0)


def test_how_long_a_result_counts_is_the_protocols_word(cast: Cast) -> None:
    strict = people.approved_protocol(cast, name="Strict", limits={"labs_days": 30})
    program = people.opened_program(cast, protocol=strict)
    desk = cast.desk("np")
    hcg = done(desk.post("lab-results/", body(program)), 201)
    ecg = done(desk.post("lab-results/", body(program, kind="ecg", result="normal")), 201)
    assert (hcg["counts_until"], ecg["counts_until"]) == ("2026-06-03T15:00:00Z", "2027-05-04T15:00:00Z")
    nobody = people.client(cast.north, by=cast.frontdesk)
    free = done(desk.post("lab-results/", body(program) | {"client": str(nobody.pk)}), 201)
    assert free["counts_until"] == "2026-08-02T15:00:00Z"  # 90 days: the default policy


@pytest.mark.parametrize(
    ("kind", "code"), [("urine_hcg", "pregnancy_positive"), ("drug_screen", "new_condition")]
)
def test_a_positive_one_suspends_until_a_prescriber_answers(cast: Cast, kind: str, code: str) -> None:
    program = people.cleared_program(cast)
    desk, clearance = cast.desk("np"), program.clearances.get()
    for result in ("negative", "inconclusive"):
        desk.must("lab-results/", body(program, kind=kind, result=result), status=201)
    assert not Suspension.objects.exists()
    with clock.fixed(MONDAY + timedelta(hours=2)):
        taken = (MONDAY + timedelta(hours=1)).isoformat()
        made = desk.must("lab-results/", body(program, kind=kind, result="positive", taken_at=taken))
        shown = cast.desk("prescriber").get(f"clearances/{clearance.pk}/").json()
        assert (shown["state"], [row["code"] for row in shown["reasons"]]) == ("suspended", [code])
        assert (shown["reasons"][0]["at"], shown["reasons"][0]["subject_id"]) == (
            "2026-05-04T16:00:00Z",
            made["id"],
        )
        # Taken back, or followed by a negative one: the reason stays until somebody has looked at it.
        desk.must(f"lab-results/{made['id']}/void/", {"reason": "Of her twin"})
        desk.must("lab-results/", body(program, kind=kind, taken_at=clock.now().isoformat()))
        assert cast.desk("np").get(f"clearances/{clearance.pk}/").json()["state"] == "suspended"
        said = [{"reason": shown["reasons"][0]["id"], "resolution": "Of her twin."}]
        answer = {"rationale": "Nothing new.", "resolutions": said}
        upheld = cast.desk("prescriber").must(f"clearances/{clearance.pk}/uphold/", answer)
        assert upheld["state"] == "standing"
        # Another one is another fact, also right after the answer.
        desk.must("lab-results/", body(program, kind=kind, result="positive", taken_at=taken))
        assert cast.desk("np").get(f"clearances/{clearance.pk}/").json()["state"] == "suspended"


def test_a_positive_one_of_before_is_heard_by_the_next_decision(cast: Cast, program: Program) -> None:
    cast.desk("np").must("lab-results/", body(program, result="positive"), status=201)
    people.clear(cast, program)
    assert Suspension.objects.get().fact.code == "pregnancy_positive"


def test_the_database_keeps_results_as_they_are(cast: Cast, program: Program) -> None:
    made = cast.desk("np").must("lab-results/", body(program), status=201)
    statements = [
        "UPDATE screening_labresult SET result = 'positive'",
        "DELETE FROM screening_labresult",
        "INSERT INTO screening_labresult (id, created_at, created_by, client_id, kind, result, unit, taken_at)"
        " SELECT gen_random_uuid(), created_at, created_by, client_id, 'ecg', 'positive', '', taken_at"
        " FROM screening_labresult",
        "INSERT INTO screening_labresult (id, created_at, created_by, client_id, kind, result, value, unit, taken_at)"
        " SELECT gen_random_uuid(), created_at, created_by, client_id, kind, result, 3, '', taken_at"
        " FROM screening_labresult",
        "INSERT INTO screening_labresultvoid (id, created_at, created_by, lab_result_id, reason)"
        " SELECT gen_random_uuid(), created_at, created_by, id, '' FROM screening_labresult",
    ]
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    assert [str(pk) for pk in LabResult.objects.values_list("pk", flat=True)] == [made["id"]]
