"""POST charges/: a line that the record contradicts is refused, whatever it costs and whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.models import Charge
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Session
from sessions.visits import services as visits
from tests.asking import done, refused, sql
from tests.billing.till import NOW, SERVED, Till
from tests.cast import (
    MONDAY,
    Cast,
    colleague,
    completed_dose,
    completed_session,
    cosigned_note,
    signed_note,
    signed_stock_dose,
    team,
)
from tests.sessions.dosing import test_rems as rems


def post(till: Till, session: Session, code: str, who: str = "billing", **body: Any) -> Any:
    shape = {"session": str(session.pk), "code": code, "units": 1, "amount": "100.00"}
    return till.cast.desk(who).post("charges/", shape | body)


def take_back(till: Till, charge: dict[str, Any]) -> Any:
    return till.desk.post(f"charges/{charge['id']}/reverse/", {"reason": "wrong code"})


# --- what was given -------------------------------------------------------------------------------------------


def test_a_clients_own_lozenge_is_charged_as_what_it_was(till: Till) -> None:
    session = till.dose()
    for code in ("96365", "96366", "96372", "G2083", "J3490"):
        refused(post(till, session, code), 400, "not_in_record", "/code")
        again = post(till, session, code, "director", override_reason="It was so")
        refused(again, 400, "not_in_record", "/code")
    assert not Charge.objects.exists()
    dose = done(post(till, session, "KAP-DOSE"), 201)
    refused(post(till, session, "KAP-DOSE"), 400, "units_above", "/units")
    done(take_back(till, dose), 201)
    done(post(till, session, "KAP-DOSE"), 201)


def test_an_injection_from_the_safe_is_one_and_no_infusion(till: Till, cast: Cast) -> None:
    session = signed_stock_dose(cast, "intramuscular", starts_at=SERVED)
    ndc = {"ndc": "00409205310", "ndc_quantity": "0.8", "ndc_unit": "ML"}
    done(post(till, session, "J3490", **ndc), 201)
    nurse = done(post(till, session, "96372", rendering=str(cast.np.pk)), 201)
    assert nurse["rendering_as"] == {"name": "Np", "credentials": "NP", "npi": "1003000126", "license": ""}
    refused(post(till, session, "96372"), 400, "units_above", "/units")
    refused(post(till, session, "J3490", units=2), 400, "units_above", "/units")
    for code in ("96365", "J8499", "J0013", "G2082"):
        refused(post(till, session, code), 400, "not_in_record", "/code")
    assert Charge.objects.count() == 2


def test_an_infusion_has_its_own_minutes(till: Till, cast: Cast) -> None:
    session = signed_stock_dose(cast, "intravenous", starts_at=SERVED, minutes=90)
    refused(post(till, session, "96366"), 400, "addon_without_primary", "/code")
    first = done(post(till, session, "96365"), 201)
    refused(post(till, session, "96374"), 400, "minutes_too_long", "/code")
    refused(post(till, session, "96366"), 400, "minutes_too_short", "/code")
    passed = done(post(till, session, "96366", "director", override_reason="The pump's log says 95"), 201)
    assert passed["override_reason"] == "The pump's log says 95"
    told = refused(take_back(till, first), 409, "addon_without_primary")
    assert "96366" in told["detail"]
    done(take_back(till, passed), 201)
    done(take_back(till, first), 201)


def test_a_spray_is_one_visit_or_its_milligrams(till: Till, cast: Cast) -> None:
    with clock.fixed(MONDAY):
        session = rems.dosed(cast)  # 84 mg from the safe
        rems.sent_home(cast, session)
    home = MONDAY + timedelta(minutes=130)
    with clock.fixed(home):
        visits.complete(session_id=session.pk, by=cast.np, moment=home, at=home)
        signed_note(session, by=cast.np)
    refused(post(till, session, "G2082"), 400, "not_in_record", "/code")
    refused(post(till, session, "J3490"), 400, "not_in_record", "/code")
    refused(post(till, session, "S0013"), 400, "code_not_in_force", "/code")
    visit = done(post(till, session, "G2083"), 201)
    refused(post(till, session, "J0013", units=84), 400, "overlapping_service", "/code")
    done(take_back(till, visit), 201)
    done(post(till, session, "J0013", units=84), 201)
    refused(post(till, session, "J0013"), 400, "units_above", "/units")


# --- minutes and what stands side by side ---------------------------------------------------------------------


def test_minutes_are_those_of_the_note_and_never_the_booked_ones(till: Till, cast: Cast) -> None:
    booked_for_an_hour = {"ends_at": SERVED + timedelta(minutes=60)}
    session = till.session(minutes=20, **booked_for_an_hour)
    refused(post(till, session, "90837"), 400, "minutes_too_short", "/code")
    refused(post(till, session, "90834"), 400, "minutes_too_short", "/code")
    done(post(till, session, "90832"), 201)
    hour = till.session(starts_at=SERVED + timedelta(hours=2))
    refused(post(till, hour, "90834"), 400, "minutes_too_long", "/code")


def test_only_the_director_lets_minutes_and_overlap_pass(till: Till) -> None:
    session = till.session(minutes=45)
    reason = {"override_reason": "Began before the client was checked in"}
    refused(post(till, session, "90837"), 400, "minutes_too_short", "/code")
    refused(post(till, session, "90837", **reason), 403, "not_permitted")
    assert not Charge.objects.exists()
    charge = done(post(till, session, "90837", "director", **reason), 201)
    assert till.desk.get(f"charges/{charge['id']}/").json()["override_reason"] == reason["override_reason"]
    refused(post(till, session, "90834"), 400, "overlapping_service", "/code")
    done(post(till, session, "90834", "director", **reason), 201)
    done(post(till, session, "90785", "director"), 201)
    units = post(till, session, "90785", "director", **reason)
    refused(units, 400, "units_above", "/units")


def test_one_hour_is_one_unit_and_no_add_on_stands_alone(till: Till) -> None:
    session = till.hour
    refused(post(till, session, "90837", units=3), 400, "units_above", "/units")
    refused(post(till, session, "90785"), 400, "addon_without_primary", "/code")
    assert not Charge.objects.exists()
    hour = done(post(till, session, "90837"), 201)
    refused(post(till, session, "90837"), 400, "units_above", "/units")
    refused(post(till, session, "90834"), 400, "overlapping_service", "/code")
    added = done(post(till, session, "90785"), 201)
    refused(take_back(till, hour), 409, "addon_without_primary")
    done(take_back(till, added), 201)
    done(take_back(till, hour), 201)
    refused(post(till, session, "90785"), 400, "addon_without_primary", "/code")


def test_two_sessions_of_a_day_are_two_hours(till: Till) -> None:
    later = till.session(starts_at=SERVED + timedelta(hours=2))
    for session in (till.hour, later):
        done(post(till, session, "90837"), 201)


def test_a_visit_and_therapy_of_one_prescriber_have_their_own_codes(till: Till, cast: Cast) -> None:
    session = till.dose()  # two hours
    visit = done(post(till, session, "99213"), 201)
    assert visit["rendering"] == str(cast.prescriber.pk)
    mine = {"rendering": str(cast.prescriber.pk)}
    refused(post(till, session, "90837", **mine), 400, "overlapping_service", "/code")
    refused(post(till, session, "90833", **mine), 400, "minutes_too_long", "/code")
    done(post(till, session, "90838", **mine), 201)
    done(post(till, session, "90837"), 201)  # the therapist's


def test_monitoring_names_another_person_each_time(till: Till, cast: Cast) -> None:
    session = till.dose()
    refused(post(till, session, "0821T"), 400, "addon_without_primary", "/code")
    first = done(post(till, session, "0820T", units=2), 201)
    refused(post(till, session, "0820T", units=1), 400, "minutes_too_short", "/units")
    same = post(till, session, "0821T", rendering=first["rendering"])
    refused(same, 400, "overlapping_service", "/code")
    second = done(post(till, session, "0821T"), 201)
    assert first["rendering"] != second["rendering"]


# --- who signed -----------------------------------------------------------------------------------------------


@pytest.fixture
def dose(till: Till, cast: Cast) -> Session:
    """A dose that nobody has written up."""
    staff = team(cast, "np", "therapist", "prescriber")
    program = till.program
    with clock.fixed(SERVED):
        return completed_dose(cast, program, staff=staff)


def test_a_signature_covers_its_own_lines_alone(till: Till, cast: Cast, dose: Session) -> None:
    signed_note(dose, by=cast.therapist)
    done(post(till, dose, "90837"), 201)
    nurse = {"rendering": str(cast.np.pk)}
    told = refused(post(till, dose, "0820T", **nurse), 409, "not_signed")
    assert told["missing"] == [{"user": str(cast.np.pk), "note_kind": "dosing"}]
    told = refused(post(till, dose, "99214"), 409, "not_signed")
    assert told["missing"] == [{"user": str(cast.prescriber.pk), "note_kind": "dosing"}]
    assert Charge.objects.count() == 1
    signed_note(dose, by=cast.np)
    done(post(till, dose, "0820T", **nurse), 201)
    assert done(post(till, dose, "99214"), 201)["rendering"] == str(cast.np.pk)  # who has signed goes first


def test_a_drug_stands_on_order_and_administration(till: Till, cast: Cast) -> None:
    session = signed_stock_dose(cast, "intramuscular", starts_at=SERVED, signed=())
    refused(post(till, session, "96372"), 409, "not_signed")
    refused(post(till, session, "96365"), 400, "not_in_record", "/code")  # no signature would help
    assert done(post(till, session, "J3490"), 201)["rendering"] == str(cast.prescriber.pk)


def test_a_first_signature_is_half_and_whoever_cosigned_has_signed(till: Till, cast: Cast) -> None:
    learner, senior = cast.therapist, cast.other_therapist
    learner.needs_cosign = True
    learner.save_by(SYSTEM, at=SERVED - timedelta(hours=1))
    session = completed_session(cast, till.program, starts_at=SERVED, who=("therapist", "other_therapist"))
    signed_note(session, by=learner)
    for who in (learner, senior):
        told = refused(post(till, session, "90837", rendering=str(who.pk)), 409, "not_signed")
        assert told["missing"] == [{"user": str(who.pk), "note_kind": "preparation"}]
    other = completed_session(
        cast,
        till.program,
        starts_at=SERVED + timedelta(hours=2),
        who=("therapist", "other_therapist"),
    )
    cosigned_note(other, by=learner, cosigner=senior)
    mine = done(post(till, other, "90837", rendering=str(learner.pk)), 201)
    assert mine["supervisor_as"]["name"] == "Other Therapist"
    theirs = done(post(till, other, "90837", rendering=str(senior.pk)), 201)
    assert (theirs["rendering_as"]["name"], theirs["supervisor_as"]) == ("Other Therapist", None)


def test_a_refusal_says_nothing_of_the_note(till: Till, dose: Session) -> None:
    told = post(till, dose, "90837").content.decode()
    for clinical in ("said privately", "dose_mg", "systolic", "ketamine"):
        assert clinical not in told


# --- what a line keeps of that day ----------------------------------------------------------------------------


def test_a_line_is_of_the_day_of_the_signature(till: Till, cast: Cast) -> None:
    learner = cast.therapist
    learner.needs_cosign = True
    learner.save_by(SYSTEM, at=SERVED - timedelta(hours=1))
    session = completed_session(cast, till.program, starts_at=SERVED)
    with clock.fixed(SERVED + timedelta(hours=2)):
        cosigned_note(session, by=learner, cosigner=cast.prescriber)
    learner.needs_cosign, learner.name, learner.credentials = False, "Doctor Therapist", "PhD"
    learner.license_number = "L-9"
    learner.save_by(SYSTEM, at=NOW - timedelta(hours=1))
    row = cast.prescriber
    row.name = "Renamed"
    row.save_by(SYSTEM, at=NOW - timedelta(hours=1))
    charge = till.charge(session, code="90837")
    assert charge["rendering_as"] == {
        "name": "Therapist",
        "credentials": "LCSW",
        "npi": "1234567893",
        "license": "L-1 (CO)",
    }
    assert charge["supervisor_as"]["name"] == "Prescriber"
    code = Charge.objects.get().code
    code.label = "our new hour"
    code.save_by(SYSTEM, at=NOW)
    learner.npi = ""
    learner.save_by(SYSTEM, at=NOW)
    (line,) = done(till.superbill(), 201)["lines"]
    assert line["rendering"] == charge["rendering_as"] | {"supervisor": charge["supervisor_as"]}
    assert line["label"] == "therapy, about 60 minutes"
    assert till.desk.get(f"charges/{charge['id']}/").json()["label"] == "therapy, about 60 minutes"


# --- questionnaires, video, place -----------------------------------------------------------------------------


def test_questionnaires_are_as_many_as_were_completed_that_day(till: Till, cast: Cast) -> None:
    session = till.hour
    refused(post(till, session, "96127"), 400, "not_in_record", "/code")
    take(cast, session, "phq9", [0] * 9)
    take(cast, session, "phq9", [1] * 8 + [0])  # again: one instrument
    take(cast, session, "gad7", [1] * 7)
    take(cast, session, "gad7", [1] * 7, days=1)
    refused(post(till, session, "96127", units=3), 400, "units_above", "/units")
    scored = done(post(till, session, "96127", units=2), 201)
    assert scored["rendering"] == str(cast.therapist.pk)
    refused(post(till, session, "96127"), 400, "units_above", "/units")


def take(cast: Cast, session: Session, instrument: str, answers: list[int], *, days: int = 0) -> None:
    at = SERVED + timedelta(days=days)
    body = {
        "program": str(session.program_id),
        "instrument": instrument,
        "answers": answers,
        "taken_at": at.isoformat(),
        "administered_by": "clinician",
    }
    cast.desk("therapist").must("measures/", body, status=201)


def test_a_line_by_video_carries_95(till: Till) -> None:
    session = till.session(modality="video", room=None)
    assert done(post(till, session, "90837"), 201)["modifiers"] == ["95"]
    told = done(post(till, session, "90785", modifiers=["HO", "GT"]), 201)
    assert told["modifiers"] == ["HO", "GT"]  # said in another way
    full = {"modifiers": ["HO", "U1", "U2", "U3"]}
    refused(post(till, session, "H0004", **full), 400, "too_many", "/modifiers")
    own = done(post(till, session, "KAP-PREP"), 201)
    assert own["modifiers"] == []  # no payer reads it


@pytest.mark.parametrize("pos_code", ["77", "28", "00"])
def test_a_place_is_one_of_the_cms_list(till: Till, pos_code: str) -> None:
    refused(post(till, till.hour, "90837", pos_code=pos_code), 400, "pos_invalid", "/pos_code")
    assert not Charge.objects.exists()


@pytest.mark.parametrize("pos_code", ["02", "10"])
def test_what_needs_hands_is_done_at_no_distance(till: Till, pos_code: str) -> None:
    refused(post(till, till.dose(), "0820T", pos_code=pos_code), 400, "not_telehealth", "/pos_code")
    assert not Charge.objects.exists()


# --- prices and kinds -----------------------------------------------------------------------------------------


@pytest.fixture
def listed(till: Till) -> Till:
    fee = {"code": "90837", "amount": "180.00", "valid_from": "2026-01-01"}
    till.desk.must("fees/", fee, status=201)
    return till


def test_less_than_the_fee_says_why(listed: Till) -> None:
    session = listed.hour
    refused(post(listed, session, "90837", amount="179.99"), 400, "required", "/amount_reason")
    refused(post(listed, session, "90837", amount="0.00"), 400, "required", "/amount_reason")
    assert not Charge.objects.exists()
    charge = done(post(listed, session, "90837", amount="90.00", amount_reason="Half, as agreed"), 201)
    assert (charge["status"], charge["amount_reason"]) == ("standing", "Half, as agreed")
    done(take_back(listed, charge), 201)
    whole = done(post(listed, session, "90837", amount="180.00", amount_reason="As listed"), 201)
    assert (whole["status"], whole["amount_reason"]) == ("standing", "")


def test_more_than_the_fee_stands_on_no_paper_until_the_director_confirms(listed: Till, cast: Cast) -> None:
    charge = done(post(listed, listed.hour, "90837", amount="999.00"), 201)
    assert (charge["status"], charge["allowed_moves"]) == ("review", ["reverse"])
    refused(listed.superbill(), 409, "nothing_to_bill")
    refused(listed.receipt(), 409, "nothing_paid")
    rows = lambda status: [r["id"] for r in listed.desk.get(f"charges/?status={status}").json()["results"]]  # noqa: E731
    assert (rows("review"), rows("standing")) == ([charge["id"]], [])
    url = f"charges/{charge['id']}/confirm/"
    reason = {"reason": "Two hours, as told"}
    for who in ("billing", "frontdesk", "np", "therapist", "prescriber", "admin"):
        refused(cast.desk(who).post(url, reason), 403, "not_permitted")
    assert cast.desk("south_billing").post(url, reason).status_code == 403
    refused(cast.desk("director").post(url, {}), 400, "required", "/reason")
    seen = cast.desk("director").get(f"charges/{charge['id']}/").json()
    assert seen["allowed_moves"] == ["confirm", "reverse"]
    confirmed = cast.desk("director").must(url, reason, status=200)
    assert (confirmed["status"], confirmed["allowed_moves"]) == ("standing", ["reverse"])
    assert (rows("review"), rows("standing")) == ([], [charge["id"]])
    refused(cast.desk("director").post(url, reason), 409, "illegal_transition")
    listed.pay("999.00", (charge, "999.00"))
    assert done(listed.superbill(), 201)["totals"]["charges"] == "999.00"
    assert done(listed.receipt(), 201)["totals"]["paid"] == "999.00"


def test_a_charge_of_another_location_or_a_reversed_one_is_not_confirmed(listed: Till, cast: Cast) -> None:
    charge = done(post(listed, listed.hour, "90837", amount="180.01"), 201)
    colleague(cast, "south_director", "medical_director", locations=[cast.south.pk])
    url = f"charges/{charge['id']}/confirm/"
    assert cast.desk("south_director").post(url, {"reason": "not mine"}).status_code == 404
    back = done(take_back(listed, charge), 201)
    assert back["status"] == "reversal"
    for row in (charge, back):
        again = cast.desk("director").post(f"charges/{row['id']}/confirm/", {"reason": "too late"})
        refused(again, 409, "illegal_transition")
    assert listed.desk.get(f"charges/{charge['id']}/").json()["status"] == "reversed"


def test_another_kind_than_the_codes_says_why(till: Till) -> None:
    session = till.hour
    refused(post(till, session, "90837", line_kind="self_pay"), 400, "required", "/kind_reason")
    assert not Charge.objects.exists()
    charge = done(post(till, session, "90837", line_kind="self_pay", kind_reason="No claim wanted"), 201)
    assert (charge["line_kind"], charge["kind_reason"]) == ("self_pay", "No claim wanted")
    own = done(post(till, session, "KAP-PREP", line_kind="hsa_eligible", kind_reason="As always"), 201)
    assert own["kind_reason"] == ""


@pytest.mark.parametrize("line_kind", ["hsa_eligible", "insurance"])
def test_only_the_director_lets_a_health_account_pay_what_is_private(
    till: Till, cast: Cast, line_kind: str
) -> None:
    raised = {"line_kind": line_kind, "kind_reason": "Ordered by the prescriber"}
    refused(post(till, till.hour, "KAP-SUPPORT", **raised), 403, "not_permitted")
    assert not Charge.objects.exists()
    refused(
        post(till, till.hour, "KAP-SUPPORT", "director", line_kind=line_kind), 400, "required", "/kind_reason"
    )
    assert done(post(till, till.hour, "KAP-SUPPORT", "director", **raised), 201)["line_kind"] == line_kind


def test_a_client_is_new_once_in_three_years(till: Till, cast: Cast) -> None:
    """A first visit is one to whom nobody medical of the clinic has seen; the therapist's hour before it is none."""
    till.session(starts_at=SERVED - timedelta(days=9))
    first, second = (
        till.session(starts_at=SERVED - timedelta(days=days), kind="medical", who=("prescriber",), minutes=60)
        for days in (5, 2)
    )
    body = {"code": "99203", "units": 1, "amount": "200.00"}
    assert till.charge(first, **body)["code"] == "99203"
    refused(till.desk.post("charges/", body | {"session": str(second.pk)}), 400, "not_in_record", "/code")
    director = cast.desk("director")
    forced = body | {"session": str(second.pk), "override_reason": "as agreed"}
    refused(director.post("charges/", forced), 400, "not_in_record", "/code")
    assert till.charge(second, code="99214", amount="150.00")["status"] == "standing"
    sql(
        "UPDATE clinic_sessions_session SET starts_at = starts_at - interval '1100 days',"
        " ends_at = ends_at - interval '1100 days' WHERE id = %s",
        first.pk,
    )
    third = till.session(
        starts_at=SERVED - timedelta(days=3), kind="medical", who=("prescriber",), minutes=60
    )
    assert till.charge(third, **body)["status"] == "standing"
