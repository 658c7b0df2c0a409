"""POST adjustments/ and reverse/: what is taken off or put on a charge, never past what is paid on it or past zero."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from billing.models import Adjustment, Charge, Fee, PaymentAllocation, ServiceCode
from kapclinic.practice.models import SYSTEM
from tests.asking import done, events, refused, sql
from tests.billing.till import NOW, Till
from tests.cast import PERSON, client, colleague

Row = dict[str, Any]


def try_to_adjust(till: Till, charge: Row, amount: str, reason: str = "courtesy", **body: Any) -> Any:
    shape = {"charge": charge["id"], "amount": amount, "reason": reason, "note": "as agreed by phone"}
    return till.desk.post("adjustments/", shape | body)


def adjust(till: Till, charge: Row, amount: str, reason: str = "courtesy", **body: Any) -> Row:
    return done(try_to_adjust(till, charge, amount, reason, **body), 201)


def take_back(till: Till, adjustment: Row) -> Any:
    return till.desk.post(f"adjustments/{adjustment['id']}/reverse/", {"reason": "wrong line"})


def now(till: Till, charge: Row) -> Row:
    row: Row = till.desk.get(f"charges/{charge['id']}/").json()
    return row


def sums(till: Till, charge: Row) -> tuple[str, str, str, str]:
    row = now(till, charge)
    return row["amount"], row["adjustments"], row["paid"], row["balance"]


def price(code: str, amount: str) -> None:
    row = ServiceCode.objects.get(code=code)
    Fee(code=row, amount=Decimal(amount), valid_from="2026-01-01").save_by(SYSTEM, at=NOW)


def test_an_adjustment_changes_what_is_owed_and_not_the_charge(till: Till) -> None:
    charge = till.charge(amount="200.00")
    answer = adjust(till, charge, "-50.05")
    assert (answer["amount"], answer["reason"], answer["note"]) == (
        "-50.05",
        "courtesy",
        "as agreed by phone",
    )
    assert (answer["charge"], answer["client"]) == (charge["id"], str(till.client.pk))
    assert (answer["status"], answer["allowed_moves"]) == ("standing", ["reverse"])
    assert (answer["agreement"], answer["percent"]) == (None, None)
    assert sums(till, charge) == ("200.00", "-50.05", "0.00", "149.95")
    adjust(till, charge, "10.00", "correction")
    assert sums(till, charge) == ("200.00", "-40.05", "0.00", "159.95")
    till.pay("159.95", (charge, "159.95"))
    assert sums(till, charge) == ("200.00", "-40.05", "159.95", "0.00")
    assert till.desk.get("charges/?owed=true").json()["count"] == 0
    assert events("adjustment.create")[-1] == (till.cast.billing.pk, "ok", [till.client.pk])


def test_no_share_passes_the_charge_with_its_adjustments(till: Till) -> None:
    charge = till.charge(amount="200.00")
    adjust(till, charge, "-50.00")
    refused(till.try_to_pay("200.00", (charge, "150.01")), 409, "over_allocated", "/allocations/0/amount")
    till.pay("200.00", (charge, "150.00"))
    adjust(till, charge, "5.00", "package_reprice")
    till.pay("5.00", (charge, "5.00"))
    refused(till.try_to_pay("1.00", (charge, "0.01")), 409, "over_allocated")


def test_nothing_is_taken_off_below_what_is_paid_or_below_zero(till: Till) -> None:
    charge = till.charge(amount="100.00")
    refused(try_to_adjust(till, charge, "-100.01"), 409, "over_adjusted", "/amount")
    till.pay("60.00", (charge, "60.00"))
    answer = refused(try_to_adjust(till, charge, "-40.01"), 409, "over_adjusted")
    assert answer["left"] == "40.00"
    assert not Adjustment.objects.exists()
    adjust(till, charge, "-40.00", "write_off")
    assert sums(till, charge) == ("100.00", "-40.00", "60.00", "0.00")
    refused(try_to_adjust(till, charge, "-0.01"), 409, "over_adjusted")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"amount": "0.00"}, "/amount", "zero"),
        ({"amount": "-1.001"}, "/amount", "max_decimal_places"),
        ({"amount": "-100000.01"}, "/amount", "implausible"),
        ({"amount": "5.00"}, "/amount", "must_reduce"),
        ({"amount": "5.00", "reason": "bad_debt"}, "/amount", "must_reduce"),
        ({"amount": "5.00", "reason": "sliding_scale"}, "/amount", "must_reduce"),
        ({"reason": "kindness"}, "/reason", "invalid_choice"),
        ({"charge": "0198c0de-0000-7000-8000-000000000000"}, "/charge", "not_found"),
    ],
)
def test_an_adjustment_that_cannot_be_is_refused_by_field(
    till: Till, body: Row, pointer: str, code: str
) -> None:
    charge = till.charge()
    shape = {"charge": charge["id"], "amount": "-5.00", "reason": "courtesy"}
    refused(till.desk.post("adjustments/", shape | body), 400, code, pointer)
    assert not Adjustment.objects.exists()


def test_an_adjustment_is_taken_back_once_and_not_below_what_is_paid(till: Till) -> None:
    charge = till.charge(amount="100.00")
    less, more = adjust(till, charge, "-30.00"), adjust(till, charge, "20.00", "correction")
    till.pay("90.00", (charge, "90.00"))
    refused(take_back(till, more), 409, "over_adjusted")
    undone = done(take_back(till, less), 201)
    assert (undone["amount"], undone["reason"], undone["note"]) == ("30.00", "courtesy", "wrong line")
    assert (undone["reverses"], undone["status"], undone["allowed_moves"]) == (less["id"], "reversal", [])
    assert sums(till, charge) == ("100.00", "20.00", "90.00", "30.00")
    refused(take_back(till, less), 409, "already_reversed")
    refused(take_back(till, undone), 409, "not_reversible")
    done(take_back(till, more), 201)
    assert sums(till, charge) == ("100.00", "0.00", "90.00", "10.00")


def test_a_charge_that_is_reversed_takes_its_adjustments_along(till: Till) -> None:
    charge = till.charge(amount="100.00")
    adjust(till, charge, "50.00", "correction")
    gone = adjust(till, charge, "-120.00")
    payment = till.pay("30.00", (charge, "30.00"))
    reversal = till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong client"}, status=201)
    assert sums(till, charge) == ("100.00", "0.00", "0.00", "0.00")
    assert till.desk.get(f"payments/{payment['id']}/").json()["unallocated"] == "30.00"
    refused(take_back(till, gone), 409, "already_reversed")
    refused(try_to_adjust(till, charge, "-1.00"), 409, "already_reversed")
    refused(try_to_adjust(till, reversal, "-1.00"), 400, "not_found", "/charge")


def test_above_the_fee_only_the_director_adjusts(till: Till, cast: Any) -> None:
    price("90837", "180.00")
    charge = till.charge(code="90837", amount="150.00", amount_reason="as told")
    adjust(till, charge, "30.00", "package_reprice")
    refused(try_to_adjust(till, charge, "0.01", "correction"), 403, "not_permitted")
    body = {"charge": charge["id"], "amount": "20.00", "reason": "correction"}
    cast.desk("director").must("adjustments/", body, status=201)
    assert now(till, charge)["balance"] == "200.00"


def test_above_the_fee_only_the_director_takes_a_reduction_back(till: Till, cast: Any) -> None:
    price("90837", "100.00")
    charge = till.charge(code="90837", amount="100.00")
    first = adjust(till, charge, "-50.00", "correction")
    second = adjust(till, charge, "50.00", "correction")
    before = sums(till, charge)
    refused(take_back(till, first), 403, "not_permitted")
    assert (before, Adjustment.objects.count()) == (sums(till, charge), 2)
    done(take_back(till, second), 201)
    done(take_back(till, first), 201)
    assert sums(till, charge) == ("100.00", "0.00", "0.00", "100.00")
    third = adjust(till, charge, "-10.00", "correction")
    adjust(till, charge, "10.00", "correction")
    reason = {"reason": "A longer session, as told"}
    cast.desk("director").must(f"adjustments/{third['id']}/reverse/", reason, status=201)
    assert now(till, charge)["balance"] == "110.00"


def test_the_same_key_adjusts_once(till: Till) -> None:
    charge = till.charge(amount="100.00")
    body = {"charge": charge["id"], "amount": "-10.00", "reason": "courtesy"}
    first = till.desk.must("adjustments/", body, key="once", status=201)
    assert till.desk.must("adjustments/", body, key="once", status=201) == first
    other = till.desk.post("adjustments/", body | {"amount": "-11.00"}, key="once")
    refused(other, 422, "idempotency_key_reused")
    assert Adjustment.objects.count() == 1


def test_billing_and_the_director_adjust_and_nobody_elsewhere(till: Till, cast: Any) -> None:
    charge = till.charge(amount="100.00")
    row = adjust(till, charge, "-10.00")
    for who in sorted(PERSON.values()):
        may = who in {"billing", "director"}
        assert cast.desk(who).get("adjustments/").status_code == (200 if may else 403)
        if not may:
            for path in ("adjustments/", f"adjustments/{row['id']}/reverse/"):
                answer = refused(cast.desk(who).post(path, {}), 403, "not_permitted")
                assert "100.00" not in str(answer)
    elsewhere = cast.desk("south_billing")
    assert elsewhere.get(f"adjustments/{row['id']}/").status_code == 404
    assert elsewhere.post(f"adjustments/{row['id']}/reverse/", {"reason": "not mine"}).status_code == 404
    body = {"charge": charge["id"], "amount": "-1.00", "reason": "courtesy"}
    refused(elsewhere.post("adjustments/", body), 400, "not_found", "/charge")
    assert elsewhere.get("adjustments/").json()["count"] == 0
    assert Adjustment.objects.count() == 1


def test_adjustments_of_a_person_are_listed_under_either_registration(till: Till, cast: Any) -> None:
    charge = till.charge(amount="100.00")
    adjust(till, charge, "-10.00")
    twin = client(cast.north, by=cast.frontdesk, first="Robin")
    merge = {"into": str(till.client.pk), "reason": "the same person"}
    cast.desk("director").must(f"clients/{twin.pk}/merge/", merge)
    page = till.desk.get(f"adjustments/?client={twin.pk}&reason=courtesy&status=standing").json()
    assert [row["charge"] for row in page["results"]] == [charge["id"]]


def test_papers_show_what_the_client_is_obliged_to_pay(till: Till) -> None:
    charge = till.charge(amount="200.00")
    adjust(till, charge, "-80.00", "sliding_scale")
    adjust(till, charge, "-20.00", "courtesy")
    till.pay("70.00", (charge, "70.00"))
    for kind in ("superbills", "receipts"):
        paper = till.desk.must(f"{kind}/", till.period(), status=201)
        (line,) = paper["lines"]
        assert (line["amount"], line["adjustment"], line["paid"], line["balance"]) == (
            *("120.00", "-20.00"),
            *("70.00", "30.00"),
        )
        assert paper["totals"] == {
            "charges": "120.00",
            "adjustments": "-20.00",
            "paid": "70.00",
            "balance": "30.00",
        }
        assert "200.00" not in str(paper)
        adjust(till, charge, "-1.00", "write_off")
        shown = till.desk.get(f"{kind}/{paper['id']}/").json()
        assert shown["outdated"] is True
        again = till.desk.must(f"{kind}/", till.period() | {"corrects": paper["id"]}, status=201)
        assert again["outdated"] is False
        taken = till.desk.get("adjustments/?reason=write_off&status=standing").json()["results"][0]
        done(take_back(till, taken), 201)
        assert till.desk.get(f"{kind}/{again['id']}/").json()["outdated"] is True


# --- the database --------------------------------------------------------------------------------------------------


def insert(row: Any) -> Any:
    with transaction.atomic():
        return row.insert_by(SYSTEM, at=NOW)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"amount": Decimal("-40.01")}, "shares come to more than the charge"),
        ({"amount": Decimal("-100.01")}, "adjustments come to more than the charge"),
        ({"amount": Decimal(0), "reason": "correction"}, "adjustment_sign"),
        ({"amount": Decimal("1.00")}, "adjustment_sign"),
        ({"reason": "kindness"}, "adjustment_reason"),
        ({"percent": Decimal("60.00")}, "adjustment_agreed"),
    ],
)
def test_the_database_holds_the_sums_by_itself(till: Till, changes: Row, rule: str) -> None:
    posted = till.charge(amount="100.00")
    till.pay("61.00", (posted, "60.00"))
    charge = Charge.objects.get()
    values: Row = {"charge": charge, "amount": Decimal("-40.00"), "reason": "courtesy"}
    with pytest.raises(IntegrityError, match=rule):
        insert(Adjustment(**values | changes))
    row = insert(Adjustment(**values))
    with pytest.raises(IntegrityError, match="mirrors"):
        insert(Adjustment(charge=charge, amount=Decimal("39.00"), reason="courtesy", reverses=row))
    share = PaymentAllocation.objects.get()
    with pytest.raises(IntegrityError, match="more than the charge"):
        insert(PaymentAllocation(payment_id=share.payment_id, charge=charge, amount=Decimal("0.01")))
    for statement in ("UPDATE billing_adjustment SET amount = -1", "DELETE FROM billing_adjustment"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            sql(statement)


def test_a_charge_is_not_reversed_under_its_adjustments(till: Till) -> None:
    posted = till.charge(amount="100.00")
    adjust(till, posted, "-40.00")
    charge = Charge.objects.get()
    values = {
        f.attname: getattr(charge, f.attname) for f in charge._meta.concrete_fields if f.attname != "id"
    }
    with pytest.raises(IntegrityError, match="keeps no adjustment"):
        insert(Charge(**values | {"amount": -charge.amount, "reverses_id": charge.pk}))
    till.desk.must(f"charges/{posted['id']}/reverse/", {"reason": "wrong"}, status=201)
    with pytest.raises(IntegrityError, match="keeps no adjustment"):
        insert(Adjustment(charge=charge, amount=Decimal("-1.00"), reason="courtesy"))
    reversal = Charge.objects.get(reverses__isnull=False)
    with pytest.raises(IntegrityError, match="a reversal is not adjusted"):
        insert(Adjustment(charge=reversal, amount=Decimal("1.00"), reason="correction"))


def test_a_director_of_billing_elsewhere_sees_none(till: Till, cast: Any) -> None:
    adjust(till, till.charge(amount="100.00"), "-10.00")
    colleague(cast, "neighbour", "billing", locations=[cast.south.pk])
    assert cast.desk("neighbour").get("adjustments/").json()["count"] == 0
