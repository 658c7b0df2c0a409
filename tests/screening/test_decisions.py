"""The prescriber's decision, the clearance it makes, and taking it back."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from kapclinic.core import clock
from kapclinic.core.audited import HistoryBypassed
from programs.models import PhaseSpan, Program
from screening import selectors
from screening.models import Clearance, Finding, Medication, Screening
from screening.signals import clearance_decided, clearance_voided
from tests.screening.conftest import AT, CALM, NO_TO_ALL, Clinic, pointers

RISKY = NO_TO_ALL | {"OPHTH": True, "SUD_HX": "unknown"}


def nothing_decided(clinic: Clinic) -> bool:
    program = Program.objects.get(pk=clinic.program.pk)
    unresolved = not Finding.objects.exclude(resolution="").exists()
    waiting = not Screening.objects.filter(status="decided").exists()
    return unresolved and waiting and not Clearance.objects.exists() and program.phase == "screening"


def words_for(screening: dict) -> list[dict]:
    return [{"finding": f["id"], "resolution": "Discussed; acceptable."} for f in screening["findings"]]


@pytest.fixture
def heard():
    facts = []

    def hear(signal, **payload):
        facts.append((signal, {name: value for name, value in payload.items() if name != "sender"}))

    clearance_decided.connect(hear)
    clearance_voided.connect(hear)
    yield facts
    clearance_decided.disconnect(hear)
    clearance_voided.disconnect(hear)


def test_cleared_opens_preparation_for_a_year(clinic: Clinic, heard: list) -> None:
    answer = clinic.decide(clinic.submitted())
    assert answer.status_code == 200
    got = answer.json()
    assert (got["status"], got["allowed_moves"], got["decided_at"]) == ("decided", [], "2026-05-04T15:00:00Z")
    clearance = got["clearance"]
    assert (clearance["decision"], clearance["valid_from"]) == ("cleared", "2026-05-04T15:00:00Z")
    assert (clearance["expires_on"], clearance["voided_at"]) == ("2027-05-04", None)
    program = Program.objects.get(pk=clinic.program.pk)
    assert program.phase == "preparation"
    assert list(PhaseSpan.objects.order_by("started_at", "created_at").values_list("phase", flat=True)) == [
        "screening",
        "preparation",
    ]
    row = Clearance.objects.get()
    fact = {"program_id": program.pk, "clearance_id": row.pk, "decision": "cleared"}
    assert heard == [(clearance_decided, fact)]


def test_a_protocol_without_preparation_goes_straight_to_dosing(clinic: Clinic, another_program) -> None:
    program = another_program(
        name="Infusion", program_type="infusion_only", route="intravenous", client={"phone": "555-0177"}
    )
    assert clinic.decide(clinic.submitted(program=str(program.pk))).status_code == 200
    assert Program.objects.get(pk=program.pk).phase == "dosing"


def test_the_clearance_ends_on_a_local_date(clinic: Clinic, another_program) -> None:
    program = another_program(name="Short", limits={"clearance_days": 30}, client={"phone": "555-0177"})
    late = AT.replace(day=5, hour=4)  # still the 4th in Denver
    screening = clinic.submitted(program=str(program.pk))
    with clock.fixed(late):
        clearance = clinic.decide(screening).json()["clearance"]
    assert clearance["expires_on"] == "2026-06-03"


@pytest.mark.parametrize(
    "role", ["nurse_practitioner", "therapist", "medical_director", "front_desk", "billing", "admin"]
)
def test_only_a_prescriber_decides(clinic: Clinic, role: str) -> None:
    screening = clinic.submitted()
    body = {"decision": "cleared", "rationale": "Looks fine to me."}
    answer = clinic.post(role, f"screenings/{screening['id']}/decide/", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert nothing_decided(clinic)


def test_a_director_who_also_prescribes_may_decide(clinic: Clinic) -> None:
    director = clinic.person("medical_director")
    director.roles = [*director.roles, "prescriber"]
    director.save_by(director, at=AT)
    screening = clinic.submitted()
    body = {"decision": "cleared", "rationale": "Weighed."}
    answer = clinic.post("medical_director", f"screenings/{screening['id']}/decide/", body)
    assert answer.json()["clearance"]["decided_by"] == str(director.pk)


@pytest.mark.parametrize(
    "code", ["CV_ANEURYSM_AVM", "NEURO_ICH", "ALLERGY_KET", "PREG", "PSY_PSYCHOSIS_CUR", "SUD_ACTIVE"]
)
def test_an_absolute_finding_is_never_cleared_whatever_is_written_about_it(clinic: Clinic, code: str) -> None:
    screening = clinic.submitted(answers=RISKY | {code: True})
    for resolutions in ([], words_for(screening)):
        answer = clinic.decide(screening, resolutions=resolutions)
        assert (answer.status_code, answer.json()["code"]) == (409, "absolute_finding")
        assert answer.json()["findings"] == [code]
    assert nothing_decided(clinic)


def test_relative_and_unknown_findings_need_words_to_be_cleared(clinic: Clinic) -> None:
    screening = clinic.submitted(answers=RISKY)
    resolutions = words_for(screening)
    for some in ([], resolutions[:1]):
        answer = clinic.decide(screening, resolutions=some)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert pointers(answer) == {"/resolutions"}
        assert len(answer.json()["errors"]) == 2 - len(some)
    assert nothing_decided(clinic)
    answer = clinic.decide(screening, resolutions=resolutions)
    assert answer.status_code == 200
    by = str(clinic.person("prescriber").pk)
    assert {(f["resolution"], f["resolved_by"]) for f in answer.json()["findings"]} == {
        ("Discussed; acceptable.", by)
    }


def test_information_needs_no_words(clinic: Clinic) -> None:
    screening = clinic.submitted(medications=[{"text": "lisinopril"}])
    assert [f["severity"] for f in screening["findings"]] == ["info"]
    assert clinic.decide(screening).status_code == 200


@pytest.mark.parametrize(
    ("resolutions", "pointer"),
    [
        (lambda screening: [{"finding": str(uuid4()), "resolution": "fine by me"}], "/resolutions/0/finding"),
        (lambda screening: words_for(screening) + words_for(screening)[:1], "/resolutions/2/finding"),
        (
            lambda screening: [{"finding": screening["findings"][0]["id"], "resolution": "  "}],
            "/resolutions/0/resolution",
        ),
        (lambda screening: [{"finding": "first", "resolution": "fine by me"}], "/resolutions/0/finding"),
    ],
)
def test_a_resolution_is_about_a_finding_of_this_screening_once_in_words(
    clinic: Clinic, resolutions, pointer
) -> None:
    screening = clinic.submitted(answers=RISKY)
    answer = clinic.decide(screening, resolutions=resolutions(screening))
    assert answer.status_code == 400
    assert pointer in pointers(answer)
    assert nothing_decided(clinic)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [({"rationale": ""}, "/rationale"), ({"decision": "maybe"}, "/decision"), ({"until": "2027"}, "/until")],
)
def test_a_decision_says_what_and_why(clinic: Clinic, values: dict, pointer: str) -> None:
    screening = clinic.submitted()
    body = {"decision": "cleared", "rationale": "Weighed."} | values
    answer = clinic.post("prescriber", f"screenings/{screening['id']}/decide/", body)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert nothing_decided(clinic)


def test_a_draft_cannot_be_decided_nor_a_decision_repeated(clinic: Clinic) -> None:
    draft = clinic.draft()
    assert clinic.decide(draft).json()["code"] == "illegal_transition"
    assert nothing_decided(clinic)
    screening = clinic.submitted()
    assert clinic.decide(screening, "deferred").status_code == 200
    again = clinic.decide(screening)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert Clearance.objects.get().decision == "deferred"


def test_declined_ends_the_course(clinic: Clinic) -> None:
    screening = clinic.submitted(answers=NO_TO_ALL | {"PREG": True})
    answer = clinic.decide(screening, "declined")
    assert answer.status_code == 200
    assert (answer.json()["clearance"]["decision"], answer.json()["clearance"]["expires_on"]) == (
        "declined",
        None,
    )
    program = Program.objects.get(pk=clinic.program.pk)
    assert program.status == "discontinued"
    assert selectors.current_clearance(program_id=program.pk, at=AT) is None


def test_deferred_changes_nothing_and_a_new_screening_may_follow(clinic: Clinic) -> None:
    answer = clinic.decide(clinic.submitted(answers=RISKY), "deferred")
    assert answer.json()["clearance"]["decision"] == "deferred"
    program = Program.objects.get(pk=clinic.program.pk)
    assert (program.status, program.phase) == ("active", "screening")
    with clock.fixed(AT + timedelta(days=1)):
        assert clinic.cleared()["clearance"]["decision"] == "cleared"
    assert Program.objects.get(pk=clinic.program.pk).phase == "preparation"


def test_a_renewal_does_not_turn_the_phase_back(clinic: Clinic) -> None:
    clinic.cleared()
    with clock.fixed(AT + timedelta(days=300)):
        reading = CALM | {"measured_at": "2027-02-27T14:00:00Z"}
        renewed = clinic.decide(clinic.submitted(blood_pressures=[reading]))
    assert renewed.status_code == 200
    assert Program.objects.get(pk=clinic.program.pk).phase == "preparation"
    assert Clearance.objects.count() == 2


def test_words_about_an_unmapped_medicine_stay_with_the_medicine(clinic: Clinic) -> None:
    screening = clinic.submitted(medications=[{"text": "kava"}, {"text": "kratom"}])
    assert selectors.medications_unmapped(clinic.client.pk).count() == 2
    assert clinic.decide(screening, resolutions=words_for(screening)).status_code == 200
    assert selectors.medications_unmapped(clinic.client.pk).count() == 0
    assert set(Medication.objects.values_list("review", flat=True)) == {"Discussed; acceptable."}


# --- what a dose stands on --------------------------------------------------------------------------------


def standing(clinic: Clinic, at=AT):
    return selectors.current_clearance(program_id=clinic.program.pk, at=at)


def test_a_clearance_stands_to_the_end_of_its_last_local_day(clinic: Clinic) -> None:
    assert standing(clinic) is None
    clinic.cleared()
    row = Clearance.objects.get()
    assert row.expires_on == date(2027, 5, 4)
    last = AT.replace(year=2027, day=5, hour=5, minute=59)  # 23:59 in Denver on the 4th
    assert standing(clinic, last) == row
    assert standing(clinic, last + timedelta(minutes=1)) is None


def test_a_day_may_be_written_up_late(clinic: Clinic) -> None:
    clinic.cleared()
    assert standing(clinic, AT - timedelta(hours=3)) is not None


def test_a_later_deferral_overtakes_a_clearance_from_then_on(clinic: Clinic) -> None:
    clinic.cleared()
    later = AT + timedelta(days=10)
    with clock.fixed(later):
        assert clinic.decide(clinic.submitted(), "deferred").status_code == 200
    assert standing(clinic, later - timedelta(days=1)) is not None
    assert standing(clinic, later) is None


def test_a_director_who_is_no_prescriber_does_not_void(clinic: Clinic) -> None:
    clearance = clinic.cleared()["clearance"]
    refused = clinic.post(
        "medical_director", f"clearances/{clearance['id']}/void/", {"reason": "Not mine to void."}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert standing(clinic) is not None


def test_a_voided_clearance_stands_for_nothing(clinic: Clinic, heard: list) -> None:
    role = "prescriber"
    clearance = clinic.cleared()["clearance"]
    path = f"clearances/{clearance['id']}/"
    assert clinic.get(role, path).json()["allowed_moves"] == ["void"]
    assert clinic.post(role, path + "void/", {"reason": ""}).status_code == 400
    assert standing(clinic) is not None
    answer = clinic.post(role, path + "void/", {"reason": "New heart murmur."})
    assert answer.status_code == 200
    got = answer.json()
    assert (got["voided_at"], got["void_reason"], got["state"]) == (
        "2026-05-04T15:00:00Z",
        "New heart murmur.",
        "voided",
    )
    assert got["allowed_moves"] == []
    assert standing(clinic) is None
    assert standing(clinic, AT - timedelta(hours=1)) is None
    again = clinic.post(role, path + "void/", {"reason": "Once more."})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    row = Clearance.objects.get()
    assert row.void_reason == "New heart murmur."
    fact = {"program_id": row.program_id, "clearance_id": row.pk}
    assert heard[1:] == [(clearance_voided, fact)]


@pytest.mark.parametrize("role", ["nurse_practitioner", "therapist", "front_desk", "billing"])
def test_nobody_else_voids(clinic: Clinic, role: str) -> None:
    clearance = clinic.cleared()["clearance"]
    assert clinic.post(role, f"clearances/{clearance['id']}/void/", {"reason": "because"}).status_code == 403
    assert standing(clinic) is not None


def test_clearances_stay_in_their_house_and_away_from_the_desk(clinic: Clinic) -> None:
    clearance = clinic.cleared()["clearance"]
    path = f"clearances/{clearance['id']}/"
    assert (
        clinic.get(
            "therapist", f"clearances/?program={clinic.program.pk}&decision=cleared&voided=false"
        ).json()["count"]
        == 1
    )
    assert clinic.get("therapist", "clearances/?voided=true").json()["count"] == 0
    assert clinic.get("prescriber", path, "birch").status_code == 404
    assert clinic.post("prescriber", path + "void/", {"reason": "because"}, "birch").status_code == 404
    assert clinic.get("prescriber", "clearances/", "birch").json()["count"] == 0
    assert clinic.get("front_desk", path).status_code == 403
    assert standing(clinic) is not None


def test_rows_are_not_changed_in_bulk(clinic: Clinic) -> None:
    clinic.cleared()
    with pytest.raises(HistoryBypassed):
        Clearance.objects.update(decision="declined")
