"""POST superbills/ and receipts/: rendered, signed services; sequential numbers; a correction is a new document."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from billing.ledger.services.reversals import COPIED
from billing.models import Charge, DocumentCounter, Receipt, Superbill
from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from tests.asking import done, refused
from tests.billing.till import DOSED, NAMELESS, NOW, SERVED, Till
from tests.cast import (
    booked,
    client,
    colleague,
    completed_session,
    cosigned_note,
    ended_session,
    session_at_south,
)


def reverse(till: Till, charge):
    return till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong code"}, status=201)


def test_a_superbill_sums_its_lines_and_tells_who_rendered_them(till, cast):
    licensed = {"license": {"number": "L-2", "state": "CO"}}
    practice.save_staff(user=cast.prescriber, values=licensed, by=cast.admin, at=NOW)
    session = till.dose()
    therapy = till.charge(
        session, code="90837", amount="220.10", modifiers=["HO"], diagnoses=["F33.2", "F43.10"]
    )
    visit = till.charge(session, code="99214", amount="150.05", diagnoses=["F43.10"])
    till.pay("300.00", (therapy, "220.10"), (visit, "50.00"), method="hsa_card", reference="4242")
    answer = done(till.superbill(), 201)
    assert answer["number"] == "2026-000001"
    assert answer["totals"] == {
        "charges": "370.15",
        "adjustments": "0.00",
        "paid": "270.10",
        "balance": "100.05",
    }
    assert [(d["letter"], d["code"]) for d in answer["diagnoses"]] == [("A", "F33.2"), ("B", "F43.10")]
    assert "depressive" in answer["diagnoses"][0]["description"]
    first, second = answer["lines"]
    assert (first["code"], first["pointers"], first["modifiers"], first["units"]) == (
        "90837",
        ["A", "B"],
        ["HO"],
        1,
    )
    assert (first["amount"], first["paid"], first["balance"]) == ("220.10", "220.10", "0.00")
    assert first["rendering"]["npi"] == "1234567893"
    assert (second["code"], second["pointers"], second["rendering"]["npi"]) == ("99214", ["B"], "1999999992")
    assert first["date_of_service"] == "2026-05-18"
    assert answer["payments"] == [
        {
            "payment": answer["payments"][0]["payment"],
            "received_on": "2026-05-20",
            "method": "hsa_card",
            "reference": "4242",
            "amount": "270.10",
        }
    ]
    assert answer["billing_provider"] == {
        "name": "North Clinic PLLC",
        "address": ["1 Example Street", "Denver, CO 80202"],
        "phone": "303-555-0100",
        "ein": "12-3456789",
        "npi": "1457398620",
    }
    assert (answer["from_date"], answer["to_date"], answer["issued_on"]) == (
        "2026-05-01",
        "2026-05-31",
        "2026-05-20",
    )
    assert answer["client"] == str(till.client.pk)
    assert [w["code"] for w in answer["warnings"]] == ["not_paid"]


def test_numbers_follow_each_other_and_years_begin_anew(till):
    till.charge()
    assert [done(till.superbill(), 201)["number"] for _ in range(3)] == [
        "2026-000001",
        "2026-000002",
        "2026-000003",
    ]
    new_year_in_london = datetime(2027, 1, 1, 3, tzinfo=UTC)  # still 2026 in Denver
    with clock.fixed(new_year_in_london):
        assert done(till.superbill(), 201)["number"] == "2026-000004"
    with clock.fixed(new_year_in_london + timedelta(hours=5)):
        assert done(till.superbill(), 201)["number"] == "2027-000001"


def test_a_refusal_uses_up_no_number(till):
    refused(till.superbill(), 409, "nothing_to_bill")
    till.charge()
    assert done(till.superbill(), 201)["number"] == "2026-000001"


def test_receipts_have_numbers_of_their_own(till):
    charge = till.charge()
    till.pay("200.00", (charge, "200.00"))
    till.superbill()
    assert done(till.receipt(), 201)["number"] == "R-2026-000001"


def test_nothing_in_the_period_is_nothing_to_bill(till):
    till.charge()
    refused(till.superbill(from_date="2026-05-19", to_date="2026-05-31"), 409, "nothing_to_bill")
    assert not Superbill.objects.exists()


def test_a_period_of_one_day_holds_that_day(till):
    till.charge()
    answer = done(till.superbill(from_date="2026-05-18", to_date="2026-05-18"), 201)
    assert [line["date_of_service"] for line in answer["lines"]] == ["2026-05-18"]


def test_late_in_the_evening_counts_for_the_local_day(till):
    late = datetime(2026, 5, 19, 5, 30, tzinfo=UTC)  # 23:30 on the 18th in Denver
    till.charge(till.session(starts_at=late))
    refused(till.superbill(from_date="2026-05-19", to_date="2026-05-19"), 409, "nothing_to_bill")
    done(till.superbill(from_date="2026-05-18", to_date="2026-05-18"), 201)


def test_a_reversed_charge_is_on_no_superbill(till):
    kept, wrong = till.charge(amount="100.00"), till.charge(amount="999.00")
    reverse(till, wrong)
    answer = done(till.superbill(), 201)
    assert [line["charge"] for line in answer["lines"]] == [kept["id"]]
    assert answer["totals"]["charges"] == "100.00"


def test_a_line_that_went_round_the_api_is_left_out_all_the_same(till, cast):
    """A charge of an unsigned or cancelled session, written straight into the table, is on no superbill (R12)."""
    kept = till.charge()
    row = Charge.objects.get(pk=kept["id"])
    unsigned = completed_session(cast, till.program, starts_at=DOSED)
    later = booked(cast, till.program, "preparation", NOW + timedelta(days=1))
    for session in (unsigned, ended_session(later, "cancel", by=cast.frontdesk)):
        copied = {name: getattr(row, name) for name in COPIED if name != "session_id"}
        Charge(**copied, session=session, amount=row.amount).insert_by(SYSTEM, at=NOW)
    answer = done(till.superbill(), 201)
    assert [line["charge"] for line in answer["lines"]] == [kept["id"]]


def test_a_free_service_is_a_line_of_nothing(till):
    till.charge(amount="0.00")
    answer = done(till.superbill(), 201)
    assert answer["totals"] == {"charges": "0.00", "adjustments": "0.00", "paid": "0.00", "balance": "0.00"}
    assert [w["code"] for w in answer["warnings"]] == []


def test_internal_codes_stay_off_superbills_and_are_told(till):
    session = till.dose()
    till.charge(session, code="KAP-DOSE", amount="300.00")
    refused(till.superbill(), 409, "nothing_to_bill")
    till.charge(session, code="90837")
    answer = done(till.superbill(), 201)
    assert [line["code"] for line in answer["lines"]] == ["90837"]
    assert "internal_line_left_out" in {w["code"] for w in answer["warnings"]}


def test_a_correction_is_a_new_document_and_the_old_one_stays(till):
    wrong = till.charge(amount="100.00")
    old = done(till.superbill(), 201)
    before = till.desk.get(f"superbills/{old['id']}/pdf/").content
    assert old["outdated"] is False
    reverse(till, wrong)
    assert till.desk.get(f"superbills/{old['id']}/").json()["outdated"] is True
    assert [r["id"] for r in till.desk.get("superbills/?outdated=true").json()["results"]] == [old["id"]]
    till.charge(amount="120.00")
    new = done(till.superbill(corrects=old["id"]), 201)
    assert (new["number"], new["corrects"], new["totals"]["charges"]) == ("2026-000002", old["id"], "120.00")
    kept = till.desk.get(f"superbills/{old['id']}/").json()
    assert (kept["replaced_by"], kept["number"], kept["totals"]) == (
        "2026-000002",
        "2026-000001",
        old["totals"],
    )
    assert till.desk.get(f"superbills/{old['id']}/pdf/").content == before
    refused(till.superbill(corrects=old["id"]), 409, "already_corrected")
    assert Superbill.objects.count() == 2


def test_a_document_of_another_client_is_not_corrected(till, cast):
    till.charge()
    old = done(till.superbill(), 201)
    other = client(cast.north, by=cast.frontdesk, first="Other")
    theirs = till.of(other)
    theirs.charge(theirs.session(starts_at=DOSED))
    refused(till.superbill(client=str(other.pk), corrects=old["id"]), 400, "not_found", "/corrects")


def test_a_line_on_two_superbills_is_told(till):
    till.charge()
    first = done(till.superbill(), 201)
    second = done(till.superbill(), 201)
    told = [w for w in second["warnings"] if w["code"] == "already_on_superbill"]
    assert first["number"] in told[0]["detail"]
    assert "already_on_superbill" not in {w["code"] for w in first["warnings"]}


def test_without_an_ein_the_superbill_is_issued_and_says_what_a_payer_will_miss(till, cast):
    practice.save_location(location=cast.north, values=NAMELESS, by=cast.admin, at=NOW)
    till.charge()
    answer = done(till.superbill(), 201)
    assert answer["billing_provider"]["name"] == "North"
    assert answer["billing_provider"]["ein"] == ""
    assert "tin_missing" in {w["code"] for w in answer["warnings"]}


def test_what_no_payer_does_without_is_refused_field_by_field(till, cast):
    till.charge()
    cast.north.address, cast.north.phone = {}, ""
    cast.north.save_by(SYSTEM, at=NOW)
    answer = refused(till.superbill(), 409, "incomplete")
    assert {e["pointer"] for e in answer["errors"]} == {"/location/address", "/location/phone"}
    assert not Superbill.objects.exists()


def test_a_pre_licensed_clinician_is_named_with_the_supervisor_who_cosigned(till, cast):
    alone = till.session(starts_at=DOSED)  # signed while they were licensed
    learner = cast.therapist
    learner.needs_cosign = True
    learner.save_by(SYSTEM, at=NOW)
    session = completed_session(cast, till.program, starts_at=SERVED)
    cosigned_note(session, by=learner, cosigner=cast.prescriber)
    till.charge(session)
    answer = done(till.superbill(), 201)
    assert answer["lines"][0]["rendering"]["supervisor"]["npi"] == "1999999992"
    pdf = till.desk.get(f"superbills/{answer['id']}/pdf/").content
    assert "supervised by Prescriber, MD 1999999992" in PdfReader(BytesIO(pdf)).pages[0].extract_text()
    till.charge(alone)
    learner.needs_cosign = False  # licensed since: the supervisor stays on the line that they answered for
    learner.save_by(SYSTEM, at=NOW)
    again = done(till.superbill(), 201)
    supervisors = [line["rendering"]["supervisor"] for line in again["lines"]]
    assert [row and row["name"] for row in supervisors] == ["Prescriber", None]


def test_a_supervisor_without_an_npi_is_missed(till, cast):
    cast.therapist.needs_cosign = True
    cast.therapist.save_by(SYSTEM, at=NOW)
    session = completed_session(cast, till.program, starts_at=SERVED)
    cosigned_note(session, by=cast.therapist, cosigner=colleague(cast, "supervisor", "therapist"))
    till.charge(session)
    missing = refused(till.superbill(), 409, "incomplete")
    assert [e["pointer"] for e in missing["errors"]] == ["/lines/0/rendering/supervisor"]


def test_more_than_twelve_diagnoses_do_not_fit_on_one_superbill(till):
    picks = [
        "F33.1",
        "F33.2",
        "F32.2",
        "F32.A",
        "F32.9",
        "F43.10",
        "F43.12",
        "F41.1",
        "F42.9",
        "F43.81",
        "F10.20",
        "G89.4",
    ]
    till.charge(diagnoses=picks)
    done(till.superbill(), 201)
    till.charge(diagnoses=["F41.0"])
    answer = refused(till.superbill(), 409, "incomplete")
    assert ("/to_date", "too_many_diagnoses") in [(e["pointer"], e["code"]) for e in answer["errors"]]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"to_date": "2026-04-30"}, "/to_date", "reversed"),
        ({"client": "0198c0de-0000-7000-8000-000000000000"}, "/client", "not_found"),
        ({"location": "0198c0de-0000-7000-8000-000000000000"}, "/location", "not_found"),
        ({"corrects": "0198c0de-0000-7000-8000-000000000000"}, "/corrects", "not_found"),
        ({"from_date": "May"}, "/from_date", "invalid"),
    ],
)
@pytest.mark.parametrize("kind", ["superbill", "receipt"])
def test_a_document_that_cannot_be_is_refused(till, kind, body, pointer, code):
    charge = till.charge()
    till.pay("200.00", (charge, "200.00"))
    refused(getattr(till, kind)(**body), 400, code, pointer)
    assert not Superbill.objects.exists()
    assert not Receipt.objects.exists()
    assert not DocumentCounter.objects.filter(last__gt=0).exists()


def test_two_billing_providers_are_two_documents(till, cast):
    cast.south.ein = "987654321"
    cast.south.save_by(SYSTEM, at=NOW)
    both = {"locations": [cast.north.pk, cast.south.pk]}
    practice.save_staff(user=cast.billing, values=both, by=cast.admin, at=NOW)
    till.charge()
    till.charge(session_at_south(cast, till.program, starts_at=DOSED))
    refused(till.superbill(), 400, "several_billing_providers", "/location")
    answer = done(till.superbill(location=str(cast.south.pk)), 201)
    assert (len(answer["lines"]), answer["billing_provider"]["ein"]) == (1, "98-7654321")
    colleague(cast, "neighbour", "billing")
    assert cast.desk("neighbour").get(f"superbills/{answer['id']}/").status_code == 404


@pytest.mark.parametrize("kind", ["superbills", "receipts"])
def test_who_sees_half_of_a_paper_does_not_replace_it_and_who_drops_a_line_is_told(till, cast, kind):
    both = {"locations": [cast.north.pk, cast.south.pk]}
    practice.save_staff(user=cast.billing, values=both, by=cast.admin, at=NOW)
    first = till.charge(code="90837", amount="100.00")
    south = session_at_south(cast, till.program, starts_at=DOSED)
    practice.save_client(client=till.client, values=both, by=cast.frontdesk, at=NOW)
    lines = [first, till.charge(south, code="90837", amount="20.00")]
    till.pay("120.00", *((line, line["amount"]) for line in lines))
    paper = done(till.desk.post(f"{kind}/", till.period()), 201)
    assert paper["locations"] == [str(cast.north.pk), str(cast.south.pk)]
    replaces = till.period() | {"corrects": paper["id"]}
    elsewhere = cast.desk("south_billing")
    assert elsewhere.get(f"{kind}/{paper['id']}/").status_code == 404
    refused(elsewhere.post(f"{kind}/", replaces), 400, "not_found", "/corrects")
    assert till.desk.get(f"{kind}/{paper['id']}/").json() == paper
    half = done(till.desk.post(f"{kind}/", replaces | {"location": str(cast.north.pk)}), 201)
    told = {row["code"]: row["detail"] for row in half["warnings"]}
    assert (len(half["lines"]), told["replaced_line_left_out"][-11:]) == (1, "1 left out.")
    rest = till.period() | {"location": str(cast.south.pk)}
    done(till.desk.post(f"{kind}/", rest), 201)
    whole = done(till.desk.post(f"{kind}/", till.period() | {"corrects": half["id"]}), 201)
    assert "replaced_line_left_out" not in {row["code"] for row in whole["warnings"]}


# --- receipts ------------------------------------------------------------------------------------------------


def test_a_receipt_lists_paid_medical_care_without_codes_and_diagnoses(till):
    session = till.dose()
    therapy = till.charge(session, code="90837", amount="200.00")
    dose = till.charge(session, code="KAP-DOSE", amount="300.00")
    private = till.charge(session, code="KAP-SUPPORT", amount="40.00")
    unpaid = till.charge(session, code="99214", amount="90.00")
    till.pay("500.00", (therapy, "200.00"), (dose, "300.00"))
    till.pay("40.00", (private, "40.00"))
    answer = done(till.receipt(), 201)
    assert {line["charge"] for line in answer["lines"]} == {therapy["id"], dose["id"]}
    assert unpaid["id"] not in str(answer)
    assert answer["totals"] == {
        "charges": "500.00",
        "adjustments": "0.00",
        "paid": "500.00",
        "balance": "0.00",
    }
    assert answer["lines"][0]["provider"] == "Therapist, LCSW"
    assert [p["amount"] for p in answer["payments"]] == ["500.00"]
    for clinical in ("F33", "90837", "diagnos", "KAP-DOSE"):
        assert clinical not in str(answer)


def test_nothing_paid_is_no_receipt(till):
    private = till.charge(line_kind="self_pay", kind_reason="No claim", amount="40.00")
    till.charge()
    till.pay("40.00", (private, "40.00"))
    refused(till.receipt(), 409, "nothing_paid")
    assert not Receipt.objects.exists()


def test_what_was_refunded_is_not_receipted_as_paid(till):
    charge = till.charge(amount="200.00")
    payment = till.pay("200.00", (charge, "200.00"))
    body = {"payment": payment["id"], "amount": "50.00", "reason": "courtesy"}
    till.desk.must("refunds/", body, key="r1", status=201)
    assert done(till.receipt(), 201)["totals"]["paid"] == "150.00"


# --- all of them ---------------------------------------------------------------------------------------------


def test_the_list_shows_numbers_and_totals_in_few_queries(till, django_assert_max_num_queries):
    till.charge()
    made = [done(till.superbill(), 201) for _ in range(3)]
    with django_assert_max_num_queries(4):
        page = till.desk.get(f"superbills/?client={till.client.pk}&ordering=number").json()
    assert [row["number"] for row in page["results"]] == [row["number"] for row in made]
    assert till.desk.get("superbills/?number=2026-000002").json()["count"] == 1
    assert till.desk.get("superbills/?from_date=2026-05-21").json()["count"] == 0


def test_the_same_key_issues_one_superbill(till):
    till.charge()
    post = lambda: till.desk.post("superbills/", till.period(), key="k")  # noqa: E731
    assert done(post(), 201) == done(post(), 201)
    assert Superbill.objects.count() == 1


def test_the_hash_is_the_hash_of_the_bytes(till):
    till.charge()
    answer = done(till.superbill(), 201)
    pdf = till.desk.get(f"superbills/{answer['id']}/pdf/")
    assert hashlib.sha256(pdf.content).hexdigest() == answer["sha256"]
    assert Charge.objects.count() == 1
