"""A dose that was recorded in error is voided after it was charged: nothing false leaves the clinic."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.sweep.steps import sweep
from sessions.visits import services as visits
from tests.asking import done, refused
from tests.billing import runs
from tests.billing.till import NDC, NOW, SERVED, Till
from tests.cast import Cast

LATER = NOW + timedelta(minutes=1)
STOOD_ON_IT = {"96372", "J3490", "KAP-DOSE"}
VISIT = {"code": "99213", "amount": "110.00"}


def charged(till: Till) -> tuple[Session, dict[str, dict[str, Any]]]:
    """An injection with all its lines: three stand on the dose, the visit does not."""
    session = till.injection()
    bodies: list[dict[str, Any]] = [
        VISIT,
        {"code": "96372", "amount": "45.00"},
        {"code": "J3490", "amount": "35.00", **NDC},
        {"code": "KAP-DOSE", "amount": "250.00"},
    ]
    return session, {body["code"]: till.charge(session, **body) for body in bodies}


def take_back(till: Till, session: Session) -> None:
    dose = Administration.objects.get(session=session)
    visits.void_administration(
        dose_id=dose.pk, reason="Another client's", by=till.cast.prescriber, at=clock.now()
    )


def listed() -> set[str]:
    return {str(row.subject_id) for row in Task.objects.open().filter(kind="charge_overtaken")}


def reverse(till: Till, charge: dict[str, Any]) -> None:
    till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "no such dose"}, status=201)


def test_no_paper_says_what_the_record_took_back(till: Till) -> None:
    session, charges = charged(till)
    till.pay("440.00", *((charge, charge["amount"]) for charge in charges.values()))
    paper, receipt = done(till.superbill(), 201), done(till.receipt(), 201)
    with clock.fixed(LATER):
        take_back(till, session)
        for kind, row in (("superbills", paper), ("receipts", receipt)):
            assert till.desk.get(f"{kind}/{row['id']}/").json()["outdated"] is True
        for answer in (
            till.superbill(),
            till.desk.post("superbills/?preview=true", till.period()),
            till.receipt(),
            till.desk.post("statements/", till.period()),
        ):
            told = refused(answer, 409, "incomplete")
            assert {error["code"] for error in told["errors"]} == {"not_in_record"}
        assert runs.run(till)["skipped"][0]["reasons"] == ["already_on_superbill"]
        assert runs.export(till, "lines_csv")["skipped"][0]["reasons"] == ["outdated"]
        for code in STOOD_ON_IT:
            reverse(till, charges[code])
        assert [line["code"] for line in done(till.superbill(), 201)["lines"]] == ["99213"]
        till.desk.must("statements/", till.period(), status=201)


def test_the_receipt_of_a_payment_names_only_what_still_stands(till: Till) -> None:
    session, charges = charged(till)
    payment = till.pay("440.00", *((charge, charge["amount"]) for charge in charges.values()))
    url = f"payments/{payment['id']}/receipt/"
    assert len(done(till.desk.get(url), 200)["lines"]) == 4
    with clock.fixed(LATER):
        take_back(till, session)
        told = done(till.desk.get(url), 200)
    assert [line["charge"] for line in told["lines"]] == [charges["99213"]["id"]]
    assert (told["amount"], told["unallocated"]) == ("440.00", "330.00")
    assert told["notice"].startswith("prepayment")


def test_a_run_leaves_the_client_out_and_says_why(till: Till) -> None:
    session, _ = charged(till)
    with clock.fixed(LATER):
        take_back(till, session)
        told = runs.run(till)
    assert "not_in_record" in told["skipped"][0]["reasons"]


def test_billing_is_asked_to_reverse_each_line_that_stood_on_it(till: Till) -> None:
    session, charges = charged(till)
    sweep(at=NOW)
    assert listed() == set()
    with clock.fixed(LATER):
        take_back(till, session)
        for _ in range(2):
            sweep(at=LATER)
        assert listed() == {charges[code]["id"] for code in STOOD_ON_IT}
        (row, *_) = till.desk.get("tasks/", kind="charge_overtaken").json()["results"]
        assert row["label"] == "Reverse the charge: the record does not bear it out any more."
        reverse(till, charges["J3490"])
        assert listed() == {charges[code]["id"] for code in STOOD_ON_IT - {"J3490"}}
        for code in STOOD_ON_IT - {"J3490"}:
            reverse(till, charges[code])
        sweep(at=LATER)
    assert listed() == set()


def test_the_worklist_says_it_in_words_until_it_is_reversed(till: Till) -> None:
    session, charges = charged(till)
    done(till.superbill(), 201)
    url = f"sessions/{session.pk}/proposed-charges/"
    with clock.fixed(LATER):
        take_back(till, session)
        (row,) = done(till.desk.get("billing-worklist/", state="blocked"), 200)["results"]
        told = [blocker for blocker in row["blockers"] if blocker["code"] == "not_in_record"]
        assert {blocker["subject"]["id"] for blocker in told} == {charges[code]["id"] for code in STOOD_ON_IT}
        assert {blocker["subject"]["type"] for blocker in told} == {"charge"}
        assert told[0]["detail"].startswith("Reverse the charge of ")
        assert told[0]["who_can_clear"] == ["billing", "medical_director"]
        assert [b for b in done(till.desk.get(url), 200)["blockers"] if b["code"] == "not_in_record"] == told
        for code in STOOD_ON_IT:
            reverse(till, charges[code])
        assert done(till.desk.get("billing-worklist/", state="blocked"), 200)["results"] == []


def test_the_director_overrides_minutes_and_not_a_dose_that_was_none(till: Till) -> None:
    session, charges = charged(till)
    reverse(till, charges["96372"])
    director = Till(till.cast, till.course, till.cast.desk("director"))
    director.charge(session, code="96372", amount="45.00", override_reason="seen by me")
    with clock.fixed(LATER):
        take_back(till, session)
        told = refused(till.superbill(), 409, "incomplete")
    pointers = {error["pointer"] for error in told["errors"] if error["code"] == "not_in_record"}
    assert "/lines/2/code" in pointers or "/lines/1/code" in pointers


@pytest.mark.parametrize("voided_first", [True, False])
def test_what_was_charged_after_the_void_is_judged_then(till: Till, *, voided_first: bool) -> None:
    """No row of a charge that the record already bore out, or refused, when it was made."""
    session = till.injection()
    if voided_first:
        take_back(till, session)
    visit = till.charge(session, **VISIT)
    if not voided_first:
        with clock.fixed(LATER):
            take_back(till, session)
    body = {"session": str(session.pk), "units": 1, "code": "96372", "amount": "45.00"}
    with clock.fixed(LATER + timedelta(minutes=1)):
        refused(till.desk.post("charges/", body), 400, "not_in_record", "/code")
        sweep(at=clock.now())
        assert listed() == set()
        assert [line["charge"] for line in done(till.superbill(), 201)["lines"]] == [visit["id"]]


def test_a_questionnaire_that_was_taken_back_is_not_billed(till: Till, cast: Cast) -> None:
    body = {
        "program": str(till.hour.program_id),
        "instrument": "phq9",
        "answers": [1] * 8 + [0],
        "taken_at": SERVED.isoformat(),
        "administered_by": "clinician",
    }
    measure = cast.desk("therapist").must("measures/", body, status=201)
    charge = till.charge(code="96127", amount="10.00")
    paper = done(till.superbill(), 201)
    with clock.fixed(LATER):
        why = {"reason": "Another client's"}
        cast.desk("therapist").must(f"measures/{measure['id']}/void/", why, status=200)
        assert till.desk.get(f"superbills/{paper['id']}/").json()["outdated"] is True
        told = refused(till.superbill(), 409, "incomplete")
        assert [error["code"] for error in told["errors"]] == ["not_in_record"]
        sweep(at=LATER)
        assert listed() == {charge["id"]}
        reverse(till, charge)
        assert listed() == set()


def test_a_charge_of_a_session_that_did_not_take_place_is_to_be_reversed(till: Till) -> None:
    """It was completed by mistake and charged; the mistake is taken back, and the client had never come."""
    charge = till.charge()
    payment = till.pay("50.00", (charge, "50.00"))
    director, url = till.cast.desk("director"), f"sessions/{till.hour.pk}/"
    with clock.fixed(LATER):
        director.must(f"{url}undo/", {"move": "complete", "reason": "It was another client's hour."})
        sweep(at=LATER)
        assert listed() == set()  # it may be completed yet
        director.must(f"{url}cancel/", {"reason": "She never came."})
        sweep(at=LATER)
        assert listed() == {charge["id"]}
        told = refused(till.desk.post("statements/", till.period()), 409, "incomplete")
        assert [error["code"] for error in told["errors"]] == ["not_in_record"]
        assert done(till.desk.get(f"payments/{payment['id']}/receipt/"), 200)["lines"] == []
        reverse(till, charge)
        assert listed() == set()
        till.desk.must("statements/", till.period(), status=201)
        account = done(till.desk.get(f"clients/{till.client.pk}/account/"), 200)
    assert (account["owes"], account["credit"]) == ("0.00", "50.00")
