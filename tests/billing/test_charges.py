"""POST charges/: rendered, signed services, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.models import Charge, ServiceCode
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from programs import services as programs
from sessions.visits import services as visits
from tests.asking import done, refused
from tests.billing.till import NOW, SERVED, Till
from tests.cast import (
    PLAIN,
    booked,
    checked_in_session,
    completed_session,
    ended_session,
    session_at_south,
    signed_note,
    signed_stock_dose,
    started_session,
    team,
    undosed_session,
)


def post(till: Till, session, **body):
    shape = {"session": str(session.pk), "code": "90837", "units": 1, "amount": "200.00"}
    return till.desk.post("charges/", {k: v for k, v in (shape | body).items() if v is not None})


def test_a_signed_therapy_hour_is_charged_to_the_cent(till, cast):
    answer = till.charge(
        amount="187.35", diagnoses=["F43.10", "f332"], modifiers=["HO"], line_kind="insurance"
    )
    assert answer["amount"] == "187.35"
    assert answer["balance"] == "187.35"
    assert answer["paid"] == "0.00"
    assert answer["diagnoses"] == ["F43.10", "F33.2"]
    assert answer["modifiers"] == ["HO"]
    assert answer["date_of_service"] == "2026-05-18"
    assert answer["pos_code"] == "11"
    assert answer["rendering"] == str(cast.therapist.pk)
    assert answer["client"] == str(till.client.pk)
    assert answer["status"] == "standing"
    assert answer["allowed_moves"] == ["reverse"]
    assert answer["warnings"] == []
    assert till.desk.get(f"charges/{answer['id']}/").json()["amount"] == "187.35"


@pytest.mark.parametrize("status", ["scheduled", "checked_in", "in_progress", "cancelled", "no_show"])
def test_a_session_that_did_not_take_place_is_not_charged(till, cast, status):
    with clock.fixed(SERVED):
        session = booked(cast, till.program, "preparation", SERVED)
        if status == "checked_in":
            session = checked_in_session(session, by=cast.frontdesk)
        if status == "in_progress":
            session = started_session(session, by=cast.therapist)
        if status in {"checked_in", "in_progress"}:
            signed_note(session, by=cast.therapist)
        move = {"cancelled": "cancel", "no_show": "no_show"}.get(status)
        if move:
            session = ended_session(session, move, by=cast.frontdesk)
        if status == "no_show":
            signed_note(session, by=cast.therapist)
    assert session.status == status
    refused(post(till, session), 409, "not_rendered")
    assert not Charge.objects.exists()


def test_an_unsigned_session_is_not_charged(till, cast):
    session = completed_session(cast, till.program, starts_at=SERVED)
    refused(post(till, session), 409, "not_signed")
    assert not Charge.objects.exists()


def test_no_drug_is_charged_where_none_was_given(till, cast):
    staff = team(cast, "np", "therapist", "prescriber")
    program = till.program
    with clock.fixed(SERVED):
        session = undosed_session(cast, program, staff=staff)
        signed_note(session, by=cast.np)
    assert session.outcome == "not_dosed"
    refused(post(till, session, code="J3490"), 409, "not_rendered")
    refused(post(till, session, code="KAP-DOSE"), 400, "not_in_record", "/code")
    till.charge(session, code="KAP-SUPPORT")


def test_therapy_and_medicine_of_a_dose_are_separate_lines_of_their_own_clinicians(till, cast):
    session = signed_stock_dose(cast, "intramuscular", starts_at=SERVED)
    therapy = till.charge(session, code="90837", amount="220.00")
    private = {"line_kind": "self_pay", "kind_reason": "No health account"}
    drug = till.charge(session, code="J3490", amount="95.50", **private)
    assert therapy["rendering"] == str(cast.therapist.pk)
    assert therapy["line_kind"] == "insurance"
    assert drug["rendering"] == str(cast.prescriber.pk)
    assert drug["line_kind"] == "self_pay"


def test_another_member_of_the_staff_of_the_session_may_be_named(till, cast):
    nurse = cast.np
    answer = till.charge(till.dose(), code="0820T", rendering=str(nurse.pk))
    assert answer["rendering"] == str(nurse.pk)


@pytest.mark.parametrize(
    ("who", "code"), [("therapist", "96372"), ("therapist", "99214"), ("frontdesk", "90837")]
)
def test_nobody_is_named_for_what_is_not_theirs(till, cast, who, code):
    body = {"code": code, "rendering": str(cast.people[who].pk)}
    refused(post(till, till.dose(), **body), 400, "rendering_unfit", "/rendering")


def test_a_session_without_a_prescriber_carries_no_medical_code(till):
    refused(post(till, till.hour, code="99213"), 400, "rendering_unfit", "/rendering")


@pytest.mark.parametrize("npi", ["", "1234567890", "0000000000"])
def test_a_clinician_without_a_valid_npi_is_refused_by_name_of_the_field(till, cast, npi):
    therapist = cast.therapist
    therapist.npi = npi
    therapist.save_by(SYSTEM, at=NOW)
    refused(post(till, till.hour), 400, "npi_invalid", "/rendering")
    assert not Charge.objects.exists()


def test_an_npi_that_ends_in_zero_is_valid(till, cast):
    cast.therapist.npi = "1636083770"
    cast.therapist.save_by(SYSTEM, at=NOW)
    till.charge()


@pytest.mark.parametrize(
    ("diagnoses", "pointer", "code"),
    [
        (["F33"], "/diagnoses/0", "diagnosis_not_billable"),
        (["F33.2", "F43.1"], "/diagnoses/1", "diagnosis_not_billable"),
        (["X99.999"], "/diagnoses/0", "unknown_diagnosis"),
        (["depression"[:8]], "/diagnoses/0", "unknown_diagnosis"),
        (["F33.2", "F332"], "/diagnoses/1", "duplicate"),
        (["F33.2"] * 13, "/diagnoses", "max_length"),
    ],
)
def test_a_diagnosis_that_no_payer_takes_is_refused(till, diagnoses, pointer, code):
    refused(post(till, till.hour, diagnoses=diagnoses), 400, code, pointer)
    assert not Charge.objects.exists()


def test_a_diagnosis_must_be_in_force_on_the_day(till):
    long_ago = datetime(2025, 9, 30, 18, tzinfo=UTC)
    refused(post(till, till.session(starts_at=long_ago)), 400, "diagnosis_not_in_force", "/diagnoses/0")
    first_day = datetime(2025, 10, 1, 18, tzinfo=UTC)
    assert till.charge(till.session(starts_at=first_day))["date_of_service"] == "2025-10-01"


@pytest.mark.parametrize("diagnoses", [None, []])
def test_the_programs_diagnosis_is_the_default(till, diagnoses):
    session = till.hour
    assert done(post(till, session, diagnoses=diagnoses), 201)["diagnoses"] == ["F33.2"]


def test_an_insurance_line_without_any_diagnosis_is_refused_and_a_private_one_is_not(till, cast):
    programs.change_program(program=till.hour.program, values={"diagnosis": ""}, by=cast.therapist, at=NOW)
    refused(post(till, till.hour, line_kind="insurance"), 400, "required", "/diagnoses")
    private = {"line_kind": "self_pay", "kind_reason": "No claim wanted"}
    assert till.charge(**private)["diagnoses"] == []


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"code": "99999"}, "/code", "unknown_code"),
        ({"units": 0}, "/units", "min_value"),
        ({"units": -1}, "/units", "min_value"),
        ({"units": "1.5"}, "/units", "invalid"),
        ({"amount": "1.005"}, "/amount", "max_decimal_places"),
        ({"amount": "-1.00"}, "/amount", "min_value"),
        ({"amount": "NaN"}, "/amount", "invalid"),
        ({"modifiers": ["hn"]}, "/modifiers/0", "invalid"),
        ({"modifiers": ["95", "95"]}, "/modifiers/1", "duplicate"),
        ({"modifiers": ["59", "XE", "HN", "HO", "HP"]}, "/modifiers", "too_many"),
        ({"line_kind": "medicare"}, "/line_kind", "invalid_choice"),
        ({"ndc": "00409205310"}, "/ndc_unit", "required"),
        ({"ndc": "409205310"}, "/ndc", "invalid"),
        ({"colour": "blue"}, "/colour", "unknown_field"),
        ({"pos_code": "7"}, "/pos_code", "invalid"),
        ({"amount_reason": "x"}, "/amount_reason", "min_length"),
        ({"client": "0198c0de-0000-7000-8000-000000000000"}, "/client", "not_with_session"),
        ({"date_of_service": "2026-05-18"}, "/date_of_service", "not_with_session"),
    ],
)
def test_what_a_payer_would_send_back_is_refused_by_field(till, body, pointer, code):
    refused(post(till, till.hour, **body), 400, code, pointer)
    assert not Charge.objects.exists()


def test_several_errors_are_told_at_once(till):
    answer = done(post(till, till.hour, diagnoses=["F33"], modifiers=["9"], amount=None), 400)
    assert {e["pointer"] for e in answer["errors"]} == {"/diagnoses/0", "/modifiers/0", "/amount"}


@pytest.mark.parametrize("modifier", ["95", "93", "GT"])
def test_a_hands_on_service_is_never_telehealth(till, modifier):
    body = {"code": "96372", "modifiers": [modifier]}
    refused(post(till, till.dose(), **body), 400, "not_telehealth", "/modifiers/0")


def test_a_retired_code_is_refused(till):
    row = ServiceCode.objects.get(code="90837")
    row.valid_to = (NOW - timedelta(days=30)).date()
    row.save_by(SYSTEM, at=NOW)
    refused(post(till, till.hour), 400, "code_not_in_force", "/code")


def test_the_fee_times_units_is_the_default_amount_and_the_locations_own_fee_goes_first(till, cast):
    api = till.desk
    general = {"code": PLAIN, "amount": "33.35", "valid_from": "2026-01-01"}
    done(api.post("fees/", general), 201)
    session = till.hour
    first = done(post(till, session, code=PLAIN, units=3, amount=None), 201)
    assert (first["unit_amount"], first["amount"]) == ("33.35", "100.05")
    done(api.post("fees/", general | {"location": str(cast.north.pk), "amount": "40.00"}), 201)
    second = done(post(till, session, code=PLAIN, units=3, amount=None), 201)
    assert second["amount"] == "120.00"
    assert api.get(f"charges/{first['id']}/").json()["amount"] == "100.05"


def test_without_a_fee_the_amount_is_required(till):
    refused(post(till, till.hour, amount=None), 400, "required", "/amount")


def test_late_in_the_evening_the_day_of_service_is_the_local_one(till, cast):
    late = datetime(2026, 5, 19, 5, 30, tzinfo=UTC)  # 23:30 on the 18th in Denver
    assert till.charge(till.session(starts_at=late))["date_of_service"] == "2026-05-18"
    began = datetime(2026, 5, 21, 5, 30, tzinfo=UTC)  # 23:30 on the 20th; it was booked for 01:30 on the 21st
    ahead = booked(
        cast, till.program, "preparation", began + timedelta(hours=2), override_reason="Comes off a shift"
    )
    with clock.fixed(began):
        started_session(ahead, by=cast.therapist)
        visits.complete(session_id=ahead.pk, by=cast.therapist, moment=began, at=began)
        signed_note(ahead, by=cast.therapist)
        assert till.charge(ahead)["date_of_service"] == "2026-05-20"


def test_a_video_visit_is_place_of_service_10_unless_the_client_was_elsewhere(till):
    session = till.session(modality="video", room=None)
    answer = till.charge(session, modifiers=["95"])
    assert (answer["pos_code"], answer["warnings"]) == ("10", [])
    answer = till.charge(session, pos_code="02")
    assert (answer["pos_code"], answer["modifiers"]) == ("02", ["95"])
    assert {w["code"] for w in answer["warnings"]} == {"duplicate_line"}


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        ({"modifiers": ["95"]}, "telehealth_pos_missing"),
        ({"modifiers": ["93", "95"]}, "telehealth_twice"),
        ({"pos_code": "10"}, "telehealth_modifier_missing"),
    ],
)
def test_what_payers_query_is_a_warning_not_a_refusal(till, body, warning):
    assert warning in {w["code"] for w in till.charge(**body)["warnings"]}


def test_an_unlisted_drug_warns_without_its_ndc(till, cast):
    session = signed_stock_dose(cast, "intramuscular", starts_at=SERVED)
    bare = till.charge(session, code="J3490")
    assert "ndc_missing" in {w["code"] for w in bare["warnings"]}
    till.desk.must(f"charges/{bare['id']}/reverse/", {"reason": "without its NDC"}, status=201)
    told = {"ndc": "00409205310", "ndc_quantity": "1.500", "ndc_unit": "ML"}
    answer = till.charge(session, code="J3490", **told)
    assert "ndc_missing" not in {w["code"] for w in answer["warnings"]}
    assert answer["ndc_quantity"] == "1.500"


def test_the_session_of_another_location_does_not_exist_here(till, cast):
    session = session_at_south(cast, till.program, starts_at=SERVED)
    refused(post(till, session), 400, "not_found", "/session")


def test_a_charge_of_another_location_is_not_found(till, cast):
    charge = till.charge()
    api = cast.desk("south_billing")
    assert api.get(f"charges/{charge['id']}/").status_code == 404
    reverse = api.post(f"charges/{charge['id']}/reverse/", {"reason": "not mine"})
    assert reverse.status_code == 404
    assert api.get("charges/").json()["count"] == 0
    assert Charge.objects.count() == 1


def test_a_wrong_charge_is_reversed_once_and_owes_nothing(till):
    charge = till.charge(amount="200.00")
    url = f"charges/{charge['id']}/"
    reversal = till.desk.must(f"{url}reverse/", {"reason": "wrong code"}, status=201)
    assert (reversal["amount"], reversal["reverses"]) == ("-200.00", charge["id"])
    now = till.desk.get(url).json()
    assert (now["status"], now["balance"], now["reversed_by"]) == ("reversed", "0.00", reversal["id"])
    assert now["amount"] == "200.00"
    assert now["allowed_moves"] == []
    refused(till.desk.post(f"{url}reverse/", {"reason": "again"}), 409, "already_reversed")
    again = till.desk.post(f"charges/{reversal['id']}/reverse/", {"reason": "again"})
    refused(again, 409, "not_reversible")
    assert Charge.objects.count() == 2


def test_the_money_of_a_reversed_charge_is_credit_again(till):
    charge = till.charge(amount="200.00")
    payment = till.pay("200.00", (charge, "150.00"))
    till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "not covered"}, status=201)
    now = till.desk.get(f"payments/{payment['id']}/").json()
    assert (now["allocated"], now["unallocated"], now["allocations"]) == ("0.00", "200.00", [])


def test_a_reversal_says_why(till):
    charge = till.charge()
    refused(till.desk.post(f"charges/{charge['id']}/reverse/", {}), 400, "required", "/reason")
    assert Charge.objects.count() == 1


def test_the_list_is_found_by_client_day_and_what_is_owed(till, django_assert_max_num_queries):
    paid, owed = till.charge(amount="50.00"), till.charge(amount="70.00")
    till.pay("50.00", (paid, "50.00"))
    api = till.desk
    with django_assert_max_num_queries(5):
        every = api.get(f"charges/?client={till.client.pk}&from_date=2026-05-18&to_date=2026-05-18").json()
    assert every["count"] == 2
    assert [row["id"] for row in api.get("charges/?owed=true").json()["results"]] == [owed["id"]]
    assert [row["id"] for row in api.get("charges/?owed=false").json()["results"]] == [paid["id"]]
    assert api.get("charges/?to_date=2026-05-17").json()["count"] == 0
    assert api.get("charges/?status=reversed").json()["count"] == 0
    refused(api.get("charges/?patient=1"), 400, "unknown_parameter", "/patient")


def test_a_free_service_is_a_charge_of_nothing(till):
    assert till.charge(amount="0.00")["amount"] == "0.00"
