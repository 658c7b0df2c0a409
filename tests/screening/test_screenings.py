"""Writing and submitting a screening over the API."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.local.places import CHECKOUT
from kapclinic.trail.models import AuditEvent
from programs.models import Program
from screening.models import Finding, Medication, SafetyAlert, Screening
from screening.rules import labels
from screening.rules.conditions import CONDITIONS
from screening.rules.medicine_list import medicine_list
from tests.asking import pointers
from tests.cast import Cast
from tests.screening.deciding import CALM, CALMS, NO_TO_ALL, decide, drafted, submitted


def severities(screening: dict) -> dict[str, str]:
    return {finding["code"]: finding["severity"] for finding in screening["findings"]}


def test_a_draft_answers_with_what_was_sent(cast: Cast, program: Program) -> None:
    sent = {
        "program": str(program.pk),
        "answers": {
            "PREG": False,
            "OPHTH": {"value": True, "note": "glaucoma, treated"},
            "SUD_HX": "unknown",
        },
        "blood_pressures": [CALM],
        "medications": [{"text": "sertraline 50 mg"}],
    }
    answer = cast.desk("np").post("screenings/", sent)
    assert answer.status_code == 201
    got = answer.json()
    assert {name: got[name] for name in sent} == sent
    assert got["client"] == str(program.client_id)
    assert (got["status"], got["version"], got["findings"], got["clearance"]) == ("draft", 1, [], None)
    assert got["allowed_moves"] == ["submit"]
    assert answer["ETag"] == '"1"'


@pytest.mark.parametrize("who", ["np", "therapist", "prescriber", "director"])
def test_every_clinician_may_screen(cast: Cast, program: Program, who: str) -> None:
    answer = cast.desk(who).post("screenings/", {"program": str(program.pk)})
    assert answer.status_code == 201
    assert cast.desk(who).get(f"screenings/{answer.json()['id']}/").status_code == 200


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin"])
def test_nobody_else_sees_or_writes_screenings(cast: Cast, program: Program, who: str) -> None:
    screening = drafted(cast, program)
    assert cast.desk(who).post("screenings/", {"program": str(program.pk)}).status_code == 403
    for path in ("screenings/", "screenings/conditions/", f"screenings/{screening['id']}/"):
        assert cast.desk(who).get(path).status_code == 403
    assert (
        cast.desk(who).patch(f"screenings/{screening['id']}/", {"answers": {}}, match='"1"').status_code
        == 403
    )
    assert cast.desk(who).post(f"screenings/{screening['id']}/submit/").status_code == 403
    assert Screening.objects.get().status == "draft"


def test_another_house_sees_nothing(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program)
    path = f"screenings/{screening['id']}/"
    assert cast.desk("south_prescriber").get(path).status_code == 404
    assert cast.desk("south_prescriber").get("screenings/").json()["results"] == []
    assert cast.desk("south_prescriber").patch(path, {"answers": {}}, match='"2"').status_code == 404
    assert cast.desk("south_prescriber").post(path + "submit/").status_code == 404
    body = {"decision": "deferred", "rationale": "no reason"}
    assert cast.desk("south_prescriber").post(path + "decide/", body).status_code == 404
    refused = cast.desk("south_prescriber").post("screenings/", {"program": str(program.pk)})
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
def test_a_draft_that_cannot_be_is_refused_by_field(
    cast: Cast, program: Program, values: dict, pointer: str
) -> None:
    answer = cast.desk("np").post("screenings/", {"program": str(program.pk)} | values)
    assert answer.status_code == 400
    assert pointer in pointers(answer)
    assert Screening.objects.count() == 0
    draft = drafted(cast, program)
    if values == {"answers": {"PREG": None}}:
        return  # in a PATCH null clears the answer
    patched = cast.desk("np").patch(f"screenings/{draft['id']}/", values, match='"1"')
    assert patched.status_code == 400
    assert pointer in pointers(patched)
    assert Screening.objects.get().version == 1


def test_a_draft_is_edited_on_its_present_version_only(cast: Cast, program: Program) -> None:
    path = f"screenings/{drafted(cast, program)['id']}/"
    changed = {"answers": NO_TO_ALL | {"OPHTH": True}}
    assert cast.desk("therapist").patch(path, changed, match="").status_code == 428
    assert cast.desk("therapist").patch(path, changed, match='"7"').status_code == 412
    assert Screening.objects.get().answers == NO_TO_ALL
    answer = cast.desk("therapist").patch(path, changed, match='"1"')
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    assert answer.json()["answers"]["OPHTH"] is True
    assert answer.json()["blood_pressures"] == CALMS


def test_a_calm_screening_has_no_findings(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program)
    assert (screening["status"], screening["findings"]) == ("submitted", [])
    assert screening["submitted_at"] == "2026-05-04T15:00:00Z"
    assert screening["allowed_moves"] == ["submit"]
    shown = cast.desk("prescriber").get(f"screenings/{screening['id']}/").json()
    assert shown["allowed_moves"] == ["submit", "decide"]


def test_submitting_says_everything_at_once(cast: Cast, program: Program) -> None:
    answers = NO_TO_ALL | {
        "PREG": True,
        "OPHTH": {"value": True, "note": "glaucoma"},
        "SUD_HX": "unknown",
        "CV_UNCONTROLLED_HTN": False,
    }
    del answers["RESP_OSA"]
    screening = submitted(
        cast,
        program,
        answers=answers,
        blood_pressures=[row | {"systolic": 168, "diastolic": 98} for row in CALMS],
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


def test_a_screening_says_what_its_findings_are_called_and_how_much_is_clean(
    cast: Cast, program: Program
) -> None:
    answers = NO_TO_ALL | {"OPHTH": True, "SUD_HX": "unknown"}
    draft = drafted(cast, program, answers=answers, medications=[{"text": "Kanna gummies"}])
    asked = sum(one.asked for one in CONDITIONS.values())
    assert (draft["asked"], draft["clean"]) == (asked, asked - 2)
    path = f"screenings/{draft['id']}/"
    done = cast.desk("np").must(f"{path}submit/")
    names = {finding["code"]: finding["label"] for finding in done["findings"]}
    assert names["OPHTH"] == CONDITIONS["OPHTH"].label
    assert names["MED_UNMAPPED"] == "Medicine not recognised"
    assert (done["asked"], done["clean"]) == (asked, asked - 2)
    assert cast.desk("prescriber").get(path).json()["clean"] == asked - 2


def test_every_code_that_a_rule_finds_has_a_label_of_its_own() -> None:
    classes = {f"MED_{row.name.upper()}" for row in medicine_list().classes if row.severity is not None}
    source = "".join(path.read_text() for path in (CHECKOUT / "screening").rglob("*.py"))
    codes = set(re.findall(r'Found\(\s*"([A-Z0-9_]+)"', source)) | classes
    assert len(codes) > 25
    assert {code for code in codes - set(CONDITIONS) if code not in labels.FOUND} == set()
    assert labels.label_of("MED_NEW_KIND") == "New kind"


def test_nothing_answered_is_all_unknown_and_never_clear(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, answers={}, blood_pressures=[])
    asked = {code for code, condition in CONDITIONS.items() if condition.asked}
    assert severities(screening) == dict.fromkeys([*asked, "CV_BP_MISSING"], "unknown")


def test_an_answered_and_a_measured_hypertension_are_one_absolute_finding(
    cast: Cast, program: Program
) -> None:
    answers = NO_TO_ALL | {"CV_UNCONTROLLED_HTN": True}
    screening = submitted(
        cast, program, answers=answers, blood_pressures=[row | {"systolic": 190} for row in CALMS]
    )
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
def test_age_is_counted_on_the_local_day(cast: Cast, another_program, born: str, expected: dict) -> None:
    from datetime import date

    program = another_program(of={"date_of_birth": date.fromisoformat(born), "phone": "555-0199"})
    assert severities(submitted(cast, program)) == expected


def test_the_medicines_join_the_clients_list_once_and_old_ones_are_weighed_too(
    cast: Cast, program: Program
) -> None:
    body = {"client": str(program.client_id), "text": "lorazepam 1 mg"}
    assert cast.desk("therapist").post("medications/", body).status_code == 201
    first = submitted(cast, program, medications=[{"text": "Lorazepam 1 mg"}, {"text": "zolpidem"}])
    assert severities(first) == {
        "MED_BENZODIAZEPINE": "relative",
        "MED_CNS_DEPRESSANT": "relative",
        "MED_CNS_DEPRESSANTS_COMBINED": "relative",
    }
    assert sorted(Medication.objects.values_list("text", flat=True)) == ["lorazepam 1 mg", "zolpidem"]
    assert severities(submitted(cast, program)) == severities(first)
    assert Medication.objects.count() == 2


def test_a_stopped_medicine_no_longer_counts(cast: Cast, program: Program) -> None:
    submitted(cast, program, medications=[{"text": "theophylline"}])
    (row,) = cast.desk("therapist").get(f"medications/?client={program.client_id}").json()["results"]
    stopped = cast.desk("therapist").patch(
        f"medications/{row['id']}/", {"ended_at": "2026-05-04T14:00:00Z"}, match='"1"'
    )
    assert stopped.status_code == 200
    assert submitted(cast, program)["findings"] == []


def test_a_submitted_screening_is_closed(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, answers=NO_TO_ALL | {"PREG": True})
    path = f"screenings/{screening['id']}/"
    edited = cast.desk("np").patch(path, {"answers": NO_TO_ALL}, match=f'"{screening["version"]}"')
    assert (edited.status_code, edited.json()["code"]) == (409, "illegal_transition")
    assert Screening.objects.get().answers["PREG"] is True
    assert Finding.objects.count() == 1


def test_intent_or_plan_alarms_the_therapist(cast: Cast, program: Program) -> None:
    screening = submitted(
        cast, program, answers=NO_TO_ALL | {"PSY_SI": {"value": True, "note": "has a plan"}}
    )
    alert = SafetyAlert.objects.get()
    assert (alert.cause, alert.clinician_id) == ("screening_si", cast.therapist.pk)
    assert str(alert.screening_id) == screening["id"]


def test_recent_instruments_speak_too(cast: Cast, program: Program) -> None:
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
            cast.desk("therapist").post("measures/", body | {"program": str(program.pk)}).status_code == 201
        )
    assert severities(submitted(cast, program)) == {
        "PSY_SI": "relative",
        "SUD_AUDIT_C": "relative",
        "SUD_DAST10": "relative",
    }


def test_a_finished_course_is_not_screened(cast: Cast, program: Program) -> None:
    draft = drafted(cast, program)
    assert decide(cast, submitted(cast, program), "declined").status_code == 200
    refused = cast.desk("therapist").post("screenings/", {"program": str(program.pk)})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert cast.desk("therapist").post(f"screenings/{draft['id']}/submit/").status_code == 409
    assert Screening.objects.get(pk=draft["id"]).status == "draft"


def test_the_questions_can_be_read_without_their_wording(cast: Cast) -> None:
    page = cast.desk("np").get("screenings/conditions/").json()
    assert page["count"] == len(CONDITIONS)
    row = next(row for row in page["results"] if row["code"] == "CV_OTHER")
    assert (row["severity"], row["degrees"], row["asked"]) == ("absolute", ["absolute", "relative"], True)
    assert cast.desk("np").get("screenings/conditions/?lang=en").status_code == 400


def test_lists_are_filtered_and_cost_the_same_however_long(
    cast: Cast, program: Program, another_program
) -> None:
    other = another_program(of={"phone": "555-0142"})
    for _ in range(3):
        submitted(cast, program, answers={})
    drafted(cast, other)
    count = lambda query: cast.desk("prescriber").get(f"screenings/?{query}").json()["count"]  # noqa: E731
    assert count(f"program={program.pk}") == 3
    assert count(f"client={other.client_id}") == 1
    assert count("status=draft") == 1
    assert cast.desk("prescriber").get("screenings/?programme=1").status_code == 400

    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            cast.desk("prescriber").get(f"screenings/?{query}")
        return len(caught)

    assert (
        queries(f"program={other.pk}") == queries(f"program={program.pk}") == 4
    )  # who asks, rows, findings, audit


def test_reading_a_screening_is_logged_with_the_client(cast: Cast, program: Program) -> None:
    screening = drafted(cast, program)
    cast.desk("therapist").get(f"screenings/{screening['id']}/")
    event = AuditEvent.objects.get(action="screening.retrieve")
    assert (event.created_by, event.clients) == (cast.therapist.pk, [program.client_id])
    cast.desk("therapist").get(f"screenings/{screening['id']}/")
    assert AuditEvent.objects.filter(
        action="screening.create", clients__contains=[program.client_id]
    ).exists()


def test_the_same_key_never_screens_twice(cast: Cast, program: Program) -> None:
    body = {"program": str(program.pk)}
    first = cast.desk("therapist").post("screenings/", body, key="k1")
    again = cast.desk("therapist").post("screenings/", body, key="k1")
    assert first.json()["id"] == again.json()["id"]
    assert Screening.objects.count() == 1


def test_the_worst_pressure_is_written_and_waits_for_words(cast: Cast, program: Program) -> None:
    worst = CALM | {"systolic": 45, "diastolic": 20, "heart_rate": 0}
    answer = cast.desk("np").post("screenings/", {"program": str(program.pk), "blood_pressures": [worst]})
    assert answer.status_code == 201, answer.json()
    submitted = cast.desk("np").must(f"screenings/{answer.json()['id']}/submit/", {})
    found = {row["code"]: row["severity"] for row in submitted["findings"] if row["code"].startswith("CV_")}
    assert (found["CV_BP_LOW"], found["CV_HEART_RATE"]) == ("relative", "relative")
