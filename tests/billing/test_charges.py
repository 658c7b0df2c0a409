"""POST charges/: rendered, signed services, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.models import Charge, ServiceCode
from kapclinic.practice.models import SYSTEM
from tests.billing.builders import NOW, Clinic, done, make_user, refused


def post(clinic: Clinic, session, **body):
    shape = {"session": str(session.pk), "code": "90837", "units": 1, "amount": "200.00"}
    return clinic.api().post("/api/v1/charges/", {k: v for k, v in (shape | body).items() if v is not None})


def test_a_signed_therapy_hour_is_charged_to_the_cent(clinic):
    answer = clinic.charge(
        amount="187.35", diagnoses=["F43.10", "f332"], modifiers=["HO"], line_kind="insurance"
    )
    assert answer["amount"] == "187.35"
    assert answer["balance"] == "187.35"
    assert answer["paid"] == "0.00"
    assert answer["diagnoses"] == ["F43.10", "F33.2"]
    assert answer["modifiers"] == ["HO"]
    assert answer["date_of_service"] == "2026-05-18"
    assert answer["pos_code"] == "11"
    assert answer["rendering"] == str(clinic.staff["therapist"].pk)
    assert answer["client"] == str(clinic.client.pk)
    assert answer["status"] == "standing"
    assert answer["allowed_moves"] == ["reverse"]
    assert answer["warnings"] == []
    assert clinic.api().get(f"/api/v1/charges/{answer['id']}/").json()["amount"] == "187.35"


@pytest.mark.parametrize("status", ["scheduled", "checked_in", "in_progress", "cancelled", "no_show"])
def test_a_session_that_did_not_take_place_is_not_charged(clinic, status):
    session = clinic.session(status=status, completed_at=None)
    refused(post(clinic, session), 409, "not_rendered")
    assert not Charge.objects.exists()


def test_an_unsigned_session_is_not_charged(clinic):
    refused(post(clinic, clinic.session(signed=False)), 409, "not_signed")
    assert not Charge.objects.exists()


def test_no_drug_is_charged_where_none_was_given(clinic):
    session = clinic.dose(outcome="not_dosed")
    refused(post(clinic, session, code="J3490"), 409, "not_rendered")
    clinic.charge(session, code="99214")


def test_therapy_and_medicine_of_a_dose_are_separate_lines_of_their_own_clinicians(clinic):
    session = clinic.dose()
    therapy = clinic.charge(session, code="90837", amount="220.00")
    drug = clinic.charge(session, code="J3490", amount="95.50", line_kind="self_pay")
    assert therapy["rendering"] == str(clinic.staff["therapist"].pk)
    assert therapy["line_kind"] == "insurance"
    assert drug["rendering"] == str(clinic.staff["prescriber"].pk)
    assert drug["line_kind"] == "self_pay"


def test_another_member_of_the_staff_of_the_session_may_be_named(clinic):
    nurse = clinic.staff["nurse_practitioner"]
    answer = clinic.charge(clinic.dose(), code="96372", rendering=str(nurse.pk))
    assert answer["rendering"] == str(nurse.pk)


@pytest.mark.parametrize(
    ("who", "code"), [("therapist", "96372"), ("therapist", "99214"), ("front_desk", "90837")]
)
def test_nobody_is_named_for_what_is_not_theirs(clinic, who, code):
    body = {"code": code, "rendering": str(clinic.staff[who].pk)}
    refused(post(clinic, clinic.dose(), **body), 400, "rendering_unfit", "/rendering")


def test_a_session_without_a_prescriber_carries_no_medical_code(clinic):
    refused(post(clinic, clinic.session(), code="99213"), 400, "rendering_unfit", "/rendering")


@pytest.mark.parametrize("npi", ["", "1234567890", "0000000000"])
def test_a_clinician_without_a_valid_npi_is_refused_by_name_of_the_field(clinic, npi):
    therapist = clinic.staff["therapist"]
    therapist.npi = npi
    therapist.save_by(SYSTEM, at=NOW)
    refused(post(clinic, clinic.session()), 400, "npi_invalid", "/rendering")
    assert not Charge.objects.exists()


def test_an_npi_that_ends_in_zero_is_valid(clinic):
    clinic.staff["therapist"].npi = "1636083770"
    clinic.staff["therapist"].save_by(SYSTEM, at=NOW)
    clinic.charge()


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
def test_a_diagnosis_that_no_payer_takes_is_refused(clinic, diagnoses, pointer, code):
    refused(post(clinic, clinic.session(), diagnoses=diagnoses), 400, code, pointer)
    assert not Charge.objects.exists()


def test_a_diagnosis_must_be_in_force_on_the_day(clinic):
    long_ago = datetime(2025, 9, 30, 18, tzinfo=UTC)
    refused(post(clinic, clinic.session(starts_at=long_ago)), 400, "diagnosis_not_in_force", "/diagnoses/0")
    first_day = datetime(2025, 10, 1, 18, tzinfo=UTC)
    assert clinic.charge(clinic.session(starts_at=first_day))["date_of_service"] == "2025-10-01"


@pytest.mark.parametrize("diagnoses", [None, []])
def test_the_programs_diagnosis_is_the_default(clinic, diagnoses):
    session = clinic.session()
    assert done(post(clinic, session, diagnoses=diagnoses), 201)["diagnoses"] == ["F33.2"]


def test_an_insurance_line_without_any_diagnosis_is_refused_and_a_private_one_is_not(clinic):
    clinic.program.diagnosis = ""
    clinic.program.save_by(SYSTEM, at=NOW)
    refused(post(clinic, clinic.session(), line_kind="insurance"), 400, "required", "/diagnoses")
    assert clinic.charge(line_kind="self_pay")["diagnoses"] == []


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
    ],
)
def test_what_a_payer_would_send_back_is_refused_by_field(clinic, body, pointer, code):
    refused(post(clinic, clinic.session(), **body), 400, code, pointer)
    assert not Charge.objects.exists()


def test_several_errors_are_told_at_once(clinic):
    answer = done(post(clinic, clinic.session(), diagnoses=["F33"], modifiers=["9"], amount=None), 400)
    assert {e["pointer"] for e in answer["errors"]} == {"/diagnoses/0", "/modifiers/0", "/amount"}


@pytest.mark.parametrize("modifier", ["95", "93", "GT"])
def test_a_hands_on_service_is_never_telehealth(clinic, modifier):
    body = {"code": "96372", "modifiers": [modifier]}
    refused(post(clinic, clinic.dose(), **body), 400, "not_telehealth", "/modifiers/0")


def test_a_retired_code_is_refused(clinic):
    row = ServiceCode.objects.get(code="90837")
    row.valid_to = (NOW - timedelta(days=30)).date()
    row.save_by(SYSTEM, at=NOW)
    refused(post(clinic, clinic.session()), 400, "code_not_in_force", "/code")


def test_the_fee_times_units_is_the_default_amount_and_the_locations_own_fee_goes_first(clinic):
    api = clinic.api()
    general = {"code": "96366", "amount": "33.35", "valid_from": "2026-01-01"}
    done(api.post("/api/v1/fees/", general), 201)
    session = clinic.dose()
    first = done(post(clinic, session, code="96366", units=3, amount=None), 201)
    assert (first["unit_amount"], first["amount"]) == ("33.35", "100.05")
    done(api.post("/api/v1/fees/", general | {"location": str(clinic.location.pk), "amount": "40.00"}), 201)
    second = done(post(clinic, session, code="96366", units=3, amount=None), 201)
    assert second["amount"] == "120.00"
    assert api.get(f"/api/v1/charges/{first['id']}/").json()["amount"] == "100.05"


def test_without_a_fee_the_amount_is_required(clinic):
    refused(post(clinic, clinic.session(), amount=None), 400, "required", "/amount")


def test_late_in_the_evening_the_day_of_service_is_the_local_one(clinic):
    late = datetime(2026, 5, 19, 5, 30, tzinfo=UTC)  # 23:30 on the 18th in Denver
    assert clinic.charge(clinic.session(starts_at=late))["date_of_service"] == "2026-05-18"
    ahead = clinic.session(starts_at=NOW + timedelta(days=1), completed_at=NOW)
    assert clinic.charge(ahead)["date_of_service"] == "2026-05-20"


def test_a_video_visit_is_place_of_service_10_unless_the_client_was_elsewhere(clinic):
    session = clinic.session(modality="video")
    answer = clinic.charge(session, modifiers=["95"])
    assert (answer["pos_code"], answer["warnings"]) == ("10", [])
    answer = clinic.charge(session, pos_code="02")
    assert answer["pos_code"] == "02"
    assert {w["code"] for w in answer["warnings"]} == {"telehealth_modifier_missing", "duplicate_line"}


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        ({"modifiers": ["95"]}, "telehealth_pos_missing"),
        ({"modifiers": ["93", "95"]}, "telehealth_twice"),
        ({"pos_code": "10"}, "telehealth_modifier_missing"),
    ],
)
def test_what_payers_query_is_a_warning_not_a_refusal(clinic, body, warning):
    assert warning in {w["code"] for w in clinic.charge(**body)["warnings"]}


def test_a_short_session_warns_for_the_long_code(clinic):
    answer = clinic.charge(clinic.session(minutes=45))
    assert [w["code"] for w in answer["warnings"]] == ["short_for_code"]


def test_an_unlisted_drug_warns_without_its_ndc(clinic):
    session = clinic.dose()
    assert "ndc_missing" in {w["code"] for w in clinic.charge(session, code="J3490")["warnings"]}
    told = {"ndc": "00409205310", "ndc_quantity": "1.500", "ndc_unit": "ML"}
    answer = clinic.charge(session, code="J3490", **told)
    assert "ndc_missing" not in {w["code"] for w in answer["warnings"]}
    assert answer["ndc_quantity"] == "1.500"


def test_the_session_of_another_location_does_not_exist_here(clinic):
    session = clinic.session(location=clinic.elsewhere)
    refused(post(clinic, session), 400, "not_found", "/session")


def test_a_charge_of_another_location_is_not_found(clinic):
    charge = clinic.charge()
    stranger = make_user("Far Biller", ["billing"], [clinic.elsewhere.pk])
    clinic.staff["stranger"] = stranger
    api = clinic.api("stranger")
    assert api.get(f"/api/v1/charges/{charge['id']}/").status_code == 404
    reverse = api.post(f"/api/v1/charges/{charge['id']}/reverse/", {"reason": "not mine"})
    assert reverse.status_code == 404
    assert api.get("/api/v1/charges/").json()["count"] == 0
    assert Charge.objects.count() == 1


def test_a_wrong_charge_is_reversed_once_and_owes_nothing(clinic):
    charge = clinic.charge(amount="200.00")
    url = f"/api/v1/charges/{charge['id']}/"
    reversal = done(clinic.api().post(f"{url}reverse/", {"reason": "wrong code"}), 201)
    assert (reversal["amount"], reversal["reverses"]) == ("-200.00", charge["id"])
    now = clinic.api().get(url).json()
    assert (now["status"], now["balance"], now["reversed_by"]) == ("reversed", "0.00", reversal["id"])
    assert now["amount"] == "200.00"
    assert now["allowed_moves"] == []
    refused(clinic.api().post(f"{url}reverse/", {"reason": "again"}), 409, "already_reversed")
    again = clinic.api().post(f"/api/v1/charges/{reversal['id']}/reverse/", {"reason": "again"})
    refused(again, 409, "not_reversible")
    assert Charge.objects.count() == 2


def test_the_money_of_a_reversed_charge_is_credit_again(clinic):
    charge = clinic.charge(amount="200.00")
    payment = clinic.pay("200.00", (charge, "150.00"))
    done(clinic.api().post(f"/api/v1/charges/{charge['id']}/reverse/", {"reason": "not covered"}), 201)
    now = clinic.api().get(f"/api/v1/payments/{payment['id']}/").json()
    assert (now["allocated"], now["unallocated"], now["allocations"]) == ("0.00", "200.00", [])


def test_a_reversal_says_why(clinic):
    charge = clinic.charge()
    refused(clinic.api().post(f"/api/v1/charges/{charge['id']}/reverse/", {}), 400, "required", "/reason")
    assert Charge.objects.count() == 1


def test_the_list_is_found_by_client_day_and_what_is_owed(clinic, django_assert_max_num_queries):
    paid, owed = clinic.charge(amount="50.00"), clinic.charge(amount="70.00")
    clinic.pay("50.00", (paid, "50.00"))
    api = clinic.api()
    with django_assert_max_num_queries(5):
        every = api.get(
            f"/api/v1/charges/?client={clinic.client.pk}&from_date=2026-05-18&to_date=2026-05-18"
        ).json()
    assert every["count"] == 2
    assert [row["id"] for row in api.get("/api/v1/charges/?owed=true").json()["results"]] == [owed["id"]]
    assert [row["id"] for row in api.get("/api/v1/charges/?owed=false").json()["results"]] == [paid["id"]]
    assert api.get("/api/v1/charges/?to_date=2026-05-17").json()["count"] == 0
    assert api.get("/api/v1/charges/?status=reversed").json()["count"] == 0
    refused(api.get("/api/v1/charges/?patient=1"), 400, "unknown_parameter", "/patient")


def test_a_free_service_is_a_charge_of_nothing(clinic):
    assert clinic.charge(amount="0.00")["amount"] == "0.00"
