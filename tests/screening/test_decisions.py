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
from tests.asking import pointers
from tests.cast import MONDAY, Cast
from tests.screening.deciding import CALM, NO_TO_ALL, cleared, decide, drafted, submitted

RISKY = NO_TO_ALL | {"OPHTH": True, "SUD_HX": "unknown"}


def nothing_decided(program: Program) -> bool:
    program = Program.objects.get(pk=program.pk)
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


def test_cleared_opens_preparation_for_a_year(cast: Cast, program: Program, heard: list) -> None:
    answer = decide(cast, submitted(cast, program))
    assert answer.status_code == 200
    got = answer.json()
    assert (got["status"], got["allowed_moves"], got["decided_at"]) == ("decided", [], "2026-05-04T15:00:00Z")
    clearance = got["clearance"]
    assert (clearance["decision"], clearance["valid_from"]) == ("cleared", "2026-05-04T15:00:00Z")
    assert (clearance["expires_on"], clearance["voided_at"]) == ("2027-05-04", None)
    program = Program.objects.get(pk=program.pk)
    assert program.phase == "preparation"
    assert list(PhaseSpan.objects.order_by("started_at", "created_at").values_list("phase", flat=True)) == [
        "screening",
        "preparation",
    ]
    row = Clearance.objects.get()
    fact = {"program_id": program.pk, "clearance_id": row.pk, "decision": "cleared"}
    assert heard == [(clearance_decided, fact)]


def test_a_protocol_without_preparation_goes_straight_to_dosing(cast: Cast, another_program) -> None:
    program = another_program(
        name="Infusion", program_type="infusion_only", route="intravenous", of={"phone": "555-0177"}
    )
    assert decide(cast, submitted(cast, program)).status_code == 200
    assert Program.objects.get(pk=program.pk).phase == "dosing"


def test_the_clearance_ends_on_a_local_date(cast: Cast, another_program) -> None:
    program = another_program(name="Short", limits={"clearance_days": 30}, of={"phone": "555-0177"})
    late = MONDAY.replace(day=5, hour=4)  # still the 4th in Denver
    screening = submitted(cast, program)
    with clock.fixed(late):
        clearance = decide(cast, screening).json()["clearance"]
    assert clearance["expires_on"] == "2026-06-03"


@pytest.mark.parametrize("who", ["np", "therapist", "director", "frontdesk", "billing", "admin"])
def test_only_a_prescriber_decides(cast: Cast, program: Program, who: str) -> None:
    screening = submitted(cast, program)
    body = {"decision": "cleared", "rationale": "Looks fine to me."}
    answer = cast.desk(who).post(f"screenings/{screening['id']}/decide/", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert nothing_decided(program)


def test_a_director_who_also_prescribes_may_decide(cast: Cast, program: Program) -> None:
    director = cast.director
    director.roles = [*director.roles, "prescriber"]
    director.save_by(director, at=MONDAY)
    screening = submitted(cast, program)
    body = {"decision": "cleared", "rationale": "Weighed."}
    answer = cast.desk("director").post(f"screenings/{screening['id']}/decide/", body)
    assert answer.json()["clearance"]["decided_by"] == str(director.pk)


@pytest.mark.parametrize(
    "code", ["CV_ANEURYSM_AVM", "NEURO_ICH", "ALLERGY_KET", "PREG", "PSY_PSYCHOSIS_CUR", "SUD_ACTIVE"]
)
def test_an_absolute_finding_is_never_cleared_whatever_is_written_about_it(
    cast: Cast, program: Program, code: str
) -> None:
    screening = submitted(cast, program, answers=RISKY | {code: True})
    for resolutions in ([], words_for(screening)):
        answer = decide(cast, screening, resolutions=resolutions)
        assert (answer.status_code, answer.json()["code"]) == (409, "absolute_finding")
        assert answer.json()["findings"] == [code]
    assert nothing_decided(program)


def test_relative_and_unknown_findings_need_words_to_be_cleared(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, answers=RISKY)
    resolutions = words_for(screening)
    for some in ([], resolutions[:1]):
        answer = decide(cast, screening, resolutions=some)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert pointers(answer) == {"/resolutions"}
        assert len(answer.json()["errors"]) == 2 - len(some)
    assert nothing_decided(program)
    answer = decide(cast, screening, resolutions=resolutions)
    assert answer.status_code == 200
    by = str(cast.prescriber.pk)
    assert {(f["resolution"], f["resolved_by"]) for f in answer.json()["findings"]} == {
        ("Discussed; acceptable.", by)
    }


def test_information_needs_no_words(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, medications=[{"text": "lisinopril"}])
    assert [f["severity"] for f in screening["findings"]] == ["info"]
    assert decide(cast, screening).status_code == 200


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
    cast: Cast, program: Program, resolutions, pointer
) -> None:
    screening = submitted(cast, program, answers=RISKY)
    answer = decide(cast, screening, resolutions=resolutions(screening))
    assert answer.status_code == 400
    assert pointer in pointers(answer)
    assert nothing_decided(program)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [({"rationale": ""}, "/rationale"), ({"decision": "maybe"}, "/decision"), ({"until": "2027"}, "/until")],
)
def test_a_decision_says_what_and_why(cast: Cast, program: Program, values: dict, pointer: str) -> None:
    screening = submitted(cast, program)
    body = {"decision": "cleared", "rationale": "Weighed."} | values
    answer = cast.desk("prescriber").post(f"screenings/{screening['id']}/decide/", body)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert nothing_decided(program)


