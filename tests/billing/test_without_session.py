"""POST charges/ without a session: a fee of the clinic's own, such as for a missed appointment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.models import Charge
from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.sweep.steps import sweep
from tests.asking import done, refused
from tests.billing.till import NOW, Till
from tests.cast import MONDAY, Cast, booked

NOBODY = "0198c0de-0000-7000-8000-000000000000"


def fee(till: Till, who: str = "billing", **body: Any) -> Any:
    """A missed appointment of the 19th, 75.00."""
    shape = {
        "client": str(till.client.pk),
        "location": str(till.cast.north.pk),
        "code": "KAP-NO-SHOW",
        "units": 1,
        "amount": "75.00",
        "date_of_service": "2026-05-19",
    }
    return till.cast.desk(who).post("charges/", {k: v for k, v in (shape | body).items() if v is not None})


def test_a_missed_appointment_is_owed_and_on_no_paper(till: Till) -> None:
    row = done(fee(till), 201)
    none = (
        "session",
        "session_kind",
        "session_number",
        "program",
        "rendering",
        "rendering_as",
        "supervisor_as",
    )
    assert {row[name] for name in none} == {None}
    assert (row["client"], row["client_name"]) == (str(till.client.pk), "Robin Sample")
    assert (row["line_kind"], row["balance"], row["label"]) == ("self_pay", "75.00", "missed appointment")
    assert (row["date_of_service"], row["status"], row["warnings"]) == ("2026-05-19", "standing", [])
    till.pay("75.00", (row, "75.00"))
    refused(till.superbill(), 409, "nothing_to_bill")
    refused(till.receipt(), 409, "nothing_paid")
    hour = till.charge()
    till.pay("200.00", (hour, "200.00"))
    for made in (till.superbill(), till.receipt()):
        assert [line["charge"] for line in done(made, 201)["lines"]] == [hour["id"]]
    sweep(at=NOW)
    assert not Task.objects.open().filter(kind="session_to_bill").exists()


def test_whoever_had_come_after_all_does_not_owe_it(till: Till) -> None:
    """The desk noted the wrong client: the no-show is taken back, and the fee stands beside it. One that is charged
    afterwards was meant, and so is one of a day with another session that was missed.
    """
    desk, missed = till.cast.desk("frontdesk"), {"reason": "Did not come"}

    def listed() -> set[str]:
        sweep(at=clock.now())
        return {str(row.subject_id) for row in Task.objects.open().filter(kind="charge_overtaken")}

    with clock.fixed(MONDAY):
        first, second = (
            booked(till.cast, till.program, "preparation", NOW - timedelta(hours=ago)) for ago in (3, 1)
        )
    for session in (first, second):
        desk.must(f"sessions/{session.pk}/no-show/", missed)
    row = done(fee(till, date_of_service="2026-05-20"), 201)
    other_day = done(fee(till), 201)
    with clock.fixed(NOW + timedelta(minutes=1)):
        assert listed() == set()
        desk.must(f"sessions/{first.pk}/undo/", {"move": "no_show", "reason": "They sat in the hall"})
        assert listed() == set()  # the other one was missed
        desk.must(f"sessions/{second.pk}/undo/", {"move": "no_show", "reason": "They sat in the hall"})
        assert listed() == {row["id"]}
        told = refused(till.desk.post("statements/", till.period()), 409, "incomplete")
        assert [error["code"] for error in told["errors"]] == ["not_in_record"]
    with clock.fixed(NOW + timedelta(minutes=2)):
        till.desk.must(f"charges/{row['id']}/reverse/", {"reason": "They had come"}, status=201)
        again = done(fee(till, date_of_service="2026-05-20"), 201)
        assert listed() == set()
    assert {again["status"], other_day["status"]} == {"standing"}


def test_the_same_fee_twice_in_a_day_is_told(till: Till) -> None:
    """Two desks, or two clicks: it may be right, so it is taken."""
    first = done(fee(till), 201)
    again = done(fee(till), 201)
    assert [row["code"] for row in again["warnings"]] == ["duplicate_line"]
    for other in ({"date_of_service": "2026-05-18"}, {"code": "KAP-SUPPORT"}):
        assert done(fee(till, **other), 201)["warnings"] == []
    for row in (first, again):
        till.desk.must(f"charges/{row['id']}/reverse/", {"reason": "entered twice"}, status=201)
    assert done(fee(till), 201)["warnings"] == []


def test_no_health_account_pays_it(till: Till) -> None:
    row = done(fee(till), 201)
    refused(
        till.try_to_pay("75.00", (row, "75.00"), method="fsa_card"),
        400,
        "not_hsa_eligible",
        "/allocations/0/charge",
    )


def test_it_is_taken_back_as_any_other(till: Till) -> None:
    row = done(fee(till), 201)
    back = till.desk.must(f"charges/{row['id']}/reverse/", {"reason": "They had called"}, status=201)
    assert (back["amount"], back["session"]) == ("-75.00", None)
    assert till.desk.get(f"charges/{row['id']}/").json()["status"] == "reversed"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"code": "90837"}, "/code", "session_required"),
        ({"code": "J3490"}, "/code", "session_required"),
        ({"code": "KAP-DOSE"}, "/code", "not_in_record"),
        ({"code": "KAP-PREP"}, "/code", "not_in_record"),
        ({"code": "NO-SUCH"}, "/code", "unknown_code"),
        ({"client": NOBODY}, "/client", "not_found"),
        ({"location": NOBODY}, "/location", "not_found"),
        ({"date_of_service": "2026-05-21"}, "/date_of_service", "in_future"),
        ({"line_kind": "hsa_eligible"}, "/line_kind", "session_required"),
        ({"diagnoses": ["F33.2"]}, "/diagnoses", "session_required"),
        ({"modifiers": ["95"]}, "/modifiers", "session_required"),
        ({"rendering": NOBODY}, "/rendering", "session_required"),
        ({"pos_code": "11"}, "/pos_code", "session_required"),
        ({"amount": None}, "/amount", "required"),
        ({"location": None}, "/location", "required"),
        ({"date_of_service": None}, "/date_of_service", "required"),
        ({"client": None}, "/client", "required"),
        ({"client": None, "location": None, "date_of_service": None}, "/session", "required"),
    ],
)
def test_what_belongs_to_a_session_is_charged_with_one(
    till: Till, body: dict[str, Any], pointer: str, code: str
) -> None:
    refused(fee(till, **body), 400, code, pointer)
    assert not Charge.objects.exists()


def test_a_client_or_place_of_another_location_does_not_exist_here(till: Till, cast: Cast) -> None:
    refused(fee(till, "south_billing"), 400, "not_found", "/client")
    refused(fee(till, location=str(cast.south.pk)), 400, "not_found", "/location")
    for who in ("frontdesk", "np", "therapist", "prescriber", "admin"):
        refused(fee(till, who), 403, "not_permitted")
    assert not Charge.objects.exists()
    row = done(fee(till, "director"), 201)
    assert cast.desk("south_billing").get(f"charges/{row['id']}/").status_code == 404


def test_its_fee_is_the_lists_and_dearer_waits_for_the_director(till: Till) -> None:
    price = {"code": "KAP-NO-SHOW", "amount": "50.00", "valid_from": "2026-01-01"}
    till.desk.must("fees/", price, status=201)
    assert done(fee(till, amount=None), 201)["amount"] == "50.00"
    assert done(fee(till), 201)["status"] == "review"
    refused(fee(till, amount="25.00"), 400, "required", "/amount_reason")
    assert done(fee(till, amount="25.00", amount_reason="First time"), 201)["status"] == "standing"
