"""POST superbills/{id}/void/, receipts/{id}/void/: a paper that counts for nothing, and that no other stands for."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from billing.models import Receipt, ReceiptVoid, Superbill, SuperbillVoid
from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.sweep.steps import sweep
from tests.asking import done, events, refused, sql
from tests.billing import runs
from tests.billing.test_guards import insert, twin
from tests.billing.test_overtaken import LATER, STOOD_ON_IT, charged, reverse, take_back
from tests.billing.till import Till
from tests.cast import PERSON, Cast

MAY = {"billing", "director"}


def void(till: Till, row: dict[str, Any], reason: str = "Nothing of it stands") -> Any:
    return till.desk.post(f"superbills/{row['id']}/void/", {"reason": reason})


def look(till: Till, row: dict[str, Any]) -> dict[str, Any]:
    return done(till.desk.get(f"superbills/{row['id']}/"), 200)


def test_a_superbill_of_which_nothing_stands_is_voided_and_stays_what_it_was(till: Till) -> None:
    charge = till.charge(amount="200.00")
    row = done(till.superbill(), 201)
    assert (row["status"], row["allowed_moves"], row["void_reason"]) == ("issued", ["void"], None)
    till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong client"}, status=201)
    assert look(till, row)["outdated"] is True
    refused(till.superbill(corrects=row["id"]), 409, "nothing_to_bill")
    pdf = till.desk.get(f"superbills/{row['id']}/pdf/").content
    refused(void(till, row, ""), 400, "blank", "/reason")
    gone = done(void(till, row), 200)
    assert (gone["status"], gone["outdated"], gone["allowed_moves"]) == ("voided", False, [])
    assert (gone["void_reason"], gone["voided_at"]) == ("Nothing of it stands", "2026-05-20T18:00:00Z")
    same = ("number", "sha256", "lines", "totals", "issued_on", "replaced_by")
    assert {name: gone[name] for name in same} == {name: row[name] for name in same}
    assert till.desk.get(f"superbills/{row['id']}/pdf/").content == pdf
    assert hashlib.sha256(pdf).hexdigest() == row["sha256"]
    refused(void(till, row), 409, "illegal_transition")
    assert SuperbillVoid.objects.count() == 1
    assert events("superbill.void")[-1] == (till.cast.billing.pk, "ok", [till.client.pk])
    for query, count in (("status=voided", 1), ("status=issued", 0), ("outdated=true", 0)):
        assert till.desk.get(f"superbills/?{query}").json()["count"] == count, query


def test_what_still_stands_of_a_voided_one_goes_on_a_new_one_with_a_new_number(till: Till) -> None:
    till.charge(amount="200.00")
    row = done(till.superbill(), 201)
    refused(till.superbill(only_new=True), 409, "nothing_to_bill")
    assert runs.export(till, "lines_csv")["progress"]["total"] == 1
    done(void(till, row, "Sent to the wrong plan"), 200)
    assert runs.export(till, "lines_csv")["progress"]["total"] == 0
    listed = lambda state: till.desk.get("billing-worklist/", state=state).json()["count"]  # noqa: E731
    assert (listed("charged"), listed("issued")) == (1, 0)
    refused(till.superbill(corrects=row["id"]), 409, "voided")
    assert runs.run(till)["progress"]["done"] == 1
    new = Superbill.objects.get(voiding__isnull=True)
    assert (row["number"], new.number) == ("2026-000001", "2026-000002")
    assert [warning["code"] for warning in new.warnings] == ["not_paid"]  # none that it is on another paper
    assert runs.export(till, "lines_csv", since_last=True)["progress"]["total"] == 1


def test_one_that_was_replaced_is_not_voided(till: Till) -> None:
    till.charge(amount="200.00")
    first = done(till.superbill(), 201)
    second = done(till.superbill(corrects=first["id"]), 201)
    told = refused(void(till, first), 409, "illegal_transition")
    assert told["state"] == "replaced"
    assert look(till, first)["status"] == "replaced"
    refused(void(till, second, "It was for 4242 4242 4242 4242"), 400, "card_number", "/reason")
    assert look(till, second)["status"] == "issued"
    done(void(till, second), 200)
    assert look(till, first)["replaced_by"] == second["number"]  # the first does not come back
    old, new = Superbill.objects.get(pk=first["id"]), Superbill.objects.get(pk=second["id"])
    with pytest.raises(IntegrityError, match="was replaced"):
        insert(SuperbillVoid(superbill=old, reason="x"))
    with pytest.raises(IntegrityError, match="is not replaced"):
        insert(twin(new, number="2026-000009", corrects_id=new.pk))
    for statement in ("UPDATE billing_superbillvoid SET reason = 'x'", "DELETE FROM billing_superbillvoid"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            sql(statement)


def test_a_receipt_whose_only_charge_was_reversed_is_voided_and_the_money_stays_the_clients(
    till: Till,
) -> None:
    charge = till.charge(amount="200.00")
    paid = till.pay("200.00", (charge, "200.00"))
    row = done(till.receipt(), 201)
    assert (row["status"], row["allowed_moves"]) == ("issued", ["void"])
    till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong client"}, status=201)
    path = f"receipts/{row['id']}/"
    assert till.desk.get(path).json()["outdated"] is True
    refused(till.receipt(corrects=row["id"]), 409, "nothing_paid")
    refused(till.cast.desk("therapist").post(f"{path}void/", {"reason": "x"}), 403, "not_permitted")
    refused(till.cast.desk("south_billing").post(f"{path}void/", {"reason": "x"}), 404, "not_found")
    pdf, before = till.desk.get(f"{path}pdf/").content, balance(till)
    gone = done(till.desk.post(f"{path}void/", {"reason": "Nothing of it stands"}), 200)
    assert (gone["status"], gone["outdated"], gone["allowed_moves"]) == ("voided", False, [])
    assert {name: gone[name] for name in ("number", "sha256", "lines")} == {
        name: row[name] for name in ("number", "sha256", "lines")
    }
    assert till.desk.get(f"{path}pdf/").content == pdf
    assert balance(till) == before  # the books are what they were
    assert till.desk.get("receipts/?status=voided").json()["count"] == 1
    refused(till.desk.post(f"{path}void/", {"reason": "Again"}), 409, "illegal_transition")
    other = till.charge(amount="80.00")
    till.desk.must(
        f"payments/{paid['id']}/allocate/",
        {"allocations": [{"charge": other["id"], "amount": "80.00"}]},
        status=200,
    )
    refused(till.receipt(corrects=row["id"]), 409, "voided")
    new = done(till.receipt(), 201)
    assert (row["number"], new["number"], new["warnings"]) == ("R-2026-000001", "R-2026-000002", [])
    newer = done(till.receipt(corrects=new["id"]), 201)
    told = refused(
        till.desk.post(f"receipts/{new['id']}/void/", {"reason": "Trying"}), 409, "illegal_transition"
    )
    assert told["state"] == "replaced"
    with pytest.raises(IntegrityError, match="was replaced"):
        insert(ReceiptVoid(receipt_id=new["id"], reason="x"))
    with pytest.raises(IntegrityError, match="is not replaced"):
        insert(twin(Receipt.objects.get(pk=newer["id"]), number="R-2026-000009", corrects_id=row["id"]))
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        sql("DELETE FROM billing_receiptvoid")
    assert (till.cast.billing.pk, "ok", [till.client.pk]) in events("receipt.void")


def balance(till: Till) -> Any:
    return done(till.desk.get(f"clients/{till.client.pk}/account/"), 200)["balance"]


def test_a_dose_that_was_taken_back_leaves_no_row_behind(till: Till) -> None:
    """Each charge is reversed, which settles its row; a void alone settles none, since the charge is still owed."""
    session, charges = charged(till)
    row = done(till.superbill(), 201)
    with clock.fixed(LATER):
        take_back(till, session)
        sweep(at=LATER)
        done(void(till, row), 200)
        sweep(at=LATER)
        rows = Task.objects.open().filter(kind="charge_overtaken")
        assert rows.count() == len(STOOD_ON_IT)
        for charge in charges.values():
            reverse(till, charge)
        sweep(at=LATER)
        assert not rows.exists()


@pytest.mark.django_db(transaction=True)
def test_a_void_and_a_replacement_at_once_leave_one_of_them(till: Till) -> None:
    till.charge(amount="200.00")
    row = done(till.superbill(), 201)
    answers = till.at_once(lambda own: void(own, row), lambda own: own.superbill(corrects=row["id"]))
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [201, 409])


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_billing_and_the_director_void_superbills_and_nobody_else(till: Till, cast: Cast, who: str) -> None:
    till.charge(amount="200.00")
    row = done(till.superbill(), 201)
    answer = cast.desk(who).post(f"superbills/{row['id']}/void/", {"reason": "Trying"})
    assert answer.status_code == (200 if who in MAY else 403)
    assert SuperbillVoid.objects.exists() is (who in MAY)
    if who == "billing":
        assert (
            cast.desk("south_billing").post(f"superbills/{row['id']}/void/", {"reason": "x"}).status_code
            == 404
        )
