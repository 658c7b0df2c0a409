"""GET and POST sessions/{id}/proposed-charges/: what the record bears out, charged as it was proposed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.models import Charge
from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from programs.models import Program
from sessions.booking.models import Session
from sessions.course import services as course
from sessions.drugs.models import DrugLot
from tests.asking import done, events, refused
from tests.billing.till import NOW, SERVED, Till
from tests.cast import (
    PASSWORD,
    Cast,
    booked,
    client,
    colleague,
    completed_dose,
    completed_session,
    dosed_session,
    ended_session,
    signed_note,
    signed_stock_dose,
    team,
)

FEES = {
    "90832": "100.00", "90834": "140.00", "90837": "180.00", "99212": "80.00", "99213": "110.00", "99214": "150.00",
    "96365": "300.00", "96366": "90.00", "96372": "45.00", "96374": "120.00", "0820T": "60.00", "J3490": "35.00",
    "J8499": "20.00", "KAP-DOSE": "250.00", "KAP-SUPPORT": "50.00", "KAP-PREP": "40.00",
}  # fmt: skip
LINE = {
    *("code", "label", "units", "minutes", "rule", "amount", "list_amount", "line_kind", "rendering"),
    *("rendering_name", "diagnoses", "coverage_expectation", "hsa_eligible"),
    *("expected_adjustment", "package_pays", "client_pays"),
}


@pytest.fixture
def priced(till: Till) -> Till:
    for code, amount in FEES.items():
        till.desk.must("fees/", {"code": code, "amount": amount, "valid_from": "2026-01-01"}, status=201)
    return till


def url(session: Session) -> str:
    return f"sessions/{session.pk}/proposed-charges/"


def proposed(till: Till, session: Session, who: str = "billing") -> dict[str, Any]:
    return done(till.cast.desk(who).get(url(session)), 200)


def codes(told: dict[str, Any]) -> list[tuple[str, int]]:
    return [(line["code"], line["units"]) for line in told["lines"]]


def why(told: dict[str, Any]) -> list[str]:
    return [blocker["code"] for blocker in told["blockers"]]


def post(till: Till, session: Session, lines: list[dict[str, Any]], who: str = "billing", **more: Any) -> Any:
    return till.cast.desk(who).post(url(session), {"lines": lines}, **more)


def charge_all(till: Till, session: Session) -> list[dict[str, Any]]:
    """Every proposed line is taken as it was proposed, and nothing is left to propose."""
    told = proposed(till, session)
    charges = done(post(till, session, told["lines"]), 201)["charges"]
    for line, charge in zip(told["lines"], charges, strict=True):
        same = ("code", "units", "amount", "line_kind", "rendering", "diagnoses")
        assert {name: line[name] for name in same} == {name: charge[name] for name in same}
        assert (charge["status"], charge["override_reason"]) == ("standing", "")
        assert charge["ndc"] == line.get("ndc", "")
    assert proposed(till, session) == {"lines": [], "blockers": []}
    return charges


# --- the lowest honest code ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "code"),
    [(15, None), (16, "90832"), (37, "90832"), (38, "90834"), (52, "90834"), (53, "90837"), (170, "90837")],
)
def test_therapy_is_the_code_of_the_minutes_and_one_unit(
    priced: Till, minutes: int, code: str | None
) -> None:
    session = priced.session(minutes=minutes)
    told = proposed(priced, session)
    if code is None:
        (blocker,) = told["blockers"]
        assert (told["lines"], blocker["code"]) == ([], "minutes_too_short")
        assert blocker["who_can_clear"] == ["medical_director"]
        assert blocker["subject"] == {"type": "session", "id": str(session.pk)}
        return
    (line,) = told["lines"]
    assert set(line) == LINE
    assert (line["code"], line["units"], line["minutes"]) == (code, 1, minutes)
    assert (line["amount"], line["list_amount"], line["line_kind"]) == (FEES[code], FEES[code], "insurance")
    assert (line["coverage_expectation"], line["hsa_eligible"]) == ("possible", True)
    assert line["rendering"] == str(priced.cast.therapist.pk)
    assert str(minutes) in line["rule"]
    charge_all(priced, session)


def test_a_clients_own_lozenge_has_no_drug_line(priced: Till, cast: Cast) -> None:
    session = priced.dose()
    told = proposed(priced, session)
    assert why(told) == []
    by = {line["code"]: line for line in told["lines"]}
    assert list(by) == ["90837", "99212", "0820T", "KAP-DOSE"]
    assert by["0820T"]["units"] == 2  # two hours
    assert by["0820T"]["rendering"] == str(cast.np.pk)
    assert by["99212"]["rendering"] == str(cast.prescriber.pk)
    found = {code: (line["coverage_expectation"], line["hsa_eligible"]) for code, line in by.items()}
    assert found == {
        "90837": ("possible", True),
        "99212": ("possible", True),
        "0820T": ("none", True),
        "KAP-DOSE": ("none", True),
    }
    charge_all(priced, session)


def test_what_the_clinic_has_not_priced_is_proposed_by_another_code_or_not(till: Till) -> None:
    for code in ("90837", "99213"):
        till.desk.must("fees/", {"code": code, "amount": "90.00", "valid_from": "2026-01-01"}, status=201)
    session = till.dose()
    assert codes(proposed(till, session)) == [("90837", 1), ("99213", 1)]
    charge_all(till, session)


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        (10, [("96374", 1)]),
        (16, [("96365", 1)]),
        (90, [("96365", 1)]),
        (91, [("96365", 1), ("96366", 1)]),
        (151, [("96365", 1), ("96366", 2)]),
    ],
)
def test_an_infusion_alone(priced: Till, cast: Cast, minutes: int, found: list[tuple[str, int]]) -> None:
    session = signed_stock_dose(cast, "intravenous", starts_at=SERVED, minutes=minutes)
    told = proposed(priced, session)
    assert codes(told) == [("90837", 1), *found, ("0820T", 2), ("KAP-DOSE", 1)] or minutes > 30
    assert [pair for pair in codes(told) if pair[0].startswith("96")] == found
    assert why(told) == ["ndc_missing"]
    charge_all_but(priced, session)


def charge_all_but(till: Till, session: Session) -> None:
    """All lines that nothing holds back are taken, in whatever order they are sent."""
    lines = proposed(till, session)["lines"]
    done(post(till, session, list(reversed(lines))), 201)
    assert proposed(till, session)["lines"] == []


def test_an_injection_from_a_lot_with_its_ndc(priced: Till, cast: Cast) -> None:
    session = signed_stock_dose(cast, "intramuscular", starts_at=SERVED)
    told = proposed(priced, session)
    (blocker,) = told["blockers"]
    lot = DrugLot.objects.get()
    assert (blocker["code"], blocker["subject"]) == ("ndc_missing", {"type": "drug_lot", "id": str(lot.pk)})
    assert blocker["who_can_clear"] == ["billing", "medical_director"]
    assert "J3490" not in dict(codes(told))
    lot.ndc = "0409-2053-10"
    lot.save_by(SYSTEM, at=clock.now())
    told = proposed(priced, session)
    assert codes(told) == [("90837", 1), ("96372", 1), ("J3490", 1), ("0820T", 2), ("KAP-DOSE", 1)]
    drug = told["lines"][2]
    assert (drug["ndc"], drug["ndc_quantity"], drug["ndc_unit"]) == ("00409205310", "0.800", "ML")
    assert (drug["line_kind"], drug["coverage_expectation"], drug["hsa_eligible"]) == (
        "hsa_eligible",
        "none",
        True,
    )
    charge_all(priced, session)


def test_a_medical_session_is_a_visit(priced: Till, cast: Cast) -> None:
    session = completed_session(
        cast, priced.program, starts_at=SERVED, kind="medical", who=("prescriber",), minutes=30
    )
    told = proposed(priced, session)
    assert (why(told), told["blockers"][0]["who_can_clear"]) == (["note_unsigned"], [str(cast.prescriber.pk)])
    signed_note(session, by=cast.prescriber)
    told = proposed(priced, session)
    assert why(told) == ["missing_fee"]  # a first visit, which this clinic has not priced
    done(priced.desk.post("fees/", {"code": "99202", "amount": "200.00", "valid_from": "2026-01-01"}), 201)
    assert codes(proposed(priced, session)) == [("99202", 1)]
    charge_all(priced, session)
    later = completed_session(
        cast,
        priced.program,
        starts_at=SERVED + timedelta(days=1),
        kind="medical",
        who=("prescriber",),
        minutes=30,
    )
    signed_note(later, by=cast.prescriber)
    assert codes(proposed(priced, later)) == [("99212", 1)]  # the session's length is not the visit's time
    charge_all(priced, later)


def test_a_visit_whose_time_was_said_has_the_code_of_that_time(priced: Till, cast: Cast) -> None:
    priced.dose()
    at = SERVED + timedelta(days=1)
    session = completed_session(
        cast, priced.program, starts_at=at, kind="medical", who=("prescriber",), minutes=40
    )
    desk = cast.desk("prescriber")
    words = {
        "session": str(session.pk),
        "kind": "medical",
        "frame": "free",
        "sections": {"text": "said privately"},
        "service_started_at": at.isoformat(),
        "service_ended_at": (at + timedelta(minutes=32)).isoformat(),
    }
    note = done(desk.post("notes/", words), 201)
    done(desk.post(f"notes/{note['id']}/sign/", {"password": PASSWORD}), 200)
    (line,) = proposed(priced, session)["lines"]
    assert (line["code"], line["minutes"]) == ("99214", 32)
    charge_all(priced, session)


# --- what holds it back -------------------------------------------------------------------------------------------


def test_each_line_waits_for_its_own_clinician(priced: Till, cast: Cast) -> None:
    staff = team(cast, "np", "therapist", "prescriber")
    program = priced.program
    with clock.fixed(SERVED):
        session = completed_dose(cast, program, staff=staff)
    told = proposed(priced, session)
    assert told["lines"] == []
    assert {(b["code"], *b["who_can_clear"]) for b in told["blockers"]} == {
        ("note_unsigned", str(cast.therapist.pk)),
        ("note_unsigned", str(cast.np.pk)),
    }
    signed_note(session, by=cast.therapist)
    told = proposed(priced, session)
    assert (codes(told), [b["who_can_clear"] for b in told["blockers"]]) == (
        [("90837", 1), ("KAP-DOSE", 1)],
        [[str(cast.np.pk)]],
    )
    for words in ("said privately", "systolic", "spo2", "gate", "dose_mg"):
        assert words not in str(told)


def test_a_first_signature_waits_for_the_second(priced: Till, cast: Cast) -> None:
    cast.therapist.needs_cosign = True
    cast.therapist.save_by(SYSTEM, at=SERVED - timedelta(hours=1))
    session = completed_session(cast, priced.program, starts_at=SERVED)
    note = signed_note(session, by=cast.therapist)
    (blocker,) = proposed(priced, session)["blockers"]
    assert (blocker["code"], blocker["who_can_clear"]) == ("cosign_pending", ["prescriber", "therapist"])
    assert blocker["subject"] == {"type": "note", "id": str(note.pk)}


@pytest.mark.parametrize(
    ("diagnosis", "code"),
    [("", "no_diagnosis"), ("F33", "diagnosis_not_billable"), ("F33.99", "diagnosis_not_billable")],
)
def test_a_program_without_an_exact_diagnosis(priced: Till, diagnosis: str, code: str) -> None:
    session = priced.hour
    program = Program.objects.get(pk=session.program_id)
    program.diagnosis = diagnosis
    program.save_by(SYSTEM, at=clock.now())
    told = proposed(priced, session)
    assert (told["lines"], why(told)) == ([], [code])
    assert "therapist" in told["blockers"][0]["who_can_clear"]
    assert told["blockers"][0]["subject"] == {"type": "program", "id": str(session.program_id)}


def test_a_clinician_without_an_npi_and_a_code_without_a_fee(till: Till, cast: Cast) -> None:
    session = till.hour
    practice.save_staff(user=cast.therapist, values={"npi": ""}, by=cast.admin, at=clock.now())
    told = proposed(till, session)
    assert (told["lines"], why(told)) == ([], ["no_npi", "missing_fee"])
    assert [b["who_can_clear"] for b in told["blockers"]] == [["admin"], ["billing", "medical_director"]]
    assert [b["subject"]["type"] for b in told["blockers"]] == ["user", "service_code"]
    assert [bool(b["service_code"]) for b in told["blockers"]] == [False, True]


def test_nothing_is_charged_before_it_is_over(priced: Till, cast: Cast) -> None:
    program = priced.program
    with clock.fixed(SERVED):
        session = dosed_session(cast, program, staff=team(cast, "np", "therapist", "prescriber"))
    told = proposed(priced, session)
    (blocker,) = told["blockers"]
    assert (told["lines"], blocker["code"]) == ([], "not_discharged")
    assert blocker["who_can_clear"] == ["nurse_practitioner", "prescriber"]
    refused(post(priced, session, [{"code": "90837", "units": 1}]), 409, "not_rendered", "/lines/0/code")


# --- all or none --------------------------------------------------------------------------------------------------


def test_all_or_none(priced: Till, cast: Cast) -> None:
    session = priced.dose()
    lines = proposed(priced, session)["lines"]
    wrong = [*lines, {"code": "J3490", "units": 1, "amount": "35.00"}]
    refused(post(priced, session, wrong), 400, "not_in_record", f"/lines/{len(lines)}/code")
    refused(post(priced, session, [*lines, lines[0]]), 400, "units_above", f"/lines/{len(lines)}/units")
    refused(post(priced, session, [lines[0] | {"units": 0}]), 400, "min_value", "/lines/0/units")
    refused(post(priced, session, [lines[0] | {"flavour": "mint"}]), 400, "unknown_field", "/lines/0/flavour")
    refused(post(priced, session, []), 400, "min_length", "/lines")
    refused(post(priced, session, [lines[0] | {"override_reason": "so it was"}]), 403, "not_permitted")
    assert not Charge.objects.exists()
    first = done(post(priced, session, lines, key="once"), 201)
    assert done(post(priced, session, lines, key="once"), 201) == first
    refused(post(priced, session, lines), 400, "units_above", "/lines/0/units")
    assert Charge.objects.count() == len(lines)
    assert not any(row["status"] != "standing" for row in first["charges"])


def test_a_price_that_changed_since_is_looked_at_again(priced: Till) -> None:
    session = priced.hour
    lines = proposed(priced, session)["lines"]
    fee = next(row for row in priced.desk.get("fees/", code="90837").json()["results"])
    done(priced.desk.patch(f"fees/{fee['id']}/", {"amount": "170.00"}), 200)
    refused(post(priced, session, lines), 400, "price_changed", "/lines/0/list_amount")
    done(priced.desk.patch(f"fees/{fee['id']}/", {"amount": "190.00"}), 200)
    refused(post(priced, session, lines), 400, "required", "/lines/0/amount_reason")
    assert not Charge.objects.exists()
    charge_all(priced, session)


def test_a_reversed_charge_is_proposed_again(priced: Till) -> None:
    session = priced.hour
    (charge,) = charge_all(priced, session)
    done(priced.desk.post(f"charges/{charge['id']}/reverse/", {"reason": "wrong client"}), 201)
    assert codes(proposed(priced, session)) == [("90837", 1)]


def test_who_may_and_who_sees_it(priced: Till, cast: Cast) -> None:
    session = priced.hour
    lines = proposed(priced, session, "director")["lines"]
    colleague(cast, "south_biller", "billing", locations=[cast.south.pk])
    for who in ("frontdesk", "np", "therapist", "prescriber", "admin"):
        refused(cast.desk(who).get(url(session)), 403, "not_permitted")
        told = refused(post(priced, session, lines, who), 403, "not_permitted")
        assert "90837" not in str(told)
    for answer in (cast.desk("south_biller").get(url(session)), post(priced, session, lines, "south_biller")):
        assert answer.status_code == 404
        assert "90837" not in answer.content.decode()
    assert not Charge.objects.exists()
    assert (cast.director.pk, "ok", [session.client_id]) in events("proposed_charges.retrieve")
    done(post(priced, session, lines, "director"), 201)
    assert (cast.director.pk, "ok", [session.client_id]) in events("proposed_charges.create")


# --- bad days -----------------------------------------------------------------------------------------------------


def test_a_session_that_was_not_held_has_nothing(priced: Till, cast: Cast) -> None:
    session = booked(cast, priced.program, "preparation", NOW + timedelta(days=1))
    assert proposed(priced, session) == {"lines": [], "blockers": []}
    ended_session(session, "cancel", by=cast.frontdesk)
    assert proposed(priced, session) == {"lines": [], "blockers": []}
    refused(post(priced, session, [{"code": "90837", "units": 1}]), 409, "not_rendered", "/lines/0/code")
    assert cast.desk("billing").get(f"sessions/{priced.program.pk}/proposed-charges/").status_code == 404


def test_two_registrations_of_one_person_have_one_day(priced: Till, cast: Cast) -> None:
    """The other registration's intake of that day leaves no room for therapy by the same clinician."""
    session = priced.hour
    twin = client(cast.north, by=cast.frontdesk, first="Robin", last="Twin")
    theirs = priced.of(twin).session(starts_at=SERVED + timedelta(hours=2))
    intake = {"session": str(theirs.pk), "code": "90791", "units": 1, "amount": "200.00"}
    done(priced.desk.post("charges/", intake), 201)
    assert codes(proposed(priced, session)) == [("90837", 1)]
    course.discontinue(program_id=theirs.program_id, reason="One person", by=cast.therapist, at=clock.now())
    merged = {"into": str(session.client_id), "reason": "The same person"}
    assert cast.desk("director").post(f"clients/{twin.pk}/merge/", merged).status_code in {200, 201}
    assert proposed(priced, session) == {"lines": [], "blockers": []}


def test_a_code_that_is_gone_is_not_proposed(priced: Till) -> None:
    session = priced.hour
    lines = proposed(priced, session)["lines"]
    row = priced.desk.get("service-codes/", search="90837").json()["results"][0]
    done(priced.desk.patch(f"service-codes/{row['id']}/", {"active": False}), 200)
    assert proposed(priced, session)["lines"] == []
    refused(post(priced, session, lines), 400, "code_not_in_force", "/lines/0/code")
    assert not Charge.objects.exists()


def test_by_video_nothing_hands_on_and_95_is_added(priced: Till) -> None:
    session = priced.session(modality="video", room=None)
    (charge,) = charge_all(priced, session)
    assert (charge["code"], charge["modifiers"]) == ("90837", ["95"])