def test_a_draft_cannot_be_decided_nor_a_decision_repeated(cast: Cast, program: Program) -> None:
    draft = drafted(cast, program)
    assert decide(cast, draft).json()["code"] == "illegal_transition"
    assert nothing_decided(program)
    screening = submitted(cast, program)
    assert decide(cast, screening, "deferred").status_code == 200
    again = decide(cast, screening)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert Clearance.objects.get().decision == "deferred"


def test_declined_ends_the_course(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, answers=NO_TO_ALL | {"PREG": True})
    answer = decide(cast, screening, "declined")
    assert answer.status_code == 200
    assert (answer.json()["clearance"]["decision"], answer.json()["clearance"]["expires_on"]) == (
        "declined",
        None,
    )
    program = Program.objects.get(pk=program.pk)
    assert program.status == "discontinued"
    assert selectors.current_clearance(program_id=program.pk, at=MONDAY) is None


def test_deferred_changes_nothing_and_a_new_screening_may_follow(cast: Cast, program: Program) -> None:
    answer = decide(cast, submitted(cast, program, answers=RISKY), "deferred")
    assert answer.json()["clearance"]["decision"] == "deferred"
    program = Program.objects.get(pk=program.pk)
    assert (program.status, program.phase) == ("active", "screening")
    with clock.fixed(MONDAY + timedelta(days=1)):
        assert cleared(cast, program)["clearance"]["decision"] == "cleared"
    assert Program.objects.get(pk=program.pk).phase == "preparation"


