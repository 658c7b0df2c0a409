"""Who may: billing and the medical director, everybody else 403 (R13)."""

from __future__ import annotations

import json

import pytest

from billing.models import Charge, Payment, Superbill
from kapclinic.practice.models import Role
from kapclinic.trail.models import AuditEvent
from tests.billing.builders import ROLES, done, key

MAY = {"billing", "medical_director"}
PATHS = ["service-codes", "fees", "charges", "payments", "refunds", "superbills", "receipts"]


@pytest.fixture
def paid(clinic):
    charge = clinic.charge()
    payment = clinic.pay("200.00", (charge, "100.00"))
    body = {"payment": payment["id"], "amount": "50.00", "reason": "courtesy"}
    refund = done(clinic.api().post("/api/v1/refunds/", body, headers=key()), 201)
    rows = {"charges": charge, "payments": payment, "refunds": refund}
    return rows | {"superbills": done(clinic.superbill(), 201), "receipts": done(clinic.receipt(), 201)}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", ROLES)
def test_money_is_read_by_billing_and_the_director_alone(clinic, role, path):
    assert clinic.api(role).get(f"/api/v1/{path}/").status_code == (200 if role in MAY else 403)


@pytest.mark.parametrize("role", sorted(set(ROLES) - MAY))
def test_nobody_else_reads_or_writes_a_row(clinic, paid, role):
    before = (Charge.objects.count(), Payment.objects.count(), Superbill.objects.count())
    api = clinic.api(role)
    for path, row in paid.items():
        url = f"/api/v1/{path}/{row['id']}/"
        assert api.get(url).status_code == 403
        assert api.post(f"/api/v1/{path}/", {}, headers=key()).status_code == 403
        if path in {"superbills", "receipts"}:
            assert api.get(f"{url}pdf/").status_code == 403
        else:
            assert api.post(f"{url}reverse/", {"reason": "because"}).status_code == 403
    assert api.post(f"/api/v1/payments/{paid['payments']['id']}/allocate/", {}).status_code == 403
    assert before == (Charge.objects.count(), Payment.objects.count(), Superbill.objects.count())


def test_the_director_may_do_what_billing_does(clinic):
    clinic.charge()
    assert done(clinic.superbill("medical_director"), 201)["number"] == "2026-000001"


def test_signed_out_is_401(clinic):
    from rest_framework.test import APIClient

    for path in PATHS:
        assert APIClient().get(f"/api/v1/{path}/").status_code == 401


def test_nothing_clinical_is_in_an_answer_of_billing(clinic, paid):
    """Codes, diagnoses, dates and amounts; no note, no vital sign, no chosen name, no dose."""
    told = "".join(
        clinic.api().get(f"/api/v1/{path}/{tail}").content.decode()
        for path, row in paid.items()
        for tail in ("", f"{row['id']}/")
    )
    for clinical in ("said privately", "Sky", "systolic", "dose_mg", "goals", "weight", "staff"):
        assert clinical not in told
    assert json.dumps(clinic.client.pk, default=str) in told


def test_every_reading_and_change_is_on_the_record(clinic, paid):
    clinic.api().get(f"/api/v1/charges/{paid['charges']['id']}/")
    clinic.api().get("/api/v1/payments/")
    acts = {(e.action, tuple(e.clients)) for e in AuditEvent.objects.all()}
    mine = (clinic.client.pk,)
    for action in ("charge.create", "payment.create", "refund.create", "superbill.create", "receipt.create",
                   "charge.retrieve", "payment.list"):  # fmt: skip
        assert (action, mine) in acts, action


def test_every_role_of_the_practice_was_asked():
    assert set(ROLES) == set(Role.values)
