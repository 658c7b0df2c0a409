"""A superbill or receipt that the books or a name contradict says so; a second receipt for a line warns."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kapclinic.practice import services as practice
from tests.asking import done
from tests.billing.till import NOW, Till


def outdated(till: Till, kind: str, document: dict) -> bool:
    shown = till.desk.get(f"{kind}/{document['id']}/").json()["outdated"]
    listed = [row["id"] for row in till.desk.get(f"{kind}/?outdated=true").json()["results"]]
    assert (document["id"] in listed) is shown
    return bool(shown)


def refund(till: Till, payment: dict) -> None:
    body = {"payment": payment["id"], "amount": "50.00", "reason": "courtesy"}
    till.desk.must("refunds/", body, key="r1", status=201)


def reverse_payment(till: Till, payment: dict) -> None:
    till.desk.must(f"payments/{payment['id']}/reverse/", {"reason": "bounced"}, status=201)


def replace_payment(till: Till, payment: dict) -> None:
    """The same amount comes from another payment."""
    reverse_payment(till, payment)
    till.pay("200.00", (payment["charge"], "200.00"))


def rename_client(till: Till, payment: dict) -> None:
    till.rename(legal_last_name="Married")


def rename_practice(till: Till, payment: dict) -> None:
    values = {"legal_name": "Another Practice PLLC"}
    practice.save_location(location=till.cast.north, values=values, by=till.cast.admin, at=NOW)


def reopen_session(till: Till, payment: dict) -> None:
    """The service is not over after all, so that a new paper would leave its line out."""
    body = {"move": "complete", "reason": "It was another client's hour."}
    till.cast.desk("director").must(f"sessions/{till.hour.pk}/undo/", body)


CHANGES = (
    *(refund, reverse_payment, replace_payment, reopen_session),
    *(rename_client, rename_practice),
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["superbills", "receipts"])
def test_what_the_books_or_a_name_contradict_is_outdated(till, kind: str, change: Callable) -> None:
    charge = till.charge(amount="200.00")
    payment = till.pay("200.00", (charge, "200.00")) | {"charge": charge}
    document = till.desk.must(f"{kind}/", till.period(), status=201)
    assert document["outdated"] is False
    assert outdated(till, kind, document) is False
    change(till, payment)
    assert outdated(till, kind, document) is True
    kept = till.desk.get(f"{kind}/{document['id']}/").json()
    assert kept | {"outdated": False} == document  # what was printed stays


def test_a_clinician_keeps_the_name_that_they_signed_with(till) -> None:
    charge = till.charge(amount="200.00")
    till.pay("200.00", (charge, "200.00"))
    papers = {"superbills": done(till.superbill(), 201), "receipts": done(till.receipt(), 201)}
    values = {"name": "Dr. Somebody Else"}
    practice.save_staff(user=till.cast.therapist, values=values, by=till.cast.admin, at=NOW)
    for kind, paper in papers.items():
        assert outdated(till, kind, paper) is False
        again = till.desk.must(f"{kind}/", till.period(), status=201)
        assert again["lines"] == paper["lines"]


def test_a_payment_that_comes_later_outdates_the_paper(till) -> None:
    charge = till.charge(amount="200.00")
    document = done(till.superbill(), 201)
    till.pay("50.00", (charge, "50.00"))
    assert outdated(till, "superbills", document) is True
    assert outdated(till, "superbills", done(till.superbill(corrects=document["id"]), 201)) is False


def test_a_second_receipt_for_the_same_line_warns(till) -> None:
    charge = till.charge(amount="200.00")
    till.pay("200.00", (charge, "200.00"))
    first = done(till.receipt(), 201)
    assert first["warnings"] == []
    second = done(till.receipt(), 201)
    assert [row["code"] for row in second["warnings"]] == ["already_on_receipt"]
    assert first["number"] in second["warnings"][0]["detail"]
    third = done(till.receipt(corrects=first["id"]), 201)
    assert first["number"] not in third["warnings"][0]["detail"]
    assert second["number"] in third["warnings"][0]["detail"]


def test_a_birth_date_or_card_that_was_put_right_outdates_the_superbill(till) -> None:
    """A plan knows its member by them. A receipt shows neither, and whoever had no card is told nothing false."""
    charge = till.charge(amount="200.00")
    till.pay("200.00", (charge, "200.00"))
    desk = till.cast.desk("frontdesk")
    plain, receipt = done(till.superbill(), 201), done(till.receipt(), 201)
    plan = desk.must("payers/", {"name": "Acme Health"}, status=201)
    shape = {"client": str(till.client.pk), "payer": plan["id"], "member_id": "M-77", "intent": "self_pay"}
    card = desk.must("coverages/", shape | {"valid_from": "2026-01-01", "relationship": "self"}, status=201)
    assert outdated(till, "superbills", plain) is False
    paper = done(till.superbill(), 201)
    parent = {"name": "Alex Sample", "date_of_birth": "1960-04-01"}
    for correction in (
        {"member_id": "M-78"},
        {"group_number": "G-1"},
        {"relationship": "child", "subscriber": parent},
        {"subscriber": parent | {"date_of_birth": "1961-04-01"}},
        {"valid_to": "2026-05-01"},
    ):
        assert outdated(till, "superbills", paper) is False, correction
        done(desk.patch(f"coverages/{card['id']}/", correction), 200)
        assert outdated(till, "superbills", paper) is True, correction
        paper = done(till.superbill(corrects=paper["id"]), 201)
    assert paper["subscriber"] is None
    till.rename(date_of_birth=till.client.date_of_birth.replace(year=1984))
    assert outdated(till, "superbills", paper) is True
    assert outdated(till, "receipts", receipt) is False
    assert outdated(till, "superbills", done(till.superbill(corrects=paper["id"]), 201)) is False
