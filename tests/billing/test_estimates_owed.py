"""Estimates that are owed to clients who pay themselves, and what a course proposes for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.estimates.models import Estimate
from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.sweep.steps import sweep
from sessions.visits import services as visits
from tests.asking import done, refused
from tests.billing.test_coverages import covered, payer, uninsured
from tests.billing.test_estimates import asked, body, issued, item, void
from tests.billing.till import NOW, Till
from tests.cast import IM, Cast, approved_protocol, booked, client, opened_program


def listed() -> list[Task]:
    return list(Task.objects.open().filter(kind="estimate_due"))


def self_paying(till: Till, **more: Any) -> None:
    till.cast.desk("frontdesk").must("coverages/", uninsured(till, **more), status=201)


def talk(till: Till, days: int, **more: Any) -> Session:
    return booked(till.cast, till.program, "preparation", NOW + timedelta(days=days), **more)


# --- owed, and nobody has begun ------------------------------------------------------------------------------------------


def test_a_client_who_pays_alone_is_owed_one_when_something_is_booked(till: Till) -> None:
    self_paying(till)
    sweep(at=NOW)
    assert listed() == []
    talk(till, 15)
    later = talk(till, 29)
    for _ in range(2):
        sweep(at=NOW)
    (row,) = listed()  # one for the client, whatever is booked
    sooner = talk(till, 5, override_reason="As the client asked")
    sweep(at=NOW)
    assert [row.due_at for row in listed()] == [datetime(2026, 5, 22, 6, tzinfo=UTC)]  # its notice is shorter
    visits.end(session_id=sooner.pk, move="cancel", reason="Feels ill", by=till.cast.frontdesk, at=NOW)
    sweep(at=NOW)
    assert [(task.pk, task.due_at) for task in listed()] == [(row.pk, row.due_at)]
    assert (row.subject_type, row.subject_id, row.client) == ("client", till.client.pk, till.client.pk)
    assert row.due_at == datetime(2026, 5, 27, 6, tzinfo=UTC)  # the end of Tuesday: Monday is Memorial Day
    shown = till.desk.get("tasks/", kind="estimate_due").json()["results"][0]
    assert shown["label"] == "Issue the Good Faith Estimate that is owed to the client."
    made = asked(till)
    assert listed() == []
    sweep(at=NOW)
    assert listed() == []
    done(void(till, made), 200)
    sweep(at=NOW)
    assert [row.subject_id for row in listed()] == [till.client.pk]
    sweep(at=later.starts_at + timedelta(minutes=1))  # too late for it to be a good one
    assert listed() == []


@pytest.mark.parametrize(
    ("days", "due_at"),
    [
        (15, datetime(2026, 5, 27, 6, tzinfo=UTC)),  # 10 business days ahead
        (9, datetime(2026, 5, 22, 6, tzinfo=UTC)),
        (5, datetime(2026, 5, 22, 6, tzinfo=UTC)),  # three: the 20th, 21st and 22nd
        (2, None),
        (1, None),
    ],
)
def test_it_is_due_by_the_notice_of_the_booking(till: Till, days: int, due_at: datetime | None) -> None:
    self_paying(till)
    talk(till, days, override_reason="As the client asked")
    sweep(at=NOW)
    assert [row.due_at for row in listed()] == ([due_at] if due_at else [])


def test_nobody_else_is_owed_one_unasked(till: Till) -> None:
    session = talk(till, 15)
    sweep(at=NOW)
    assert listed() == []  # what the client means to do is not known
    covered(till, payer(till), intent="will_claim", valid_to="2026-05-31")
    sweep(at=NOW)
    assert listed() == []
    self_paying(till, valid_from="2026-06-05")  # from the day after the service on
    sweep(at=NOW)
    assert listed() == []
    talk(till, 22)
    sweep(at=NOW)
    assert len(listed()) == 1
    assert session.starts_at.date().isoformat() == "2026-06-04"


def test_a_booking_that_is_cancelled_asks_for_none(till: Till, cast: Cast) -> None:
    self_paying(till)
    session = talk(till, 15)
    sweep(at=NOW)
    visits.end(session_id=session.pk, move="cancel", reason="Feels ill", by=cast.frontdesk, at=NOW)
    sweep(at=NOW)
    assert listed() == []


def test_a_late_draft_and_a_missing_one_are_two_rows(till: Till, cast: Cast) -> None:
    draft = asked(till, from_date="2026-05-18", to_date="2026-05-25")
    self_paying(till)
    talk(till, 15)
    with clock.fixed(NOW + timedelta(days=3)):
        for _ in range(2):
            sweep(at=clock.now())
    assert {(row.subject_type, str(row.subject_id)) for row in listed()} == {
        ("estimate", draft["id"]),
        ("client", str(till.client.pk)),
    }


# --- what a course proposes ----------------------------------------------------------------------------------------------


def priced(till: Till, **fees: str) -> None:
    for code, amount in fees.items():
        body = {"code": code.replace("_", "-"), "amount": amount, "valid_from": "2026-01-01"}
        till.desk.must("fees/", body, status=201)


def proposed(till: Till, program: Any) -> dict[str, Any]:
    return done(till.desk.get("estimates/proposed/", program=str(program.pk)), 200)


def test_the_drug_that_the_clinic_sells_is_in_it(till: Till, cast: Cast) -> None:
    protocol = approved_protocol(cast, name="Injections", program_type="infusion_only", **IM)
    other = client(cast.north, by=cast.frontdesk, first="Other")
    program = opened_program(cast, protocol=protocol, who=other)
    assert "J3490" not in {row["code"] for row in proposed(till, program)["items"]}
    priced(till, J3490="35.00", **{"96372": "45.00", "KAP_DOSE": "250.00"})
    found = proposed(till, program)
    doses = protocol.planned_doses
    assert [(row["code"], row["quantity"], row["unit_amount"]) for row in found["items"]] == [
        ("KAP-DOSE", doses, "250.00"),
        ("96372", doses, "45.00"),
        ("J3490", doses, "35.00"),
    ]
    assert found["blockers"] == []


def test_a_fee_agreement_makes_it_what_the_client_will_pay(till: Till) -> None:
    priced(till, **{"90837": "180.05", "KAP_DOSE": "250.00"})
    tiers = [{"name": "B", "percent": "50"}]
    scale = till.desk.must("sliding-scales/", {"name": "S", "valid_from": "2026-01-01", "tiers": tiers})
    body = {"client": str(till.client.pk), "scale": scale["id"], "tier": "B", "from_date": "2026-01-01"}
    till.desk.must("fee-agreements/", body | {"basis": "letter seen"})
    items = {row["code"]: row for row in proposed(till, till.program)["items"]}
    assert (items["KAP-DOSE"]["list_amount"], items["KAP-DOSE"]["unit_amount"]) == ("250.00", "125.00")
    assert items["90837"]["unit_amount"] == "90.03"  # as a charge of that day: half up, once


def test_a_nasal_dose_says_that_its_drug_is_not_known_yet(till: Till, cast: Cast) -> None:
    protocol = approved_protocol(cast, name="Spray", program_type="infusion_only", route="intranasal")
    other = client(cast.north, by=cast.frontdesk, first="Other")
    found = proposed(till, opened_program(cast, protocol=protocol, who=other))
    assert "drug_unknown" in {row["code"] for row in found["blockers"]}


def test_what_a_newer_edition_leaves_out_is_owed_an_estimate(till: Till) -> None:
    self_paying(till)
    talk(till, 29)
    first = issued(till)
    sweep(at=NOW)
    assert listed() == []
    issued(till, supersedes=first["id"], to_date="2026-06-01")
    sweep(at=NOW)
    assert [row.subject_id for row in listed()] == [till.client.pk]


def test_a_draft_that_is_due_on_no_day_stands_for_no_later_service(till: Till) -> None:
    """Nobody would ever be reminded of it: it was too short ahead for its own service."""
    self_paying(till)
    soon = talk(till, 2, override_reason="As the client asked")
    scheduled = (NOW - timedelta(hours=1)).isoformat()
    draft = asked(
        till, requested_at=None, scheduled_at=scheduled, service_on=soon.starts_at.date().isoformat()
    )
    assert (draft["status"], draft["due_on"]) == ("draft", None)
    talk(till, 29)
    sweep(at=NOW)
    assert [row.subject_id for row in listed()] == [till.client.pk]


def test_no_number_of_a_card_goes_onto_an_estimate(till: Till) -> None:
    card = "Card 4111 1111 1111 1111"
    refused(till.desk.post("estimates/", body(till, separately=[card])), 400, "card_number", "/separately/0")
    answer = till.desk.post("estimates/", body(till, item(till, frequency=card)))
    refused(answer, 400, "card_number", "/items/0/frequency")
    assert not Estimate.objects.exists()
