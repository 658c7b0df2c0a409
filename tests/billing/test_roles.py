"""Who may: billing and the medical director, everybody else 403 (R13)."""

from __future__ import annotations

import json

import pytest

from billing.models import Charge, Payment, Superbill
from kapclinic.practice.models import Role
from kapclinic.trail.models import AuditEvent
from tests.asking import done
from tests.cast import PERSON

MAY = {"billing", "director"}
EVERYBODY = sorted(PERSON.values())
PATHS = ["service-codes", "fees", "charges", "payments", "refunds", "superbills", "receipts"]


@pytest.fixture
def paid(till):
    charge = till.charge()
    payment = till.pay("200.00", (charge, "100.00"))
    body = {"payment": payment["id"], "amount": "50.00", "reason": "courtesy"}
    refund = till.desk.must("refunds/", body, status=201)
    rows = {"charges": charge, "payments": payment, "refunds": refund}
    return rows | {"superbills": done(till.superbill(), 201), "receipts": done(till.receipt(), 201)}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", EVERYBODY)
def test_money_is_read_by_billing_and_the_director_alone(till, cast, who, path):
    assert cast.desk(who).get(f"{path}/").status_code == (200 if who in MAY else 403)


@pytest.mark.parametrize("who", sorted(set(EVERYBODY) - MAY))
def test_nobody_else_reads_or_writes_a_row(till, cast, paid, who):
    before = (Charge.objects.count(), Payment.objects.count(), Superbill.objects.count())
    api = cast.desk(who)
    for path, row in paid.items():
        url = f"{path}/{row['id']}/"
        assert api.get(url).status_code == 403
        assert api.post(f"{path}/", {}).status_code == 403
        if path in {"superbills", "receipts"}:
            assert api.get(f"{url}pdf/").status_code == 403
        else:
            assert api.post(f"{url}reverse/", {"reason": "because"}).status_code == 403
    assert api.post(f"payments/{paid['payments']['id']}/allocate/", {}).status_code == 403
    assert api.post(f"charges/{paid['charges']['id']}/confirm/", {"reason": "because"}).status_code == 403
    assert before == (Charge.objects.count(), Payment.objects.count(), Superbill.objects.count())


def test_the_director_may_do_what_billing_does(till, cast):
    till.charge()
    assert cast.desk("director").must("superbills/", till.period(), status=201)["number"] == "2026-000001"


def test_signed_out_is_401(till):
    from rest_framework.test import APIClient

    for path in PATHS:
        assert APIClient().get(f"/api/v1/{path}/").status_code == 401


def test_nothing_clinical_is_in_an_answer_of_billing(till, paid):
    """Codes, diagnoses, dates and amounts; no note, no vital sign, no chosen name, no dose."""
    told = "".join(
        till.desk.get(f"{path}/{tail}").content.decode()
        for path, row in paid.items()
        for tail in ("", f"{row['id']}/")
    )
    clinical = (
        "said privately",
        "Sky",
        "systolic",
        "dose_mg",
        "goals",
        "weight",
        "staff",
        "minutes",
        "service_",
    )
    assert not [word for word in clinical if word in told]
    assert json.dumps(till.client.pk, default=str) in told


def test_every_reading_and_change_is_on_the_record(till, paid):
    till.desk.get(f"charges/{paid['charges']['id']}/")
    till.desk.get("payments/")
    acts = {(e.action, tuple(e.clients)) for e in AuditEvent.objects.all()}
    mine = (till.client.pk,)
    for action in ("charge.create", "payment.create", "refund.create", "superbill.create", "receipt.create",
                   "charge.retrieve", "payment.list"):  # fmt: skip
        assert (action, mine) in acts, action


def test_every_role_of_the_practice_was_asked():
    assert set(PERSON) == set(Role)
