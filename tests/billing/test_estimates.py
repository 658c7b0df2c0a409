"""Good Faith Estimates: asked for, due, issued on paper, followed by the next edition, taken back."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdf
import pytest
from django.db import DatabaseError, IntegrityError, transaction

from billing.codes import services as codes
from billing.models import DocumentCounter, Estimate, EstimateIssue, EstimateLine, EstimateVoid, ServiceCode
from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import Task
from sessions.course.services import merges
from sessions.sweep.steps import sweep
from tests.asking import done, events, refused, sql
from tests.billing.till import NOW, SERVED, Till
from tests.cast import IV, PERSON, approved_protocol, booked, client, opened_program

MAY = {"billing", "director"}
TABLES = ("estimate", "estimateline", "estimateissue", "estimatevoid")
ASKED = "2026-05-18T18:00:00Z"  # a Monday: due on Thursday the 21st


def item(till: Till, code: str = "90837", amount: str | None = "180.00", **more: Any) -> dict[str, Any]:
    shape = {
        "code": code,
        "quantity": 2,
        "rendering": str(till.cast.therapist.pk),
        "location": str(till.cast.north.pk),
    }
    return shape | ({"unit_amount": amount} if amount else {}) | more


def body(till: Till, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    shape = {"client": str(till.client.pk), "requested_at": ASKED, "items": list(items) or [item(till)]}
    return {
        name: value for name, value in (shape | {"diagnoses": ["F33.2"]} | more).items() if value is not None
    }


def asked(till: Till, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return till.desk.must("estimates/", body(till, *items, **more), status=201)


def issue(till: Till, row: dict[str, Any], **more: Any) -> Any:
    shape = {"delivered_at": NOW.isoformat(), "method": "email"}
    return till.desk.post(f"estimates/{row['id']}/issue/", shape | more)


def issued(till: Till, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return done(issue(till, asked(till, *items, **more)), 200)


def void(till: Till, row: dict[str, Any]) -> Any:
    return till.desk.post(f"estimates/{row['id']}/void/", {"reason": "Wrong client"})


def status(till: Till, row: dict[str, Any]) -> str:
    return str(till.desk.get(f"estimates/{row['id']}/").json()["status"])


def test_an_estimate_adds_up_and_says_when_it_is_due(till, cast):
    visit = item(till, "99214", "210.10", quantity=1, rendering=str(cast.prescriber.pk), frequency="once")
    made = asked(till, item(till, quantity=6), visit, separately=["Laboratory tests"])
    assert (made["number"], made["status"], made["total"], made["due_on"]) == (
        "G-2026-000001",
        "draft",
        "1290.10",
        "2026-05-21",
    )
    assert [(row["code"], row["amount"], row["frequency"]) for row in made["items"]] == [
        ("90837", "1080.00", ""),
        ("99214", "210.10", "once"),
    ]
    assert (made["from_date"], made["to_date"], made["edition"]) == ("2026-05-18", "2027-05-17", 1)
    assert (made["allowed_moves"], made["excess"], made["issued_on"]) == (["issue", "void"], [], None)
    assert asked(till)["number"] == "G-2026-000002"
    shown = done(till.desk.get(f"estimates/{made['id']}/"), 200)
    assert shown == made
    assert [
        row["number"]
        for row in till.desk.get("estimates/", status="draft", ordering="number").json()["results"]
    ] == ["G-2026-000001", "G-2026-000002"]
    assert [event[2] for event in events("estimate.create")] == [[till.client.pk]] * 2


@pytest.mark.parametrize(
    ("scheduled_at", "service_on", "due_on"),
    [
        ("2026-05-18T18:00:00Z", "2026-06-02", "2026-05-21"),  # 10 business days ahead, Memorial Day left out
        ("2026-05-18T18:00:00Z", "2026-06-01", "2026-05-19"),
        ("2026-05-18T18:00:00Z", "2026-05-21", "2026-05-19"),
        ("2026-05-18T18:00:00Z", "2026-05-20", None),
        ("2026-05-19T05:30:00Z", "2026-05-21", "2026-05-19"),  # still the 18th in Denver
    ],
)
def test_what_was_scheduled_is_due_by_its_notice(till, scheduled_at, service_on, due_on):
    made = asked(till, requested_at=None, scheduled_at=scheduled_at, service_on=service_on)
    assert (made["due_on"], made["from_date"]) == (due_on, "2026-05-18")


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"requested_at": None}, "/requested_at", "required"),
        ({"scheduled_at": ASKED, "service_on": "2026-06-01"}, "/requested_at", "not_expected"),
        ({"service_on": "2026-06-01"}, "/service_on", "not_expected"),
        ({"requested_at": None, "scheduled_at": ASKED}, "/service_on", "required"),
        (
            {"requested_at": None, "scheduled_at": ASKED, "service_on": "2026-05-17"},
            "/service_on",
            "reversed",
        ),
        ({"requested_at": "2026-05-21T18:00:00Z"}, "/requested_at", "in_the_future"),
        ({"to_date": "2026-05-17"}, "/to_date", "reversed"),
        ({"to_date": "2027-05-18"}, "/to_date", "too_long"),
        ({"diagnoses": ["F33"]}, "/diagnoses/0", "diagnosis_not_billable"),
        ({"client": "01900000-0000-7000-8000-00000000dead"}, "/client", "not_found"),
        ({"program": "01900000-0000-7000-8000-00000000dead"}, "/program", "not_found"),
        ({"supersedes": "01900000-0000-7000-8000-00000000dead"}, "/supersedes", "not_found"),
        ({"items": []}, "/items", "min_length"),
    ],
)
def test_what_makes_no_estimate_is_refused_by_its_field(till, more, pointer, code):
    refused(till.desk.post("estimates/", body(till, **more)), 400, code, pointer)
    assert not Estimate.objects.exists()
    assert not DocumentCounter.objects.exists()  # no number is given away


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"code": "99999"}, "code", "unknown_code"),
        ({"rendering": "01900000-0000-7000-8000-00000000dead"}, "rendering", "not_found"),
        ({"location": "01900000-0000-7000-8000-00000000dead"}, "location", "not_found"),
        ({"unit_amount": None}, "unit_amount", "required"),
        ({"unit_amount": "1.005"}, "unit_amount", "max_decimal_places"),
        ({"quantity": 0}, "quantity", "min_value"),
    ],
)
def test_an_item_is_refused_by_its_place(till, changed, field, code):
    answer = till.desk.post("estimates/", body(till, item(till), item(till) | changed))
    refused(answer, 400, code, f"/items/1/{field}")
    assert not Estimate.objects.exists()


def test_the_fee_of_the_day_is_the_price_unless_one_is_sent(till, cast):
    fee = {"code": ServiceCode.objects.get(code="90837"), "amount": "175.25", "valid_from": NOW.date()}
    codes.save_fee(fee=None, values=fee, by=cast.billing, at=NOW)
    made = asked(till, item(till, amount=None), requested_at=NOW.isoformat())
    assert (made["items"][0]["unit_amount"], made["total"]) == ("175.25", "350.50")


def test_an_issued_estimate_is_a_paper_for_good(till, cast):
    made = issued(till, item(till, quantity=6), separately=["Laboratory tests"])
    assert (made["status"], made["method"], made["late"], made["issued_on"]) == (
        "issued",
        "email",
        False,
        "2026-05-20",
    )
    answer = till.desk.client.get(f"/api/v1/estimates/{made['id']}/pdf/")
    assert answer["Content-Disposition"] == 'inline; filename="estimate-G-2026-000001.pdf"'
    assert hashlib.sha256(answer.content).hexdigest() == made["sha256"] == answer["ETag"].strip('"')
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    text = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    for words in (
        "Good Faith Estimate", "G-2026-000001", "05/18/2026 to 05/17/2027", "North Clinic PLLC", "12-3456789", "1 Example Street",
        "Robin Sample", "03/02/1985", "F33.2", "depressive", "Therapist, LCSW", "1234567893", "90837", "therapy, about 60 minutes",
        "$180.00", "$1080.00", "Total expected $1080.00", "Laboratory tests", "is an estimate of what", "More services may be recommended",
        "at least $400 more", "120 calendar days", "1-800-985-3059", "www.cms.gov/nosurprises", "will not affect the quality",
        "not a contract", "page 1 of",
    ):  # fmt: skip
        assert words in text, words
    refused(issue(till, made), 409, "illegal_transition")
    till.rename(legal_last_name="Married")
    assert till.desk.client.get(f"/api/v1/estimates/{made['id']}/pdf/").content == answer.content


def test_without_a_diagnosis_it_says_that_none_is_known(till):
    made = issued(till, diagnoses=None)
    row = EstimateIssue.objects.get(estimate=made["id"])
    assert row.content["diagnoses"] == []
    assert "none is known yet" in row.content["no_diagnosis"]


def test_what_an_estimate_must_say_is_asked_for_before_it_is_issued(till, cast):
    made = asked(till)
    practice.save_staff(user=cast.therapist, values={"npi": ""}, by=cast.admin, at=NOW)
    practice.save_location(location=cast.north, values={"address": {}, "ein": ""}, by=cast.admin, at=NOW)
    answer = refused(issue(till, made), 409, "incomplete")
    assert [error["pointer"] for error in answer["errors"]] == [
        "/items/0/rendering/npi",
        "/items/0/location/address",
    ]
    refused(till.desk.get(f"estimates/{made['id']}/pdf/"), 409, "not_issued")
    practice.save_staff(user=cast.therapist, values={"npi": "1234567893"}, by=cast.admin, at=NOW)
    address = {"line1": "2 Example Street", "city": "Denver", "state": "CO", "postal_code": "80202"}
    practice.save_location(location=cast.north, values={"address": address}, by=cast.admin, at=NOW)
    assert [row["code"] for row in done(issue(till, made), 200)["warnings"]] == ["tin_missing"]


def test_a_name_that_no_font_has_is_not_printed(till):
    made = asked(till)
    till.rename(legal_last_name="\U0001f600")
    refused(issue(till, made), 409, "name_not_printable")
    assert status(till, made) == "draft"


@pytest.mark.parametrize(
    ("delivered_at", "code"),
    [("2026-05-20T18:05:00Z", "in_the_future"), ("2026-05-18T17:00:00Z", "too_early")],
)
def test_it_is_delivered_after_it_was_asked_for_and_not_to_come(till, delivered_at, code):
    refused(issue(till, asked(till), delivered_at=delivered_at), 400, code, "/delivered_at")
    assert not EstimateIssue.objects.exists()


def test_the_next_edition_takes_the_place_of_the_one_before_when_it_is_issued(till):
    first = issued(till)
    draft = asked(till, item(till, quantity=9), supersedes=first["id"])
    assert (draft["edition"], draft["supersedes"], status(till, first)) == (2, first["id"], "issued")
    refused(till.desk.post("estimates/", body(till, supersedes=first["id"])), 409, "already_superseded")
    second = done(issue(till, draft), 200)
    assert (status(till, first), status(till, second)) == ("superseded", "issued")
    assert till.desk.get(f"estimates/{first['id']}/").json()["superseded_by"] == second["number"]
    refused(void(till, first), 409, "illegal_transition")
    refused(till.desk.post("estimates/", body(till, supersedes=first["id"])), 409, "already_superseded")
    done(void(till, second), 200)
    assert (status(till, first), status(till, second)) == ("issued", "voided")
    third = asked(till, supersedes=first["id"])
    refused(till.desk.post("estimates/", body(till, supersedes=third["id"])), 409, "illegal_transition")
    text = EstimateIssue.objects.get(estimate=second["id"]).content
    assert text["corrects"] == first["number"]


def test_a_change_is_due_the_business_day_before_the_service(till):
    first = issued(till, requested_at=None, scheduled_at="2026-05-04T18:00:00Z", service_on="2026-05-26")
    changed = {"requested_at": None, "scheduled_at": NOW.isoformat(), "service_on": "2026-05-26"}
    assert asked(till, supersedes=first["id"], **changed)["due_on"] == "2026-05-22"  # Monday is Memorial Day


def test_a_mistaken_estimate_is_taken_back_once(till):
    made = asked(till)
    gone = done(void(till, made), 200)
    assert (gone["status"], gone["void_reason"], gone["allowed_moves"]) == ("voided", "Wrong client", [])
    refused(void(till, made), 409, "illegal_transition")
    refused(issue(till, made), 409, "illegal_transition")


def test_what_is_sent_twice_is_one_estimate(till):
    first = till.desk.must("estimates/", body(till), key="g1", status=201)
    assert till.desk.must("estimates/", body(till), key="g1", status=201) == first
    refused(
        till.desk.post("estimates/", body(till, item(till, quantity=3)), key="g1"),
        422,
        "idempotency_key_reused",
    )
    assert Estimate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_desks_issue_one_paper_and_one_next_edition(till):
    draft = asked(till)
    answers = till.at_once(*[lambda own: issue(own, draft)] * 3)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    shape = body(till, supersedes=draft["id"])
    answers = till.at_once(*[lambda own: own.desk.post("estimates/", shape)] * 3)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert sorted(Estimate.objects.values_list("number", flat=True)) == ["G-2026-000001", "G-2026-000002"]


def test_a_late_estimate_is_a_row_of_billing_until_it_is_issued(till, cast):
    first, second, third = asked(till), asked(till), asked(till)
    done(issue(till, third), 200)
    listed = Task.objects.open().filter(kind="estimate_due")
    last_minute = datetime(2026, 5, 22, 5, 59, tzinfo=UTC)  # still the 21st in Denver
    sweep(at=last_minute)
    assert not listed.exists()
    for _ in range(2):
        sweep(at=last_minute + timedelta(minutes=1))
    assert {str(row.subject_id) for row in listed.all()} == {first["id"], second["id"]}
    row = listed.first()
    assert (row.client, row.due_at, row.roles) == (
        till.client.pk,
        datetime(2026, 5, 22, 6, tzinfo=UTC),
        ["billing", "medical_director"],
    )
    with clock.fixed(last_minute + timedelta(hours=9)):
        late = done(issue(till, first, delivered_at=clock.now().isoformat()), 200)
        assert (late["late"], [found["code"] for found in late["warnings"]]) == (True, ["delivered_late"])
        cast.desk("director").must(f"tasks/{listed.get().pk}/done/", {"outcome": "later"}, status=200)
        assert not listed.exists()
        sweep(at=clock.now() + timedelta(hours=1))
        assert str(listed.get().subject_id) == second["id"]  # a tick settles nothing
        done(void(till, second), 200)
        assert not listed.exists()


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_estimates_are_billings_and_the_directors(till, cast, who):
    made, asks = issued(till), cast.desk(who)
    answers = [
        asks.get("estimates/"),
        asks.get(f"estimates/{made['id']}/"),
        asks.get("estimates/proposed/", program=str(till.program.pk)),
        asks.client.get(f"/api/v1/estimates/{made['id']}/pdf/"),
    ]
    assert {answer.status_code for answer in answers} == ({200} if who in MAY else {403})
    if who not in MAY:
        before = [sql(f"SELECT count(*) FROM billing_{table}") for table in TABLES]
        assert asks.post("estimates/", body(till)).status_code == 403
        assert asks.post(f"estimates/{made['id']}/issue/", {}).status_code == 403
        assert asks.post(f"estimates/{made['id']}/void/", {"reason": "because"}).status_code == 403
        assert before == [sql(f"SELECT count(*) FROM billing_{table}") for table in TABLES]


def test_another_location_finds_nothing(till, cast):
    made, south = asked(till), cast.desk("south_billing")
    assert south.get("estimates/").json()["count"] == 0
    for tail in ("", "pdf/"):
        assert south.client.get(f"/api/v1/estimates/{made['id']}/{tail}").status_code == 404
    assert south.get("estimates/proposed/", program=str(till.program.pk)).status_code == 404
    assert south.post(f"estimates/{made['id']}/void/", {"reason": "mine"}).status_code == 404
    refused(south.post("estimates/", body(till)), 400, "not_found", "/client")


def test_the_other_registration_of_a_person_shares_their_estimates(till, cast):
    first = issued(till)
    twin = client(cast.north, by=cast.frontdesk, first="Rob")
    shape = body(till, client=str(twin.pk), supersedes=first["id"])
    refused(till.desk.post("estimates/", shape), 400, "not_found", "/supersedes")
    merges.merge(client=twin, into_id=till.client.pk, reason="Same person", by=cast.director, at=NOW)
    second = till.desk.must("estimates/", shape, status=201)
    assert second["edition"] == 2
    assert till.desk.get("estimates/", client=str(till.client.pk)).json()["count"] == 2


def test_the_course_proposes_what_it_still_plans(till, cast):
    fee = {"code": ServiceCode.objects.get(code="90837"), "amount": "180.00", "valid_from": SERVED.date()}
    codes.save_fee(fee=None, values=fee, by=cast.billing, at=NOW)
    program = till.program
    start = NOW + timedelta(days=7)
    booked(cast, program, "preparation", start)
    found = done(till.desk.get("estimates/proposed/", program=str(program.pk)), 200)
    protocol = program.protocol
    talks = found["items"][0]
    doses = next(row for row in found["items"] if row["code"] == "KAP-DOSE")
    assert (talks["rendering"], doses["quantity"], doses["unit_amount"]) == (
        str(cast.therapist.pk),
        protocol.planned_doses,
        None,
    )
    assert {"code": "missing_fee", "detail": "KAP-DOSE has no fee: give its amount."} in found["blockers"]
    assert (found["client"], found["service_on"], found["diagnoses"]) == (
        str(till.client.pk),
        "2026-05-27",
        ["F33.2"],
    )
    sent = {name: found[name] for name in ("client", "program", "scheduled_at", "service_on", "diagnoses")}
    names = ("code", "quantity", "unit_amount", "rendering", "location")
    sent["items"] = [
        {name: row[name] for name in names} | {"unit_amount": row["unit_amount"] or "250.00"}
        for row in found["items"]
    ]
    assert till.desk.must("estimates/", sent, status=201)["program"] == str(program.pk)
    refused(till.desk.get("estimates/proposed/"), 400, "required", "/program")


def test_an_infusion_course_proposes_what_hands_give(till, cast):
    protocol = approved_protocol(cast, name="Infusions", program_type="infusion_only", **IV)
    program = opened_program(
        cast, protocol=protocol, who=client(cast.north, by=cast.frontdesk, first="Other")
    )
    found = done(till.desk.get("estimates/proposed/", program=str(program.pk)), 200)
    assert [(row["code"], row["quantity"], row["rendering"]) for row in found["items"]] == [
        ("KAP-DOSE", protocol.planned_doses, str(cast.prescriber.pk)),
        ("96365", protocol.planned_doses, str(cast.prescriber.pk)),
    ]
    assert (found["scheduled_at"], found["service_on"], found["total"]) == (None, None, "0.00")


# --- what the database refuses by itself -------------------------------------------------------------------------------


def test_no_row_is_changed_or_deleted(till):
    done(void(till, issued(till)), 200)
    for table in TABLES:
        for statement in ("UPDATE billing_{} SET created_by = created_by", "DELETE FROM billing_{}"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                sql(statement.format(table))
        found = sql("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", f"billing_{table}")
        assert {f"billing_{table}_append_only", f"billing_{table}_no_truncate"} <= {name for (name,) in found}


def twin_of(row: Any, **changes: Any) -> Any:
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "id"}
    return type(row)(**(values | changes))


def test_an_issued_paper_takes_no_line_no_second_issue_and_no_other_bytes(till):
    made = issued(till)
    paper, line = EstimateIssue.objects.get(), EstimateLine.objects.get()
    row = Estimate.objects.get(pk=made["id"])
    other = Estimate.objects.get(pk=asked(till)["id"])
    bad = [
        (twin_of(line, position=9), "issued or voided"),
        (twin_of(paper), "issued or voided"),
        (twin_of(paper, estimate_id=other.pk, sha256="0" * 64), "estimate_hash"),
        (twin_of(row, number="G-1"), "estimate_number"),
        (twin_of(row, number="G-2026-000009", edition=2), "estimate_edition"),
        (
            twin_of(row, number="G-2026-000009", edition=2, supersedes_id=other.pk),
            "follows an issued estimate",
        ),
        (twin_of(row, number="G-2026-000009", scheduled_at=NOW), "estimate_asked"),
        (twin_of(line, estimate_id=other.pk, position=3, quantity=0), "estimate_line_quantity"),
    ]
    for broken, words in bad:
        with pytest.raises(IntegrityError, match=words), transaction.atomic():
            broken.insert_by(SYSTEM, at=NOW)
    done(void(till, {"id": str(other.pk)}), 200)
    with pytest.raises(IntegrityError, match="issued or voided"), transaction.atomic():
        twin_of(paper, estimate_id=other.pk).insert_by(SYSTEM, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        EstimateVoid(estimate=other, reason="again").insert_by(SYSTEM, at=NOW)
