"""What the database refuses by itself: the ledger and the documents, round the API and by SQL."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction

from billing.models import (
    Charge,
    ChargeConfirmation,
    DocumentCounter,
    Fee,
    Payment,
    PaymentAllocation,
    Refund,
    ServiceCode,
    Superbill,
)
from kapclinic.practice.models import SYSTEM
from tests.asking import done, sql
from tests.billing.till import DOSED, NOW, Till
from tests.cast import charged, client
from tests.replay import played

TABLES = [
    "charge",
    "chargeconfirmation",
    "adjustment",
    "payment",
    "paymentallocation",
    "refund",
    "superbill",
    "receipt",
    "statement",
]


def insert(row):
    with transaction.atomic():
        return row.insert_by(SYSTEM, at=NOW)


def twin(row, **changes):
    """A new row like `row`, by its columns."""
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "id"}
    return type(row)(**(values | changes))


def confirm(till: Till, charge):
    """The director lets an amount above the fee stand."""
    url = f"charges/{charge['id']}/confirm/"
    till.cast.desk("director").must(url, {"reason": "As told"}, status=200)


@pytest.fixture
def paid(till: Till):
    rows, till.hour, till.course = played("paid in part", lambda: (_paid(till), till.hour, till.course))
    return rows


def _paid(till: Till):
    till.desk.must("fees/", {"code": "90837", "amount": "99.99", "valid_from": "2026-01-01"}, status=201)
    charge = till.charge(code="90837", amount="100.00")
    confirm(till, charge)
    payment = till.pay("150.00", (charge, "100.00"))
    body = {"payment": payment["id"], "amount": "20.00", "reason": "courtesy"}
    till.desk.must("refunds/", body, status=201)
    director = till.cast.desk("director")  # who alone goes above the fee
    for amount, reason in (("10.00", "correction"), ("-10.00", "courtesy")):
        body = {"charge": charge["id"], "amount": amount, "reason": reason}
        done(director.post("adjustments/", body), 201)
    done(till.superbill(), 201)
    done(till.receipt(), 201)
    till.desk.must("statements/", till.period(), status=201)
    return Charge.objects.get(), Payment.objects.get()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement", ["UPDATE billing_{} SET created_by = created_by", "DELETE FROM billing_{}"]
)
def test_no_row_of_money_or_paper_is_changed_or_deleted(paid, table, statement):
    count = sql(f"SELECT count(*) FROM billing_{table}")
    assert count[0][0] >= 1
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        sql(statement.format(table))
    assert sql(f"SELECT count(*) FROM billing_{table}") == count


@pytest.mark.parametrize("table", TABLES)
def test_the_append_only_triggers_are_there_also_for_the_owner(db, table):
    found = sql("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", f"billing_{table}")
    assert {f"billing_{table}_append_only", f"billing_{table}_no_truncate"} <= {name for (name,) in found}


@pytest.mark.parametrize("amount", ["0.01", "100.00"])
def test_no_allocation_passes_its_charge(till, paid, amount):
    charge, _ = paid
    rich = Payment.objects.get(pk=till.pay("500.00")["id"])
    with pytest.raises(IntegrityError, match="more than the charge"):
        insert(PaymentAllocation(payment=rich, charge=charge, amount=Decimal(amount)))
    assert PaymentAllocation.objects.count() == 1


def test_no_allocation_passes_what_a_payment_has_left_after_its_refunds(till, cast, paid):
    _, payment = paid
    other = charged(cast, till.hour, "100.00")
    with pytest.raises(IntegrityError, match="more than the payment"):
        insert(PaymentAllocation(payment=payment, charge=other, amount=Decimal("30.01")))
    insert(PaymentAllocation(payment=payment, charge=other, amount=Decimal("30.00")))


def test_several_rows_in_one_statement_are_summed_too(till, cast, paid):
    _, payment = paid
    other = charged(cast, till.hour, "100.00")
    rows = [PaymentAllocation(payment=payment, charge=other, amount=Decimal("10.01")) for _ in range(3)]
    for row in rows:
        row.created_at, row.created_by = NOW, SYSTEM.pk
    with pytest.raises(IntegrityError, match="more than the payment"), transaction.atomic():
        PaymentAllocation.objects.bulk_create(rows)
    assert PaymentAllocation.objects.count() == 1


def test_no_refund_passes_what_is_left(paid):
    _, payment = paid
    with pytest.raises(IntegrityError, match="more than the payment"):
        insert(Refund(payment=payment, amount=Decimal("30.01"), method="card", reason="x"))
    insert(Refund(payment=payment, amount=Decimal("30.00"), method="card", reason="x"))


def test_a_charge_or_payment_with_money_on_it_is_not_reversed_behind_its_back(paid):
    charge, payment = paid
    with pytest.raises(IntegrityError, match="more than the charge"):
        insert(twin(charge, amount=-charge.amount, reverses_id=charge.pk))
    with pytest.raises(IntegrityError, match="more than the payment"):
        insert(twin(payment, amount=-payment.amount, reverses_id=payment.pk))


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal("-99.00")},
        {"amount": Decimal("-100.01")},
        {"session_id": "other"},
        {"location_id": "other"},
    ],
)
def test_a_reversal_mirrors_its_original(till, cast, changes):
    charge = charged(cast, till.hour, "100.00")
    other = {"session_id": till.session(starts_at=DOSED).pk, "location_id": cast.south.pk}
    changes = {name: other[name] if value == "other" else value for name, value in changes.items()}
    with pytest.raises(IntegrityError, match="mirrors"):
        insert(twin(charge, **({"amount": -charge.amount, "reverses_id": charge.pk} | changes)))
    first = insert(twin(charge, amount=-charge.amount, reverses_id=charge.pk))
    with pytest.raises(IntegrityError):
        insert(twin(charge, amount=-charge.amount, reverses_id=charge.pk))
    with pytest.raises(IntegrityError):
        insert(twin(charge, amount=charge.amount, reverses_id=first.pk))


@pytest.mark.parametrize("model", [Charge, Payment, PaymentAllocation, Refund])
@pytest.mark.parametrize("amount", ["-1.00", "0.00"])
def test_an_original_is_a_positive_amount(paid, model, amount):
    row = model.objects.first()
    if model is Charge and amount == "0.00":
        insert(twin(row, amount=Decimal(amount)))  # a free service is a charge of nothing
        return
    with pytest.raises(IntegrityError, match=r"_sign"):
        insert(twin(row, amount=Decimal(amount)))


def test_money_stays_with_its_client(till, cast, paid):
    _, payment = paid
    other = client(cast.north, by=cast.frontdesk, first="Other")
    charge = charged(cast, till.of(other).session(starts_at=DOSED), "10.00")
    with pytest.raises(IntegrityError, match="own client"):
        insert(PaymentAllocation(payment=payment, charge=charge, amount=Decimal("10.00")))


def test_a_health_account_pays_no_private_line_and_is_refunded_to_itself(till, cast):
    private = charged(cast, till.hour, "10.00", line_kind="self_pay", kind_reason="No claim")
    payment = Payment.objects.get(pk=till.pay("10.00", method="fsa_card")["id"])
    with pytest.raises(IntegrityError, match="medical care only"):
        insert(PaymentAllocation(payment=payment, charge=private, amount=Decimal("10.00")))
    with pytest.raises(IntegrityError, match="goes back to it"):
        insert(Refund(payment=payment, amount=Decimal("1.00"), method="cash", reason="x"))
    card = Payment.objects.get(pk=till.pay("10.00", method="card")["id"])
    other = {"payment": card, "amount": Decimal("1.00"), "method": "cash", "reason": "x"}
    with pytest.raises(IntegrityError, match="needs a reason"):
        insert(Refund(**other))
    insert(Refund(**other, override_reason="card closed"))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"units": 0}, "charge_units"),
        ({"diagnoses": []}, "charge_insurance_diagnosed"),
        ({"diagnoses": ["F33.2"] * 13}, "charge_diagnoses"),
        ({"modifiers": ["AA", "BB", "CC", "DD", "EE"]}, "charge_modifiers"),
        ({"line_kind": "medicare"}, "charge_line_kind"),
        ({"pos_code": "1x"}, "charge_pos_code"),
        ({"ndc": "123"}, "charge_ndc"),
        ({"rendering_as": None}, "charge_rendered"),
        ({"rendering_id": None}, "charge_rendered"),
        ({"session_id": None}, "own codes"),
    ],
)
def test_a_charge_that_no_payer_could_read_is_no_row(till, cast, changes, rule):
    charge = charged(cast, till.hour, "200.00")
    with pytest.raises(IntegrityError, match=rule):
        insert(twin(charge, **changes))


def test_only_a_standing_charge_above_the_fee_is_confirmed_and_once(till, cast, paid):
    charge, _ = paid
    assert charge.confirmation.reason == "As told"
    with pytest.raises(IntegrityError):
        insert(ChargeConfirmation(charge=charge, reason="again"))
    plain = charged(cast, till.hour, "100.00")
    with pytest.raises(IntegrityError, match="above the fee"):
        insert(ChargeConfirmation(charge=plain, reason="why not"))
    dear = insert(twin(plain, needs_review=True))
    insert(twin(dear, amount=-dear.amount, reverses_id=dear.pk, needs_review=False))
    with pytest.raises(IntegrityError, match="above the fee"):
        insert(ChargeConfirmation(charge=dear, reason="too late"))


def test_a_fee_without_a_session_is_the_clients_own(till, paid):
    charge, _ = paid
    own = ServiceCode.objects.get(code="KAP-NO-SHOW")
    bare = {"session_id": None, "rendering_id": None, "rendering_as": None, "code_id": own.pk}
    with pytest.raises(IntegrityError, match="charge_rendered"):
        insert(twin(charge, **bare))
    fee = insert(twin(charge, **bare, line_kind="self_pay", diagnoses=[]))
    with pytest.raises(IntegrityError, match="mirrors"):
        insert(twin(fee, session_id=charge.session_id, rendering_id=charge.rendering_id, rendering_as={},
                    amount=-fee.amount, reverses_id=fee.pk))  # fmt: skip
    insert(twin(fee, amount=-fee.amount, reverses_id=fee.pk))


def test_a_document_is_the_bytes_that_were_hashed(paid):
    row = Superbill.objects.get()
    other = {"number": "2026-000002", "pdf": b"other", "corrects_id": None}
    with pytest.raises(IntegrityError, match="superbill_hash"):
        insert(twin(row, **other))
    insert(twin(row, **other, sha256=hashlib.sha256(b"other").hexdigest()))


@pytest.mark.parametrize("number", ["2026-000001", "2026-1", "R-2026-000001", ""])
def test_a_number_is_taken_once_and_has_its_form(paid, number):
    row = Superbill.objects.get()
    with pytest.raises(IntegrityError):
        insert(twin(row, number=number, pdf=bytes(row.pdf)))


@pytest.mark.parametrize("last", [0, 1, 3, 99])
def test_a_counter_rises_by_one_and_never_falls(paid, last):
    counter = DocumentCounter.objects.get(series="superbill")
    assert counter.last == 1
    with pytest.raises(IntegrityError, match="rises by one"), transaction.atomic():
        DocumentCounter.objects.filter(pk=counter.pk).update(last=last)
    with pytest.raises(IntegrityError, match="rises by one"), transaction.atomic():
        DocumentCounter.objects.create(series="superbill", year=2030, last=5)
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("DELETE FROM billing_documentcounter")
    assert DocumentCounter.objects.get(pk=counter.pk).last == 1


def test_fees_never_overlap_and_codes_have_their_shape(till):
    code = ServiceCode.objects.get(code="90837")
    fee = {"code": code, "amount": Decimal("1.00"), "valid_from": "2026-01-01"}
    Fee(**fee).save_by(SYSTEM, at=NOW)
    with pytest.raises(IntegrityError, match="fee_one_at_a_time"), transaction.atomic():
        Fee(**fee | {"valid_from": "2026-06-01"}).save_by(SYSTEM, at=NOW)
    with pytest.raises(IntegrityError, match="service_code_shape"), transaction.atomic():
        ServiceCode(system="INTERNAL", code="90838", label="x").save_by(SYSTEM, at=NOW)