def test_a_renewal_does_not_turn_the_phase_back(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    with clock.fixed(MONDAY + timedelta(days=300)):
        readings = [CALM | {"measured_at": f"2027-02-27T14:0{n}:00Z"} for n in (0, 5)]
        renewed = decide(cast, submitted(cast, program, blood_pressures=readings))
    assert renewed.status_code == 200
    assert Program.objects.get(pk=program.pk).phase == "preparation"
    assert Clearance.objects.count() == 2


def test_words_about_an_unmapped_medicine_stay_with_the_medicine(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, medications=[{"text": "kava"}, {"text": "kratom"}])
    assert selectors.medications_unmapped(program.client_id).count() == 2
    assert decide(cast, screening, resolutions=words_for(screening)).status_code == 200
    assert selectors.medications_unmapped(program.client_id).count() == 0
    assert set(Medication.objects.values_list("review", flat=True)) == {"Discussed; acceptable."}


# --- what a dose stands on --------------------------------------------------------------------------------


def standing(program: Program, at=MONDAY):
    return selectors.current_clearance(program_id=program.pk, at=at)


def test_a_clearance_stands_to_the_end_of_its_last_local_day(cast: Cast, program: Program) -> None:
    assert standing(program) is None
    cleared(cast, program)
    row = Clearance.objects.get()
    assert row.expires_on == date(2027, 5, 4)
    last = MONDAY.replace(year=2027, day=5, hour=5, minute=59)  # 23:59 in Denver on the 4th
    assert standing(program, last) == row
    assert standing(program, last + timedelta(minutes=1)) is None


def test_a_day_may_be_written_up_late(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    assert standing(program, MONDAY - timedelta(hours=3)) is not None


def test_a_later_deferral_overtakes_a_clearance_from_then_on(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    later = MONDAY + timedelta(days=10)
    with clock.fixed(later):
        assert decide(cast, submitted(cast, program), "deferred").status_code == 200
    assert standing(program, later - timedelta(days=1)) is not None
    assert standing(program, later) is None


def test_a_director_who_is_no_prescriber_does_not_void(cast: Cast, program: Program) -> None:
    clearance = cleared(cast, program)["clearance"]
    refused = cast.desk("director").post(
        f"clearances/{clearance['id']}/void/", {"reason": "Not mine to void."}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert standing(program) is not None


def test_a_voided_clearance_stands_for_nothing(cast: Cast, program: Program, heard: list) -> None:
    clearance = cleared(cast, program)["clearance"]
    path = f"clearances/{clearance['id']}/"
    assert cast.desk("prescriber").get(path).json()["allowed_moves"] == ["void"]
    assert cast.desk("prescriber").post(path + "void/", {"reason": ""}).status_code == 400
    assert standing(program) is not None
    answer = cast.desk("prescriber").post(path + "void/", {"reason": "New heart murmur."})
    assert answer.status_code == 200
    got = answer.json()
    assert (got["voided_at"], got["void_reason"], got["state"]) == (
        "2026-05-04T15:00:00Z",
        "New heart murmur.",
        "voided",
    )
    assert got["allowed_moves"] == []
    assert standing(program) is None
    assert standing(program, MONDAY - timedelta(hours=1)) is None
    again = cast.desk("prescriber").post(path + "void/", {"reason": "Once more."})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    row = Clearance.objects.get()
    assert row.void_reason == "New heart murmur."
    fact = {"program_id": row.program_id, "clearance_id": row.pk}
    assert heard[1:] == [(clearance_voided, fact)]


@pytest.mark.parametrize("who", ["np", "therapist", "frontdesk", "billing"])
def test_nobody_else_voids(cast: Cast, program: Program, who: str) -> None:
    clearance = cleared(cast, program)["clearance"]
    assert (
        cast.desk(who).post(f"clearances/{clearance['id']}/void/", {"reason": "because"}).status_code == 403
    )
    assert standing(program) is not None


def test_clearances_stay_in_their_house_and_away_from_the_desk(cast: Cast, program: Program) -> None:
    clearance = cleared(cast, program)["clearance"]
    path = f"clearances/{clearance['id']}/"
    assert (
        cast.desk("therapist")
        .get(f"clearances/?program={program.pk}&decision=cleared&voided=false")
        .json()["count"]
        == 1
    )
    assert cast.desk("therapist").get("clearances/?voided=true").json()["count"] == 0
    assert cast.desk("south_prescriber").get(path).status_code == 404
    assert cast.desk("south_prescriber").post(path + "void/", {"reason": "because"}).status_code == 404
    assert cast.desk("south_prescriber").get("clearances/").json()["count"] == 0
    assert cast.desk("frontdesk").get(path).status_code == 403
    assert standing(program) is not None


def test_rows_are_not_changed_in_bulk(cast: Cast, program: Program) -> None:
    cleared(cast, program)
    with pytest.raises(HistoryBypassed):
        Clearance.objects.update(decision="declined")
